"""A TDS server on a free port before an engine of canned answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pymssql
import pytest

from sandbox.sqlserver.faults.registry import Faults
from sandbox.sqlserver.tds.encryption import TlsOffer
from sandbox.sqlserver.tds.server import TdsServer
from tests.sandbox.sqlserver.tds.canned_engine import PASSWORD, CannedEngine
from tests.sandbox.sqlserver.tds.wire_client import WireClient


@dataclass
class Served:
    """A running server, its engine, and clients for it."""

    engine: CannedEngine
    server: TdsServer
    serving: threading.Thread
    port: int

    def connect(self, **options: Any) -> pymssql.Connection:
        arguments: dict[str, Any] = {
            "user": "sa",
            "password": PASSWORD,
            "database": "shop",
            "tds_version": "7.4",
            "encryption": "off",
            "charset": "UTF-8",
            "login_timeout": 10,
            "timeout": 20,
        }
        return pymssql.connect(server="127.0.0.1", port=str(self.port), **(arguments | options))

    def stop(self) -> None:
        self.server.shutdown()
        self.serving.join(20)
        assert not self.serving.is_alive()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows


@contextmanager
def serve(offer: TlsOffer) -> Iterator[Served]:
    """A server that ends with the block."""
    listener = socket.create_server(("127.0.0.1", 0))
    engine = CannedEngine()
    server = TdsServer(engine, listener, offer, Faults())
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    running = Served(engine, server, thread, listener.getsockname()[1])
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def tls_offer(tmp_path_factory: pytest.TempPathFactory) -> TlsOffer:
    return TlsOffer.in_folder(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def served(tls_offer: TlsOffer) -> Iterator[Served]:
    with serve(tls_offer) as running:
        yield running


@pytest.fixture
def eventually() -> Callable[[threading.Event], None]:
    """Wait for an event of a server's thread, with a limit."""

    def wait(event: threading.Event) -> None:
        assert event.wait(10), "it did not happen within 10 seconds"

    return wait


@pytest.fixture
def client(served: Served) -> Iterator[WireClient]:
    """A client that writes its own bytes, logged in."""
    with WireClient(served.port) as connected:
        connected.log_in()
        yield connected
