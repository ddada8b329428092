"""What the engine hands over is what pymssql gives out: every type at its limits, and NULL."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest

from sandbox.sqlserver.results import Column, Done, ResultSet, SqlType
from tests.sandbox.sqlserver.tds.conftest import Served
from tests.sandbox.sqlserver.tds.type_samples import SAMPLES, Sample, column_of, result_set

NANOSECONDS_A_MICROSECOND = 1000


def in_python(sample: Sample, value: Any) -> Any:
    """The Python value that pymssql makes of it; it cuts 100 ns to microseconds."""
    name = sample.type.name
    if name == "time":
        return (datetime.min + timedelta(microseconds=value // NANOSECONDS_A_MICROSECOND)).time()
    if name == "datetime2" and isinstance(value, str):
        return datetime.fromisoformat(value[:26])
    if name == "datetimeoffset":
        whole, zone = value.split(" ")[:2], value[-6:]
        minutes = (int(zone[1:3]) * 60 + int(zone[4:])) * (-1 if zone[0] == "-" else 1)
        moment = datetime.fromisoformat(" ".join(whole)[:26])
        return moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    if name == "uniqueidentifier":
        return UUID(value)
    return value


@pytest.mark.parametrize("nullable", [True, False])
def test_every_type_at_its_limits(served: Served, nullable: bool) -> None:
    for number, sample in enumerate(SAMPLES):
        values = [*sample.limits, None] if nullable else sample.limits
        column = Column(sample.id, sample.type, nullable)
        results = result_set((column, column_of(sample, values))), Done(len(values), 0xC1)
        served.engine.answer(f"SELECT {number}", *results)
    with served.connect() as connection, connection.cursor() as cursor:
        for number, sample in enumerate(SAMPLES):
            cursor.execute(f"SELECT {number}")
            got = [row[0] for row in cursor.fetchall()]
            expected = [in_python(sample, value) for value in sample.limits] + [None] * nullable
            assert got == expected, sample.id
            assert cursor.rowcount == len(expected)
            assert cursor.description[0][0] == sample.id


def test_all_types_side_by_side_in_many_rows(served: Served) -> None:
    samples = [sample for sample in SAMPLES if sample.type.length != -1]
    rows = 3000
    columns = []
    for place, sample in enumerate(samples):
        cycle = [*sample.limits, None]
        values = [cycle[(row + place) % len(cycle)] for row in range(rows)]
        columns.append((Column(f"{sample.id} {place}", sample.type), values))
    arrays = [(c, column_of(s, v)) for s, (c, v) in zip(samples, columns, strict=True)]
    served.engine.answer("SELECT *", result_set(*arrays), Done(rows, 0xC1))
    got = served.query("SELECT *")
    assert len(got) == rows
    for place, (sample, (_, values)) in enumerate(zip(samples, columns, strict=True)):
        expected = [None if value is None else in_python(sample, value) for value in values]
        assert [row[place] for row in got] == expected, sample.id


@pytest.mark.parametrize("packet", [0, 1, 2])
def test_values_that_reach_over_packet_borders(served: Served, packet: int) -> None:
    """Sizes around multiples of a packet's 4,088 bytes, and one of 5 MB."""
    sizes = [4088 * 2 + packet - 2 - 30 + delta for delta in range(30)] + [5_000_000]
    texts = ["ä" * size for size in sizes]
    blobs = [bytes(range(256)) * (size // 256) for size in sizes]
    columns = (
        (Column("text", SqlType("nvarchar", -1)), pa.array(texts)),
        (Column("blob", SqlType("varbinary", -1)), pa.array(blobs)),
    )
    served.engine.answer("SELECT *", result_set(*columns), Done(len(sizes), 0xC1))
    assert served.query("SELECT *") == list(zip(texts, blobs, strict=True))


def test_a_character_outside_of_the_code_page_becomes_a_question_mark(served: Served) -> None:
    column = (Column("t", SqlType("varchar", 10)), pa.array(["Ω = ohm", "żółw"]))
    served.engine.answer("SELECT t", result_set(column), Done(2))
    assert served.query("SELECT t") == [("? = ohm",), ("?ó?w",)]


def test_columns_of_more_than_one_batch(served: Served) -> None:
    batches = [pa.record_batch([pa.array([i, None], pa.int32())], names=["n"]) for i in range(100)]
    batches.insert(50, batches[0].slice(0, 0))
    column = Column("n", SqlType("int"))
    served.engine.answer("SELECT n", ResultSet((column,), iter(batches)), Done(200))
    assert served.query("SELECT n") == [(n,) for i in range(100) for n in (i, None)]


def test_an_empty_result_has_its_columns(served: Served) -> None:
    columns = (Column("a", SqlType("int")), Column("b", SqlType("xml")))
    served.engine.answer("SELECT", ResultSet(columns, iter(())), Done(0))
    with served.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT")
        assert cursor.fetchall() == []
        assert [column[0] for column in cursor.description] == ["a", "b"]


def test_the_exactness_of_a_wide_decimal(served: Served) -> None:
    value = Decimal("-1234567890123456789012345678.0123456789")
    column = (
        Column("d", SqlType("decimal", precision=38, scale=10)),
        pa.array([value], pa.decimal128(38, 10)),
    )
    served.engine.answer("SELECT d", result_set(column), Done(1))
    assert served.query("SELECT d") == [(value,)]


def test_midnight_is_a_time(served: Served) -> None:
    column = (Column("t", SqlType("time", scale=0)), pa.array([0], pa.time64("ns")))
    served.engine.answer("SELECT t", result_set(column), Done(1))
    assert served.query("SELECT t") == [(time(0),)]
