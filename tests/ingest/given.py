"""Tables and sessions for tests, without a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import IO, Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from flows.ingest.lsn import Lsn
from flows.ingest.source.session import to_arrow
from flows.ingest.tables.captured import CapturedTable, Column
from flows.ingest.tables.types import SqlType
from flows.ingest.warehouse.ops_sql import STAGE
from flows.ingest.warehouse.session import WarehouseSession
from flows.ingest.warehouse.stager import Stager

INT = SqlType("int", 4, 10, 0)
BIGINT = SqlType("bigint", 8, 19, 0)
TEXT = SqlType("nvarchar", 80)
LONG_TEXT = SqlType("nvarchar", -1)
UTC = ZoneInfo("UTC")
ZERO = Lsn("0" * 20)


def lsn(number: int) -> Lsn:
    return Lsn(f"{number:020X}")


def table(
    columns: dict[str, SqlType], key: Sequence[str], name: str = "things", start: Lsn = ZERO
) -> CapturedTable:
    return CapturedTable(
        schema="dbo",
        table=name,
        capture_instance=f"dbo_{name}",
        start_lsn=start,
        columns=tuple(
            Column.of(column, ordinal, sql_type, f"dbo.{name}")
            for ordinal, (column, sql_type) in enumerate(columns.items(), start=1)
        ),
        key_names=tuple(key),
    )


class StagedAtOnce(Stager):
    """Uploads in the session and the thread that asks."""

    def __init__(self, warehouse: WarehouseSession) -> None:
        self.warehouse = warehouse

    def put(self, file: IO[bytes], folder: str, name: str) -> Future[None]:
        done: Future[None] = Future()
        with file:
            done.set_result(self.warehouse.put(file, f"@{STAGE}/{folder}", name))
        return done


class Answers:
    """A source session that gives prepared answers to statements that contain a text."""

    def __init__(self, answers: dict[str, list[tuple[Any, ...]]]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def rows(self, statement: str, _table: str = "") -> list[tuple[Any, ...]]:
        self.asked.append(statement)
        for part, rows in self.answers.items():
            if part in statement:
                return rows
        raise AssertionError(f"unexpected statement: {statement}")

    def scalar(self, statement: str, table: str = "") -> Any:
        rows = self.rows(statement, table)
        return rows[0][0] if rows else None

    def read(
        self, statement: str, schema: pa.Schema, table: str, _batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        yield to_arrow(self.rows(statement, table), schema)
