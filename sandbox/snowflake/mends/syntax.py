"""Spellings that Snowpark uses and sqlglot 30.22.0's Snowflake dialect does not read.

To be dropped when sqlglot parses `CREATE TABLE t IF NOT EXISTS (…)` and `CREATE SCOPED TEMPORARY TABLE t
(…)`.
"""

from __future__ import annotations

import re

IF_NOT_EXISTS = re.compile(
    r"^(\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:\w+\s+)*?TABLE\s+)((?:\"[^\"]+\"|[\w.])+)\s+IF\s+NOT\s+EXISTS\b",
    re.IGNORECASE,
)
SCOPED = re.compile(r"^(\s*CREATE\s+(?:OR\s+REPLACE\s+)?)SCOPED\s+(TEMP(?:ORARY)?\s)", re.IGNORECASE)


def readable(sql: str) -> str:
    """The same statement with IF NOT EXISTS before the name, and SCOPED TEMPORARY as TEMPORARY."""
    sql = SCOPED.sub(r"\1\2", sql)
    return IF_NOT_EXISTS.sub(r"\1IF NOT EXISTS \2", sql)
