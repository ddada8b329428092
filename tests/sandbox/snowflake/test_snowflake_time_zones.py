"""TIMESTAMP_TZ: an instant and an offset, through each client, over the whole range."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError
from snowflake.snowpark import Session

from tests.sandbox.snowflake.snowflake_client import Connect, Run

SAME = "'2024-01-31 12:34:56.1234567 +02:00', '2024-01-31 10:34:56.1234567Z'"
EARLY, LATE = datetime(1, 1, 2), datetime(9999, 12, 30, 23, 59, 59, 999999)  # in UTC within the calendar
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
moments = st.tuples(st.datetimes(EARLY, LATE), st.integers(0, 999), st.integers(-14 * 60, 14 * 60))


def text(moment: datetime, nanoseconds: int, minutes: int) -> str:
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    return f"{moment.isoformat(' ', 'microseconds')}{nanoseconds:03} {sign}{hours:02}:{rest:02}"


def instant(moment: datetime, nanoseconds: int, minutes: int) -> int:
    """Nanoseconds since 1970."""
    since = moment.replace(tzinfo=UTC) - timedelta(minutes=minutes) - EPOCH
    return since // timedelta(microseconds=1) * 1000 + nanoseconds


@pytest.fixture
def zoned(run: Run) -> Run:
    """A table t: rows 1 and 2 are one instant at two offsets, 3 is NULL, 4 is later."""
    run("CREATE TABLE t (id NUMBER, x TIMESTAMP_TZ(7))")
    first, second = SAME.split(", ")
    run(f"INSERT INTO t VALUES (1, {first}), (2, {second}), (3, NULL), (4, '2024-02-01'::DATE)")
    return run


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(written=st.lists(st.none() | moments, min_size=1, max_size=12))
def test_instant_and_offset_come_back(connection: SnowflakeConnection, written: list[Any]) -> None:
    cursor = connection.cursor()
    cursor.execute("CREATE OR REPLACE TABLE z (id NUMBER, x TIMESTAMP_TZ)")
    texts = [value and text(*value) for value in written]
    lines = ", ".join(f"({place}, {repr(t) if t else 'NULL'})" for place, t in enumerate(texts))
    cursor.execute(f"INSERT INTO z VALUES {lines}")
    wanted = [value and value[0].replace(tzinfo=timezone(timedelta(minutes=value[2]))) for value in written]
    snowpark = Session.builder.configs({"connection": connection}).create()
    query = "SELECT x FROM z ORDER BY id"
    for rows in (cursor.execute(query).fetchall(), snowpark.sql(query).collect()):
        assert [(row[0] and row[0].utcoffset(), row[0]) for row in rows] == [
            (moment and moment.utcoffset(), moment) for moment in wanted
        ]
    shown = "SELECT TO_CHAR(x, 'YYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM') AS c FROM z ORDER BY id"
    assert [row[0] for row in cursor.execute(shown)] == texts
    known = {value: instant(*value) for value in written if value}
    cursor.execute("SELECT DATE_PART(EPOCH_NANOSECOND, x) AS n, COUNT(*) AS c FROM z GROUP BY x ORDER BY x")
    assert [row[0] for row in cursor.fetchall()] == [
        *sorted(set(known.values())),
        *([None] if None in written else []),
    ]


@pytest.mark.usefixtures("zoned")
def test_arrow_and_pandas_have_the_instant(connection: SnowflakeConnection) -> None:
    cursor = connection.cursor()
    values = cursor.execute("SELECT x FROM t ORDER BY id").fetch_arrow_all(force_return_table=True)["X"]
    first = instant(datetime(2024, 1, 31, 10, 34, 56, 123456), 700, 0)
    assert values.cast("int64").to_pylist()[:3] == [first, first, None]
    frame = cursor.execute("SELECT x FROM t ORDER BY id").fetch_pandas_all()
    assert [frame["X"][0].value, frame["X"][1].value] == [first, first]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT id FROM t WHERE x = '2024-01-31 13:34:56.1234567 +03:00' ORDER BY id", [(1,), (2,)]),
        ("SELECT id FROM t WHERE x < '2024-01-31 10:34:56.1234568' ORDER BY id", [(1,), (2,)]),
        ("SELECT id FROM t WHERE x BETWEEN '2024-02-01'::DATE AND CURRENT_TIMESTAMP()", [(4,)]),
        (f"SELECT id FROM t WHERE x IN ({SAME}) ORDER BY id", [(1,), (2,)]),
        ("SELECT a.id, b.id FROM t a JOIN t b ON a.x = b.x AND a.id < b.id", [(1, 2)]),
        ("SELECT COUNT(*) FROM (SELECT DISTINCT x FROM t)", [(3,)]),
        ("SELECT COUNT(*) AS c FROM t GROUP BY x ORDER BY c", [(1,), (1,), (2,)]),
        ("SELECT COUNT(*) FROM (SELECT x FROM t UNION SELECT x FROM t)", [(3,)]),
        ("SELECT id FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY x ORDER BY id DESC) = 1 ORDER BY id",
         [(2,), (3,), (4,)]),
        ("SELECT id FROM t WHERE x = (SELECT MAX(x) FROM t)", [(4,)]),
        ("SELECT id FROM t WHERE x IN (SELECT MIN(x) FROM t) ORDER BY id", [(1,), (2,)]),
    ],
)  # fmt: skip
def test_values_are_compared_by_their_instant(zoned: Run, query: str, rows: list[Any]) -> None:
    assert zoned(query) == rows


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("TO_CHAR(x, 'YYYY-MM-DD HH24:MI:SS.FF7 TZH:TZM')", "2024-01-31 12:34:56.1234567 +02:00"),
        ("TO_CHAR(x, 'TZHTZM')", "+0200"),
        ("x::VARCHAR", "2024-01-31 12:34:56.1234567 +0200"),
        ("TO_CHAR(x::TIMESTAMP_NTZ(9), 'HH24:MI:SS.FF9')", "12:34:56.123456700"),
        ("DATE_TRUNC('SECOND', x)::TIMESTAMP_LTZ::TIMESTAMP_NTZ", datetime(2024, 1, 31, 10, 34, 56)),
        ("DATEADD(HOUR, 12, x)::DATE", date(2024, 2, 1)),
        ("DATEADD(MONTH, 1, x)::VARCHAR", "2024-02-29 12:34:56.1234567 +0200"),
        ("(x - INTERVAL '1 day')::VARCHAR", "2024-01-30 12:34:56.1234567 +0200"),
        ("DATE_TRUNC('DAY', x)::VARCHAR", "2024-01-31 00:00:00 +0200"),
        ("CONVERT_TIMEZONE('America/New_York', x)::VARCHAR", "2024-01-31 05:34:56.1234567 -0500"),
        ("DATEDIFF(SECOND, x, '2024-01-31 12:35:56 +02:00'::TIMESTAMP_TZ)", 60),
        ("DATEDIFF(DAY, x, '2024-02-01 00:00:00 +02:00'::TIMESTAMP_TZ)", 1),
        ("HOUR(x)", 12),
        ("DAYNAME(x)", "Wed"),
        ("'1706697296000'::TIMESTAMP_TZ = '2024-01-31 10:34:56'", True),
        ("DATE_PART(TZH, x)", 2),
        ("DATE_PART(EPOCH_SECOND, x)", 1706697296),
        ("COALESCE(NULL, x) = GREATEST(x, x)", True),
    ],
)
def test_functions_go_by_the_wall_clock_at_the_offset(zoned: Run, expression: str, value: object) -> None:
    assert zoned(f"SELECT {expression} AS c FROM t WHERE id = 1") == [(value,)]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT HASH(x) FROM t",
        "SELECT x || 'a' FROM t",
        "SELECT OBJECT_CONSTRUCT('x', x) FROM t",
        "SELECT ARRAY_AGG(x) FROM t",
        "SELECT MEDIAN(x) FROM t",
        "SELECT SUM(x) FROM t",
        "SELECT x - x FROM t",
        "SELECT x FROM t UNION SELECT 'a'",
        "SELECT DATEDIFF(DAY, x, CURRENT_TIMESTAMP()) FROM t",
        "SELECT TIME_SLICE(x, 1, 'DAY') FROM t",
        "SELECT a.id FROM t a ASOF JOIN t b MATCH_CONDITION (a.x >= b.x)",
        "SELECT TO_TIMESTAMP_TZ('2024-01-01 +01:00', 'YYYY-MM-DD TZH:TZM')",
        "INSERT INTO texts SELECT x FROM t",
        "UPDATE texts SET s = t.x FROM t",
        "SELECT INTERVAL '1 day'",
    ],
)
def test_the_rest_is_refused_by_name(zoned: Run, query: str) -> None:
    zoned("CREATE TABLE texts (s VARCHAR)")
    with pytest.raises(ProgrammingError) as refused:
        zoned(query)
    assert (refused.value.errno, refused.value.sqlstate) == (2, "0A000")


@pytest.mark.parametrize("text", ["2024-01-31 12:34:56 Europe/Berlin", "2024-01-31 12:00:00 +25:00", "x"])
def test_a_zone_that_cannot_be_read_is_an_error(run: Run, text: str) -> None:
    with pytest.raises(ProgrammingError) as raised:
        run(f"SELECT '{text}'::TIMESTAMP_TZ")
    assert raised.value.errno == 100035


def test_writes_keep_the_offset(zoned: Run) -> None:
    zoned("CREATE TABLE copy AS SELECT id, x FROM t")
    zoned("UPDATE copy SET x = '2024-05-05 00:00:00 +09:00' WHERE id = 3")
    zoned(
        "MERGE INTO copy USING (SELECT 4 AS id, '2024-06-06 00:00:00 -03:30' AS x UNION ALL "
        "SELECT 5, '9999-12-31 23:59:59.9999999 -14:00') s ON copy.id = s.id "
        "WHEN MATCHED THEN UPDATE SET x = s.x WHEN NOT MATCHED THEN INSERT (id, x) VALUES (s.id, s.x)"
    )
    zoned("INSERT INTO copy (x, id) SELECT x, 6 FROM t WHERE id = 1")
    assert [row[0] for row in zoned("SELECT x::VARCHAR FROM copy ORDER BY id")] == [
        "2024-01-31 12:34:56.1234567 +0200",
        "2024-01-31 10:34:56.1234567 +0000",
        "2024-05-05 00:00:00 +0900",
        "2024-06-06 00:00:00 -0330",
        "9999-12-31 23:59:59.9999999 -1400",
        "2024-01-31 12:34:56.1234567 +0200",
    ]


def test_a_merge_takes_the_latest_large_value_and_the_latest_instant_of_a_batch(run: Run) -> None:
    """As the platform's MERGE into a mirror with a (max) column: its windows are ordered by expressions."""
    run("CREATE TABLE mirror (id NUMBER, at TIMESTAMP_TZ(7), big VARCHAR)")
    run("CREATE TABLE changes (id NUMBER, at TIMESTAMP_TZ(7), big VARCHAR, op NUMBER, place VARCHAR)")
    run("INSERT INTO mirror VALUES (1, '2024-01-31 12:00:00.0000001 +02:00', 'kept')")
    run(
        "INSERT INTO changes VALUES (1, '2024-02-01 12:00:00.0000001 -03:30', NULL, 4, 'b'), "
        "(2, '2024-02-02 00:00:00 +00:00', 'old', 2, 'a'), (2, '0001-01-01 00:00:00 +00:00', 'new', 4, 'b'), "
        "(2, '9999-12-31 23:59:59.9999999 +14:00', NULL, 4, 'c'), "
        "(3, '2024-01-01 00:00:00 +00:00', 'x', 1, 'a')"
    )
    is_set = "c.op IN (0, 2, 4) AND NOT CONTAINS(COALESCE(c.big, '-'), '-')"
    recency = f"IFF({is_set}, c.place, NULL) DESC NULLS LAST"
    merge = (
        "MERGE INTO mirror m USING (SELECT c.id, c.at, "
        f"FIRST_VALUE(c.big) OVER (PARTITION BY c.id ORDER BY {recency}) big, "
        f"MAX(IFF({is_set}, 1, 0)) OVER (PARTITION BY c.id) sets, c.op IN (1, 3) AS deleted FROM changes c "
        "QUALIFY ROW_NUMBER() OVER (PARTITION BY c.id ORDER BY c.place DESC) = 1) s ON m.id = s.id "
        "AND m.id BETWEEN 1 AND 3 WHEN MATCHED AND s.at >= m.at AND NOT s.deleted THEN UPDATE SET at = s.at, "
        "big = IFF(s.sets = 1, s.big, m.big) WHEN NOT MATCHED AND NOT s.deleted THEN INSERT (id, at, big) "
        "VALUES (s.id, s.at, s.big)"
    )
    assert run(merge) == [(1, 1)]
    assert run("SELECT id, at::VARCHAR, big FROM mirror ORDER BY id") == [
        (1, "2024-02-01 12:00:00.0000001 -0330", "kept"),
        (2, "9999-12-31 23:59:59.9999999 +1400", "new"),
    ]
    ordered = (
        "SELECT id FROM changes QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY DATEADD(DAY, id, at)) = 1"
    )
    assert run(f"SELECT COUNT(*) FROM ({ordered})") == [(3,)]


def test_bound_values_keep_the_offset(connect: Connect) -> None:
    moment = datetime(2024, 1, 31, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    with connect(paramstyle="qmark").cursor() as cursor:
        cursor.execute("CREATE TABLE b (x TIMESTAMP_TZ)")
        cursor.execute("INSERT INTO b VALUES (?)", (("TIMESTAMP_TZ", moment),))
        cursor.execute("SELECT x, ? FROM b WHERE x = ?", (("TIMESTAMP_TZ", moment),) * 2)
        row = cursor.fetchone()
        assert isinstance(row, tuple)
        assert [str(value) for value in row] == ["2024-01-31 12:00:00.123456+05:30"] * 2
