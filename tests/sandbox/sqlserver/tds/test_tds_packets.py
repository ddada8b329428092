"""Packets: what is written in any portions comes out whole, in packets as [MS-TDS] 2.2.3 wants them."""

from __future__ import annotations

import socket
import struct
import threading
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.sqlserver.tds.cursor import ProtocolError
from sandbox.sqlserver.tds.packets import (
    PacketReader,
    PacketStatus,
    PacketWriter,
    negotiated_packet_size,
)
from sandbox.sqlserver.tds.transport import Transport

SIZE = 512
ROOM = SIZE - 8
# Around the borders of packets, where a mistake would be.
portions = st.integers(0, 3).flatmap(
    lambda packets: st.integers(max(0, packets * ROOM - 2), packets * ROOM + 2)
)


def sent(messages: list[list[bytes]]) -> bytes:
    """All bytes that a writer sends for messages that are written in portions."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        writer = PacketWriter(Transport(ours), 51)
        writer.packet_size = SIZE
        received = bytearray()

        def receive() -> None:
            while part := theirs.recv(65536):
                received.extend(part)

        thread = threading.Thread(target=receive)
        thread.start()
        for message in messages:
            for portion in message:
                writer.write(portion)
            writer.end()
        ours.shutdown(socket.SHUT_WR)
        thread.join()
        return bytes(received)


@given(st.lists(st.lists(portions, min_size=1, max_size=5).filter(sum), min_size=1, max_size=3))
@settings(max_examples=150, deadline=None)
def test_messages_come_out_whole_in_full_packets(sizes: list[list[int]]) -> None:
    messages = [[bytes((i + j) % 256 for j in range(size)) for i, size in enumerate(m)] for m in sizes]
    stream, packets = sent(messages), []
    while stream:
        kind, status, size, session, number, window = struct.unpack_from(">BBHHBB", stream)
        assert (kind, session, window) == (4, 51, 0)
        packets.append((status, number, stream[8:size]))
        stream = stream[size:]
    whole, message, expected_number = [], b"", 1
    for status, number, body in packets:
        assert number == expected_number
        message, expected_number = message + body, expected_number + 1
        if status == PacketStatus.END_OF_MESSAGE:
            assert 0 < len(body) <= ROOM
            whole.append(message)
            message, expected_number = b"", 1
        else:
            assert len(body) == ROOM
    assert whole == [b"".join(message) for message in messages]


@given(st.binary(min_size=1, max_size=3000), st.lists(st.integers(0, 3000), max_size=4))
@settings(max_examples=100, deadline=None)
def test_a_message_in_packets_of_any_size_is_read_whole(data: bytes, cuts: list[int]) -> None:
    borders = sorted({0, len(data), *(min(cut, len(data)) for cut in cuts)})
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for start, stop in pairwise(borders):
            header = struct.pack(">BBHHBB", 3, stop == len(data), 8 + stop - start, 0, 0, 0)
            ours.sendall(header + data[start:stop])
        ours.shutdown(socket.SHUT_WR)
        reader = PacketReader(Transport(theirs))
        message = reader.read_message()
        assert message is not None
        assert (message.type, message.data) == (3, data)
        assert reader.read_message() is None


def test_a_packet_of_another_type_inside_a_message() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(struct.pack(">BBHHBB", 3, 0, 8, 0, 0, 0) + struct.pack(">BBHHBB", 1, 1, 8, 0, 0, 0))
        with pytest.raises(ProtocolError, match="0x01 inside a message of type 0x03"):
            PacketReader(Transport(theirs)).read_message()


@pytest.mark.parametrize(
    ("asked", "agreed"), [(0, 4096), (1, 512), (512, 512), (8000, 8000), (32767, 32767), (10**6, 32767)]
)
def test_the_packet_size_lies_within_limits(asked: int, agreed: int) -> None:
    assert negotiated_packet_size(asked) == agreed
