"""Data types as T-SQL writes them."""

from __future__ import annotations

import re

from sqlglot import exp

from sandbox.sqlserver.engine.bound import not_modelled
from sandbox.sqlserver.engine.types import FIXED, MAX, UTF8_COLLATION
from sandbox.sqlserver.results import SqlServerError, SqlType

_SYNONYMS = {
    "integer": "int",
    "dec": "decimal",
    "timestamp": "rowversion",
    "character": "char",
    "double": "float",
    "text": "text",
    "utinyint": "tinyint",
    "datetimeoffset": "datetimeoffset",
    "timestamptz": "datetimeoffset",
    "timestampltz": "datetimeoffset",
    "boolean": "bit",
}
_WORD = re.compile(r"\[?(\w+)\]?\s*(?:\(\s*(max|\d+)\s*(?:,\s*(\d+)\s*)?\))?", re.IGNORECASE)


def declared_type(text: str) -> SqlType:
    """The type of a column or variable from its text: char without a length is char(1).

    Raises:
        SqlServerError: 2715 for a type that does not exist, 40517 for one that is not modelled.
    """
    match = _WORD.fullmatch(text.strip().removeprefix("sys.").removeprefix("[sys]."))
    if match is None:
        raise SqlServerError(102, f"Incorrect syntax near '{text}'.", severity=15)
    name, first, second = match[1].lower(), match[2], match[3]
    return _make(name, [p for p in (first, second) if p is not None], default_length=1)


def cast_type(node: exp.Expr) -> SqlType:
    """The target of CAST or CONVERT: char without a length is char(30) here."""
    text = node.sql(dialect="tsql")
    if node.this == exp.DType.DECIMAL:
        text = text.upper().replace("NUMERIC", "DECIMAL")
    match = _WORD.fullmatch(text)
    if match is None:
        raise not_modelled(f"type {text}")
    return _make(match[1].lower(), [p for p in (match[2], match[3]) if p is not None], default_length=30)


def _make(name: str, parameters: list[str], default_length: int) -> SqlType:
    name = _SYNONYMS.get(name, name)
    if name in FIXED:
        if name == "float" and parameters and int(parameters[0]) <= 24:
            return FIXED["real"]
        return FIXED[name]
    if name in ("decimal", "numeric"):
        precision = int(parameters[0]) if parameters else 18
        scale = int(parameters[1]) if len(parameters) > 1 else 0
        if not 1 <= precision <= 38 or scale > precision:
            raise SqlServerError(
                2750,
                f"Column or parameter: Specified column precision {precision} is greater "
                "than the maximum precision of 38.",
            )
        return SqlType(name, precision=precision, scale=scale)
    if name in ("time", "datetime2", "datetimeoffset"):
        scale = int(parameters[0]) if parameters else 7
        if scale > 7:
            raise SqlServerError(1002, f"Line 1: Specified scale {scale} is invalid.", severity=15)
        return SqlType(name, scale=scale)
    if name in ("char", "varchar", "nchar", "nvarchar", "binary", "varbinary"):
        return _sized(name, parameters, default_length)
    if name in ("hierarchyid", "geometry", "geography", "json", "vector", "cursor", "table"):
        raise not_modelled(f"type {name}")
    raise SqlServerError(2715, f"Column, parameter, or variable: Cannot find data type {name}.")


def _sized(name: str, parameters: list[str], default_length: int) -> SqlType:
    most = 4000 if name.startswith("n") else 8000
    if parameters and parameters[0].lower() == "max":
        if not name.replace("n", "", 1).startswith("var") and "var" not in name:
            raise SqlServerError(102, f"Incorrect syntax near '{name}(max)'.", severity=15)
        return SqlType(name, length=MAX)
    length = int(parameters[0]) if parameters else default_length
    if not 1 <= length <= most:
        raise SqlServerError(
            131,
            f"The size ({length}) given to the type '{name}' exceeds the maximum allowed ({most}).",
            severity=15,
        )
    return SqlType(name, length=length)


def collation(name: str) -> str:
    """A collation's name, checked.

    Raises:
        SqlServerError: 448 not a collation; 40517 one whose comparison is not modelled.
    """
    upper = name.upper().removesuffix(UTF8_COLLATION)
    if upper.endswith(("_BIN", "_BIN2", "_CI_AS", "_CS_AS")) or "_CI_AS_" in upper or "_CS_AS_" in upper:
        return name
    if upper.endswith(("_CI_AI", "_CS_AI")):
        raise not_modelled(f"collation {name} (accent-insensitive)")
    raise SqlServerError(448, f"Invalid collation '{name}'.")
