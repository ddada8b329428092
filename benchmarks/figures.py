"""What a benchmark prints: a figure, and what it is compared with in the same run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A measured value.

    Attributes:
        what: what was measured.
        value: in `unit`.
        note: a ratio to another figure of the run, an aim, or what bounds it.
    """

    what: str
    value: float
    unit: str
    note: str = ""

    def __str__(self) -> str:
        digits = 0 if abs(self.value) >= 100 else 2
        note = f"   {self.note}" if self.note else ""
        return f"{self.what:<52} {self.value:>12,.{digits}f} {self.unit:<8}{note}".rstrip()


def ratio(value: float, reference: float, name: str, aim: float | None = None) -> str:
    """`0.42 of <name>`, and what it should be: `(aim 0.5)`."""
    aimed = "" if aim is None else f" (aim {aim:g})"
    return f"{value / reference:.2f} of {name}{aimed}"
