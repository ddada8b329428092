"""Both dialects are there before the first statement.

sqlglot loads a dialect at its first use, and shows it to other threads before it has its own words: a second
statement at that moment is read without them (ParseError at TIMESTAMP_NS).
"""

from __future__ import annotations

from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.snowflake import Snowflake

LOADED = (DuckDB, Snowflake)
