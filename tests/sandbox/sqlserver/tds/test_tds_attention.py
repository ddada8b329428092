"""Attention byte by byte: what runs is stopped, what waits is not run, and one answer tells so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event

import tests.sandbox.sqlserver.tds.wire_client as wire
from sandbox.sqlserver.results import (
    Done,
    Result,
    SqlServerError,
)
from tests.sandbox.sqlserver.tds.canned_engine import CannedSession
from tests.sandbox.sqlserver.tds.conftest import Served
from tests.sandbox.sqlserver.tds.wire_client import (
    Tokens,
    WireClient,
    batch,
    is_alive,
)


def test_an_attention_stops_what_runs_and_is_answered_once(
    served: Served, client: WireClient, eventually: Callable[[Event], None]
) -> None:
    def waiting(session: CannedSession) -> Iterator[Result]:
        session.waiting.set()
        session.cancelled.wait(20)
        raise SqlServerError(0, "Cancelled.")
        yield Done(0)

    served.engine.answers["WAITFOR"] = waiting
    client.send(wire.SQL_BATCH, wire.NO_TRANSACTION + batch("WAITFOR"))
    eventually(served.engine.sessions[0].waiting)
    client.send(wire.ATTENTION, b"")
    assert Tokens(client.receive() or b"").done == [(wire.DONE, wire.HEARD_ATTENTION, 0)]
    assert is_alive(client)


def test_an_attention_that_comes_too_late_is_answered_by_itself(client: WireClient) -> None:
    assert is_alive(client)
    client.send(wire.ATTENTION, b"")
    assert Tokens(client.receive() or b"").done == [(wire.DONE, wire.HEARD_ATTENTION, 0)]
    assert is_alive(client)


def test_an_attention_at_any_moment_gives_one_answer_that_hears_it(
    served: Served, client: WireClient
) -> None:
    """Request and attention leave together, so the attention meets the request queued, running or done."""
    served.engine.answer("SELECT", Done(1), Done(2))
    for _ in range(200):
        client.send(wire.SQL_BATCH, wire.NO_TRANSACTION + batch("SELECT"))
        client.send(wire.ATTENTION, b"")
        heard = 0
        while not heard:
            answer = Tokens(client.receive() or b"")
            heard = sum(bool(status & wire.HEARD_ATTENTION) for _, status, _ in answer.done)
        assert heard == 1
    assert is_alive(client)


def test_a_request_that_is_cancelled_before_its_turn_is_not_run(
    served: Served, client: WireClient, eventually: Callable[[Event], None]
) -> None:
    def waiting(session: CannedSession) -> Iterator[Result]:
        session.waiting.set()
        session.cancelled.wait(20)
        yield Done(0)

    served.engine.answers["WAITFOR"] = waiting
    for sql in ("WAITFOR", "DELETE"):
        client.send(wire.SQL_BATCH, wire.NO_TRANSACTION + batch(sql))
    eventually(served.engine.sessions[0].waiting)
    client.send(wire.ATTENTION, b"")
    for _ in range(2):
        assert Tokens(client.receive() or b"").done[-1] == (wire.DONE, wire.HEARD_ATTENTION, 0)
    assert served.engine.batches == ["WAITFOR"]


def test_an_unfinished_message_is_void_after_an_attention(served: Served, client: WireClient) -> None:
    client.send(wire.SQL_BATCH, wire.NO_TRANSACTION + batch("DELETE"), status=0)
    client.send(wire.ATTENTION, b"")
    assert Tokens(client.receive() or b"").done == [(wire.DONE, wire.HEARD_ATTENTION, 0)]
    assert is_alive(client)
    assert served.engine.batches == ["nothing"]


def test_a_message_that_the_client_takes_back_is_not_run(served: Served, client: WireClient) -> None:
    answer = client.ask(wire.SQL_BATCH, batch("DELETE"), wire.END_OF_MESSAGE | wire.IGNORE)
    assert answer.done == [(wire.DONE, wire.IN_ERROR, 0)]
    assert served.engine.batches == []
