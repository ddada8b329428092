"""A key of any type finds its row again: the range of a MERGE neither misses a row nor doubles it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from deployments.connections import connect_snowflake
from deployments.settings import SnowflakeSettings
from flows.ingest.snapshot.chunks import Chunk, Watermark, read_chunk
from flows.ingest.tables.columns import BatchLabel
from flows.ingest.tables.types import SqlType
from flows.ingest.warehouse.apply import append_and_merge
from flows.ingest.warehouse.landing import land
from flows.ingest.warehouse.ledger import Ledger
from flows.ingest.warehouse.session import WarehouseSession
from tests.ingest.given import INT, Answers, StagedAtOnce, lsn, table

NOW = datetime(2026, 1, 1)
KEYS = [
    (SqlType("bigint", 8, 19, 0), [-(2**63), -10, -9, 0, 9, 10, 2**63 - 1]),
    (SqlType("decimal", 9, 9, 3), [Decimal("-100"), Decimal("-12.5"), Decimal("-0.001"), Decimal("7.25")]),
    (SqlType("float", 8, 53, 0), [-1.5e-300, -0.1, 0.1, 0.30000000000000004, 1.7976931348623157e308]),
    (SqlType("bit", 1), [False, True]),
    (SqlType("varchar", 9), ["", " ", "%s", "A", "a", "a ", "O'Brien", "x\\y", "\\N", "$A"]),
    (SqlType("nvarchar", 18), ["z", "Z1", "_", "æ", "Ø", "ﬀ", "🐚"]),  # ﬀ is after 🐚 in UTF-16 only
    (SqlType("varbinary", 4), [b"", b"\0", b"\x7f", b"\x80", b"\xff\0"]),
    (SqlType("date", 3, 10), [date(1, 1, 1), date(1969, 12, 31), date(9999, 12, 31)]),
    (SqlType("datetime", 8, 23, 3), [datetime(1753, 1, 1), datetime(2026, 1, 1, 0, 0, 0, 997_000)]),
    (SqlType("datetime2", 8, 27, 7), ["1999-01-01 00:00:00.0000000", "2026-01-01 00:00:00.0000001"]),
    (SqlType("time", 5, 16, 7), ["00:00:00.0000000", "00:00:00.0000001", "23:59:59.9999999"]),
]


@pytest.fixture(scope="module")
def warehouse(snowflake: SnowflakeSettings) -> Iterator[WarehouseSession]:
    with closing(connect_snowflake(snowflake, json.dumps({"flow": "test"}))) as connection:
        session = WarehouseSession(connection)
        Ledger(session, "keys", "test").prepare()
        yield session


@pytest.mark.parametrize(("sql_type", "keys"), KEYS, ids=lambda value: getattr(value, "name", ""))
def test_a_row_is_found_again_by_its_key(
    warehouse: WarehouseSession, sql_type: SqlType, keys: list[Any]
) -> None:
    """All rows, then the ones at the ends of the range, then each by itself: always the same rows, newer."""
    name = f"by_{sql_type.name}"
    by_key = table({"k": sql_type, "n": INT}, key=["k"], name=name)
    Ledger(warehouse, "keys", "test").create_tables([by_key])
    batches = [keys, [keys[0], keys[-1]], *([key] for key in keys)]
    for number, batch in enumerate(batches, start=1):
        source = Answers({f"FROM [dbo].[{name}]": [(key, number) for key in batch]})
        label, chunk = BatchLabel("test", f"keys/{name}-{number}"), Chunk(by_key.name, lsn(0), 0, None, None)
        rows = read_chunk(source, by_key, chunk, Watermark(lsn(number), NOW), label)  # type: ignore[arg-type]
        file = land(StagedAtOnce(warehouse), by_key, rows, "keys", label.batch)
        assert file is not None
        with warehouse.transaction():
            append_and_merge(warehouse, file)
    found = warehouse.rows(f"SELECT N FROM RAW.{name.upper()} ORDER BY N")
    assert found == [(number,) for number in range(3, len(keys) + 3)]
