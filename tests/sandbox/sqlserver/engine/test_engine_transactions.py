"""Transactions: atomic statements, savepoints, isolation, the writer lock, the log."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.sqlserver.engine.engine import StandInEngine
from tests.sandbox.sqlserver.engine.engine_client import Client, open_engine

TABLE = "CREATE TABLE dbo.t (id int NOT NULL PRIMARY KEY, v nvarchar(20) NULL)"


@pytest.fixture
def table(client: Client) -> Client:
    client.run(TABLE)
    return client


def test_an_error_undoes_its_statement_and_leaves_the_transaction(table: Client) -> None:
    table.run("BEGIN TRAN; INSERT INTO t VALUES (1, 'a'); UPDATE t SET v = 'b'")
    assert table.error("INSERT INTO t VALUES (2, 'x'), (1, 'twice')") == 2627
    assert table.error("SELECT 1 / (id - 1) FROM t") == 8134
    assert table.rows("SELECT id, v, @@TRANCOUNT FROM t") == [(1, "b", 1)]
    table.run("INSERT INTO t VALUES (3, 'c'); COMMIT")
    assert table.rows("SELECT id, v FROM t ORDER BY id") == [(1, "b"), (3, "c")]


def test_conversion_errors_and_xact_abort_end_the_transaction(table: Client) -> None:
    table.run("BEGIN TRAN; INSERT INTO t VALUES (1, 'a')")
    assert table.error("INSERT INTO t VALUES ('no number', 'b')") == 245
    assert table.rows("SELECT @@TRANCOUNT, (SELECT COUNT(*) FROM t)") == [(0, 0)]
    table.run("SET XACT_ABORT ON; BEGIN TRAN; INSERT INTO t VALUES (1, 'a')")
    assert table.error("INSERT INTO t VALUES (1, 'b')") == 2627
    assert table.rows("SELECT @@TRANCOUNT, (SELECT COUNT(*) FROM t)") == [(0, 0)]


def test_nested_transactions_count_and_only_the_outermost_commits(table: Client) -> None:
    table.run("BEGIN TRAN; BEGIN TRAN; INSERT INTO t VALUES (1, 'a'); COMMIT")
    assert table.value("@@TRANCOUNT") == 1
    table.run("ROLLBACK")
    assert table.rows("SELECT * FROM t") == []
    assert table.error("COMMIT") == 3902
    assert table.error("ROLLBACK") == 3903


def test_savepoints(table: Client) -> None:
    table.run("BEGIN TRAN; INSERT INTO t VALUES (1, 'a'); SAVE TRAN one; DELETE FROM t; SAVE TRAN two")
    table.run("INSERT INTO t VALUES (2, 'b'); ROLLBACK TRAN two")
    assert table.rows("SELECT id FROM t") == []
    table.run("ROLLBACK TRAN one; COMMIT")
    assert table.rows("SELECT id FROM t") == [(1,)]


def test_the_outermost_transaction_is_rolled_back_by_its_name(table: Client) -> None:
    table.run("BEGIN TRAN outer1; INSERT INTO t VALUES (1, 'a'); BEGIN TRAN inner1")
    assert table.error("ROLLBACK TRAN inner1") == 6401
    assert table.error("ROLLBACK TRAN OUTER1") == 6401, "a transaction's name is case-sensitive"
    assert table.rows("SELECT @@TRANCOUNT, (SELECT COUNT(*) FROM t)") == [(2, 1)]
    table.run("ROLLBACK TRAN outer1")
    assert table.rows("SELECT @@TRANCOUNT, (SELECT COUNT(*) FROM t)") == [(0, 0)]


def test_a_doomed_transaction_does_not_go_back_to_a_savepoint(table: Client) -> None:
    doomed = "BEGIN TRAN; SAVE TRAN here; BEGIN TRY SELECT CAST('x' AS int) END TRY BEGIN CATCH {} END CATCH"
    assert table.error(doomed.format("ROLLBACK TRAN here")) == 3931


@pytest.mark.parametrize("statement", ["PRINT 'x'", "BEGIN TRAN; COMMIT", "SET NOCOUNT OFF", "USE shop"])
def test_statements_without_rows_set_rowcount_to_zero(client: Client, statement: str) -> None:
    assert client.rows(f"SELECT 1; {statement}; SELECT @@ROWCOUNT") == [(1,), (0,)]


def test_try_catch_dooms_a_transaction_after_a_conversion_error(table: Client) -> None:
    table.run("BEGIN TRAN; INSERT INTO t VALUES (1, 'a')")
    doom = "BEGIN TRY INSERT INTO t VALUES ('x', 'b') END TRY BEGIN CATCH {} END CATCH"
    assert table.rows(doom.format("SELECT XACT_STATE(), ERROR_NUMBER(); ROLLBACK")) == [(-1, 245)]
    table.run("BEGIN TRAN; INSERT INTO t VALUES (1, 'a')")
    assert table.error(doom.format("COMMIT")) == 3930
    assert table.value("@@TRANCOUNT") == 0
    assert table.rows("SELECT * FROM t") == []


def test_readers_never_wait_and_see_committed_rows_only(engine: StandInEngine, table: Client) -> None:
    table.run("INSERT INTO t VALUES (1, 'old'); BEGIN TRAN; UPDATE t SET v = 'new'")
    with Client(engine) as reader:
        assert reader.rows("SELECT v FROM t") == [("old",)]
        reader.run("BEGIN TRAN")
        assert reader.rows("SELECT v FROM t") == [("old",)]
        table.run("COMMIT")
        assert reader.rows("SELECT v FROM t") == [("new",)]


def test_snapshot_isolation_reads_one_moment(engine: StandInEngine, table: Client) -> None:
    table.run("INSERT INTO t VALUES (1, 'old')")
    with Client(engine) as reader:
        reader.run("SET TRANSACTION ISOLATION LEVEL SNAPSHOT")
        assert reader.error("BEGIN TRAN; SELECT * FROM t") == 3952
        reader.run("IF @@TRANCOUNT > 0 ROLLBACK")
        table.run("ALTER DATABASE shop SET ALLOW_SNAPSHOT_ISOLATION ON")
        assert table.rows("SELECT snapshot_isolation_state FROM sys.databases WHERE name = 'shop'") == [(1,)]
        reader.run("BEGIN TRAN")
        assert reader.rows("SELECT v FROM t") == [("old",)]
        table.run("UPDATE t SET v = 'new'")
        assert reader.rows("SELECT v FROM t") == [("old",)]
        assert reader.error("UPDATE t SET v = 'mine'") == 3960
        assert reader.value("@@TRANCOUNT") == 0
        assert reader.rows("SELECT v FROM t") == [("new",)]


def test_a_second_writer_waits_or_times_out(engine: StandInEngine, table: Client) -> None:
    table.run("BEGIN TRAN; INSERT INTO t VALUES (1, 'first')")
    with Client(engine) as second:
        assert second.error("SET LOCK_TIMEOUT 50; INSERT INTO t VALUES (2, 'x')") == 1222
        second.run("SET LOCK_TIMEOUT -1")
        waiting = threading.Thread(target=second.run, args=("INSERT INTO t VALUES (2, 'second')",))
        waiting.start()
        table.run("COMMIT")
        waiting.join(10)
        assert not waiting.is_alive()
    assert table.rows("SELECT id FROM t ORDER BY id") == [(1,), (2,)]


def test_a_vanished_client_is_rolled_back(engine: StandInEngine, table: Client) -> None:
    other = Client(engine)
    other.run("BEGIN TRAN; INSERT INTO t VALUES (1, 'gone')")
    other.session.close()
    table.run("SET LOCK_TIMEOUT 1000; INSERT INTO t VALUES (2, 'here')")
    assert table.rows("SELECT id FROM t") == [(2,)]


def test_a_client_that_stops_reading_leaves_nothing_behind(engine: StandInEngine, table: Client) -> None:
    table.run("INSERT INTO t SELECT value, N'x' FROM GENERATE_SERIES(1, 200000)")
    abandoned = table.session.batch("DELETE FROM t OUTPUT deleted.id")
    next(abandoned)
    abandoned.close()
    selected = table.session.batch("SELECT id, v FROM t")
    rows = next(selected)
    selected.close()
    with Client(engine) as other:
        other.run("SET LOCK_TIMEOUT 0; INSERT INTO t VALUES (0, 'y')")
    assert table.value("COUNT(*) FROM t") == 200_001
    assert rows is not None


def test_a_snapshot_cannot_miss_a_key_written_since(engine: StandInEngine, table: Client) -> None:
    table.run("ALTER DATABASE shop SET ALLOW_SNAPSHOT_ISOLATION ON")
    with Client(engine) as other:
        other.run("SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRAN")
        assert other.rows("SELECT * FROM t") == []
        table.run("INSERT INTO t VALUES (1, 'first')")
        assert other.error("INSERT INTO t VALUES (1, 'twice')") == 3960
    assert table.rows("SELECT v FROM t") == [("first",)]


def _log(
    client: Client,
) -> list[tuple[int, str, list[dict[str, object]] | None, list[dict[str, object]] | None]]:
    rows = client.session.connection.execute(
        "SELECT command_id, kind, before, after FROM shop.log.records ORDER BY commit_number, "
        "command_id, kind"
    ).fetchall()
    return [(command, kind, _image(before), _image(after)) for command, kind, before, after in rows]


def _image(stream: bytes | None) -> list[dict[str, object]] | None:
    return None if stream is None else pa.ipc.open_stream(stream).read_all().to_pylist()


def test_the_log_has_full_images_by_command(client: Client, engine: StandInEngine) -> None:
    client.run(TABLE)
    object_id = client.value("OBJECT_ID('dbo.t')")
    database = engine.database("shop")
    client.session.connection.execute("INSERT INTO shop.log.tracked_objects VALUES (?)", [object_id])
    database.catalog.reload(client.session.connection)
    client.run("BEGIN TRAN; INSERT INTO t VALUES (1, 'a'), (2, 'b'); UPDATE t SET v = v WHERE id = 1; COMMIT")
    client.run(
        "BEGIN TRAN; DELETE FROM t WHERE id = 2; ROLLBACK; UPDATE t SET id = 9 WHERE id = 1; "
        "DELETE FROM t WHERE id = 2"
    )
    one, two, nine = {"id": 1, "v": "a"}, {"id": 2, "v": "b"}, {"id": 9, "v": "a"}
    assert _log(client) == [
        (1, "insert", None, [one, two]),
        (2, "update", [one], [one]),
        (1, "delete", [one], None),
        (1, "insert", None, [nine]),
        (1, "delete", [two], None),
    ]
    commits = client.session.connection.execute(
        "SELECT commit_number, octet_length(tran_id) FROM shop.log.commits"
    )
    assert commits.fetchall() == [(1, 6), (2, 6), (3, 6)]


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("INSERT INTO t VALUES ({0}, 'v{1}')"), st.integers(0, 5), st.integers(0, 9)),
        st.tuples(st.just("UPDATE t SET v = 'u{1}' WHERE id = {0}"), st.integers(0, 5), st.integers(0, 9)),
        st.tuples(st.just("UPDATE t SET id = {1} WHERE id = {0}"), st.integers(0, 5), st.integers(0, 5)),
        st.tuples(
            st.just("DELETE FROM t WHERE id >= {0} AND id < {1}"), st.integers(0, 5), st.integers(0, 5)
        ),
        st.tuples(
            st.sampled_from(["BEGIN TRAN", "COMMIT", "ROLLBACK", "SAVE TRAN s", "ROLLBACK TRAN s"]),
            st.just(0),
            st.just(0),
        ),
    ),
    max_size=25,
)


class Model:
    """What SQL Server would do, in a dictionary."""

    def __init__(self) -> None:
        self.rows: dict[int, str] = {}
        self.outer: dict[int, str] | None = None
        self.saved: dict[int, str] | None = None
        self.depth = 0

    def apply(self, template: str, a: int, b: int) -> bool:
        """False where the statement is an error."""
        if template.startswith("INSERT"):
            if a in self.rows:
                return False
            self.rows[a] = f"v{b}"
        elif template.startswith("UPDATE t SET v"):
            self.rows = {key: f"u{b}" if key == a else v for key, v in self.rows.items()}
        elif template.startswith("UPDATE"):
            if a in self.rows and a != b and b in self.rows:
                return False
            self.rows = {b if key == a else key: v for key, v in self.rows.items()}
        elif template.startswith("DELETE"):
            self.rows = {key: v for key, v in self.rows.items() if not a <= key < b}
        else:
            return self._transaction(template)
        return True

    def _transaction(self, statement: str) -> bool:
        if statement == "BEGIN TRAN":
            self.depth += 1
            if self.depth == 1:
                self.outer, self.saved = dict(self.rows), None
            return True
        if self.depth == 0:
            return False
        if statement == "SAVE TRAN s":
            self.saved = dict(self.rows)
        elif statement == "ROLLBACK TRAN s":
            if self.saved is None:
                return False
            self.rows = dict(self.saved)
        elif statement == "COMMIT":
            self.depth -= 1
        else:
            assert self.outer is not None
            self.rows, self.depth = self.outer, 0
        return True


@pytest.fixture(scope="module")
def shared_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandInEngine]:
    """One engine for all examples: opening one costs more than an example."""
    engine = open_engine(tmp_path_factory.mktemp("histories"))
    yield engine
    engine.close()


@settings(max_examples=25, deadline=None)
@given(OPERATIONS)
def test_any_history_ends_as_the_model_says(
    shared_engine: StandInEngine, history: list[tuple[str, int, int]]
) -> None:
    with Client(shared_engine) as client:
        client.run(f"DROP TABLE IF EXISTS dbo.t; {TABLE}")
        model = Model()
        for template, a, b in history:
            statement = template.format(a, b)
            if model.apply(template, a, b):
                client.run(statement)
            else:
                assert client.error(statement) in (2627, 3902, 3903, 628, 6401), statement
            assert dict(client.rows("SELECT id, v FROM t")) == model.rows, statement


def test_an_idle_session_keeps_no_snapshot(engine: StandInEngine, table: Client) -> None:
    """It would keep what every later transaction replaces: memory grows, and reads slow down."""
    table.run("INSERT INTO t VALUES (1, 'a')")
    raw = engine.new_connection()
    with Client(engine) as idle:
        idle.run("IF EXISTS (SELECT * FROM t) PRINT 'not empty'")
        for _ in range(20):
            table.run("UPDATE t SET v = 'b' WHERE id = 1; UPDATE t SET v = 'a' WHERE id = 1")
        held = raw.execute(
            "SELECT memory_usage_bytes FROM duckdb_memory() WHERE tag = 'TRANSACTION'"
        ).fetchone()
    assert held is not None
    assert held[0] < 2**20, "40 replaced versions would be 10 MiB"
