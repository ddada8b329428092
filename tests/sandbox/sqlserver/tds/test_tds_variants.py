"""sql_variant byte by byte, and read back as a parameter ([MS-TDS] 2.2.5.5.4)."""

from __future__ import annotations

import struct
from typing import Any

import pyarrow as pa
import pytest

from sandbox.sqlserver.results import VARIANT, OutputValue, SqlType
from sandbox.sqlserver.tds.cursor import Cursor, ProtocolError
from sandbox.sqlserver.tds.parameters import read_parameter_value
from sandbox.sqlserver.tds.rows import encoded_value
from sandbox.sqlserver.tds.tokens import return_value
from sandbox.sqlserver.tds.typeinfo import wire_type
from sandbox.sqlserver.variants import Variant, may_hold, variant_of
from tests.sandbox.sqlserver.tds.reference_rows import plain
from tests.sandbox.sqlserver.tds.test_tds_parameters import COLLATION, expected
from tests.sandbox.sqlserver.tds.type_samples import SAMPLES, Sample

SQL_VARIANT = SqlType("sql_variant")
HELD = [sample for sample in SAMPLES if may_hold(sample.type)]
TOKENS = {
    "bit": 0x32, "tinyint": 0x30, "smallint": 0x34, "int": 0x38, "bigint": 0x7F, "real": 0x3B, "float": 0x3E,
    "money": 0x3C, "smallmoney": 0x7A, "smalldatetime": 0x3A, "datetime": 0x3D, "uniqueidentifier": 0x24,
    "date": 0x28, "time": 0x29, "datetime2": 0x2A, "datetimeoffset": 0x2B, "decimal": 0x6A, "numeric": 0x6C,
    "varbinary": 0xA5, "binary": 0xAD, "varchar": 0xA7, "char": 0xAF, "nvarchar": 0xE7, "nchar": 0xEF,
}  # fmt: skip


def properties(base: SqlType) -> bytes:
    if base.name in ("time", "datetime2", "datetimeoffset"):
        return struct.pack("B", base.scale)
    if base.name in ("decimal", "numeric"):
        return struct.pack("BB", base.precision, base.scale)
    if base.name in ("binary", "varbinary"):
        return struct.pack("<H", base.length)
    if "char" in base.name:
        return COLLATION + struct.pack("<H", base.length * (2 if base.name.startswith("n") else 1))
    return b""


def instance(sample: Sample, value: Any) -> bytes:
    """SSVARIANT_INSTANCE behind its length."""
    described = properties(sample.type)
    body = bytes((TOKENS[sample.type.name], len(described))) + described + plain(sample.type, value)
    return struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("sample", HELD, ids=lambda sample: sample.id)
def test_a_value_of_each_base_type_goes_and_comes(sample: Sample) -> None:
    wire = wire_type(SQL_VARIANT)
    assert wire.info == b"\x62" + struct.pack("<I", 8009)
    values = [variant_of(expected(sample, value), sample.type) for value in sample.limits]
    for value, variant in zip(sample.limits, values, strict=True):
        data = encoded_value(pa.array([variant.fields()], VARIANT), wire)
        assert data == instance(sample, value)
        sql_type, got = read_parameter_value(Cursor(wire.info + data))
        assert (sql_type, got.base.name, got.text) == (SQL_VARIANT, sample.type.name, variant.text)
        came_out = return_value(OutputValue("", SQL_VARIANT, got), 0)[11:]
        assert came_out[5:] == data


def test_null_is_a_length_of_zero_and_values_keep_their_places() -> None:
    wire = wire_type(SQL_VARIANT)
    assert encoded_value(pa.array([None], VARIANT), wire) == bytes(4)
    assert read_parameter_value(Cursor(wire.info + bytes(4))) == (SQL_VARIANT, None)
    mixed = [Variant(SqlType("int"), "1"), None, Variant(SqlType("bit"), "1"), Variant(SqlType("int"), "-2")]
    array = pa.array([None if value is None else value.fields() for value in mixed], VARIANT)
    assert [encoded_value(array.slice(at, 1), wire).hex() for at in range(4)] == [
        "06000000380001000000",
        "00000000",
        "03000000320001",
        "060000003800feffffff",
    ]


@pytest.mark.parametrize(
    "value",
    [b"\x38", b"\x38\x00\x01", b"\xa7\x01\x00a", b"\x63\x00a", b"\xa7\x09a", b"\x62\x00",
     b"\x6a\x02\x27\x00\x01"],
    ids=["cut", "short", "properties", "ntext", "too few", "sql_variant", "precision"],
)  # fmt: skip
def test_values_that_cannot_be(value: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_parameter_value(Cursor(b"\x62\x49\x1f\x00\x00" + struct.pack("<I", len(value)) + value))
