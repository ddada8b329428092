"""A session that is idle costs the others nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from snowflake.connector.errors import ProgrammingError

from sandbox.snowflake.engine import Engine

HELD = "SELECT memory_usage_bytes FROM duckdb_memory() WHERE tag = 'TRANSACTION'"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path, "D", lock_timeout_seconds=5)
    yield made
    made.close()


def test_an_idle_session_keeps_no_snapshot(engine: Engine) -> None:
    """It would keep what every later transaction replaces: memory grows, and reads slow down."""
    writer = engine.open_session("D", "PUBLIC")
    for sql in (
        "CREATE TABLE t (id INT, v VARCHAR)",
        "INSERT INTO t VALUES (1, 'a')",
        "CREATE TABLE u (a INT)",
    ):
        writer.cursor().execute(sql)
    idle = engine.open_session("D", "PUBLIC")
    for sql in (
        "SELECT * FROM t", "INSERT INTO u VALUES (1)", "ALTER TABLE u ADD COLUMN b INT", "CREATE STAGE s",
        "DESCRIBE STAGE s", "COMMENT ON TABLE u IS 'x'", "CREATE TABLE w CLONE t", "SELECT nope FROM t",
    ):  # fmt: skip
        with suppress(ProgrammingError):
            idle.cursor().execute(sql)
        for _ in range(10):
            writer.cursor().execute("UPDATE t SET v = 'b' WHERE id = 1")
        held = engine.duck_conn.cursor().execute(HELD).fetchall()[0][0]
        assert held < 2**20, f"after {sql}: ten replaced versions would be 2.5 MiB"
