"""Packets and the messages they make up ([MS-TDS] 2.2.3): framing, sizes, status bits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag

import numpy as np

from sandbox.sqlserver.tds.cursor import ProtocolError
from sandbox.sqlserver.tds.transport import Transport

HEADER_SIZE = 8
DEFAULT_PACKET_SIZE = 4096
SMALLEST_PACKET_SIZE, LARGEST_PACKET_SIZE = 512, 32767
LARGEST_ENCRYPTED_PACKET_SIZE = 16383
"""[Microsoft: "Server configuration: network packet size"]: ODBC stands still on larger ones inside TLS."""
LARGEST_MESSAGE = 65536 * DEFAULT_PACKET_SIZE
"""SQL Server's limit for a batch: 65,536 packets."""


class PacketType(IntEnum):
    """What a message is ([MS-TDS] 2.2.3.1.1)."""

    SQL_BATCH = 0x01
    RPC = 0x03
    RESPONSE = 0x04
    ATTENTION = 0x06
    BULK_LOAD = 0x07
    TRANSACTION_MANAGER = 0x0E
    LOGIN7 = 0x10
    PRELOGIN = 0x12


class PacketStatus(IntFlag):
    """Status bits of a packet ([MS-TDS] 2.2.3.1.2)."""

    NORMAL = 0x00
    END_OF_MESSAGE = 0x01
    IGNORE = 0x02
    RESET_CONNECTION = 0x08
    RESET_CONNECTION_SKIP_TRANSACTION = 0x10


@dataclass(frozen=True)
class ClientMessage:
    """A whole message of a client; `status` has the bits of all of its packets."""

    type: int
    status: PacketStatus
    data: bytes


class PacketReader:
    """Reads whole messages from a connection."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def read_message(self) -> ClientMessage | None:
        """The next message; None when the client has closed the connection.

        Raises:
            ProtocolError: a packet that cannot be; OSError: the connection broke.
        """
        message_type, status, payload = -1, PacketStatus.NORMAL, bytearray()
        while not status & PacketStatus.END_OF_MESSAGE:
            header = self._transport.read(HEADER_SIZE)
            if len(header) < HEADER_SIZE:
                return None
            # An attention can cut off a message that the client has not finished: the message is void.
            if message_type != header[0]:
                if message_type != -1 and header[0] != PacketType.ATTENTION:
                    raise ProtocolError(
                        f"a packet of type 0x{header[0]:02X} inside a message of type 0x{message_type:02X}"
                    )
                message_type, status, payload = header[0], PacketStatus.NORMAL, bytearray()
            size = int.from_bytes(header[2:4], "big")
            if not HEADER_SIZE <= size <= LARGEST_PACKET_SIZE:
                raise ProtocolError(f"a packet of {size} bytes")
            body = self._transport.read(size - HEADER_SIZE)
            if len(body) < size - HEADER_SIZE:
                return None
            payload += body
            if len(payload) > LARGEST_MESSAGE:
                raise ProtocolError(f"a message of more than {LARGEST_MESSAGE} bytes")
            status |= PacketStatus(header[1])
        return ClientMessage(message_type, status, bytes(payload))


class PacketWriter:
    """Cuts a response into packets and sends them: the only place that writes TDS to a client."""

    def __init__(self, transport: Transport, session_id: int) -> None:
        self.packet_size = DEFAULT_PACKET_SIZE
        self._transport = transport
        self._session_id = session_id
        self._sequence = 0
        self._pending = bytearray()

    def write(self, data: bytes | memoryview) -> None:
        """Add to the message; full packets leave at once."""
        self._pending += data
        size = self.packet_size - HEADER_SIZE
        # The last packet carries END_OF_MESSAGE, so one byte at least stays here until `end`.
        full = (len(self._pending) - 1) // size
        if full > 0:
            self._transport.send(self._framed(full, size))
            del self._pending[: full * size]

    def end(self, kind: PacketType = PacketType.RESPONSE) -> None:
        """Send the rest as the last packet of the message; only one that fits a packet has another kind."""
        size = len(self._pending)
        header = self._header(PacketStatus.END_OF_MESSAGE, size, self._next_sequence(1), kind)
        self._transport.send(header + self._pending)
        self._pending.clear()
        self._sequence = 0

    def _framed(self, count: int, size: int) -> memoryview:
        packets = np.empty((count, HEADER_SIZE + size), np.uint8)
        packets[:, :HEADER_SIZE] = np.frombuffer(self._header(PacketStatus.NORMAL, size, 0), np.uint8)
        packets[:, 6] = (self._next_sequence(count) + np.arange(count)) % 256
        payload = np.frombuffer(self._pending, np.uint8, count * size)
        packets[:, HEADER_SIZE:] = payload.reshape(count, size)
        return packets.data.cast("B")

    def _header(
        self, status: PacketStatus, size: int, sequence: int, kind: PacketType = PacketType.RESPONSE
    ) -> bytes:
        return (
            bytes((kind, status))
            + (HEADER_SIZE + size).to_bytes(2, "big")
            + self._session_id.to_bytes(2, "big")
            + bytes((sequence, 0))
        )

    def _next_sequence(self, count: int) -> int:
        first = self._sequence + 1
        self._sequence = (self._sequence + count) % 256
        return first % 256


def negotiated_packet_size(requested: int, *, encrypted: bool = False) -> int:
    """The size that the session will use for what LOGIN7 asked for (0: the server's default)."""
    if requested == 0:
        return DEFAULT_PACKET_SIZE
    largest = LARGEST_ENCRYPTED_PACKET_SIZE if encrypted else LARGEST_PACKET_SIZE
    return max(SMALLEST_PACKET_SIZE, min(requested, largest))
