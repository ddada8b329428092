"""The statements of sql/: each has a name and says as which role it runs; names are filled in quoted.

A file has statements such as

    -- create_role, as USERADMIN
    CREATE ROLE IF NOT EXISTS {role} COMMENT = {comment:text};

where `{name}` is an identifier, or several that make one, `{name:text}` a text, `{name:number}` a whole
number, `{name:literal}` a text or NULL, and `{name:words}` key words, such as privileges.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from deployments.quoting import snowflake_name, snowflake_text

FOLDER = Path(__file__).parent / "sql"
_HEAD = re.compile(r"^-- (\w+), as (\w+)$", re.MULTILINE)
_WORDS = re.compile(r"[A-Z_]+([ ,]+[A-Z_]+)*")


@dataclass(frozen=True)
class Statement:
    """One statement, filled in."""

    sql: str
    role: str
    """As which it runs."""


@dataclass(frozen=True)
class Template:
    """One statement of a file."""

    text: str
    role: str

    def fill(self, **values: Any) -> Statement:
        """The statement with its names.

        Raises:
            KeyError: a name is not given.
        """
        return Statement(_Quoting().vformat(self.text, (), values), self.role)


class _Quoting(string.Formatter):
    """Fills in names, texts, numbers and key words; none of them can end what it stands in."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """One value, by its kind."""
        if format_spec == "text":
            return snowflake_text(value)
        if format_spec == "literal":
            return "NULL" if value is None else snowflake_text(value)
        if format_spec == "number":
            return str(int(value))
        if format_spec == "words":
            if not _WORDS.fullmatch(value):
                raise ValueError(f"{value!r} are no key words")
            return str(value)
        if format_spec:
            raise ValueError(f"{format_spec!r} is no kind of value")
        return snowflake_name(*([value] if isinstance(value, str) else value))


@lru_cache
def templates(file: str) -> dict[str, Template]:
    """The statements of a file, by their names."""
    parts = _HEAD.split((FOLDER / file).read_text(encoding="utf-8"))
    found = {}
    for name, role, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        found[name] = Template(text.strip().removesuffix(";"), role)
    return found


@dataclass(frozen=True)
class Script:
    """A file of statements."""

    file: str

    def __call__(self, statement: str, /, **values: Any) -> Statement:
        """One of them, filled in."""
        return templates(self.file)[statement].fill(**values)
