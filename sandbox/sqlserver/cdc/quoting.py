"""The one place that quotes: identifiers and literals of DuckDB's SQL."""

from __future__ import annotations


def identifier(name: str) -> str:
    """A name as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as a string literal."""
    return "'" + text.replace("'", "''") + "'"


def blob(value: bytes) -> str:
    """Bytes as an expression of type BLOB."""
    return f"unhex('{value.hex().upper()}')"
