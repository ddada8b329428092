"""Helpers that the bound SQL calls: DuckDB macros, and the two text encodings SQL Server has."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
from duckdb import DuckDBPyConnection
from duckdb.func import PythonUDFType

MACROS = """
CREATE MACRO tsql_ticks(moment) AS (epoch_us(moment) + 62135596800000000) * 10;
CREATE MACRO tsql_timestamp(ticks) AS make_timestamp(ticks // 10 - 62135596800000000);
CREATE MACRO tsql_rounded(ticks, unit) AS (ticks + unit // 2) // unit * unit;
CREATE MACRO tsql_floor_divide(number, unit) AS
    (CAST(number AS BIGINT) - (CAST(number AS BIGINT) % unit + unit) % unit) // unit;
CREATE MACRO tsql_datetime(ticks) AS tsql_timestamp(
    ticks // 10000000 * 10000000 + ((ticks % 10000000 * 300 + 5000000) // 10000000 * 10 + 1) // 3 * 10000);
CREATE MACRO tsql_time(ticks, unit) AS CAST(CAST(make_timestamp_ns(
    tsql_rounded(ticks % 864000000000, unit) % 864000000000 * 100) AS TIMESTAMP_NS) AS TIME_NS);
CREATE MACRO tsql_local(moment) AS moment.utc + CAST(moment.offset_minutes AS BIGINT) * 600000000;
CREATE MACRO tsql_offset(minutes) AS
    CASE WHEN minutes < 0 THEN '-' ELSE '+' END || printf('%02d:%02d', abs(minutes) // 60, abs(minutes) % 60);
CREATE MACRO tsql_integer(bytes, size) AS CASE
    WHEN octet_length(bytes) = 0 THEN 0
    WHEN size = 8 AND hex(bytes[-8:]) >= '8000000000000000' AND octet_length(bytes) >= 8
        THEN CAST(CAST(('0x' || hex(bytes[-8:])) AS HUGEINT) - 18446744073709551616 AS BIGINT)
    WHEN size = 4 AND octet_length(bytes) >= 4 AND hex(bytes[-4:]) >= '80000000'
        THEN CAST('0x' || hex(bytes[-4:]) AS BIGINT) - 4294967296
    WHEN size = 2 AND octet_length(bytes) >= 2 AND hex(bytes[-2:]) >= '8000'
        THEN CAST('0x' || hex(bytes[-2:]) AS BIGINT) - 65536
    ELSE CAST('0x' || hex(bytes[-size:]) AS BIGINT) END;
CREATE MACRO tsql_finite(number) AS CASE
    WHEN isfinite(number) OR number IS NULL THEN number
    ELSE error('[[8115]] Arithmetic overflow error converting expression to data type float.') END;
CREATE MACRO tsql_in_domain(number) AS CASE
    WHEN isfinite(number) OR number IS NULL THEN number
    ELSE error('[[3623]] An invalid floating point operation occurred.') END;
CREATE MACRO tsql_money(number) AS CASE
    WHEN number BETWEEN -922337203685477.5808 AND 922337203685477.5807 OR number IS NULL THEN number
    ELSE error('[[8115]] Arithmetic overflow error converting expression to data type money.') END;
CREATE MACRO tsql_smallmoney(number) AS CASE
    WHEN number BETWEEN -214748.3648 AND 214748.3647 OR number IS NULL THEN number
    ELSE error('[[8115]] Arithmetic overflow error converting expression to data type smallmoney.') END;
CREATE MACRO tsql_units(text) AS
    length(text) + length(regexp_replace(text, '[^\\x{10000}-\\x{10FFFF}]', '', 'g'));
"""


def install_macros(connection: DuckDBPyConnection) -> None:
    """Create the helpers in a fresh DuckDB instance; every cursor of it sees them."""
    connection.execute(MACROS)
    for name, encoding in (("tsql_utf16", "utf-16-le"), ("tsql_cp1252", "cp1252")):
        connection.create_function(name, _encoder(encoding), ["VARCHAR"], "BLOB", type=PythonUDFType.ARROW)
    for name, encoding in (("tsql_from_utf16", "utf-16-le"), ("tsql_from_cp1252", "cp1252")):
        connection.create_function(name, _decoder(encoding), ["BLOB"], "VARCHAR", type=PythonUDFType.ARROW)


def _encoder(encoding: str) -> Callable[[pa.ChunkedArray], pa.Array]:
    def encode(texts: pa.ChunkedArray) -> pa.Array:
        return pa.array(
            [None if text is None else text.encode(encoding, "replace") for text in texts.to_pylist()],
            pa.binary(),
        )

    return encode


def _decoder(encoding: str) -> Callable[[pa.ChunkedArray], pa.Array]:
    def decode(values: pa.ChunkedArray) -> pa.Array:
        return pa.array(
            [None if value is None else value.decode(encoding, "replace") for value in values.to_pylist()],
            pa.string(),
        )

    return decode
