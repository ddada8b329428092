"""Both dialects are there before the first statement.

sqlglot 30.22.0 loads a dialect at its first use, and shows it to other threads before it has its own words:
a second statement at that moment is read without them (ParseError at TIMESTAMP_NS). To be dropped when
sqlglot registers a dialect after its module is loaded.
"""

from __future__ import annotations

from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.snowflake import Snowflake

LOADED = (DuckDB, Snowflake)
