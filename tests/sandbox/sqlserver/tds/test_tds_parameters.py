"""Typed parameters: what a client sends is what the engine gets, and output parameters come back."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pymssql
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.sqlserver.results import Done, OutputValue, Parameter, Result, ReturnStatus, SqlType
from sandbox.sqlserver.tds.cursor import Cursor, ProtocolError
from sandbox.sqlserver.tds.parameters import read_parameter_value
from sandbox.sqlserver.tds.rows import encoded_value
from sandbox.sqlserver.tds.tokens import return_value
from sandbox.sqlserver.tds.typeinfo import wire_type
from tests.sandbox.sqlserver.moments import printed
from tests.sandbox.sqlserver.tds.conftest import Served
from tests.sandbox.sqlserver.tds.type_samples import SAMPLES, Sample, column_of

TEXT_POINTERS = ("text", "ntext", "image")
SENT_AS_ROWS_ARE = [sample for sample in SAMPLES if sample.type.name not in TEXT_POINTERS]
UTF8_COLLATION = b"\x09\x04\xd0\x04\x00"
COLLATION = b"\x09\x04\xd0\x00\x34"


def expected(sample: Sample, value: Any) -> Any:
    """The parameter's Python value: times are text, binary has the type's length."""
    if value is None:
        return None
    if sample.type.name == "time":
        return printed(value // 100, sample.type.scale)[11:]
    if isinstance(value, datetime) and sample.type.name == "datetime2":
        return printed((value - datetime.min) // timedelta.resolution * 10, sample.type.scale)
    if sample.type.name == "datetime":
        ticks = ((value - datetime(1900, 1, 1)) // timedelta.resolution * 3 + 5_000) // 10_000
        return datetime(1900, 1, 1) + timedelta(milliseconds=(ticks * 10 + 1) // 3)
    return value


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_parameter_of_any_type_arrives(data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from(SENT_AS_ROWS_ARE))
    value = data.draw(st.one_of(st.none(), st.sampled_from(sample.limits), sample.values))
    sent = wire_type(sample.type)
    cursor = Cursor(sent.info + encoded_value(column_of(sample, [value]), sent))
    sql_type, got = read_parameter_value(cursor)
    assert cursor.at_end
    assert got == expected(sample, value)
    name = "binary" if sample.type.name == "rowversion" else sample.type.name
    assert (sql_type.name, sql_type.precision, sql_type.scale) == (
        name,
        sample.type.precision,
        sample.type.scale,
    )


@pytest.mark.parametrize("sample", SENT_AS_ROWS_ARE, ids=lambda sample: sample.id)
def test_limits_of_each_type_arrive(sample: Sample) -> None:
    sent = wire_type(sample.type)
    for value in [*sample.limits, None]:
        data = sent.info + encoded_value(column_of(sample, [value]), sent)
        assert read_parameter_value(Cursor(data))[1] == expected(sample, value)


@pytest.mark.parametrize("sample", SENT_AS_ROWS_ARE, ids=lambda sample: sample.id)
def test_an_output_parameter_takes_the_value_that_came_in(sample: Sample) -> None:
    head = 11  # token, ordinal, an empty name, status, user type, flags
    for value in [*sample.limits, None]:
        came_in = expected(sample, value)
        data = return_value(OutputValue("", sample.type, came_in), 3)
        assert data[:4] == b"\xac\x03\x00\x00"
        assert read_parameter_value(Cursor(data, head))[1] == came_in


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"\x1f", None),
        (b"\x38" + struct.pack("<i", -5), -5),
        (b"\x32\x01", True),
        (b"\x3c" + struct.pack("<iI", -1, 2**32 - 10_000), Decimal("-1.0000")),
        (b"\x23" + struct.pack("<i", 10) + COLLATION + struct.pack("<i", 2) + b"\xe4\x80", "ä€"),
        (b"\x63" + struct.pack("<i", 10) + COLLATION + struct.pack("<i", 2) + b"\xac\x20", "€"),
        (b"\x22" + struct.pack("<i", 10) + struct.pack("<i", -1), None),
        (b"\x22" + struct.pack("<i", 10) + struct.pack("<i", 1) + b"x", b"x"),
        (b"\xa7\x0a\x00" + UTF8_COLLATION + b"\x02\x00" + "ä".encode(), "ä"),
        (b"\xa5\xff\xff" + struct.pack("<QI1sI2sI", 2**64 - 2, 1, b"a", 2, b"bc", 0), b"abc"),
        (b"\xf1\x00" + struct.pack("<QI", 4, 4) + b"\xff\xfex\x00" + bytes(4), "x"),
    ],
    ids=["null", "int", "bit", "money", "text", "ntext", "image null", "image", "utf-8", "chunks", "xml"],
)  # fmt: skip
def test_other_ways_to_send_a_value(data: bytes, value: Any) -> None:
    cursor = Cursor(data)
    assert read_parameter_value(cursor)[1] == value
    assert cursor.at_end


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x26\x04\x03\x00\x00\x00",
        b"\x28\x03\xff\xff\xff",
        b"\x29\x08\x03\x00\x00\x00",
        b"\x2a\x07\x02\x00\x00",
        b"\x29\x00\x03\xff\xff\xff",
        b"\x6a\x11\x63\x00\x05\x01\xff\xff\xff\xff",
        b"\xa5\xff\xff" + struct.pack("<QI", 5, 1) + b"a" + bytes(4),
        b"\xe7\x08\x00" + COLLATION + b"\x03\x00abc",
    ],
    ids=["nothing", "int", "date", "scale", "datetime2", "time", "decimal", "announced", "half a unit"],
)
def test_values_that_cannot_be(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_parameter_value(Cursor(data))


def test_pymssql_calls_a_procedure_with_output_parameters(served: Served) -> None:
    def procedure(parameters: list[Parameter]) -> Iterator[Result]:
        yield Done(1, 0xC4)
        yield OutputValue(parameters[1].name, SqlType("int"), parameters[0].value * 2)
        yield OutputValue(parameters[2].name, SqlType("nvarchar", 40), "łódź")
        yield ReturnStatus(7)

    served.engine.procedures["double"] = procedure
    with served.connect() as connection, connection.cursor() as cursor:
        number, text = pymssql.output(int), pymssql.output(str)
        assert cursor.callproc("double", (21, number, text)) == (21, 42, "łódź")
        assert cursor.returnvalue == 7
    procedure_name, parameters = served.engine.calls[0]
    assert procedure_name == "double"
    assert [(p.value, p.output) for p in parameters] == [(21, False), (None, True), (None, True)]


@pytest.mark.parametrize("value", [None, True, -(2**31), 2**40, 1.5, "ż", b"\x00\xff", Decimal("-1.25")])
def test_parameters_that_pymssql_sends(served: Served, value: Any) -> None:
    served.engine.procedures["take"] = lambda _: iter((ReturnStatus(0),))
    with served.connect() as connection, connection.cursor() as cursor:
        cursor.callproc("take", (value,))
    assert served.engine.calls[0][1][0].value == value
