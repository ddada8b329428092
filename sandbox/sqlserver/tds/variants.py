"""sql_variant on the wire: each value names its base type and that type's properties ([MS-TDS] 2.2.5.5.4)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from sandbox.sqlserver import ticks
from sandbox.sqlserver.results import SqlType, arrow_type
from sandbox.sqlserver.tds.cursor import Cursor, ProtocolError
from sandbox.sqlserver.tds.typeinfo import COLLATION, Family, Layout, WireType, wire_type
from sandbox.sqlserver.tds.values import Varying, fixed_values, varying_values
from sandbox.sqlserver.variants import Variant

_SCALED = {"time", "datetime2", "datetimeoffset"}
_TEXTS = {Family.TEXT, Family.UNICODE}
_UNIX_DAY = ticks.UNIX // ticks.DAY
_GUID, _DATE = 0x24, 0x28
_SIZES = {_GUID: 16, _DATE: 3}


def variant_values(array: pa.Array) -> Varying:
    """The values of a column of sql_variant; those of one base type are encoded together."""
    encoded = [b""] * len(array)
    rows: dict[SqlType, list[int]] = {}
    texts: dict[SqlType, list[str]] = {}
    for row, fields in enumerate(array.to_pylist()):
        if fields is not None:
            value = Variant.of_fields(fields)
            rows.setdefault(value.base, []).append(row)
            texts.setdefault(value.base, []).append(value.text)
    for base, places in rows.items():
        for row, data in zip(places, _encoded(base, texts[base]), strict=True):
            encoded[row] = data
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    return Varying(b"".join(encoded), ends)


def _encoded(base: SqlType, texts: list[str]) -> Iterator[bytes]:
    wire = wire_type(base, nullable=False)
    properties = _properties(base, wire)
    header = bytes((wire.info[0], len(properties))) + properties
    array = pa.array([_read(text, base) for text in texts], arrow_type(base))
    if wire.layout is Layout.SHORT_LENGTH:
        values = varying_values(array, wire.family)
        data = bytes(values.data)
        for start, end in zip(values.offsets[:-1], values.offsets[1:], strict=True):
            yield header + data[start:end]
    else:
        for value in fixed_values(array, wire):
            yield header + value.tobytes()


def _properties(base: SqlType, wire: WireType) -> bytes:
    if base.name in _SCALED:
        return bytes((base.scale,))
    if wire.family is Family.DECIMAL:
        return bytes((base.precision, base.scale))
    if wire.layout is not Layout.SHORT_LENGTH:
        return b""
    size = wire.size.to_bytes(2, "little")
    return COLLATION + size if wire.family in _TEXTS else size


def _read(text: str, base: SqlType) -> Any:
    """The value of a text, as `arrow_type` takes it."""
    family = wire_type(base, nullable=False).family
    if family in _TEXTS or family is Family.GUID:
        return text
    if family is Family.BINARY:
        return bytes.fromhex(text)
    if family in (Family.DECIMAL, Family.MONEY):
        return Decimal(text)
    if family is Family.NUMBER:
        return float(text) if base.name in ("float", "real") else int(text)
    if family is Family.DATETIMEOFFSET:
        utc, _, minutes = text.partition(" ")
        return {"utc": int(utc), "offset_minutes": int(minutes)}
    return text == "1" if family is Family.BIT else _moment(int(text), base)


def _moment(count: int, base: SqlType) -> int:
    if base.name == "date":
        return count // ticks.DAY - _UNIX_DAY
    if base.name == "time":
        return count % ticks.DAY * 100
    return count if base.name == "datetime2" and base.scale == 7 else (count - ticks.UNIX) // 10


def plain_parameter(cursor: Cursor) -> bytes | None:
    """A sql_variant parameter as TYPE_INFO and value of its base type, nullable; None for NULL.

    Raises:
        ProtocolError: its lengths contradict each other.
    """
    cursor.skip(4)
    size = cursor.integer(4)
    if not size:
        return None
    value = Cursor(cursor.take(size))
    token = value.integer(1)
    properties = value.take(value.integer(1))
    data = value.take(size - value.position)
    if token in _SIZES:
        length = bytes((_SIZES[token],)) if token == _GUID else b""
        return bytes((token,)) + length + bytes((len(data),)) + data
    if not properties:
        return bytes((token,)) + data
    if len(properties) == 1:
        return bytes((token,)) + properties + bytes((len(data),)) + data
    if token in (0x6A, 0x6C):
        return bytes((token, 17)) + properties + bytes((len(data),)) + data
    if len(properties) not in (2, 7):
        raise ProtocolError(f"a sql_variant of type 0x{token:02X} with {len(properties)} property bytes")
    most, collation = properties[-2:], properties[:-2]
    return bytes((token,)) + most + collation + len(data).to_bytes(2, "little") + data
