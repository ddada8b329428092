"""How much a mail shows of what has no end, so that mail programs show the whole mail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Final

HTML_BYTES: Final = 100_000
"""Gmail cuts the HTML of a mail at 102 kB, and with it the links at its end."""


@dataclass(frozen=True)
class Limits:
    """Lengths in characters, and numbers of lines; what is left out is counted in the mail."""

    gates: int = 12
    checks: int = 5
    lines: int = 12
    keys: int = 5
    subject: int = 160
    name: int = 120
    sentence: int = 300
    key: int = 80
    error: int = 400

    def smaller(self) -> Limits:
        """Two thirds of each, and one at least."""
        return Limits(**{each.name: max(1, getattr(self, each.name) * 2 // 3) for each in fields(self)})


WIDEST: Final = Limits()


def fitting(render: Callable[[Limits], str], size: int = HTML_BYTES) -> str:
    """The fullest text that has no more than so many bytes in UTF-8.

    Raises:
        ValueError: not even the emptiest one fits.
    """
    for limits in _narrowing():
        text = render(limits)
        if len(text.encode()) <= size:
            return text
    raise ValueError(f"a page without any data is larger than {size:,} bytes")


def _narrowing() -> Iterator[Limits]:
    limits = WIDEST
    yield limits
    while (narrower := limits.smaller()) != limits:
        limits = narrower
        yield limits
