"""What a source that is not as it was says: the statement that grants, or that a table was altered."""

from __future__ import annotations

from unittest.mock import Mock

import pyarrow as pa
import pymssql
import pytest

from flows.ingest.errors import SourceError, TableError
from flows.ingest.source.arrow_session import as_schema
from flows.ingest.source.reader import as_discovered
from flows.ingest.source.session import SourceSession


@pytest.mark.parametrize(
    ("name", "schema", "statement"),
    [
        ("orders", "dbo", r"GRANT SELECT ON \[dbo\]\.\[orders\] to the login"),
        ("orders_v1_CT", "cdc", "GRANT SELECT ON SCHEMA::cdc to the login"),
    ],
)
def test_error_229_names_the_grant(name: str, schema: str, statement: str) -> None:
    text = f"The SELECT permission was denied on the object '{name}', database 'shop', schema '{schema}'."
    connection = Mock()
    connection.cursor.return_value.execute.side_effect = pymssql.OperationalError(229, text.encode())
    with pytest.raises(SourceError, match=statement):
        SourceSession(connection).rows("SELECT 1", "RAW.ORDERS")


NUMBERS = pa.schema([pa.field("N", pa.int64())])


def test_a_value_of_another_type_is_told_with_neither_driver() -> None:
    """A column that is to be hashed may have been altered: its values must not get into a log."""
    batch = pa.RecordBatch.from_pydict({"N": ["a secret"]})
    connection = Mock()
    connection.cursor.return_value.fetchmany.side_effect = [[("a secret",)], []]
    session = SourceSession(connection)
    with pytest.raises(TableError, match="while reading ORDERS: a column has another type") as pymssql_told:
        list(session.read("SELECT 1", NUMBERS, "ORDERS", 10))
    with pytest.raises(TableError) as arrow_told, as_discovered("ORDERS"):
        as_schema(batch, NUMBERS)
    assert str(arrow_told.value) == str(pymssql_told.value)
    assert "secret" not in str(pymssql_told.value)
    assert pymssql_told.value.__suppress_context__


def test_a_column_that_is_gone_is_of_its_table() -> None:
    connection = Mock()
    text = b"Invalid column name 'note'."
    connection.cursor.return_value.execute.side_effect = pymssql.OperationalError(207, text)
    with pytest.raises(TableError, match=r"error 207\): the table was altered while it was read: run again"):
        SourceSession(connection).rows("SELECT 1", "ORDERS")
