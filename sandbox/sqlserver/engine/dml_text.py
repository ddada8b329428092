"""DML that sqlglot cannot read as SQL Server writes it: TOP, OUTPUT of DELETE, `+=`, hints on the target."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.sqlserver.engine.bound import not_modelled
from sandbox.sqlserver.engine.lexer import Token, tokenize

_SUSPECT = re.compile(r"\b(TOP|OUTPUT)\b|[-+*/%&|^]=|\bWITH\s*\(", re.IGNORECASE)
_COMPOUND = {"+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="}


@dataclass(frozen=True)
class Prepared:
    """A statement in a form sqlglot reads, and what was taken out of it."""

    text: str
    top: str | None = None
    output: str | None = None


def prepare(sql: str) -> Prepared:
    """Take out what sqlglot stumbles over; queries stay as they are."""
    if _SUSPECT.search(sql) is None:
        return Prepared(sql)
    tokens = tokenize(sql)
    at = _verb(tokens)
    if at is None:
        return Prepared(sql)
    cuts: list[tuple[int, int, str]] = []
    top = _top(sql, tokens, at, cuts)
    output = _output(sql, tokens, at, cuts)
    _compound(sql, tokens, at, cuts)
    _target_hint(sql, tokens, at, cuts)
    for start, end, replacement in sorted(cuts, reverse=True):
        sql = sql[:start] + replacement + sql[end:]
    return Prepared(sql, top, output)


def _verb(tokens: list[Token]) -> int | None:
    depth = 0
    for at, token in enumerate(tokens):
        depth += {"(": 1, ")": -1}.get(token.key, 0)
        if depth == 0 and token.key in ("INSERT", "UPDATE", "DELETE"):
            return at
        if depth == 0 and token.key in ("SELECT", "MERGE"):
            return None
    return None


def _closing(tokens: list[Token], at: int) -> int:
    depth = 0
    for index in range(at, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[index].key, 0)
        if depth == 0:
            return index
    return len(tokens) - 1


def _top(sql: str, tokens: list[Token], at: int, cuts: list[tuple[int, int, str]]) -> str | None:
    if at + 2 >= len(tokens) or tokens[at + 1].key != "TOP":
        return None
    if tokens[at + 2].key != "(":
        raise not_modelled("TOP without parentheses in DML")
    end = _closing(tokens, at + 2)
    if end + 1 < len(tokens) and tokens[end + 1].key == "PERCENT":
        raise not_modelled("TOP … PERCENT in DML")
    cuts.append((tokens[at + 1].start, tokens[end].end, ""))
    return sql[tokens[at + 2].end : tokens[end].start]


def _output(sql: str, tokens: list[Token], at: int, cuts: list[tuple[int, int, str]]) -> str | None:
    stops = {
        "INSERT": ("VALUES", "SELECT", "DEFAULT", "EXEC", "EXECUTE", "WITH"),
        "UPDATE": ("FROM", "WHERE", "OPTION"),
        "DELETE": ("FROM", "WHERE", "OPTION"),
    }[tokens[at].key]
    depth = 0
    first = None
    for index in range(at, len(tokens)):
        key = tokens[index].key
        depth += {"(": 1, ")": -1}.get(key, 0)
        if depth:
            continue
        if key == "OUTPUT" and first is None:
            first = index
        elif first is not None and key == "INTO":
            raise not_modelled("OUTPUT … INTO")
        elif first is not None and key in stops:
            cuts.append((tokens[first].start, tokens[index - 1].end, ""))
            return sql[tokens[first].end : tokens[index - 1].end]
    if first is None:
        return None
    cuts.append((tokens[first].start, tokens[-1].end, ""))
    return sql[tokens[first].end : tokens[-1].end]


def _compound(sql: str, tokens: list[Token], at: int, cuts: list[tuple[int, int, str]]) -> None:
    """`a += b` becomes `a = a + (b)`."""
    if tokens[at].key != "UPDATE":
        return
    for index in range(at, len(tokens)):
        mark = tokens[index]
        if mark.key not in _COMPOUND:
            continue
        first = index - 1
        while tokens[first - 1].key == ".":
            first -= 2
        end = index + 1
        depth = 0
        while end < len(tokens):
            key = tokens[end].key
            if depth == 0 and key in (",", "FROM", "WHERE", "OUTPUT", "OPTION", ";"):
                break
            depth += {"(": 1, ")": -1}.get(key, 0)
            end += 1
        column = sql[tokens[first].start : tokens[index - 1].end]
        if first == index - 1:  # the target's column, whatever else FROM has
            column = f"{_target_name(tokens, at)}.{column}"
        cuts.append((mark.start, mark.end, f"= {column} {mark.text[0]} ("))
        cuts.append((tokens[end - 1].end, tokens[end - 1].end, ")"))


def _target_name(tokens: list[Token], at: int) -> str:
    """The last part of the name after UPDATE."""
    last = at + 1
    while last + 1 < len(tokens) and tokens[last + 1].key == ".":
        last += 2
    return tokens[last].text


def _target_hint(sql: str, tokens: list[Token], at: int, cuts: list[tuple[int, int, str]]) -> None:
    """`INSERT INTO t WITH (TABLOCK)`, `UPDATE t WITH (ROWLOCK) SET`: locks are not chosen here."""
    del sql
    index = at + 1
    while index < len(tokens) and (tokens[index].kind in ("word", "name") or tokens[index].key == "."):
        if tokens[index].key == "WITH" and index + 1 < len(tokens) and tokens[index + 1].key == "(":
            end = _closing(tokens, index + 1)
            cuts.append((tokens[index].start, tokens[end].end, ""))
            return
        if tokens[index].key in ("SET", "VALUES", "SELECT", "DEFAULT"):
            return
        index += 1
