"""What the engine returns, as Snowflake's wire format has it: column metadata and an Arrow stream.

The physical types are those that snowflake-connector-python reads (its ArrowIterator): integers for NUMBER,
a struct of seconds and nanoseconds for timestamps, int64 nanoseconds for TIME.
"""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from snowflake.connector.errors import ProgrammingError

from sandbox.snowflake.zoned import codec

LONGEST_TEXT = 16777216
LONGEST_BINARY = 8388608
UTC_OFFSET_MINUTES = 1440  # the wire counts offsets from -1440 minutes
NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
INT64 = (-(2**63), 2**63 - 1)

TYPES: dict[str, dict[str, Any]] = {
    "fixed": {"precision": 38, "scale": 0},
    "text": {"length": LONGEST_TEXT, "byteLength": LONGEST_TEXT},
    "binary": {"length": LONGEST_BINARY, "byteLength": LONGEST_BINARY},
    "time": {"precision": 0, "scale": 9},
    "timestamp_ntz": {"precision": 0, "scale": 9},
    "timestamp_tz": {"precision": 0, "scale": 9},
}
ENGINE_TYPES = {
    '"NULL"': "text",
    "BIGINT": "fixed",
    "BLOB": "binary",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "real",
    "FLOAT": "real",
    "HUGEINT": "fixed",
    "INTEGER": "fixed",
    "INTERVAL": "timestamp_tz",
    "JSON": "variant",
    "SMALLINT": "fixed",
    "TIME": "time",
    "TIME_NS": "time",
    "TIMESTAMP": "timestamp_ntz",
    "TIMESTAMP WITH TIME ZONE": "timestamp_tz",
    "TIMESTAMP_NS WITH TIME ZONE": "timestamp_tz",
    "TIMESTAMPTZ_NS": "timestamp_tz",
    "TIMESTAMP_MS": "timestamp_ntz",
    "TIMESTAMP_NS": "timestamp_ntz",
    "TIMESTAMP_S": "timestamp_ntz",
    "TINYINT": "fixed",
    "UBIGINT": "fixed",
    "UHUGEINT": "fixed",
    "UINTEGER": "fixed",
    "USMALLINT": "fixed",
    "UTINYINT": "fixed",
    "UUID": "text",
    "VARCHAR": "text",
}


def row_type(columns: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Snowflake's description of result columns, from names and engine types.

    Raises:
        ProgrammingError: a type that Snowflake does not have.
    """
    return [_describe(name, engine_type) for name, engine_type in columns]


def to_wire(table: pa.Table, columns: list[dict[str, Any]]) -> bytes:
    """An Arrow IPC stream with the physical types and field metadata that the connector expects."""
    arrays = [
        _to_physical(array.combine_chunks(), column["type"])
        for array, column in zip(table.columns, columns, strict=True)
    ]
    fields = [
        pa.field(column["name"], array.type, metadata=_metadata(column))
        for array, column in zip(arrays, columns, strict=True)
    ]
    wire = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, wire.schema) as writer:
        writer.write_table(wire)
    stream: bytes = sink.getvalue().to_pybytes()
    return stream


def to_rows(table: pa.Table) -> list[list[str | None]]:
    """Rows as Snowflake's JSON format has them: every value a text."""
    columns = [column.to_pylist() for column in table.columns]
    return [[None if value is None else str(value) for value in row] for row in zip(*columns, strict=True)]


def _describe(name: str, engine_type: str) -> dict[str, Any]:
    decimal = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", engine_type)
    kind = "fixed" if decimal else ENGINE_TYPES.get(engine_type)
    if kind is None and engine_type.endswith("]"):
        kind = "array"
    if kind is None and engine_type.startswith(("STRUCT", "MAP")):
        kind = "object"
    if kind is None:
        raise ProgrammingError(
            msg=f"The stand-in cannot return column {name}: its type {engine_type} has no counterpart in "
            "Snowflake. Cast it to a type that Snowflake has.",
            errno=2043,
            sqlstate="0A000",
        )
    column: dict[str, Any] = {
        "name": name,
        "database": "",
        "schema": "",
        "table": "",
        "nullable": True,
        "type": kind,
        "byteLength": None,
        "length": None,
        "scale": None,
        "precision": None,
        "collation": None,
    } | TYPES.get(kind, {})
    if decimal:
        column |= {"precision": int(decimal[1]), "scale": int(decimal[2])}
    return column


def _metadata(column: dict[str, Any]) -> dict[str, str]:
    return {
        "logicalType": column["type"].upper(),
        "precision": str(column["precision"] or 38),
        "scale": str(column["scale"] or 0),
        "charLength": str(column["length"] or 0),
    }


def _to_physical(array: pa.Array, kind: str) -> pa.Array:
    if pa.types.is_null(array.type) or kind in ("array", "object"):
        return _to_text(array)
    if pa.types.is_interval(array.type):
        return codec.to_wire(array)
    if pa.types.is_timestamp(array.type):
        return _to_epoch(array)
    if pa.types.is_time(array.type):
        return pc.multiply(array.cast(pa.int64()), NANOSECONDS[array.type.unit])
    if pa.types.is_decimal(array.type) and array.type.scale == 0:
        return _to_integers(array)
    if pa.types.is_unsigned_integer(array.type):
        return _to_integers(array.cast(pa.decimal128(38, 0)))
    if pa.types.is_float32(array.type):
        return array.cast(pa.float64())
    return array


def _to_text(array: pa.Array) -> pa.Array:
    import json

    texts = [
        None if v is None else v if isinstance(v, str) else json.dumps(v, default=str)
        for v in array.to_pylist()
    ]
    return pa.array(texts, pa.string())


def _to_integers(array: pa.Array) -> pa.Array:
    """64-bit integers where all values fit, as Snowflake sends them; else the decimals."""
    extremes = pc.min_max(array).as_py()
    if extremes["min"] is not None and not (INT64[0] <= extremes["min"] and extremes["max"] <= INT64[1]):
        return array
    return array.cast(pa.int64())


def _to_epoch(array: pa.Array) -> pa.Array:
    """Seconds since 1970 and nanoseconds, rounded down so that the fraction is never negative."""
    per_second = 10**9 // NANOSECONDS[array.type.unit]
    ticks = array.cast(pa.int64()).fill_null(0)
    seconds = pc.divide(ticks, per_second)
    seconds = pc.if_else(
        pc.greater(pc.multiply(seconds, per_second), ticks), pc.subtract(seconds, 1), seconds
    )
    rest = pc.subtract(ticks, pc.multiply(seconds, per_second))
    parts = [seconds, pc.multiply(rest, NANOSECONDS[array.type.unit]).cast(pa.int32())]
    fields = [pa.field("epoch", pa.int64(), nullable=False), pa.field("fraction", pa.int32(), nullable=False)]
    if array.type.tz is not None:
        parts.append(pa.array([UTC_OFFSET_MINUTES] * len(array), pa.int32()))
        fields.append(pa.field("timezone", pa.int32(), nullable=False))
    return pa.StructArray.from_arrays(parts, fields=fields, mask=array.is_null())
