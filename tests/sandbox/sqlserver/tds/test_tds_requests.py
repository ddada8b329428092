"""Messages byte by byte: logins, packets, calls, prepared statements, transactions, resets."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

import tests.sandbox.sqlserver.tds.wire_client as wire
from sandbox.sqlserver.results import (
    Done,
    OutputValue,
    Parameter,
    Result,
    ReturnStatus,
    SqlServerError,
    SqlType,
    TransactionChanged,
)
from tests.sandbox.sqlserver.tds.conftest import Served
from tests.sandbox.sqlserver.tds.wire_client import (
    Tokens,
    WireClient,
    batch,
    call,
    integer,
    is_alive,
    parameter,
    run,
    text,
)

# Logins


def test_an_unknown_database_is_error_4060_and_the_end(served: Served) -> None:
    with WireClient(served.port) as client:
        assert client.log_in(database="nowhere").errors[0][0] == 4060
        assert client.is_closed()


def test_a_login_is_told_what_holds_for_the_session(served: Served) -> None:
    with WireClient(served.port) as client:
        client.send(wire.LOGIN7, wire.login7(packet_size=8192))
        answer = client.receive() or b""
        acknowledged = wire.login_acknowledged(answer)
        assert acknowledged[3:8] == b"\x01\x74\x00\x00\x04"
        changes = dict(Tokens(answer.replace(acknowledged, b"")).changes)
    assert changes[1].startswith(b"\x04" + "shop".encode("utf-16-le"))
    assert changes[4].startswith(b"\x04" + "8192".encode("utf-16-le"))
    assert changes[7] == b"\x05\x09\x04\xd0\x00\x34\x00"


@pytest.mark.parametrize(
    ("login", "number"),
    [
        ({"version": 0x73000B00}, 17832),
        ({"option_flags_2": 0x80}, 18452),
        ({"option_flags_3": 0x01}, 18456),
    ],
)
def test_logins_of_a_kind_that_is_not_offered(served: Served, login: dict[str, int], number: int) -> None:
    with WireClient(served.port) as client:
        assert client.log_in(**login).errors[0][0] == number
        assert client.is_closed()


def test_features_that_a_client_asks_for_are_not_acknowledged(served: Served) -> None:
    """Column encryption, UTF-8 and an unknown one, as [MS-TDS] 2.2.6.4 appends them."""
    features = b"".join(struct.pack("<BIB", number, 1, 1) for number in (0x04, 0x0A, 0x7E)) + b"\xff"
    with WireClient(served.port) as client:
        answer = client.log_in(option_flags_3=0x10, features=features)
        assert 0xAE not in answer.kinds
        assert is_alive(client)


# Packets


@pytest.mark.parametrize("size", [512, 4096, 32767])
def test_messages_of_many_packets_in_both_directions(served: Served, size: int) -> None:
    long = "x" * 50_000
    served.engine.procedures["echo"] = lambda parameters: iter(
        (OutputValue("@n", SqlType("int"), len(parameters[0].value)),)
    )
    max_text = b"\xe7\xff\xff" + bytes(5) + struct.pack("<QI", 2 * len(long), 2 * len(long))
    with WireClient(served.port, packet_size=size) as client:
        client.log_in(packet_size=size)
        value = parameter(max_text + long.encode("utf-16-le") + bytes(4))
        assert client.ask(wire.RPC, call("echo", value)).values[0][2][-4:] == struct.pack("<i", 50_000)


def test_packets_of_the_response_have_the_size_and_the_numbers_agreed(served: Served) -> None:
    served.engine.answer("LONG", *(Done(n) for n in range(1000)))
    with WireClient(served.port) as client:
        client.log_in(packet_size=512)
        client.send(wire.SQL_BATCH, wire.NO_TRANSACTION + batch("LONG"))
        stream = client.socket.makefile("rb")
        packets = []
        while not packets or not packets[-1][1] & wire.END_OF_MESSAGE:
            header = struct.unpack(">BBHHBB", stream.read(8))
            stream.read(header[2] - 8)
            packets.append(header)
    assert {size for _, _, size, _, _, _ in packets[:-1]} == {512}
    assert [number for *_, number, _ in packets] == [n % 256 for n in range(1, len(packets) + 1)]


# Calls


def test_a_call_by_name_gets_its_parameters_and_gives_status_and_outputs(
    served: Served, client: WireClient
) -> None:
    def procedure(_: list[Parameter]) -> Iterator[Result]:
        yield Done(3, 0xC1)
        yield OutputValue("@total", SqlType("int"), 42)
        yield ReturnStatus(-6)

    served.engine.procedures["dbo.totals"] = procedure
    answer = client.ask(
        wire.RPC,
        call(
            "dbo.totals",
            parameter(text("ä€𝄞"), "@name"),
            parameter(integer(None), "@total", output=True),
        ),
    )
    assert served.engine.calls[0][1] == [
        Parameter("@name", SqlType("nvarchar", 4000), "ä€𝄞"),
        Parameter("@total", SqlType("int"), None, output=True),
    ]
    assert answer.statuses == [-6]
    assert answer.values == [(1, "@total", b"\x26\x04\x04" + struct.pack("<i", 42))]
    assert answer.done == [
        (wire.DONEINPROC, wire.COUNT | wire.MORE, 3),
        (wire.DONEPROC, 0, 0),
    ]


def test_calls_in_one_message_are_run_one_after_the_other(served: Served, client: WireClient) -> None:
    def procedure(parameters: list[Parameter]) -> Iterator[Result]:
        if parameters[0].value == 2:
            raise SqlServerError(50000, "two")
        yield ReturnStatus(parameters[0].value)

    served.engine.procedures["p"] = procedure
    calls = b"\xff".join(call("p", parameter(integer(n))) for n in (1, 2, 3))
    answer = client.ask(wire.RPC, calls)
    assert answer.statuses == [1, 3]
    assert answer.errors == [(50000, "two")]
    assert answer.done == [
        (wire.DONEPROC, wire.MORE, 0),
        (wire.DONEPROC, wire.MORE | wire.IN_ERROR, 0),
        (wire.DONEPROC, 0, 0),
    ]


def test_statements_prepared_by_number_are_run_as_sp_executesql(served: Served, client: WireClient) -> None:
    def sp_executesql(parameters: list[Parameter]) -> Iterator[Result]:
        yield Done(parameters[2].value, 0xC1)

    served.engine.procedures["sp_executesql"] = sp_executesql
    sql, declaration = "SELECT @P0", "@P0 int"
    prepared = client.ask(
        wire.RPC,
        call(
            13,
            parameter(integer(None), output=True),
            parameter(text(declaration)),
            parameter(text(sql)),
            parameter(integer(7)),
        ),
    )
    assert prepared.values == [(0, "", b"\x26\x04\x04" + struct.pack("<i", 1))]
    assert prepared.done[0] == (wire.DONEINPROC, wire.COUNT | wire.MORE, 7)
    for value in (8, 9):
        again = client.ask(wire.RPC, call(12, parameter(integer(1)), parameter(integer(value))))
        assert again.done[0][2] == value
    assert [[p.value for p in parameters] for _, parameters in served.engine.calls] == [
        [sql, declaration, value] for value in (7, 8, 9)
    ]
    assert client.ask(wire.RPC, call(15, parameter(integer(1)))).errors == []
    assert client.ask(wire.RPC, call(12, parameter(integer(1)))).errors[0][0] == 8179
    assert client.ask(wire.RPC, call(15, parameter(integer(1)))).errors[0][0] == 8182


def test_a_procedure_inside_a_batch_ends_as_one(served: Served, client: WireClient) -> None:
    inner = Done(1, 0xC3, in_procedure=True)
    served.engine.answers["EXEC p; DELETE t"] = lambda _: iter((inner, ReturnStatus(0), Done(2, 0xC4)))
    assert run(client, "EXEC p; DELETE t").done == [
        (wire.DONEINPROC, wire.COUNT | wire.MORE, 1),
        (wire.DONEPROC, wire.MORE, 0),
        (wire.DONE, wire.COUNT, 2),
    ]


def test_sp_prepare_gives_a_handle_and_runs_nothing(served: Served, client: WireClient) -> None:
    served.engine.procedures["sp_executesql"] = lambda _: iter((Done(1),))
    arguments = (parameter(integer(None), output=True), parameter(text(None)), parameter(text("SELECT 1")))
    assert [client.ask(wire.RPC, call(11, *arguments)).values[0][2][-4:] for _ in range(2)] == [
        struct.pack("<i", 1),
        struct.pack("<i", 2),
    ]
    assert served.engine.calls == []
    client.ask(wire.RPC, call(12, parameter(integer(2))))
    assert [p.value for p in served.engine.calls[0][1]] == ["SELECT 1"]


@pytest.mark.parametrize("procedure", [2, "sp_cursoropen"])
def test_cursors_of_the_server_are_refused_by_name(client: WireClient, procedure: int | str) -> None:
    answer = client.ask(wire.RPC, call(procedure, parameter(integer(None), output=True)))
    assert "sp_cursoropen" in answer.errors[0][1]
    assert is_alive(client)


# Transactions


def test_transaction_requests(served: Served, client: WireClient) -> None:
    name = "t1".encode("utf-16-le")
    begin = client.ask(wire.TRANSACTION, struct.pack("<HBB", 5, 2, len(name)) + name)
    assert begin.changes == [(8, b"\x08" + struct.pack("<Q", 77) + b"\x00")]
    client.ask(wire.TRANSACTION, struct.pack("<HB", 9, len(name)) + name)
    commit = client.ask(wire.TRANSACTION, struct.pack("<HBB", 7, 0, 0))
    assert commit.changes == [(9, b"\x00\x08" + struct.pack("<Q", 77))]
    both = client.ask(wire.TRANSACTION, struct.pack("<HBBBB", 8, 0, 1, 5, 0))
    assert [kind for kind, _ in both.changes] == [10, 8]
    assert served.engine.transactions == [
        ("begin", "t1", 2),
        ("save", "t1", 0),
        ("commit", "", 0),
        ("rollback", "", 0),
        ("begin", "", 5),
    ]


def test_distributed_transactions_are_refused(client: WireClient) -> None:
    assert client.ask(wire.TRANSACTION, struct.pack("<H", 1)).errors[0][0] == 40517
    assert is_alive(client)


def test_transactions_of_batches_are_told_to_the_client(served: Served, client: WireClient) -> None:
    served.engine.answer("BEGIN TRAN", TransactionChanged("begin", 5), Done(None))
    assert [kind for kind, _ in run(client, "BEGIN TRAN").changes] == [8]


# Resets of pooled connections


def test_a_reset_connection_is_a_new_session_of_the_same_login(served: Served, client: WireClient) -> None:
    answer = client.ask(wire.SQL_BATCH, batch("SELECT"), wire.END_OF_MESSAGE | wire.RESET)
    assert answer.changes[0] == (18, b"\x00\x00")
    old, new = served.engine.sessions
    assert old.closed.is_set()
    assert old.login == new.login
    assert not new.closed.is_set()


def test_a_reset_that_keeps_the_transaction_is_refused(client: WireClient) -> None:
    status = wire.END_OF_MESSAGE | wire.RESET_SKIP_TRANSACTION
    assert "RESETCONNECTIONSKIPTRAN" in client.ask(wire.SQL_BATCH, batch("SELECT"), status).errors[0][1]
    assert is_alive(client)
