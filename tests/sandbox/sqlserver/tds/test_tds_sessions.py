"""Logins, many sessions at once, and the ways in which a session ends, with pymssql as the client."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pymssql
import pytest

from sandbox.sqlserver.results import (
    Column,
    Done,
    Message,
    Result,
    ResultSet,
    SqlServerError,
    SqlType,
)
from sandbox.sqlserver.tds.packets import PacketWriter
from tests.sandbox.sqlserver.tds import wire_client
from tests.sandbox.sqlserver.tds.canned_engine import PASSWORD, CannedSession, use_database
from tests.sandbox.sqlserver.tds.conftest import Served
from tests.sandbox.sqlserver.tds.type_samples import result_set
from tests.sandbox.sqlserver.tds.wire_client import WireClient

NUMBER = Column("n", SqlType("int"), nullable=False)
Eventually = Callable[[threading.Event], None]


def numbers(*values: int) -> ResultSet:
    return result_set((NUMBER, pa.array(values, pa.int32())))


def endless(session: CannedSession) -> Iterator[Result]:
    """Rows until the session is cancelled."""

    def batches() -> Iterator[pa.RecordBatch]:
        batch = pa.record_batch([pa.array(range(10_000), pa.int32())], names=["n"])
        while not session.cancelled.is_set():
            yield batch

    yield ResultSet((NUMBER,), batches())
    raise SqlServerError(0, "Operation cancelled by user.", severity=11)


def waiting(session: CannedSession) -> Iterator[Result]:
    """A statement that gives nothing before it is cancelled."""
    session.waiting.set()
    session.cancelled.wait(20)
    raise SqlServerError(0, "Operation cancelled by user.", severity=11)
    yield Done(0)


def test_what_a_login_carries(served: Served) -> None:
    with served.connect(user="änna", database="shop", appname="the test") as connection:
        assert connection.cursor() is not None
        login = served.engine.sessions[0].login
    assert (login.user, login.password, login.database) == ("änna", PASSWORD, "shop")
    assert (login.application, login.packet_size) == ("the test", 4096)


def test_a_wrong_password_is_error_18456_and_the_end(served: Served) -> None:
    """The words by hand: pymssql repeats those of a process's first failed login, or has none."""
    with WireClient(served.port) as client:
        assert client.log_in(password="guess").errors == [(18456, "Login failed for user 'sa'.")]
        assert client.is_closed()
    with pytest.raises(pymssql.OperationalError):
        served.connect(password="guess")
    assert served.engine.sessions == []


def test_sessions_run_at_the_same_time(served: Served) -> None:
    """Each of eight queries waits until all of them run."""
    meeting = threading.Barrier(8, timeout=10)

    def meet(_: CannedSession) -> Iterator[Result]:
        yield numbers(meeting.wait())
        yield Done(1)

    served.engine.answers["MEET"] = meet
    with ThreadPoolExecutor(8) as pool:
        rows = [row for (row,) in pool.map(served.query, ["MEET"] * 8)]
    assert sorted(rows) == [(n,) for n in range(8)]


def test_many_result_sets_and_messages_in_one_batch(served: Served) -> None:
    served.engine.answer(
        "MANY",
        numbers(1, 2),
        Done(2),
        Message(0, "halfway"),
        numbers(),
        Done(0),
        Done(7),
        numbers(3),
        Done(1),
    )
    with served.connect() as connection, connection.cursor() as cursor:
        cursor.execute("MANY")
        assert cursor.fetchall() == [(1,), (2,)]
        assert cursor.nextset()
        assert cursor.fetchall() == []
        assert cursor.nextset()
        assert cursor.fetchall() == [(3,)]
        assert not cursor.nextset()


def test_counts_of_statements_without_rows(served: Served) -> None:
    served.engine.answer("UPDATE", Done(5_000_000_000, 0xC5))
    served.engine.answer("SET", Done(None))
    with served.connect() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE")
        assert cursor.rowcount in (5_000_000_000, 5_000_000_000 % 2**32)  # DB-Library counts with 32 bits
        cursor.execute("SET")
        assert cursor.rowcount == -1


def test_an_error_ends_its_batch_and_not_the_session(served: Served) -> None:
    def failing(_: CannedSession) -> Iterator[Result]:
        yield numbers(1)
        yield Done(1)
        raise SqlServerError(2627, "Violation of PRIMARY KEY constraint 'pk'.", severity=14, line=3)

    served.engine.answers["FAIL"] = failing
    served.engine.answer("SELECT", numbers(2), Done(1))
    with served.connect() as connection, connection.cursor() as cursor:
        cursor.execute("FAIL")
        assert cursor.fetchall() == [(1,)]
        with pytest.raises(pymssql.DatabaseError, match="PRIMARY KEY") as caught:
            cursor.nextset()
        assert caught.value.args[0] == 2627
        cursor.execute("SELECT")
        assert cursor.fetchall() == [(2,)]


def test_an_error_amid_rows(served: Served) -> None:
    def broken() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch([pa.array(range(50_000), pa.int32())], names=["n"])
        raise SqlServerError(313, "An insufficient number of arguments were supplied.")

    served.engine.answer("SELECT", ResultSet((NUMBER,), broken()))
    with served.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT")
        with pytest.raises(pymssql.DatabaseError, match="insufficient"):
            cursor.fetchall()


def test_errors_of_severity_20_end_the_session(served: Served, eventually: Eventually) -> None:
    def fatal(_: CannedSession) -> Iterator[Result]:
        yield Done(None)
        raise SqlServerError(21, "Fatal.", severity=20)

    served.engine.answers["FATAL"] = fatal
    connection = served.connect()
    with pytest.raises(pymssql.Error):
        connection.cursor().execute("FATAL")
    eventually(served.engine.sessions[0].closed)


def test_a_bug_of_the_engine_is_told_and_ends_that_session_only(
    served: Served, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[type[BaseException]] = []
    told = threading.Event()

    def note(arguments: threading.ExceptHookArgs) -> None:
        seen.append(arguments.exc_type)  # after the session was closed
        told.set()

    monkeypatch.setattr(threading, "excepthook", note)

    def bug(_: CannedSession) -> Iterator[Result]:
        yield Done(None)
        raise KeyError("forgotten")

    served.engine.answers["BUG"] = bug
    served.engine.answer("SELECT", numbers(1), Done(1))
    connection = served.connect()
    with pytest.raises(pymssql.Error, match=r"Internal error.*KeyError.*forgotten"):
        connection.cursor().execute("BUG")
    eventually(served.engine.sessions[0].closed)
    assert served.query("SELECT") == [(1,)]
    eventually(told)
    assert seen == [KeyError]


def test_use_is_told_to_the_client(served: Served) -> None:
    served.engine.answers["use [other]"] = lambda session: use_database(session, "other")
    with served.connect(database="other"):
        assert served.engine.sessions[0].database == "other"


def test_closing_the_cursor_amid_rows_cancels_and_the_session_goes_on(served: Served) -> None:
    served.engine.answers["ENDLESS"] = endless
    served.engine.answer("SELECT", numbers(1), Done(1))
    with served.connect() as connection:
        cursor = connection.cursor()
        cursor.execute("ENDLESS")
        assert cursor.fetchmany(3) == [(0,), (1,), (2,)]
        connection._conn.cancel()
        assert served.engine.sessions[0].cancelled.is_set()
        cursor = connection.cursor()
        cursor.execute("SELECT")
        assert cursor.fetchall() == [(1,)]


def test_a_query_timeout_cancels_a_statement_that_gives_nothing(
    served: Served, eventually: Eventually
) -> None:
    served.engine.answers["WAITFOR"] = waiting
    connection = served.connect(timeout=1)
    with pytest.raises(pymssql.OperationalError):
        connection.cursor().execute("WAITFOR")
    eventually(served.engine.sessions[0].cancelled)


@pytest.mark.parametrize("statement", ["ENDLESS", "WAITFOR"])
def test_closing_the_connection_amid_a_statement_closes_the_session(
    served: Served, eventually: Eventually, statement: str
) -> None:
    served.engine.answers["ENDLESS"] = endless
    served.engine.answers["WAITFOR"] = waiting
    connection = served.connect(timeout=1 if statement == "WAITFOR" else 0)
    cursor = connection.cursor()
    if statement == "ENDLESS":
        cursor.execute(statement)
        cursor.fetchmany(3)
    else:
        with pytest.raises(pymssql.OperationalError):
            cursor.execute(statement)
    connection.close()
    eventually(served.engine.sessions[0].closed)


CLIENT = """
import sys, pymssql
connection = pymssql.connect(server="127.0.0.1", port=sys.argv[1], user="sa", password=sys.argv[2],
    database="shop", tds_version="7.4", encryption="off", charset="UTF-8")
cursor = connection.cursor()
print("connected", flush=True)
cursor.execute(sys.argv[3])
cursor.fetchmany(3)
print("reading", flush=True)
sys.stdin.read()
"""


def test_rows_stop_after_an_attention_that_the_engine_does_not_hear(served: Served) -> None:
    batch = pa.record_batch([pa.array(range(10_000), pa.int32())], names=["n"])
    served.engine.answer("DEAF", ResultSet((NUMBER,), itertools.repeat(batch)))
    served.engine.answer("SELECT", numbers(1), Done(1))
    with served.connect() as connection:
        cursor = connection.cursor()
        cursor.execute("DEAF")
        connection._conn.cancel()
        cursor.execute("SELECT")
        assert cursor.fetchall() == [(1,)]


def test_a_statement_has_cleaned_up_before_its_session_closes(served: Served, eventually: Eventually) -> None:
    batch = pa.record_batch([pa.array(range(10_000), pa.int32())], names=["n"])

    def careful(session: CannedSession) -> Iterator[Result]:
        try:
            yield ResultSet((NUMBER,), itertools.repeat(batch))
        finally:
            session.ended.append("statement")

    served.engine.answers["CAREFUL"] = careful
    for _ in range(5):  # who notices first that the client is gone, the reader or the writer, is chance
        with WireClient(served.port) as client:
            client.log_in()
            client.send(wire_client.SQL_BATCH, wire_client.NO_TRANSACTION + wire_client.batch("CAREFUL"))
            assert client.socket.recv(1)
        session = served.engine.sessions[-1]
        eventually(session.closed)
        assert session.ended == ["statement", "session"]


def test_a_client_that_leaves_during_its_login_leaves_no_session(
    served: Served, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine has let it in, and the answer cannot be sent any more."""

    def broken(*_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(PacketWriter, "end", broken)
    with WireClient(served.port) as client:
        client.send(wire_client.LOGIN7, wire_client.login7())
        assert client.is_closed()
    eventually(served.engine.sessions[0].closed)


def test_requests_that_wait_behind_a_cancelled_one_end_with_it(
    served: Served, eventually: Eventually
) -> None:
    """No client may send a request before the answer to the last one, but one that does must not stay."""
    served.engine.answers["WAITFOR"] = waiting
    with WireClient(served.port) as client:
        client.log_in()
        for sql in ("WAITFOR", "WAITFOR", "SELECT"):
            client.send(wire_client.SQL_BATCH, wire_client.NO_TRANSACTION + wire_client.batch(sql))
        eventually(served.engine.sessions[0].waiting)
    eventually(served.engine.sessions[0].closed)
    assert served.engine.batches == ["WAITFOR"]


@pytest.mark.parametrize("statement", ["ENDLESS", "WAITFOR"])
def test_a_killed_client_ends_its_session(served: Served, eventually: Eventually, statement: str) -> None:
    served.engine.answers["ENDLESS"] = endless
    served.engine.answers["WAITFOR"] = waiting
    command = [sys.executable, "-c", CLIENT, str(served.port), PASSWORD, statement]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == "connected\n"
        if statement == "ENDLESS":
            assert client.stdout.readline() == "reading\n"
        else:
            eventually(served.engine.sessions[0].waiting)
        os.kill(client.pid, signal.SIGKILL)
    eventually(served.engine.sessions[0].closed)


def test_shutdown_ends_the_sessions_that_run(served: Served, eventually: Eventually) -> None:
    served.engine.answers["WAITFOR"] = waiting
    with ThreadPoolExecutor(1) as pool:
        query = pool.submit(served.query, "WAITFOR")
        while not served.engine.sessions:
            assert not query.done()
        eventually(served.engine.sessions[0].waiting)
        served.stop()
        assert isinstance(query.exception(10), pymssql.Error)
    assert served.engine.sessions[0].closed.is_set()
    with pytest.raises(pymssql.OperationalError):
        served.connect()
