"""What a missing permission on the source says: the statement that grants it."""

from __future__ import annotations

from unittest.mock import Mock

import pymssql
import pytest

from flows.ingest.errors import SourceError
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
