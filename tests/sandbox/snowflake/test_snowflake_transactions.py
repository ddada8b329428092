from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError

from sandbox.process import Service
from tests.sandbox.snowflake.snowflake_client import Connect, open_connection


def rows(connection: SnowflakeConnection, sql: str) -> list[tuple[Any, ...]]:
    return connection.cursor().execute(sql).fetchall()


class InBackground:
    """A statement that runs in a thread of its own, because it is expected to wait."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.result: Any = None
        self.error: BaseException | None = None
        self.work = work
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.result = self.work()
        except ProgrammingError as error:
            self.error = error

    def still_waits(self, seconds: float = 0.3) -> bool:
        self.thread.join(seconds)
        return self.thread.is_alive()

    def finish(self, seconds: float = 10) -> Any:
        self.thread.join(seconds)
        assert not self.thread.is_alive()
        if self.error:
            raise self.error
        return self.result


def test_what_is_not_committed_is_seen_by_its_own_session_only(connect: Connect) -> None:
    writer, reader = connect(), connect()
    rows(writer, "CREATE TABLE t (id NUMBER)")
    rows(writer, "BEGIN")
    rows(writer, "INSERT INTO t VALUES (1)")
    assert rows(writer, "SELECT COUNT(*) FROM t") == [(1,)]
    assert rows(reader, "SELECT COUNT(*) FROM t") == [(0,)]
    rows(writer, "COMMIT")
    assert rows(reader, "SELECT COUNT(*) FROM t") == [(1,)]


def test_rollback_undoes_all_tables_and_ddl_commits_them(connect: Connect) -> None:
    session, reader = connect(), connect()
    rows(session, "CREATE TABLE a (id NUMBER)")
    rows(session, "CREATE TABLE b (id NUMBER)")
    rows(session, "BEGIN TRANSACTION")
    rows(session, "INSERT INTO a VALUES (1)")
    rows(session, "INSERT INTO b VALUES (1)")
    rows(session, "ROLLBACK")
    assert rows(reader, "SELECT (SELECT COUNT(*) FROM a) + (SELECT COUNT(*) FROM b)") == [(0,)]
    rows(session, "BEGIN")
    rows(session, "INSERT INTO a VALUES (1)")
    rows(session, "CREATE TABLE c (id NUMBER)")
    rows(session, "ROLLBACK")
    assert rows(reader, "SELECT COUNT(*) FROM a") == [(1,)]


def test_a_transaction_reads_what_others_committed_before_its_first_write(connect: Connect) -> None:
    slow, fast = connect(), connect()
    rows(slow, "CREATE TABLE t (id NUMBER)")
    rows(slow, "BEGIN")
    assert rows(slow, "SELECT COUNT(*) FROM t") == [(0,)]
    rows(fast, "INSERT INTO t VALUES (1)")
    assert rows(slow, "SELECT COUNT(*) FROM t") == [(1,)]
    assert slow.cursor().execute("UPDATE t SET id = 2 WHERE id = 1").rowcount == 1
    rows(slow, "COMMIT")


def test_compare_and_set_the_second_writer_waits_and_updates_nothing(connect: Connect) -> None:
    first, second = connect(), connect()
    rows(first, "CREATE TABLE cursors (pipeline VARCHAR, lsn VARCHAR(20))")
    rows(first, "CREATE TABLE log (id NUMBER)")
    rows(first, "INSERT INTO cursors VALUES ('raw', '00')")
    for session in (first, second):
        rows(session, "BEGIN")
        assert rows(session, "SELECT lsn FROM cursors") == [("00",)]
    rows(first, "INSERT INTO log VALUES (1)")
    assert first.cursor().execute("UPDATE cursors SET lsn = '01' WHERE lsn = '00'").rowcount == 1
    insert = InBackground(lambda: rows(second, "INSERT INTO log VALUES (2)"))
    assert insert.still_waits()
    rows(first, "COMMIT")
    insert.finish()
    assert second.cursor().execute("UPDATE cursors SET lsn = '02' WHERE lsn = '00'").rowcount == 0
    rows(second, "ROLLBACK")
    assert rows(first, "SELECT lsn FROM cursors") == [("01",)]
    assert rows(first, "SELECT id FROM log") == [(1,)]


def test_many_sessions_increment_one_row_without_losing_any(connect: Connect) -> None:
    rows(connect(), "CREATE TABLE counter AS SELECT 0 AS n")
    sessions = [connect() for _ in range(4)]

    def increment(session: SnowflakeConnection) -> None:
        for _ in range(10):
            rows(session, "BEGIN")
            rows(session, "MERGE INTO counter t USING (SELECT 1 AS one) s ON t.n >= 0 "
                 "WHEN MATCHED THEN UPDATE SET n = t.n + s.one")  # fmt: skip
            rows(session, "COMMIT")

    started = [InBackground(lambda s=session: increment(s)) for session in sessions]
    for one in started:
        one.finish(30)
    assert rows(sessions[0], "SELECT n FROM counter") == [(40,)]


def test_the_wait_for_a_writer_ends_with_snowflakes_lock_error(connect: Connect) -> None:
    first, second = connect(), connect()
    rows(first, "CREATE TABLE t (id NUMBER)")
    rows(first, "BEGIN")
    rows(first, "INSERT INTO t VALUES (1)")
    rows(second, "ALTER SESSION SET LOCK_TIMEOUT = 1")
    with pytest.raises(ProgrammingError) as raised:
        rows(second, "UPDATE t SET id = 2")
    assert (raised.value.errno, raised.value.sqlstate) == (625, "57014")
    rows(first, "COMMIT")
    assert second.cursor().execute("UPDATE t SET id = 2").rowcount == 1


def test_writers_of_different_tables_do_not_wait_for_each_other(connect: Connect) -> None:
    first, second = connect(), connect(session_parameters={"LOCK_TIMEOUT": 0})
    rows(first, "CREATE TABLE a (id NUMBER)")
    rows(first, "CREATE TABLE b (id NUMBER)")
    for session, table in ((first, "a"), (second, "b")):
        rows(session, "BEGIN")
        rows(session, f"INSERT INTO {table} VALUES (1)")
    rows(first, "COMMIT")
    assert rows(second, "SELECT id FROM a") == [(1,)]
    assert second.cursor().execute("UPDATE a SET id = 2").rowcount == 1
    rows(second, "COMMIT")
    assert rows(first, "SELECT a.id, b.id FROM a, b") == [(2, 1)]


def test_two_that_wait_for_each_other_end_with_an_error_for_the_second(connect: Connect) -> None:
    first, second = connect(), connect()
    for session, table in ((first, "a"), (second, "b")):
        rows(session, f"CREATE TABLE {table} (id NUMBER)")
    for session, table in ((first, "a"), (second, "b")):
        rows(session, "BEGIN")
        rows(session, f"INSERT INTO {table} VALUES (1)")
    waits = InBackground(lambda: rows(first, "INSERT INTO b VALUES (2)"))
    assert waits.still_waits()
    with pytest.raises(ProgrammingError, match="a deadlock") as raised:
        rows(second, "INSERT INTO a VALUES (2)")
    assert raised.value.errno == 625
    rows(second, "COMMIT")
    waits.finish()
    rows(first, "COMMIT")
    assert rows(first, "SELECT a.id, b.id FROM a, b ORDER BY b.id") == [(1, 1), (1, 2)]


def test_a_failed_statement_is_undone_and_its_transaction_goes_on(connect: Connect) -> None:
    session, other = connect(), connect(session_parameters={"LOCK_TIMEOUT": 0})
    rows(session, "CREATE TABLE t (id NUMBER)")
    rows(session, "CREATE TABLE u (id NUMBER)")
    rows(session, "BEGIN")
    session.cursor().execute("INSERT INTO t VALUES (%s)", (1,))
    for failing, error in (
        ("INSERT OVERWRITE INTO t SELECT 1 / 0", 100051),
        ("INSERT INTO u VALUES ('x')", 100038),
        ("SELECT 1 / 0", 100051),
        ("SELECT nothing FROM t", 904),
    ):
        with pytest.raises(ProgrammingError) as raised:
            rows(session, failing)
        assert raised.value.errno == error
    rows(other, "INSERT INTO u VALUES (7)")
    rows(session, "INSERT INTO t SELECT id FROM u")
    with pytest.raises(ProgrammingError, match="waited"):
        rows(other, "INSERT INTO t VALUES (3)")
    rows(session, "COMMIT")
    assert rows(other, "SELECT id FROM t ORDER BY id") == [(1,), (7,)]


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("INSERT INTO t SELECT RANDOM()", "random value"),
        ("INSERT INTO t SELECT id FROM source", "has since changed a table"),
    ],
)
def test_a_transaction_that_cannot_be_repeated_is_over_after_a_failed_statement(
    connect: Connect, statement: str, why: str
) -> None:
    session, other = connect(), connect()
    rows(session, "CREATE TABLE t (id NUMBER)")
    rows(session, "CREATE TABLE source (id NUMBER)")
    rows(session, "BEGIN")
    rows(session, statement)
    rows(other, "INSERT INTO source VALUES (1)")
    with pytest.raises(ProgrammingError):
        rows(session, "INSERT INTO t VALUES ('x')")
    rows(other, "INSERT INTO t VALUES (7)")
    with pytest.raises(ProgrammingError, match=f"only ROLLBACK is possible.*{why}"):
        rows(session, "INSERT INTO t VALUES (2)")
    with pytest.raises(ProgrammingError, match="COMMIT is refused and nothing was written"):
        rows(session, "COMMIT")
    assert rows(other, "SELECT id FROM t ORDER BY id") == [(7,)]


def test_the_current_time_is_that_of_the_statement(connect: Connect) -> None:
    session = connect()
    rows(session, "CREATE TABLE t (id NUMBER, at TIMESTAMP_NTZ)")
    rows(session, "BEGIN")
    transaction = rows(session, "SELECT CURRENT_TRANSACTION()")
    for number in (1, 2):
        rows(session, f"INSERT INTO t SELECT {number}, SYSDATE()")
    with pytest.raises(ProgrammingError):
        rows(session, "SELECT 1 / 0")
    assert rows(session, "SELECT COUNT(DISTINCT at) FROM t WHERE at <= SYSDATE()") == [(2,)]
    rows(session, "COMMIT")
    assert rows(session, "SELECT LAST_TRANSACTION()") == transaction
    assert rows(session, "SELECT CURRENT_TRANSACTION()") == [(None,)]


MERGE_THAT_FAILS = """
MERGE INTO t USING (SELECT 1 AS id UNION ALL SELECT 5) s ON t.id = s.id
WHEN MATCHED THEN UPDATE SET name = 'changed'
WHEN NOT MATCHED THEN INSERT (id) VALUES (1 / (s.id - 5))
"""


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT OVERWRITE INTO t SELECT 1 / (id - 1), 'x' FROM t",
        MERGE_THAT_FAILS,
        "CREATE OR REPLACE TABLE t AS SELECT 1 / (id - 1) AS id, name FROM t",
        "UPDATE t SET id = 1 / (id - 2)",
    ],
)
def test_a_statement_that_fails_in_the_middle_changes_nothing(connect: Connect, statement: str) -> None:
    session = connect()
    rows(session, "CREATE TABLE t (id NUMBER, name VARCHAR)")
    rows(session, "INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    with pytest.raises(ProgrammingError):
        rows(session, statement)
    assert rows(session, "SELECT id, name FROM t ORDER BY id") == [(1, "a"), (2, "b")]


def test_autocommit_off_keeps_dml_until_commit(connect: Connect) -> None:
    session, reader = connect(autocommit=False), connect()
    rows(session, "CREATE TABLE t (id NUMBER)")
    rows(session, "INSERT INTO t VALUES (1)")
    assert rows(reader, "SELECT COUNT(*) FROM t") == [(0,)]
    session.rollback()
    rows(session, "INSERT INTO t VALUES (2)")
    session.commit()
    assert rows(reader, "SELECT id FROM t") == [(2,)]


def test_a_closed_session_leaves_nothing_locked(connect: Connect) -> None:
    session, other = connect(), connect()
    rows(session, "CREATE TABLE t (id NUMBER)")
    rows(session, "BEGIN")
    rows(session, "INSERT INTO t VALUES (1)")
    session.close()
    rows(other, "INSERT INTO t VALUES (2)")
    assert rows(other, "SELECT id FROM t") == [(2,)]


KILLED_CLIENT = """
import sys
from pathlib import Path
from sandbox.process import Service
sys.path.insert(0, sys.argv.pop())
from tests.sandbox.snowflake.snowflake_client import open_connection
folder, schema = sys.argv[1:]
service = Service("", Path(folder), None)
cursor = open_connection(service, schema=schema).cursor()
cursor.execute("BEGIN")
cursor.execute("INSERT INTO t VALUES (1)")
print("written", flush=True)
sys.stdin.read()
"""


def test_the_transaction_of_a_killed_client_is_rolled_back_soon(
    snowflake_service: Service, schema: str, connection: SnowflakeConnection
) -> None:
    rows(connection, "CREATE TABLE t (id NUMBER)")
    client = subprocess.Popen(
        [
            sys.executable,
            "-c",
            KILLED_CLIENT,
            str(snowflake_service.folder),
            schema,
            str(Path(__file__).parent),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert client.stdout is not None
    assert client.stdout.readline() == b"written\n"
    client.kill()
    client.communicate()
    killed = time.monotonic()
    rows(connection, "INSERT INTO t VALUES (2)")
    assert time.monotonic() - killed < 5
    assert rows(connection, "SELECT id FROM t") == [(2,)]


def test_an_idle_client_keeps_its_transaction(connect: Connect) -> None:
    session, other = connect(), connect()
    rows(session, "CREATE TABLE t (id NUMBER)")
    rows(session, "BEGIN")
    rows(session, "INSERT INTO t VALUES (1)")
    waits = InBackground(lambda: rows(other, "INSERT INTO t VALUES (2)"))
    assert waits.still_waits(7)
    rows(session, "COMMIT")
    waits.finish()


def test_committed_is_there_after_a_kill_and_uncommitted_is_not(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("killed")
    service = Service.start("sandbox.snowflake", folder)
    try:
        session = open_connection(service)
        rows(session, "CREATE TABLE t (id NUMBER)")
        rows(session, "INSERT INTO t VALUES (1)")
        rows(session, "CREATE VIEW v AS SELECT id + 1 AS next FROM t")
        rows(session, "BEGIN")
        rows(session, "INSERT INTO t VALUES (2)")
        service.kill()
        service = Service.start("sandbox.snowflake", folder)
        session = open_connection(service)
        assert rows(session, "SELECT id FROM t") == [(1,)]
        assert rows(session, "SELECT next FROM v") == [(2,)]
        service.stop()
        assert service.process.returncode == 0
        service = Service.start("sandbox.snowflake", folder)
        assert rows(open_connection(service), "SELECT id FROM t") == [(1,)]
    finally:
        service.stop()
