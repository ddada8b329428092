"""The server: accepts clients and gives each a thread."""

from __future__ import annotations

import logging
import selectors
import socket
import threading
from itertools import count

from sandbox.sqlserver.faults.registry import Faults
from sandbox.sqlserver.results import Engine
from sandbox.sqlserver.tds.encryption import TlsOffer
from sandbox.sqlserver.tds.session import Connection

FIRST_USER_SESSION = 51
"""SQL Server keeps the session ids below for itself."""
LARGEST_SESSION = 0x7FFF
GOODBYE_SECONDS = 10

log = logging.getLogger(__name__)


class TdsServer:
    """Serves an engine to TDS clients on a listening socket, which the caller has bound."""

    def __init__(self, engine: Engine, listener: socket.socket, offer: TlsOffer, faults: Faults) -> None:
        self._engine = engine
        self._offer = offer
        self._faults = faults
        self._listener = listener
        self._ids = count(FIRST_USER_SESSION)
        self._clients: dict[int, tuple[Connection, threading.Thread]] = {}
        self._clients_lock = threading.Lock()
        self._wake, self._woken = socket.socketpair()

    def serve_forever(self) -> None:
        """Accept clients until `shutdown`; returns when their sessions are closed, too."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            try:
                while all(key.fileobj is not self._woken for key, _ in selector.select()):
                    self._accept()
            finally:
                self._listener.close()
                self._disconnect_all()
                self._woken.close()

    def shutdown(self) -> None:
        """Let `serve_forever` end; does not wait for it, so a signal handler may call it."""
        self._wake.close()

    def _accept(self) -> None:
        try:
            client, address = self._listener.accept()
        except OSError as problem:  # the client has gone again already
            log.info("a connection was not accepted: %s", problem)
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        session_id = next(self._ids) % LARGEST_SESSION
        log.info("session %d: connected from %s", session_id, address)
        connection = Connection(client, session_id, self._engine, self._offer, self._faults)
        thread = threading.Thread(target=self._run, args=(connection,), name=f"tds-{session_id}", daemon=True)
        with self._clients_lock:
            self._clients[session_id] = connection, thread
        thread.start()

    def _run(self, connection: Connection) -> None:
        try:
            connection.run()
        finally:
            with self._clients_lock:
                del self._clients[connection.id]
            log.info("session %d: ended", connection.id)

    def _disconnect_all(self) -> None:
        with self._clients_lock:
            clients = list(self._clients.values())
        for connection, _ in clients:
            connection.disconnect()
        for connection, thread in clients:
            thread.join(GOODBYE_SECONDS)
            if thread.is_alive():
                log.error("session %d: its statement does not end; it is left behind", connection.id)
