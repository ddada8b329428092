"""A database with CDC switched on."""

from __future__ import annotations

import pytest

from tests.sandbox.sqlserver.cdc.double import Database


@pytest.fixture
def database() -> Database:
    database = Database()
    database.execute("sys.sp_cdc_enable_db")
    return database
