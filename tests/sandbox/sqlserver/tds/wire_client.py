"""A client that writes TDS by hand, for what pymssql never sends."""

from __future__ import annotations

import contextlib
import socket
import struct
from dataclasses import dataclass, field
from types import TracebackType

from tests.sandbox.sqlserver.tds.canned_engine import PASSWORD

NO_TRANSACTION = struct.pack("<IIHQI", 22, 18, 2, 0, 1)
"""ALL_HEADERS with a transaction descriptor."""
SQL_BATCH, RPC, ATTENTION, BULK_LOAD, TRANSACTION, LOGIN7, PRELOGIN = 1, 3, 6, 7, 14, 16, 18
END_OF_MESSAGE, IGNORE, RESET, RESET_SKIP_TRANSACTION = 1, 2, 8, 16
ERROR, INFO, ENVCHANGE, RETURNSTATUS, RETURNVALUE, COLMETADATA = 0xAA, 0xAB, 0xE3, 0x79, 0xAC, 0x81
DONE, DONEPROC, DONEINPROC = 0xFD, 0xFE, 0xFF
MORE, IN_ERROR, COUNT, HEARD_ATTENTION = 0x01, 0x02, 0x10, 0x20


@dataclass
class Tokens:
    """The tokens of a response that has no rows."""

    data: bytes
    kinds: list[int] = field(default_factory=list)
    errors: list[tuple[int, str]] = field(default_factory=list)
    done: list[tuple[int, int, int]] = field(default_factory=list)
    """Token, status, row count."""
    changes: list[tuple[int, bytes]] = field(default_factory=list)
    """Kind, new and old value."""
    statuses: list[int] = field(default_factory=list)
    values: list[tuple[int, str, bytes]] = field(default_factory=list)
    """Ordinal, name, and the value with its type, of int output parameters."""

    def __post_init__(self) -> None:
        at = 0
        while at < len(self.data):
            token = self.data[at]
            self.kinds.append(token)
            at = self._read(token, at + 1)

    def _read(self, token: int, at: int) -> int:
        if token in (DONE, DONEPROC, DONEINPROC):
            status, _, rows = struct.unpack_from("<HHQ", self.data, at)
            self.done.append((token, status, rows))
            return at + 12
        if token == RETURNSTATUS:
            self.statuses.append(struct.unpack_from("<i", self.data, at)[0])
            return at + 4
        if token == RETURNVALUE:
            ordinal, length = struct.unpack_from("<HB", self.data, at)
            name_end = at + 3 + 2 * length
            name = self.data[at + 3 : name_end].decode("utf-16-le")
            size = 2 + 1 + self.data[name_end + 9]  # INTN: type, size; then the value behind its length
            self.values.append((ordinal, name, self.data[name_end + 7 : name_end + 7 + size]))
            return name_end + 7 + size
        (size,) = struct.unpack_from("<H", self.data, at)
        body = self.data[at + 2 : at + 2 + size]
        if token == ERROR:
            (number, _, _, length) = struct.unpack_from("<iBBH", body)
            self.errors.append((number, body[8 : 8 + 2 * length].decode("utf-16-le")))
        elif token == ENVCHANGE:
            self.changes.append((body[0], body[1:]))
        return at + 2 + size


class WireClient:
    """A TCP connection to the server."""

    def __init__(self, port: int, packet_size: int = 4096) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.packet_size = packet_size

    def __enter__(self) -> WireClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, kind: int, data: bytes, status: int = END_OF_MESSAGE) -> None:
        """Send a message, in packets of at most `packet_size`."""
        room = self.packet_size - 8
        for number, start in enumerate(range(0, max(len(data), 1), room)):
            body = data[start : start + room]
            last = start + room >= len(data)
            bits = status if last else status & ~(END_OF_MESSAGE | IGNORE)
            self.socket.sendall(struct.pack(">BBHHBB", kind, bits, 8 + len(body), 0, number % 256, 0) + body)

    def receive(self) -> bytes | None:
        """The next message of the server; None when it has closed the connection."""
        message = b""
        while header := self._exactly(8):
            kind, status, size, _, _, _ = struct.unpack(">BBHHBB", header)
            assert kind == 4
            message += self._exactly(size - 8)
            if status & END_OF_MESSAGE:
                return message
        return None

    def ask(self, kind: int, data: bytes, status: int = END_OF_MESSAGE) -> Tokens:
        """Send a message behind ALL_HEADERS and read the answer."""
        self.send(kind, NO_TRANSACTION + data, status)
        answer = self.receive()
        assert answer is not None, "the server closed the connection"
        return Tokens(answer)

    def log_in(self, **fields: str) -> Tokens:
        """LOGIN7 without a PRELOGIN, which is optional."""
        self.send(LOGIN7, login7(**fields))
        answer = self.receive()
        assert answer is not None
        return Tokens(answer.replace(login_acknowledged(answer), b""))

    def end_sending(self) -> None:
        """Tell the server that nothing more will come."""
        with contextlib.suppress(OSError):  # it has hung up already
            self.socket.shutdown(socket.SHUT_WR)

    def is_closed(self) -> bool:
        """True when the server closes the connection, with what it says before left aside."""
        while (message := self.receive()) is not None:
            assert message
        return True

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            try:
                part = self.socket.recv(size - len(data))
            except ConnectionResetError:
                return b""
            if not part:
                return b""
            data += part
        return data


def login_acknowledged(answer: bytes) -> bytes:
    """The LOGINACK of an answer, or nothing."""
    name = "Microsoft SQL Server".encode("utf-16-le")
    at = answer.find(name)
    return b"" if at < 0 else answer[at - 9 : at + len(name) + 4]


def login7(
    user: str = "sa",
    password: str = PASSWORD,
    database: str = "shop",
    version: int = 0x74000004,
    packet_size: int = 4096,
    option_flags_2: int = 0,
    option_flags_3: int = 0,
    features: bytes = b"",
) -> bytes:
    """A LOGIN7 message."""
    hidden = bytes((((b & 0x0F) << 4) | (b >> 4)) ^ 0xA5 for b in password.encode("utf-16-le"))
    # host, user, password, application, server, extension, library, language, database
    values = [b"", _utf16(user), hidden, _utf16("by hand"), b"", b"", _utf16("none"), b"", _utf16(database)]
    offset, places, body = 94, b"", b""
    for value in values:
        places += struct.pack("<HH", offset + len(body), len(value) // 2)
        body += value
    places += bytes(6) + struct.pack("<HHHHHHI", *(offset + len(body), 0) * 3, 0)
    flags = bytes((0, option_flags_2, 0, option_flags_3))
    head = struct.pack("<IIIII", version, packet_size, 7, 1, 0) + flags + struct.pack("<iI", 0, 0)
    whole = head + places + body + features
    return struct.pack("<I", len(whole) + 4) + whole


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def batch(sql: str) -> bytes:
    """The text of a SQL batch."""
    return _utf16(sql)


def call(procedure: str | int, *parameters: bytes) -> bytes:
    """A call in an RPC, by name or number."""
    if isinstance(procedure, int):
        name = struct.pack("<HH", 0xFFFF, procedure)
    else:
        name = struct.pack("<H", len(procedure)) + _utf16(procedure)
    return name + bytes(2) + b"".join(parameters)


def parameter(value: bytes, name: str = "", *, output: bool = False) -> bytes:
    """A parameter of a call; `value` is TYPE_INFO and the value."""
    return bytes((len(name),)) + _utf16(name) + bytes((1 if output else 0,)) + value


def text(value: str | None) -> bytes:
    """nvarchar(4000)."""
    encoded = b"" if value is None else _utf16(value)
    size = 0xFFFF if value is None else len(encoded)
    return struct.pack("<BH", 0xE7, 8000) + b"\x09\x04\xd0\x00\x34" + struct.pack("<H", size) + encoded


def integer(value: int | None) -> bytes:
    """int, nullable."""
    return b"\x26\x04" + (b"\x00" if value is None else b"\x04" + struct.pack("<i", value))


def run(client: WireClient, sql: str) -> Tokens:
    """The answer to a batch."""
    return client.ask(SQL_BATCH, batch(sql))


def is_alive(client: WireClient) -> bool:
    """Whether the session still answers."""
    return run(client, "nothing").done == [(DONE, 0, 0)]
