"""The one place that quotes identifiers and text, for T-SQL and for Snowflake."""

from __future__ import annotations


def tsql_name(*parts: str) -> str:
    """A T-SQL identifier in brackets: `dbo`, `order lines` → `[dbo].[order lines]`."""
    return ".".join(f"[{part.replace(']', ']]')}]" for part in parts)


def tsql_text(value: str) -> str:
    """A T-SQL Unicode literal."""
    return "N'" + value.replace("'", "''") + "'"


def snowflake_name(*parts: str) -> str:
    """A Snowflake identifier in double quotes: `RAW`, `ORDERS` → `"RAW"."ORDERS"`."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def snowflake_text(value: str) -> str:
    """A Snowflake text literal; a backslash is an escape there, so it is doubled."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
