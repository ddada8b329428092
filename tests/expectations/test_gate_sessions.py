"""A gate logs in once for all its checks, and leaves no session open."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector import SnowflakeConnection

from deployments.settings import SnowflakeSettings
from expectations.gate import Gate

TABLES = ("customers", "accounts", "orders", "order_lines", "payments")


def test_all_checks_of_a_gate_share_its_sessions(
    warehouse: SnowflakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[SnowflakeConnection] = []
    connect = SnowflakeConnection.connect

    def remember(connection: SnowflakeConnection, **arguments: Any) -> None:
        opened.append(connection)
        connect(connection, **arguments)

    monkeypatch.setattr(SnowflakeConnection, "connect", remember)
    with Gate(warehouse, "sessions", tmp_path) as gate:
        at_first = len(opened)
        for table in TABLES:
            assert gate.check("raw", table).allows_publishing
            gc.collect()
        assert len(opened) == at_first
    assert all(connection.is_closed() for connection in opened)
