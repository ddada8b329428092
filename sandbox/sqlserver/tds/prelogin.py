"""PRELOGIN ([MS-TDS] 2.2.6.5): versions and encryption are agreed on before the login."""

from __future__ import annotations

from enum import IntEnum

from sandbox.sqlserver.tds.cursor import Cursor, ProtocolError

SERVER_VERSION = bytes((16, 0)) + (1000).to_bytes(2, "big")
"""SQL Server 2022, 16.0.1000."""


class Option(IntEnum):
    """Options that this server answers."""

    VERSION = 0x00
    ENCRYPTION = 0x01
    INSTANCE = 0x02
    THREAD_ID = 0x03
    MARS = 0x04
    TERMINATOR = 0xFF


def parse_prelogin(data: bytes) -> dict[int, bytes]:
    """The options that a client sent. Raises ProtocolError when the message is broken."""
    options: dict[int, bytes] = {}
    cursor = Cursor(data)
    while (option := cursor.integer(1)) != Option.TERMINATOR:
        offset = int.from_bytes(cursor.take(2), "big")
        length = int.from_bytes(cursor.take(2), "big")
        if offset + length > len(data):
            raise ProtocolError(f"PRELOGIN option {option} lies outside of the message")
        options[option] = data[offset : offset + length]
    return options


def prelogin_response(encryption: int) -> bytes:
    """The server's options; no multiple active result sets (MARS)."""
    options = {
        Option.VERSION: SERVER_VERSION + bytes(2),
        Option.ENCRYPTION: bytes((encryption,)),
        Option.INSTANCE: bytes(1),
        Option.THREAD_ID: b"",
        Option.MARS: bytes(1),
    }
    offset = 5 * len(options) + 1
    head, body = b"", b""
    for option, value in options.items():
        head += bytes((option,)) + (offset + len(body)).to_bytes(2, "big") + len(value).to_bytes(2, "big")
        body += value
    return head + bytes((Option.TERMINATOR,)) + body
