"""Isolation levels: a model of their rules, and sessions whose transactions interleave at random."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sandbox.sqlserver import cdc
from sandbox.sqlserver.engine.engine import StandInEngine
from tests.sandbox.sqlserver.engine.engine_client import DATABASE, PASSWORDS, Client

LOCKED, CONFLICT, DUPLICATE = 1222, 3960, 2627
Rows = dict[int, int]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandInEngine]:
    engine = StandInEngine(tmp_path_factory.mktemp("isolation"), PASSWORDS, prepare=cdc.install)
    engine.register(cdc.PROCEDURES)
    engine.create_database(DATABASE)
    with Client(engine) as client:
        client.run(f"ALTER DATABASE {DATABASE} SET ALLOW_SNAPSHOT_ISOLATION ON; EXEC sys.sp_cdc_enable_db")
    yield engine
    engine.close()


@pytest.fixture
def table(engine: StandInEngine) -> Iterator[Client]:
    with Client(engine) as client:
        client.run("DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, v int)")
        client.run("INSERT INTO t VALUES (1, 1)")
        yield client


def test_a_transaction_that_touched_data_in_another_level_is_not_switched_to_snapshot(table: Client) -> None:
    switch = "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; {}"
    for first in ("SELECT * FROM t", "UPDATE t SET v = 2"):
        for second in ("SELECT * FROM t", "DELETE FROM t"):
            table.run(f"SET TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN TRAN; {first}")
            assert table.error(switch.format(second)) == 3951
            assert table.rows("SELECT @@TRANCOUNT, v FROM t") == [(0, 1)]
    table.run("SET TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN TRAN")  # no data touched yet
    table.run(switch.format("SELECT * FROM t; SET TRANSACTION ISOLATION LEVEL READ COMMITTED"))
    table.run(f"SELECT * FROM t; {switch.format('UPDATE t SET v = 3')}; COMMIT")
    assert table.value("v FROM t") == 3


def test_snapshot_reads_no_table_that_was_altered_since(engine: StandInEngine, table: Client) -> None:
    table.run("EXEC sys.sp_cdc_enable_table 'dbo', 't', NULL, 'c'; EXEC sys.sp_cdc_scan")
    with Client(engine) as reader:
        reader.run(
            "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRAN; SELECT * FROM t; SELECT * FROM cdc.c_CT"
        )
        table.run("ALTER TABLE t ALTER COLUMN v bigint")
        reader.run("SELECT * FROM cdc.c_CT")
        table.run("EXEC sys.sp_cdc_scan")
        assert reader.error("SELECT * FROM cdc.c_CT") == 3961
        assert reader.value("@@TRANCOUNT") == 0
        reader.run("BEGIN TRAN; SELECT * FROM t; COMMIT")


@dataclass
class Transaction:
    """A transaction of the model: `rows` is its snapshot with its own writes, once it has one."""

    level: str
    rows: Rows | None = None
    commits: int = 0
    has_written: bool = False


@dataclass
class Model:
    """Readers never wait; one writer at a time; an old snapshot cannot write (docs/sqlserver-stand-in.md)."""

    committed: Rows = field(default_factory=dict)
    commits: int = 0
    open: dict[int, Transaction] = field(default_factory=dict)

    def read(self, session: int) -> Rows:
        transaction = self.open.get(session)
        if transaction is None:
            return self.committed
        if transaction.rows is not None:
            return transaction.rows
        if transaction.level != "READ COMMITTED":
            transaction.rows, transaction.commits = dict(self.committed), self.commits
        return self.committed

    def write(self, session: int, verb: str, key: int, value: int) -> int | None:
        """The number of the error, if it is one."""
        transaction = self.open.get(session)
        if any(t.has_written for other, t in self.open.items() if other != session):
            return LOCKED
        if transaction is not None and not transaction.has_written:
            if transaction.rows is not None and transaction.commits != self.commits:
                del self.open[session]
                return CONFLICT
            transaction.rows, transaction.has_written = dict(self.committed), True
        rows = dict(self.committed if transaction is None or transaction.rows is None else transaction.rows)
        if verb == "insert" and key in rows:
            return DUPLICATE
        if verb == "delete":
            rows.pop(key, None)
        elif verb == "insert" or key in rows:
            rows[key] = value
        if transaction is None:
            self.committed, self.commits = rows, self.commits + 1
        else:
            transaction.rows = rows
        return None

    def commit(self, session: int) -> None:
        transaction = self.open.pop(session)
        if transaction.has_written and transaction.rows is not None:
            self.committed, self.commits = transaction.rows, self.commits + 1


STATEMENTS = {
    "insert": "INSERT INTO t VALUES ({}, {})",
    "update": "UPDATE t SET v = {1} WHERE id = {0}",
    "delete": "DELETE FROM t WHERE id = {}",
}
LEVELS = ("READ COMMITTED", "REPEATABLE READ", "SNAPSHOT")
DML = st.tuples(st.sampled_from(sorted(STATEMENTS)), st.integers(0, 3), st.integers(0, 99))
VERBS = st.one_of(
    st.tuples(st.just("begin"), st.sampled_from(LEVELS)),
    st.just(("read",)),
    st.sampled_from([("commit",), ("commit",), ("rollback",)]),
    DML,
    DML,
)
STEP = st.tuples(st.integers(0, 2), VERBS)


@settings(
    max_examples=20, deadline=None, derandomize=True, phases=[Phase.generate]
)  # shrinking takes minutes
@given(st.lists(STEP, min_size=20, max_size=30))
def test_interleaved_transactions_are_as_the_model_says(
    engine: StandInEngine, steps: list[tuple[int, tuple[str, ...]]]
) -> None:
    clients = [Client(engine) for _ in range(3)]
    clients[0].run("DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, v int)")
    model = Model()
    try:
        for client in clients:
            client.run("SET LOCK_TIMEOUT 0")
        for session, (verb, *arguments) in steps:
            _step(model, session, clients[session], verb, arguments)
    finally:
        for client in clients:
            client.session.close()
    with Client(engine) as last:
        assert dict(last.rows("SELECT id, v FROM t")) == model.committed


def _step(model: Model, session: int, client: Client, verb: str, arguments: list[str]) -> None:
    if verb == "begin" and session not in model.open:
        model.open[session] = Transaction(arguments[0])
        client.run(f"SET TRANSACTION ISOLATION LEVEL {arguments[0]}; BEGIN TRAN")
    elif verb == "read":
        assert dict(client.rows("SELECT id, v FROM t")) == model.read(session)
    elif verb in ("commit", "rollback") and session in model.open:
        client.run(verb.upper())
        model.commit(session) if verb == "commit" else model.open.pop(session)
    elif verb in STATEMENTS:
        key, value = map(int, arguments)
        refused = model.write(session, verb, key, value)
        statement = STATEMENTS[verb].format(key, value)
        if refused is None:
            client.run(statement)
        else:
            assert client.error(statement) == refused
        assert client.value("@@TRANCOUNT") == (session in model.open)
