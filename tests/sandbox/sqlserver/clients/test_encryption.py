"""Microsoft's drivers and the stand-in's certificate: trusted by name, by its file, not at all; TDS 8.0."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import jpype
import mssql_python
import pytest

from sandbox.process import Service
from tests.sandbox.sqlserver.clients.jdbc import Jdbc


def odbc(service: Service, *options: str) -> list[tuple[Any, ...]]:
    parts = [
        f"Server=127.0.0.1,{service.port}",
        "Database=shellcorp",
        "UID=sa",
        f"PWD={service.password('sa')}",
    ]
    with closing(mssql_python.connect(";".join((*parts, *options)) + ";")) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT 'inside'")
        return [tuple(row) for row in cursor.fetchall()]


@pytest.mark.parametrize("encrypt", [(), ("Encrypt=yes",), ("Encrypt=no",)])
def test_odbc_trusts_by_name(sql_server_service: Service, encrypt: tuple[str, ...]) -> None:
    assert odbc(sql_server_service, "TrustServerCertificate=yes", *encrypt) == [("inside",)]


def test_odbc_trusts_nobody_unasked(sql_server_service: Service) -> None:
    for encrypt in ("Encrypt=yes", "Encrypt=strict"):
        with pytest.raises(mssql_python.Error, match="certificate verify failed"):
            odbc(sql_server_service, encrypt)


def test_odbc_speaks_tds_8(sql_server_service: Service) -> None:
    """Encrypt=strict: TLS comes before everything, and only the certificate's file makes it trusted."""
    file = sql_server_service.folder / "certificate.pem"
    assert odbc(sql_server_service, "Encrypt=strict", f"ServerCertificate={file}") == [("inside",)]


def test_jdbc_speaks_tds_8(java: Any, sql_server_service: Service) -> None:
    file = sql_server_service.folder / "certificate.pem"
    strict = {"encrypt": "strict", "trustServerCertificate": "false"}
    with closing(Jdbc(java, sql_server_service, serverCertificate=str(file), **strict)) as client:
        client.execute("SELECT 1")
    with pytest.raises(jpype.JException, match=r"PKIX|certificate"):
        Jdbc(java, sql_server_service, **strict)


def test_jdbc_in_clear_text(java: Any, sql_server_service: Service) -> None:
    with closing(Jdbc(java, sql_server_service, encrypt="false")) as client:
        client.execute("SELECT 1")


def test_a_client_that_asks_for_the_largest_packets_inside_of_tls_reads_on(
    sql_server_service: Service,
) -> None:
    connection = mssql_python.connect(
        f"Server=127.0.0.1,{sql_server_service.port};Database=shellcorp;UID=sa;"
        f"PWD={sql_server_service.password('sa')};TrustServerCertificate=yes;PacketSize=32767;",
        autocommit=True,
    )
    try:
        cursor = connection.cursor()
        cursor.timeout = 20
        cursor.execute("SELECT REPLICATE(CAST(N'x' AS nvarchar(max)), 100000)")
        assert len(cursor.fetchone()[0]) == 100_000
    finally:
        connection.close()
