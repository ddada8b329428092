"""What a conversion raises."""

from __future__ import annotations

from sandbox.sqlserver.engine.bound import string
from sandbox.sqlserver.results import SqlServerError, SqlType


def fail(number: int, text: str, *, safe: bool = False) -> str:
    """An expression that raises an error when it is evaluated, or gives NULL for a TRY_ conversion."""
    return "NULL" if safe else f"error({string(f'[[{number}]] {text}')})"


def refused(source: SqlType, target: SqlType) -> SqlServerError:
    """The error for a pair of types that CONVERT does not take."""
    return SqlServerError(
        529,
        f"Explicit conversion from data type {source.name} to {target.name} is not allowed, "
        "or not modelled by the stand-in.",
    )
