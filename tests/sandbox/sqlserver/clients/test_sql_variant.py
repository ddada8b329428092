"""Every base type at its limits inside a sql_variant, as three drivers read it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest

from sandbox.process import Service
from tests.sandbox.sqlserver.clients.drivers import with_mssql_python, with_pymssql
from tests.sandbox.sqlserver.clients.jdbc import Jdbc
from tests.sandbox.sqlserver.clients.test_type_limits import MOMENTS, cut, from_python
from tests.sandbox.sqlserver.clients.type_limits import LIMITS, TypeLimits, literal

REFUSED = {"rowversion", "xml", "text", "ntext", "image"}
HELD = [
    (kind, value)
    for kind in LIMITS
    if kind.name not in REFUSED and "max" not in kind.declared
    for value in kind.values
]
LOSSLESS = """
    CASE CONVERT(sysname, SQL_VARIANT_PROPERTY(v, 'BaseType'))
        WHEN 'binary' THEN CONVERT(nvarchar(max), CONVERT(varbinary(8000), v), 1)
        WHEN 'varbinary' THEN CONVERT(nvarchar(max), CONVERT(varbinary(8000), v), 1)
        WHEN 'float' THEN CONVERT(nvarchar(max), CONVERT(float, v), 3)
        WHEN 'real' THEN CONVERT(nvarchar(max), CONVERT(real, v), 3)
        WHEN 'money' THEN CONVERT(nvarchar(max), CONVERT(money, v), 2)
        WHEN 'smallmoney' THEN CONVERT(nvarchar(max), CONVERT(money, v), 2)
        WHEN 'smalldatetime' THEN CONVERT(nvarchar(max), CONVERT(smalldatetime, v), 120)
        WHEN 'datetime' THEN CONVERT(nvarchar(max), CONVERT(datetime, v), 121)
        ELSE CONVERT(nvarchar(max), v)
    END"""
"""A sql_variant as text that keeps every digit and byte: pymssql, for one, hands out raw bytes."""


@pytest.fixture(scope="module")
def variants(sql_server_service: Service) -> str:
    """A table of `HELD`, numbered, written as literals."""
    with closing(with_pymssql(sql_server_service)) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "DROP TABLE IF EXISTS dbo.variants; CREATE TABLE dbo.variants (id int PRIMARY KEY, v sql_variant)"
        )
        for at, (kind, value) in enumerate(HELD):
            cursor.execute(
                f"INSERT INTO dbo.variants VALUES ({at}, CAST({literal(value)} AS {kind.declared}))"
            )
        cursor.execute(f"INSERT INTO dbo.variants VALUES ({len(HELD)}, NULL)")
    return "dbo.variants"


def test_microsofts_odbc_driver(sql_server_service: Service, variants: str) -> None:
    with closing(with_mssql_python(sql_server_service)) as connection:
        cursor = connection.cursor()
        for at, (kind, value) in enumerate(HELD):
            if value in ("", b""):
                continue  # mssql-python 1.16 fails to fetch a sql_variant without a byte
            # A row each: mssql-python 1.16 loses the beginning of a text after a row with a shorter one.
            (got,) = cursor.execute(f"SELECT v FROM {variants} WHERE id = {at}").fetchone()
            assert of_odbc(got, kind) == of_python(value, kind), kind.declared
        assert cursor.execute(f"SELECT v FROM {variants} WHERE id = {len(HELD)}").fetchone()[0] is None


def of_odbc(value: Any, kind: TypeLimits) -> Any:
    """mssql-python gives a datetimeoffset inside a sql_variant as text, with all its digits."""
    return value if kind.name == "datetimeoffset" else from_python(value, kind)


def of_python(value: Any, kind: TypeLimits) -> Any:
    return cut(value, kind) if kind.name in MOMENTS - {"datetimeoffset"} else value


def test_microsofts_jdbc_driver(java: Any, sql_server_service: Service, variants: str) -> None:
    with closing(Jdbc(java, sql_server_service)) as client:
        for at, (kind, value) in enumerate(HELD):
            ((got,),) = client.rows(f"SELECT v FROM {variants} WHERE id = {at}", [kind])
            assert got == of_java(value, kind), kind.declared
        client.execute(f"DELETE FROM {variants} WHERE id > {len(HELD)}")
        statement = client.connection.prepareStatement(f"INSERT INTO {variants} VALUES ({len(HELD) + 1}, ?)")
        number = java.JClass("java.math.BigDecimal")("1.50")
        statement.setObject(1, number, java.JClass("microsoft.sql.Types").SQL_VARIANT)
        statement.execute()
        ((got,),) = client.rows(
            f"SELECT v FROM {variants} WHERE id > {len(HELD)}", [TypeLimits("numeric", (), "")]
        )
        assert got == Decimal("1.50")


def of_java(value: Any, kind: TypeLimits) -> Any:
    """DateTimeOffset's text leaves a fraction of zero away."""
    return value.replace(".0000000", "") if kind.name == "datetimeoffset" else value


def test_freetds_reads_it_as_text(sql_server_service: Service, variants: str) -> None:
    with closing(with_pymssql(sql_server_service)) as connection:
        cursor = connection.cursor()
        base = "CONVERT(sysname, SQL_VARIANT_PROPERTY(v, 'BaseType'))"
        cursor.execute(f"SELECT {base}, {LOSSLESS} FROM {variants} ORDER BY id")
        rows = cursor.fetchall()
    assert rows[len(HELD)] == (None, None)
    for (kind, value), (base, text) in zip(HELD, rows, strict=False):
        assert base == kind.name
        assert of_text(text, kind) == value, kind.declared


def of_text(text: str, kind: TypeLimits) -> Any:
    """The value of a text that `LOSSLESS` gives."""
    read = type(kind.values[0])
    if read is bytes:
        return bytes.fromhex(text.removeprefix("0x"))
    if read is bool:
        return text == "1"
    if kind.name == "real":
        return struct.unpack("f", struct.pack("f", float(text)))[0]
    return read.fromisoformat(text) if kind.name == "date" else read(text)


@pytest.fixture(scope="module", autouse=True)
def _dropped(sql_server_service: Service) -> Iterator[None]:
    yield
    with closing(with_pymssql(sql_server_service)) as connection:
        connection.cursor().execute("DROP TABLE IF EXISTS dbo.variants")
