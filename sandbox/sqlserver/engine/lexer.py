"""Tokens of a T-SQL batch: just enough to see where its statements begin and end."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.sqlserver.results import SqlServerError

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*)
  | (?P<comment>/\*)
  | (?P<string>[Nn]?'(?:[^']|'')*')
  | (?P<name>\[(?:[^\]]|\]\])*\]|"(?:[^"]|"")*")
  | (?P<variable>@@?[\w$\#]+)
  | (?P<hex>0[xX][0-9a-fA-F]*)
  | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<word>[^\W\d][\w$@\#]*|\#{1,2}[\w$@\#]+)
  | (?P<mark>[<>!]=|<>|[-+*/%&|^]=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_PART = re.compile(r"/\*|\*/")


@dataclass(frozen=True)
class Token:
    """A token; `key` is the upper-case word, or the mark itself, and empty for names and literals."""

    kind: str
    text: str
    start: int
    end: int
    line: int

    @property
    def key(self) -> str:
        """What grammar compares with: never equal for a quoted name or a string."""
        return self.text.upper() if self.kind in ("word", "mark") else ""


def tokenize(sql: str) -> list[Token]:
    """Tokens of a batch, without white space and comments.

    Raises:
        SqlServerError: 105 for a string that does not end, 113 for such a comment.
    """
    tokens: list[Token] = []
    position, line = 0, 1
    while position < len(sql):
        match = _TOKEN.match(sql, position)
        if match is None:
            raise SqlServerError(102, f"Incorrect syntax near '{sql[position]}'.", severity=15, line=line)
        kind = match.lastgroup or ""
        end = _comment_end(sql, position, line) if kind == "comment" else match.end()
        text = sql[position:end]
        if kind == "mark" and text in ("'", '"', "["):
            raise SqlServerError(
                105,
                f"Unclosed quotation mark after the character string '{sql[position + 1 : position + 40]}'.",
                severity=15,
                line=line,
            )
        if kind not in ("space", "comment"):
            tokens.append(Token(kind, text, position, end, line))
        line += text.count("\n")
        position = end
    return tokens


def _comment_end(sql: str, start: int, line: int) -> int:
    """Comments nest in T-SQL."""
    depth = 0
    for part in _COMMENT_PART.finditer(sql, start):
        depth += 1 if part.group() == "/*" else -1
        if depth == 0:
            return part.end()
    raise SqlServerError(113, "Missing end comment mark '*/'.", severity=15, line=line)


def unquote(text: str) -> str:
    """The name inside [brackets] or "quotes"."""
    if text.startswith("["):
        return text[1:-1].replace("]]", "]")
    if text.startswith('"'):
        return text[1:-1].replace('""', '"')
    return text


def first_word(sql: str) -> str:
    """The first word, in upper case."""
    match = re.match(r"\w+", sql)
    return match.group().upper() if match else tokenize(sql)[0].key
