"""A database with CDC switched on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.sqlserver.cdc.double import Database


@pytest.fixture
def database() -> Iterator[Database]:
    database = Database()
    database.execute("sys.sp_cdc_enable_db")
    yield database
    database.connection.close()
