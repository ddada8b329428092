"""The bytes of a connection: clear text, or TLS records once the two sides have agreed on it."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from typing import Protocol

CHUNK = 65536


class Gate(Protocol):
    """Decides how much still goes out to a client: the seam for faults on demand."""

    def passes(self, size: int) -> int:
        """How many of the next `size` bytes are sent; fewer than `size` means: then cut the connection."""


class Transport:
    """A client's socket, read by one thread and written by one (the packet writer's).

    TLS goes through memory buffers, because its handshake travels inside of TDS packets ([MS-TDS] 2.2.6.5).
    """

    def __init__(self, connection: socket.socket) -> None:
        self.gate: Gate | None = None
        self._connection = connection
        self._deadline: float | None = None
        self._buffer = bytearray()
        """Clear text that nobody has read yet."""
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls_lock = threading.Lock()
        """OpenSSL's state of a connection belongs to one thread at a time."""

    @property
    def is_encrypted(self) -> bool:
        """Whether TLS is on."""
        return self._tls is not None

    def limit(self, seconds: float | None) -> None:
        """From now on all reads and writes together may take so long (None: any time)."""
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._connection.settimeout(seconds)

    # --- clear text in and out

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer where the client has closed the connection. Raises OSError."""
        while len(self._buffer) < size:
            more = self._more()
            if not more:
                return b""
            self._buffer += more
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def peek(self) -> bytes:
        """The next byte, left where it is; empty where the client has closed the connection."""
        if not self._buffer:
            self._buffer += self._more()
        return bytes(self._buffer[:1])

    def send(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of it. Raises OSError."""
        if self._tls is not None:
            with self._tls_lock:
                self._tls.write(data)
                data = self._outgoing.read()
        self._send_raw(data)

    def _more(self) -> bytes:
        if self._tls is None:
            return self._receive()
        while True:
            with self._tls_lock:
                try:
                    return self._tls.read(CHUNK)
                except ssl.SSLWantReadError:
                    pass
                except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                    return b""
            records = self._receive()
            if not records:
                return b""
            with self._tls_lock:
                self._incoming.write(records)

    # --- TLS

    def begin_tls(self, context: ssl.SSLContext) -> ssl.SSLObject:
        """The server's side of a handshake that `shake` and `shaken` drive; clear text goes on meanwhile."""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        return context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def shake(self, tls: ssl.SSLObject, records: bytes) -> tuple[bytes, bool]:
        """Go on with the handshake: what to send to the client, and whether this was the end.

        Raises:
            ssl.SSLError: the two sides cannot agree.
        """
        self._incoming.write(records)
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            return self._outgoing.read(), False
        return self._outgoing.read(), True

    def encrypt(self, tls: ssl.SSLObject) -> None:
        """From here on everything goes through TLS."""
        self._incoming.write(bytes(self._buffer))
        self._buffer.clear()
        self._tls = tls

    def decrypt(self) -> None:
        """Go back to clear text, as both sides do behind a login that alone was encrypted."""
        self._tls = None
        self._buffer += self._incoming.read()

    def read_records(self) -> bytes:
        """TLS records that come without TDS packets around them; empty at the end of the connection."""
        if self._buffer:
            records = bytes(self._buffer)
            self._buffer.clear()
            return records
        return self._receive()

    # --- the socket

    def _receive(self) -> bytes:
        self._check_deadline()
        return self._connection.recv(CHUNK)

    def _send_raw(self, data: bytes | bytearray | memoryview) -> None:
        self._check_deadline()
        passes = len(data) if self.gate is None else self.gate.passes(len(data))
        self._connection.sendall(memoryview(data)[:passes])
        if passes < len(data):
            raise ConnectionAbortedError("cut on demand")

    def _check_deadline(self) -> None:
        if self._deadline is None:
            return
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the login took too long")
        self._connection.settimeout(left)
