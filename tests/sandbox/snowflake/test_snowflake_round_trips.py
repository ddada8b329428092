"""What one client writes, the connector's rows, its Arrow tables and Snowpark read alike."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from snowflake.connector import SnowflakeConnection
from snowflake.snowpark import Session

FIRST_NS, LAST_NS = datetime(1677, 9, 22), datetime(2262, 4, 11)
EPOCH = datetime(1970, 1, 1)
numbers = st.integers(-(10**38) + 1, 10**38 - 1)
moments = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999))
moments_of_100_ns = st.tuples(st.datetimes(FIRST_NS, LAST_NS), st.integers(0, 9))
rows = st.tuples(*(st.none() | values for values in (numbers, numbers, moments, moments_of_100_ns)))


def text(value: Any) -> str:
    if isinstance(value, tuple):
        moment, tick = value
        return f"'{moment:%Y-%m-%d %H:%M:%S.%f}{tick}'"
    return "NULL" if value is None else f"'{value}'"


def with_scale(digits: int | None) -> Decimal | None:
    """A NUMBER(38, 10) of these digits."""
    return None if digits is None else Decimal((digits < 0, tuple(map(int, str(abs(digits)))), -10))


def nanoseconds(value: tuple[datetime, int] | None) -> int | None:
    return None if value is None else (value[0] - EPOCH) // timedelta(microseconds=1) * 1000 + value[1] * 100


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(written=st.lists(rows, min_size=1, max_size=12))
def test_every_reader_gets_what_was_written(
    connection: SnowflakeConnection, written: list[tuple[Any, ...]]
) -> None:
    cursor = connection.cursor()
    cursor.execute(
        "CREATE OR REPLACE TABLE t "
        "(id NUMBER, n NUMBER(38, 0), d NUMBER(38, 10), at TIMESTAMP_NTZ(6), ticks TIMESTAMP_NTZ(9))"
    )
    values = [(whole, with_scale(digits), *others) for whole, digits, *others in written]
    lines = ", ".join(f"({place}, {', '.join(map(text, row))})" for place, row in enumerate(values))
    cursor.execute(f"INSERT INTO t VALUES {lines}")
    query = "SELECT n, d, at, ticks FROM t ORDER BY id"
    wanted = [(*row[:3], row[3] and row[3][0]) for row in values]
    assert cursor.execute(query).fetchall() == wanted
    snowpark = Session.builder.configs({"connection": connection}).create()
    assert [tuple(row) for row in snowpark.sql(query).collect()] == wanted
    arrow = cursor.execute(query).fetch_arrow_all(force_return_table=True)
    assert [None if n is None else int(n) for n in arrow["N"].to_pylist()] == [row[0] for row in wanted]
    assert arrow["D"].to_pylist() == [row[1] for row in wanted]
    assert arrow["TICKS"].cast("int64").to_pylist() == [nanoseconds(row[3]) for row in written]
