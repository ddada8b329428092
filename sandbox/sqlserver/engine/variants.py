"""sql_variant: values of any base type in one column, how they compare, and what they tell of themselves.

[Microsoft: "sql_variant (Transact-SQL)", "SQL_VARIANT_PROPERTY (Transact-SQL)"]
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection
from duckdb.func import FunctionNullHandling, PythonUDFType

from sandbox.sqlserver import results
from sandbox.sqlserver.engine.model import DEFAULT_COLLATION
from sandbox.sqlserver.engine.type_facts import type_facts
from sandbox.sqlserver.engine.types import (
    APPROXIMATE,
    EXACT,
    INT,
    SYSNAME,
    TEMPORAL,
    TEXT,
    UNICODE,
    VARIANT,
    duckdb_type,
)
from sandbox.sqlserver.variants import BINARIES, Variant, variant_of

_FAMILIES = ("uniqueidentifier", "binary", "text", "exact", "approximate", "moment")
"""The families of base types: a value of a later one is the greater, whatever the values are."""
_DIGITS = 38
_DECIMALS = {"decimal", "numeric"}


def install_variants(connection: DuckDBPyConnection) -> None:
    """Create the functions of sql_variant in a fresh DuckDB instance; every cursor of it sees them."""
    stored = duckdb_type(VARIANT)

    def keys(values: pa.ChunkedArray) -> pa.Array:
        return pa.array([_key(value) if value else None for value in _variants(values)], pa.binary())

    def sizes(values: pa.ChunkedArray) -> pa.Array:
        return pa.array([data_bytes(value) if value else None for value in _variants(values)], pa.int32())

    def properties(values: pa.ChunkedArray, names: pa.ChunkedArray) -> pa.Array:
        rows = zip(_variants(values), names.to_pylist(), strict=True)
        found = [_property(value, name) if value and name is not None else None for value, name in rows]
        return pa.array(found, results.VARIANT)

    def add(name: str, function: Callable[..., pa.Array], result: str, *arguments: str) -> None:
        connection.create_function(
            name,
            function,
            [*arguments],
            result,
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )

    add("tsql_variant_key", keys, "BLOB", stored)
    add("tsql_variant_bytes", sizes, "INTEGER", stored)
    add("tsql_variant_property", properties, stored, stored, "VARCHAR")


def _variants(column: pa.ChunkedArray) -> Iterator[Variant | None]:
    return (None if fields is None else Variant.of_fields(fields) for fields in column.to_pylist())


def _family(name: str) -> str:
    if name in TEXT:
        return "text"
    if name in EXACT:
        return "exact"
    if name in APPROXIMATE:
        return "approximate"
    return "moment" if name in TEMPORAL else "binary" if name in BINARIES else name


def _key(value: Variant) -> bytes:
    """Bytes that compare as the values do, under the default collation."""
    family, text = _family(value.base.name), value.text
    rank = bytes((_FAMILIES.index(family),))
    if family == "exact":
        return rank + _exact_key(text)
    if family == "approximate":
        return rank + _float_key(float(text))
    if family == "moment":
        return rank + int(text.partition(" ")[0]).to_bytes(8, "big")
    if family == "binary":
        return rank + bytes.fromhex(text).rstrip(b"\0")
    return rank + text.rstrip(" ").lower().encode()


def _exact_key(text: str) -> bytes:
    """Sign, then 38 digits before the point and 38 after it, complemented where the number is negative."""
    whole, _, fraction = text.lstrip("-").partition(".")
    digits = whole.rjust(_DIGITS, "0") + fraction.ljust(_DIGITS, "0")
    if text.startswith("-") and digits.strip("0"):
        return b"0" + "".join(str(9 - int(digit)) for digit in digits).encode()
    return b"1" + digits.encode()


def _float_key(number: float) -> bytes:
    (bits,) = struct.unpack(">Q", struct.pack(">d", number + 0.0))  # of -0.0 makes 0.0
    return int(bits ^ ((1 << 64) - 1 if bits >> 63 else 1 << 63)).to_bytes(8, "big")


def _property(value: Variant, name: str) -> dict[str, Any] | None:
    """A property as a sql_variant; None where there is none of that name."""
    base, facts = value.base, type_facts(value.base)
    found: dict[str, tuple[Any, results.SqlType]] = {
        "basetype": (base.name, SYSNAME),
        "precision": (facts.precision, INT),
        "scale": (facts.scale, INT),
        "totalbytes": (_metadata_bytes(base) + data_bytes(value), INT),
        "maxlength": (data_bytes(value) if base.name in _DECIMALS else facts.max_length, INT),
    }
    if base.name in TEXT:
        found["collation"] = (DEFAULT_COLLATION, SYSNAME)
    known = found.get(name.lower())
    return variant_of(*known).fields() if known is not None else None


def _metadata_bytes(base: results.SqlType) -> int:
    """A version and the type, then what tells the type's size: as [MS-TDS] 2.2.5.5.4 lists it."""
    if base.name in TEXT:
        return 8
    if base.name in BINARIES | _DECIMALS:
        return 4
    return 3 if base.name in ("time", "datetime2", "datetimeoffset") else 2


def data_bytes(value: Variant) -> int:
    """Bytes of the value itself; of a decimal as many as its digits need (seen on SQL Server 2025)."""
    name = value.base.name
    if name in BINARIES:
        return len(value.text) // 2
    if name in TEXT:
        return len(value.text.encode("utf-16-le" if name in UNICODE else "cp1252", "replace"))
    if name in _DECIMALS:
        digits = int(value.text.lstrip("-").replace(".", ""))
        return next(size for size in (5, 9, 13, 17) if digits < 1 << 8 * (size - 1))
    return type_facts(value.base).max_length
