"""LIKE with SQL Server's patterns: %, _, [set], [^set], in any letter case."""

from __future__ import annotations

import re

from sandbox.sqlserver.engine import operators
from sandbox.sqlserver.engine.bound import Bound, not_modelled, string
from sandbox.sqlserver.engine.conversion import convert
from sandbox.sqlserver.engine.types import MAX, TEXT, UNICODE
from sandbox.sqlserver.results import SqlServerError, SqlType


def like(value: Bound, pattern: Bound, escape: str | None) -> str:
    """`value LIKE pattern` as a DuckDB condition."""
    for at, argument in enumerate((value, pattern), 1):
        if argument.type.name == "sql_variant":
            told = f"Argument data type sql_variant is invalid for argument {at} of like function."
            raise SqlServerError(8116, told)
    if value.type.name not in TEXT:
        value = convert(value, SqlType("nvarchar", length=MAX))
    if pattern.constant is None or value.constant is None:
        return "CAST(NULL AS BOOLEAN)"
    if not isinstance(pattern.constant, str):
        raise not_modelled("LIKE with a pattern that is neither a literal nor a variable")
    collation = value.collation or pattern.collation
    cased = operators.is_binary_collation(collation) or "_CS" in (collation or "").upper()
    expression = ("" if cased else "(?i)") + "(?s)" + regular_expression(pattern.constant, escape)
    if not {value.type.name, pattern.type.name} & UNICODE:
        expression += " *"  # [Microsoft: "LIKE"]: trailing blanks of the value count in Unicode only
    return f"regexp_full_match({value.sql}, {string(expression)})"


def regular_expression(pattern: str, escape: str | None) -> str:
    """A LIKE pattern as a regular expression of RE2."""
    out: list[str] = []
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        end = pattern.find("]", at + 2) if sign == "[" else -1
        if escape and sign == escape and at + 1 < len(pattern):
            at += 1
            out.append(re.escape(pattern[at]))
        elif sign == "%":
            out.append(".*")
        elif sign == "_":
            out.append(".")
        elif end > 0:
            inner = pattern[at + 1 : end]
            negated = inner.startswith("^")
            members = inner[1:] if negated else inner
            members = re.sub(r"([\\\[\]^&~|])", r"\\\1", members)
            out.append(f"[{'^' if negated else ''}{members}]")
            at = end
        else:
            out.append(re.escape(sign))
        at += 1
    return "".join(out)
