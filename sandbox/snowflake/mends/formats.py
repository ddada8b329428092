"""TO_CHAR(value, format) with every digit of FF0 to FF9, whatever the value's type.

fakesnow 0.12.1 passes over the format where the value is a column, as sqlglot 30.22.0 makes a plain cast of
it. To be dropped when sqlglot's DuckDB generator writes TO_CHAR with a format as STRFTIME, with FF7 to FF9.
"""

from __future__ import annotations

import re

from sqlglot import Expr, exp
from sqlglot.dialects.snowflake import Snowflake

from sandbox.snowflake.errors import unsupported

FRACTION = re.compile(r"%f(?:_(zero|one|two|three|four|five|seven|eight|nine))?|%:?z")
NUMERIC = re.compile(r"(FM)?(TM[9E]?|[0-9.,$BDEGLMISX]*[09X][0-9.,$BDEGLMISX]*)", re.IGNORECASE)
DATE_PART = re.compile(r"%[AaBbCdDeFGgjmUuVWwxYy]")
DIGITS = {
    name: digits
    for digits, name in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    )
}


def to_char(expression: Expr) -> Expr:
    """TO_CHAR with a date format as the engine's strftime; fractions of a second apart, by their digits."""
    if isinstance(expression, exp.ToChar) and isinstance(expression.args.get("format"), exp.Literal):
        if NUMERIC.fullmatch(expression.args["format"].name):
            raise unsupported("TO_CHAR of a number with a format")
        converted = Snowflake.format_time(expression.args["format"])
        text = converted.name if converted else ""
    elif isinstance(expression, exp.TimeToStr) and isinstance(expression.args.get("format"), exp.Literal):
        text = expression.args["format"].name
    else:
        return expression
    value = expression.this if DATE_PART.search(text) else _clock(expression.this)
    first, *others = _parts(value, text.replace('"', ""), expression.this)
    joined = first
    for part in others:
        joined = exp.DPipe(this=joined, expression=part, safe=False)
    return exp.Paren(this=joined)


def _clock(value: Expr) -> Expr:
    """The time of day as a timestamp with all its digits: strftime takes no TIME."""
    text = exp.cast(value.copy(), "VARCHAR")
    clock = exp.Anonymous(
        this="regexp_extract", expressions=[text, exp.Literal.string(r"\d\d:\d\d:\d\d(\.\d+)?")]
    )
    moment = exp.DPipe(this=exp.Literal.string("1970-01-01 "), expression=clock, safe=False)
    known = exp.Case(ifs=[exp.If(this=value.copy().is_(exp.Null()).not_(), true=moment)])
    return exp.cast(known, exp.DataType.build("TIMESTAMP_NS", dialect="duckdb"))


def _parts(value: Expr, text: str, zoned: Expr) -> list[Expr]:
    parts: list[Expr] = []
    place = 0
    for found in FRACTION.finditer(text):
        if found.start() > place:
            parts.append(_format(value, text[place : found.start()]))
        if found[0].endswith("z"):
            parts.append(exp.Anonymous(this="_sf_offset", expressions=[zoned.copy()]))
            if found[0] == "%:z":
                parts[-1] = _with_colon(parts[-1])
        else:
            digits = DIGITS[found[1]] if found[1] else 6
            parts.append(
                exp.Anonymous(this="left", expressions=[_format(value, "%n"), exp.Literal.number(digits)])
            )
        place = found.end()
    if place < len(text) or not parts:
        parts.append(_format(value, text[place:]))
    return parts


def _with_colon(offset: Expr) -> Expr:
    """TZH:TZM of what is TZHTZM."""
    signs, digits = exp.Literal.string(r"^(...)"), exp.Literal.string(r"\1:")
    return exp.Anonymous(this="regexp_replace", expressions=[offset, signs, digits])


def _format(value: Expr, text: str) -> Expr:
    return exp.Anonymous(this="strftime", expressions=[value.copy(), exp.Literal.string(text)])
