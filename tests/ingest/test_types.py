"""Every SQL Server type: what it becomes, how it is read, how its keys are written and read back."""

import pyarrow as pa
import pytest

from flows.ingest.errors import SourceError
from flows.ingest.tables.captured import Column, mirror_name
from flows.ingest.tables.types import SqlType, key_literal, key_text, map_type
from flows.ingest.warehouse import raw_sql

SNOWFLAKE_TYPES = [
    (SqlType("bit", 1), "BOOLEAN"),
    (SqlType("tinyint", 1, 3), "NUMBER(3,0)"),
    (SqlType("smallint", 2, 5), "NUMBER(5,0)"),
    (SqlType("int", 4, 10), "NUMBER(10,0)"),
    (SqlType("bigint", 8, 19), "NUMBER(19,0)"),
    (SqlType("decimal", 9, 38, 10), "NUMBER(38,10)"),
    (SqlType("numeric", 9, 5, 4), "NUMBER(5,4)"),
    (SqlType("money", 8, 19, 4), "NUMBER(19,4)"),
    (SqlType("smallmoney", 4, 10, 4), "NUMBER(10,4)"),
    (SqlType("real", 4, 24), "FLOAT"),
    (SqlType("float", 8, 53), "FLOAT"),
    (SqlType("char", 8), "VARCHAR(8)"),
    (SqlType("varchar", 24), "VARCHAR(24)"),
    (SqlType("nchar", 6), "VARCHAR(3)"),
    (SqlType("nvarchar", 400), "VARCHAR(200)"),
    (SqlType("varchar", -1), "VARCHAR"),
    (SqlType("nvarchar", -1), "VARCHAR"),
    (SqlType("text", 16), "VARCHAR"),
    (SqlType("ntext", 16), "VARCHAR"),
    (SqlType("xml", -1), "VARCHAR"),
    (SqlType("binary", 4), "BINARY"),
    (SqlType("varbinary", 32), "BINARY"),
    (SqlType("varbinary", -1), "BINARY"),
    (SqlType("image", 16), "BINARY"),
    (SqlType("timestamp", 8), "BINARY"),
    (SqlType("uniqueidentifier", 16), "VARCHAR(36)"),
    (SqlType("sql_variant", 8016), "VARCHAR"),
    (SqlType("date", 3, 10), "DATE"),
    (SqlType("time", 4, 12, 3), "TIME(3)"),
    (SqlType("smalldatetime", 4, 16), "TIMESTAMP_NTZ(0)"),
    (SqlType("datetime", 8, 23, 3), "TIMESTAMP_NTZ(3)"),
    (SqlType("datetime2", 7, 23, 3), "TIMESTAMP_NTZ(3)"),
    (SqlType("datetime2", 8, 27, 7), "TIMESTAMP_NTZ(7)"),
    (SqlType("datetimeoffset", 10, 34, 7), "TIMESTAMP_TZ(7)"),
]  # docs/architecture.md, the table of types


@pytest.mark.parametrize(("sql_type", "snowflake"), SNOWFLAKE_TYPES, ids=lambda v: getattr(v, "name", v))
def test_a_type_becomes_what_the_architecture_says(sql_type: SqlType, snowflake: str) -> None:
    assert map_type(sql_type, "dbo.t.c").snowflake == snowflake


@pytest.mark.parametrize(
    ("sql_type", "read"),
    [
        (SqlType("datetime2", 8, 27, 7), "CONVERT(varchar(27), [c], 121)"),
        (SqlType("datetime2", 7, 23, 3), "[c]"),
        (SqlType("time", 5, 16, 7), "CONVERT(varchar(16), [c], 121)"),
        (SqlType("datetimeoffset", 10, 34, 7), "CONVERT(varchar(34), [c], 121)"),
        (SqlType("money", 8, 19, 4), "[c]"),
    ],
    ids=lambda v: getattr(v, "name", v),
)
def test_the_server_writes_what_the_driver_would_cut(sql_type: SqlType, read: str) -> None:
    assert Column.of("c", 1, sql_type, "dbo.t").read_expression == read


def test_a_mirror_is_read_in_the_form_in_which_it_travelled() -> None:
    column = Column.of("at", 1, SqlType("datetime2", 8, 27, 7), "dbo.t")
    assert column.compare_expression == """TO_CHAR("AT", 'YYYY-MM-DD HH24:MI:SS.FF7')"""
    assert column.mapping.arrow == pa.string()


def test_a_text_that_reads_as_null_elsewhere_stays_a_text() -> None:
    """The default of NULL_IF turns a backslash and an N into NULL (Snowflake, "CREATE FILE FORMAT")."""
    statement = raw_sql.copy_into("RAW.T", "folder", ["file.parquet"])
    assert "NULL_IF = ()" in statement


def test_an_unknown_type_names_the_column_and_the_remedy() -> None:
    with pytest.raises(
        SourceError, match=r"dbo\.places\.shape has the type geography.*@captured_column_list"
    ):
        Column.of("shape", 1, SqlType("geography", -1), "dbo.places")


@pytest.mark.parametrize(
    ("sql_type", "text", "literal"),
    [
        (SqlType("int", 4, 10), "7", "CONVERT(int, N'7')"),
        (SqlType("varchar", 24), "O'Brien", "CONVERT(varchar(24), N'O''Brien')"),
        (SqlType("nvarchar", 80), "ø", "CONVERT(nvarchar(40), N'ø')"),
        (SqlType("decimal", 9, 18, 2), "1.50", "CONVERT(decimal(18, 2), N'1.50')"),
        (SqlType("varbinary", 16), "0x00FF", "CONVERT(varbinary(16), N'0x00FF', 1)"),
        (
            SqlType("datetime2", 8, 27, 7),
            "2024-01-01 00:00:00.1234567",
            "CONVERT(datetime2(7), N'2024-01-01 00:00:00.1234567', 121)",
        ),
        (SqlType("uniqueidentifier", 16), "A-B", "CONVERT(uniqueidentifier, N'A-B')"),
    ],
    ids=lambda v: getattr(v, "name", v),
)
def test_a_key_is_compared_in_its_own_type(sql_type: SqlType, text: str, literal: str) -> None:
    assert key_literal(text, sql_type) == literal


@pytest.mark.parametrize(
    ("sql_type", "text"),
    [
        (SqlType("float", 8, 53), "CONVERT(nvarchar(40), [k], 3)"),
        (SqlType("binary", 4), "CONVERT(varchar(max), [k], 1)"),
        (SqlType("date", 3), "CONVERT(nvarchar(40), [k], 121)"),
        (SqlType("int", 4), "CONVERT(nvarchar(4000), [k])"),
    ],
    ids=lambda v: getattr(v, "name", v),
)
def test_a_key_is_written_without_loss(sql_type: SqlType, text: str) -> None:
    assert key_text("[k]", sql_type) == text


def test_a_table_of_another_schema_carries_it_as_prefix() -> None:
    assert mirror_name("dbo", "order_lines") == "ORDER_LINES"
    assert mirror_name("sales", "orders") == "SALES_ORDERS"
