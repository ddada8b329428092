"""One step of a plan: what it does, in words, and its statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deployments.snowflake.script import Statement

Sign = Literal["+", "~", "-"]


@dataclass(frozen=True)
class Step:
    """What one statement adds, changes or takes away."""

    sign: Sign
    what: str
    statement: Statement

    def __str__(self) -> str:
        return f"{self.sign} {self.what}"
