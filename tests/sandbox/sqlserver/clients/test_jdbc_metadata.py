"""What mssql-jdbc's DatabaseMetaData tells of Shellcorp's schema is what the catalog views tell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from sandbox.process import Service
from sandbox.shellcorp import script
from sandbox.shellcorp.server import Server
from tests.sandbox.sqlserver.cdc import wire
from tests.sandbox.sqlserver.clients.jdbc import Jdbc

DATABASE = "jdbc_metadata"
MORE_TABLES = (
    "CREATE TABLE dbo.returns (return_id int PRIMARY KEY, order_id int NOT NULL, line_number smallint, "
    "amount AS order_id * 2 PERSISTED, version rowversion, CONSTRAINT fk_returns FOREIGN KEY "
    "(order_id, line_number) REFERENCES dbo.order_lines (order_id, line_number)); "
    "CREATE INDEX ix_returns ON dbo.returns (order_id DESC, line_number)"
)
Row = tuple[Any, ...]


@pytest.fixture(scope="module")
def server(sql_server_service: Service) -> Server:
    service = sql_server_service
    server = Server("127.0.0.1", service.port, DATABASE, "sa", service.password("sa"))
    wire.run(Server(server.host, server.port, "master", "sa", server.password), f"CREATE DATABASE {DATABASE}")
    for batch in script.batches(script.read("schema.sql"), {}):
        wire.run(server, batch)
    wire.run(server, MORE_TABLES)
    return server


@pytest.fixture(scope="module")
def jdbc(java: Any, sql_server_service: Service, server: Server) -> Iterator[Jdbc]:
    with closing(Jdbc(java, sql_server_service, databaseName=server.database)) as connection:
        yield connection


def told(jdbc: Jdbc, call: str, *arguments: Any, columns: tuple[str, ...]) -> list[Row]:
    """The rows of one of the calls, as texts."""
    rows: list[Row] = []
    with closing(getattr(jdbc.connection.getMetaData(), call)(*arguments)) as result:
        while result.next():
            rows.append(tuple(_text(result.getString(name)) for name in columns))
    return rows


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def texts(rows: list[Row]) -> list[Row]:
    return [tuple(_text(value) for value in row) for row in rows]


def test_tables(jdbc: Jdbc, server: Server) -> None:
    wanted = wire.query(server, "SELECT s.name, t.name FROM sys.tables AS t JOIN sys.schemas AS s "
                                "ON s.schema_id = t.schema_id ORDER BY s.name, t.name")  # fmt: skip
    columns = ("TABLE_SCHEM", "TABLE_NAME")
    assert told(jdbc, "getTables", DATABASE, None, "%", ["TABLE"], columns=columns) == texts(wanted)
    assert told(jdbc, "getTables", DATABASE, "dbo", r"order\_%", None, columns=columns) == [
        ("dbo", "order_lines")
    ]
    assert ("sys", "tables") in told(jdbc, "getTables", DATABASE, "sys", "%", ["VIEW"], columns=columns)


def test_columns(jdbc: Jdbc, server: Server) -> None:
    wanted = wire.query(
        server,
        "SELECT t.name, c.name, c.column_id, c.is_nullable, c.is_identity, c.is_computed, "
        "CASE WHEN c.is_identity = 1 THEN y.name + ' identity' ELSE y.name END, "
        "CASE WHEN c.max_length = -1 THEN 2147483647 WHEN y.name LIKE 'n%char' THEN c.max_length / 2 "
        "WHEN y.name LIKE '%char' OR y.name LIKE '%binary' THEN c.max_length "
        "WHEN y.name = 'uniqueidentifier' THEN 36 WHEN y.name = 'timestamp' THEN 8 ELSE c.precision END "
        "FROM sys.tables AS t JOIN sys.columns AS c ON c.object_id = t.object_id "
        "JOIN sys.types AS y ON y.user_type_id = c.user_type_id ORDER BY t.name, c.column_id",
    )
    columns = ("TABLE_NAME", "COLUMN_NAME", "ORDINAL_POSITION", "NULLABLE", "IS_AUTOINCREMENT")
    found = told(
        *(jdbc, "getColumns", DATABASE, "dbo", "%", "%"),
        columns=(*columns, "IS_GENERATEDCOLUMN", "TYPE_NAME", "COLUMN_SIZE"),
    )
    yes_no = {True: "YES", False: "NO"}
    assert found == [
        (table, name, str(at), str(int(nullable)), yes_no[identity], yes_no[computed], kind, str(size))
        for table, name, at, nullable, identity, computed, kind, size in wanted
    ]


def test_keys_and_indexes(jdbc: Jdbc, server: Server) -> None:
    wanted = wire.query(
        server,
        "SELECT i.name, i.is_unique, i.type, k.key_ordinal, c.name, k.is_descending_key "
        "FROM sys.indexes AS i "
        "JOIN sys.index_columns AS k ON k.object_id = i.object_id AND k.index_id = i.index_id "
        "JOIN sys.columns AS c ON c.object_id = k.object_id AND c.column_id = k.column_id "
        "WHERE i.object_id = OBJECT_ID('dbo.returns') ORDER BY i.is_unique DESC, i.name, k.key_ordinal",
    )
    columns = ("INDEX_NAME", "NON_UNIQUE", "TYPE", "ORDINAL_POSITION", "COLUMN_NAME", "ASC_OR_DESC")
    found = told(jdbc, "getIndexInfo", DATABASE, "dbo", "returns", False, True, columns=columns)
    assert found[0][:3] == (None, None, "0")  # the table's own row
    assert found[1:] == [
        (name, str(int(not unique)), "1" if kind == 1 else "3", str(at), column, "D" if descending else "A")
        for name, unique, kind, at, column, descending in wanted
    ]
    key = ("COLUMN_NAME", "KEY_SEQ", "PK_NAME")
    assert told(jdbc, "getPrimaryKeys", DATABASE, "dbo", "order_lines", columns=key) == [
        ("order_id", "1", "pk_order_lines"),
        ("line_number", "2", "pk_order_lines"),
    ]
    row = ("SCOPE", "COLUMN_NAME", "TYPE_NAME")
    found = told(jdbc, "getBestRowIdentifier", DATABASE, "dbo", "customers", 0, True, columns=row[1:])
    assert found == [("customer_id", "int identity")]
    assert told(jdbc, "getVersionColumns", DATABASE, "dbo", "returns", columns=row[1:]) == [
        ("version", "timestamp")
    ]


def test_foreign_keys(jdbc: Jdbc) -> None:
    columns = ("PKTABLE_NAME", "PKCOLUMN_NAME", "FKTABLE_NAME", "FKCOLUMN_NAME", "KEY_SEQ", "DELETE_RULE")
    wanted = [
        ("order_lines", "order_id", "returns", "order_id", "1", "3"),
        ("order_lines", "line_number", "returns", "line_number", "2", "3"),
    ]  # JDBC's 3 is importedKeyNoAction
    assert told(jdbc, "getImportedKeys", DATABASE, "dbo", "returns", columns=columns) == wanted
    assert told(jdbc, "getExportedKeys", DATABASE, "dbo", "order_lines", columns=columns) == wanted
    assert told(jdbc, "getImportedKeys", DATABASE, "dbo", "orders", columns=columns) == []


def test_the_server_tells_of_itself(jdbc: Jdbc, server: Server) -> None:
    databases = texts(wire.query(server, "SELECT name FROM sys.databases ORDER BY name"))
    assert told(jdbc, "getCatalogs", columns=("TABLE_CAT",)) == databases
    schemas = texts(wire.query(server, "SELECT name FROM sys.schemas"))
    assert sorted(told(jdbc, "getSchemas", columns=("TABLE_SCHEM",))) == sorted(schemas)
    kinds = told(jdbc, "getTableTypes", columns=("TABLE_TYPE",))
    assert set(kinds) == {("SYSTEM TABLE",), ("TABLE",), ("VIEW",)}
    types = {name for (name,) in told(jdbc, "getTypeInfo", columns=("TYPE_NAME",))}
    known = {name for (name,) in wire.query(server, "SELECT name FROM sys.types")}
    assert types - {name for name in types if name.endswith("identity")} == known
    metadata = jdbc.connection.getMetaData()
    assert str(metadata.getDatabaseProductName()) == "Microsoft SQL Server"
    assert int(metadata.getDatabaseMajorVersion()) == 16


def test_prepared_statements_tell_columns_and_parameters_before_they_run(jdbc: Jdbc) -> None:
    sql = "SELECT name, credit_limit FROM dbo.customers WHERE customer_id = ? AND country_code = ?"
    with closing(jdbc.connection.prepareStatement(sql)) as statement:
        columns = statement.getMetaData()
        assert [str(columns.getColumnTypeName(at)) for at in (1, 2)] == ["nvarchar", "decimal"]
        parameters = statement.getParameterMetaData()
        assert [str(parameters.getParameterTypeName(at)) for at in (1, 2)] == ["int", "char"]


def test_what_is_not_modelled_is_refused_by_its_name(jdbc: Jdbc, java: Any) -> None:
    with pytest.raises(
        java.JException, match="not modelled by the stand-in: the procedure sp_stored_procedures"
    ):
        jdbc.connection.getMetaData().getProcedures(None, None, "%")
