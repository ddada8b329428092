"""What a client may not send, or not in this form: told, and the server stays up."""

from __future__ import annotations

import struct
from collections.abc import Callable
from threading import Event

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tests.sandbox.sqlserver.tds.wire_client as wire
from tests.sandbox.sqlserver.tds.conftest import Served
from tests.sandbox.sqlserver.tds.wire_client import (
    Tokens,
    WireClient,
    call,
    is_alive,
    parameter,
    text,
)


def test_bulk_load_is_refused(client: WireClient) -> None:
    client.send(wire.BULK_LOAD, b"\x81\x00\x00")
    assert "bulk load" in Tokens(client.receive() or b"").errors[0][1]
    assert is_alive(client)


@pytest.mark.parametrize("type_info", [b"\xf0\x00\x00", b"\xf3\x00\x00"], ids=["clr", "table"])
def test_parameters_of_types_that_are_not_taken(client: WireClient, type_info: bytes) -> None:
    answer = client.ask(wire.RPC, call("p", parameter(type_info)))
    assert answer.errors[0][0] == 40517
    assert is_alive(client)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (0x09, b""),
        (wire.SQL_BATCH, b"\x00"),
        (wire.SQL_BATCH, bytes(4)),
        (wire.SQL_BATCH, struct.pack("<I", 1000) + b"x"),
        (wire.SQL_BATCH, wire.NO_TRANSACTION + b"x"),
        (wire.RPC, wire.NO_TRANSACTION + call(99)),
        (wire.RPC, wire.NO_TRANSACTION + call("p", parameter(b"\x99"))),
        (wire.RPC, wire.NO_TRANSACTION + call("p", parameter(b"\x26\x03\x00"))),
        (wire.RPC, wire.NO_TRANSACTION + call("p", parameter(text("cut off")))[:-1]),
        (wire.TRANSACTION, wire.NO_TRANSACTION),
    ],
)
def test_malformed_messages_are_told_and_end_the_session(
    client: WireClient, served: Served, eventually: Callable[[Event], None], kind: int, data: bytes
) -> None:
    client.send(kind, data)
    assert Tokens(client.receive() or b"").errors[0][0] == 4014
    assert client.is_closed()
    eventually(served.engine.sessions[0].closed)


@pytest.mark.parametrize(
    "packet",
    [b"\x01\x01\x00\x07\x00\x00\x01\x00", b"\x01\x01\xff\xff\x00\x00\x01\x00", b"GET / HTTP/1.1\r\n\r\n"],
)
def test_broken_packets_close_the_connection(client: WireClient, packet: bytes) -> None:
    client.socket.sendall(packet)
    client.socket.shutdown(1)
    assert client.is_closed()


@given(
    st.lists(st.tuples(st.sampled_from([1, 3, 6, 7, 14, 16, 18, 99]), st.binary(max_size=300)), max_size=4)
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_the_server_stays_up(served: Served, messages: list[tuple[int, bytes]]) -> None:
    with WireClient(served.port) as strange, WireClient(served.port) as known:
        known.log_in()
        for kind, data in messages:
            for client in (strange, known):
                try:
                    client.send(kind, data)
                except (BrokenPipeError, ConnectionResetError):  # it has hung up
                    continue
        for client in (strange, known):
            client.end_sending()
            assert client.is_closed()
    with WireClient(served.port) as good:
        good.log_in()
        assert is_alive(good)
