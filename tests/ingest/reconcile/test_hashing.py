"""Both servers write each value alike: the same hash for the same row, another one for another row."""

from __future__ import annotations

import string
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pymssql import Connection

from deployments.connections import connect_snowflake, connect_sql_server
from deployments.quoting import tsql_text
from deployments.settings import SnowflakeSettings, SqlServerSettings
from flows.ingest.reconcile.hashing import MODULUS, Hashing, canonical_text
from flows.ingest.snapshot.chunks import Chunk, Watermark, read_chunk
from flows.ingest.source.session import SourceSession
from flows.ingest.tables import types
from flows.ingest.tables.columns import BatchLabel
from flows.ingest.tables.types import SqlType
from flows.ingest.warehouse import raw_sql
from flows.ingest.warehouse.landing import land
from flows.ingest.warehouse.ledger import Ledger
from flows.ingest.warehouse.session import WarehouseSession
from tests.ingest.given import StagedAtOnce, lsn, table

COLUMNS = {
    "id": SqlType("int", 4, 10),
    "yes": SqlType("bit", 1),
    "tiny": SqlType("tinyint", 1, 3),
    "big": SqlType("bigint", 8, 19),
    "wide": SqlType("decimal", 17, 38, 10),
    "pure": SqlType("numeric", 9, 5, 5),
    "price": SqlType("money", 8, 19, 4),
    "fee": SqlType("smallmoney", 4, 10, 4),
    "ratio": SqlType("float", 8, 53),
    "share": SqlType("real", 4, 24),
    "code": SqlType("char", 4),
    "name": SqlType("varchar", 20),
    "title": SqlType("nvarchar", 40),
    "mark": SqlType("nchar", 6),
    "story": SqlType("nvarchar", -1),
    "old_story": SqlType("text", 16),
    "raw": SqlType("varbinary", 8),
    "fixed": SqlType("binary", 3),
    "ref": SqlType("uniqueidentifier", 16),
    "day": SqlType("date", 3),
    "at_7": SqlType("time", 5, 16, 7),
    "at_0": SqlType("time", 3, 8, 0),
    "minute": SqlType("smalldatetime", 4, 16),
    "moment": SqlType("datetime", 8, 23, 3),
    "moment_3": SqlType("datetime2", 7, 23, 3),
    "moment_7": SqlType("datetime2", 8, 27, 7),
    "far": SqlType("datetimeoffset", 10, 34, 7),
}
HASHED = table(COLUMNS, key=["id"], name="hashed_values")
WHOLE = Hashing.of(HASHED, knows_utf8=True)
ROWS = 24

WESTERN = st.text(alphabet=string.printable[:95] + "øÅé€ß", max_size=20)
"""What code page 1252 has."""
UNICODE = st.text(alphabet="aZ |~:'\\\n0ø€π漢🐚\u200b ", max_size=9)
"""With what ends a column in the text that is hashed, trailing blanks, and characters of 1 to 4 bytes."""
MICROSECONDS = st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1))
TICKS = st.integers(0, 9_999_999)
EXTREMES = {"big": [-(2**63), 2**63 - 1], "wide": ["-9999999999999999999999999999.9999999999"]}


def decimals(low: int, high: int, places: int) -> st.SearchStrategy[str]:
    return st.integers(low, high).map(
        lambda n: f"{'-' if n < 0 else ''}{abs(n) // 10**places}.{abs(n) % 10**places:0{places}d}"
    )


def quoted(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return values.map(tsql_text)


def clock(moment: datetime) -> str:
    return moment.strftime("%H:%M:%S")


VALUES: dict[str, st.SearchStrategy[str]] = {
    "yes": st.sampled_from(["0", "1"]),
    "tiny": st.integers(0, 255).map(str),
    "big": (st.integers(-(2**63) + 1, 2**63 - 1) | st.just(2**63 - 1)).map(str),
    "wide": decimals(-(10**38) + 1, 10**38 - 1, 10),
    "pure": decimals(-99_999, 99_999, 5),
    "price": decimals(-(2**63), 2**63 - 1, 4),
    "fee": decimals(-(2**31), 2**31 - 1, 4),
    "ratio": st.floats(-1e300, 1e300).filter(lambda f: f == 0 or abs(f) > 1e-290).map(lambda f: f"{f:.17e}"),
    "share": st.floats(-(2.0**100), 2.0**100, width=32)
    .filter(lambda f: f == 0 or abs(f) > 1e-30)
    .map(lambda f: f"{f:.9e}"),
    "code": quoted(st.text(alphabet="ab ø", max_size=4)),
    "name": quoted(WESTERN),
    "title": quoted(UNICODE),
    "mark": quoted(st.text(alphabet="a π", max_size=3)),
    "story": quoted(st.text(alphabet="a|~π🐚", max_size=60)),
    "old_story": quoted(WESTERN),
    "raw": st.binary(max_size=8).map(lambda b: f"0x{b.hex()}"),
    "fixed": st.binary(max_size=3).map(lambda b: f"0x{b.hex()}"),
    "ref": quoted(st.uuids().map(str)),
    "day": quoted(st.dates().map(date.isoformat)),
    "at_7": quoted(st.tuples(MICROSECONDS, TICKS).map(lambda p: f"{clock(p[0])}.{p[1]:07d}")),
    "at_0": quoted(MICROSECONDS.map(clock)),
    "minute": quoted(
        st.datetimes(datetime(1900, 1, 1), datetime(2079, 6, 1)).map(lambda m: f"{m:%Y-%m-%dT%H:%M:00}")
    ),
    "moment": quoted(
        st.datetimes(datetime(1753, 1, 1), datetime(9999, 12, 30)).map(
            lambda m: m.isoformat(timespec="milliseconds")
        )
    ),
    "moment_3": quoted(
        st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 30)).map(
            lambda m: m.isoformat(timespec="milliseconds")
        )
    ),
    "moment_7": quoted(st.tuples(MICROSECONDS, TICKS).map(lambda p: f"{p[0]:%Y-%m-%dT%H:%M:%S}.{p[1]:07d}")),
    "far": quoted(
        st.tuples(MICROSECONDS, TICKS, st.sampled_from(["+00:00", "-03:30", "+14:00", "-14:00"])).map(
            lambda p: f"{p[0]:%Y-%m-%dT%H:%M:%S}.{p[1]:07d}{p[2]}"
        )
    ),
}
ROW = st.tuples(*(values | st.just("NULL") for values in VALUES.values()))


@pytest.fixture(scope="module")
def source(sql_server: SqlServerSettings) -> Iterator[Connection]:
    with closing(connect_sql_server(sql_server, "test")) as connection:
        connection.autocommit(True)
        declared = ", ".join(f"[{name}] {kind.declaration} NULL" for name, kind in COLUMNS.items())
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE dbo.hashed_values ({declared})")
        yield connection


@pytest.fixture(scope="module")
def warehouse(snowflake: SnowflakeSettings) -> Iterator[WarehouseSession]:
    with closing(connect_snowflake(snowflake, '{"flow": "test"}')) as connection:
        session = WarehouseSession(connection)
        ledger = Ledger(session, "hashing", "test")
        ledger.prepare()
        ledger.create_tables([HASHED])
        yield session


def test_every_type_that_is_replicated_has_a_text() -> None:
    for name in types._MAPPINGS:
        assert canonical_text(SqlType(name, 16, 9, 2)).tsql, name


def test_without_utf8_a_text_is_told_from_null_alone_and_named() -> None:
    old = Hashing.of(HASHED, knows_utf8=False)
    assert {text.split(" ")[0] for text in old.leaves_out} == {
        "RATIO", "SHARE", "CODE", "NAME", "TITLE", "MARK", "STORY", "OLD_STORY"
    }  # fmt: skip
    assert "COLLATE" not in old.tsql_row
    assert old.has_whole_key
    assert not Hashing.of(
        table({"name": SqlType("nvarchar", 40)}, key=["name"]), knows_utf8=False
    ).has_whole_key


def brought_over(source: Connection, warehouse: WarehouseSession, rows: list[tuple[str, ...]]) -> None:
    """Rows inserted in the source, read and applied as a snapshot does."""
    names = ", ".join(f"[{name}]" for name in COLUMNS)
    values = ", ".join(f"({place}, {', '.join(row)})" for place, row in enumerate(rows))
    with source.cursor() as cursor:
        cursor.execute("DELETE FROM dbo.hashed_values")
        cursor.execute(f"INSERT INTO dbo.hashed_values ({names}) VALUES {values}")
    for name in (raw_sql.mirror(HASHED.name), raw_sql.change_log(HASHED.name)):
        warehouse.execute(f"DELETE FROM {name}")
    label = BatchLabel("test", f"hashing/{datetime.now(UTC).timestamp()}")
    chunk = Chunk(HASHED.name, lsn(1), 0, None, None)
    batches = read_chunk(SourceSession(source), HASHED, chunk, Watermark(lsn(1), None), label)
    file = land(StagedAtOnce(warehouse), HASHED, batches, label.batch, label.batch)
    assert file is not None
    warehouse.rows(raw_sql.copy_into(raw_sql.change_log(HASHED.name), file.folder, file.names))
    columns = ", ".join(column.quoted for column in HASHED.columns)
    warehouse.execute(
        f"INSERT INTO {raw_sql.mirror(HASHED.name)} ({columns}, _POSITION, _DELETED) "
        f"SELECT {columns}, _POSITION, FALSE FROM {raw_sql.change_log(HASHED.name)}"
    )


def hashes(
    source: Connection, warehouse: WarehouseSession, hashings: dict[str, Hashing]
) -> tuple[dict[Any, int], dict[Any, int]]:
    """On both sides the hash of each row, by place and by the name of the way of hashing."""
    ours = ", ".join(one.tsql_row for one in hashings.values())
    theirs = ", ".join(one.snowflake_row for one in hashings.values())
    sides = (
        SourceSession(source).rows(f"SELECT id, {WHOLE.tsql_bucket(9)}, {ours} FROM dbo.hashed_values"),
        warehouse.rows(
            f"SELECT ID, {WHOLE.snowflake_bucket(9)}, {theirs} FROM {raw_sql.mirror(HASHED.name)}"
        ),
    )
    names = ("bucket", *hashings)
    first, second = (
        {
            (row[0], name): int(value) % MODULUS
            for row in side
            for name, value in zip(names, row[1:], strict=True)
        }
        for side in sides
    )
    return first, second


@settings(
    phases=(Phase.explicit, Phase.generate),  # each example asks two servers
    max_examples=2,
    derandomize=True,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ],
)
@given(rows=st.lists(ROW, min_size=ROWS, max_size=ROWS))
def test_both_servers_hash_every_row_alike(
    source: Connection, warehouse: WarehouseSession, rows: list[tuple[str, ...]]
) -> None:
    brought_over(source, warehouse, rows)
    ours, theirs = hashes(source, warehouse, {"row": WHOLE})
    assert len(ours) == len(theirs) == 2 * ROWS
    if ours != theirs:
        alone = {
            column.source_name: replace(WHOLE, columns=((column, text),)) for column, text in WHOLE.columns
        }
        ours, theirs = hashes(source, warehouse, alone)
        names = list(VALUES)
        unlike = {
            place: rows[place[0]][names.index(place[1])] for place in ours if ours[place] != theirs[place]
        }
        pytest.fail(f"hashed differently: {unlike}")
