"""Session variables stand for values in code, never in text: plain fakesnow takes '$A' for a variable."""

from __future__ import annotations

import re
from collections.abc import Callable

LITERAL = re.compile(r"('(?:[^'\\]|''|\\.)*'|\"(?:[^\"]|\"\")*\"|\$\$.*?\$\$)", re.DOTALL)
"""A string, a quoted identifier, or a string between dollars."""


def outside_literals(sql: str, inline: Callable[[str], str]) -> str:
    """The statement with `inline` applied to its code, its literals as they are."""
    parts = LITERAL.split(sql)
    return "".join(part if number % 2 else inline(part) for number, part in enumerate(parts))
