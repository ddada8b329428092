"""Values that tasks take as they are."""

from __future__ import annotations

from typing import TypeVar, cast

from prefect.utilities.annotations import quote

T = TypeVar("T")


def untouched(value: T) -> T:
    """Hand a value to a task as it is: Prefect neither searches it for futures nor copies it."""
    return cast(T, quote(value))
