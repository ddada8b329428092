"""Random histories: the change tables, folded in order, are the table at every commit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.sqlserver.cdc import lsn
from sandbox.sqlserver.cdc.ddl import before_drop
from sandbox.sqlserver.cdc.harvest import scan
from sandbox.sqlserver.engine.model import TableDef
from tests.sandbox.sqlserver.cdc.double import (
    DATABASE,
    Database,
    Record,
    delete,
    enable,
    insert,
    update,
)

Row = tuple[int, int, str | None]
State = dict[int, Row]

KEYS = st.integers(0, 5)
TEXTS = st.sampled_from([None, "", "a", "ä", "long" * 50])
STATEMENTS = st.one_of(
    st.tuples(st.just("insert"), st.lists(st.tuples(KEYS, st.integers(0, 3), TEXTS), max_size=4)),
    st.tuples(st.just("update"), st.lists(st.tuples(KEYS, st.integers(0, 3), TEXTS), max_size=4)),
    st.tuples(st.just("delete"), st.lists(KEYS, max_size=4)),
    st.tuples(st.just("shift"), st.integers(-2, 2)),
)
HISTORIES = st.lists(st.lists(STATEMENTS, min_size=1, max_size=4), min_size=1, max_size=6)


def apply(state: State, table: TableDef, command: int, kind: str, what: Any) -> list[Record]:
    """Do a statement to the state; returns what the engine would log of it."""
    if kind == "insert":
        added = {row[0]: row for row in what if row[0] not in state}
        state.update(added)
        return [insert(table, *added.values(), command=command)] if added else []
    if kind == "update":
        pairs = {row[0]: (state[row[0]], row) for row in what if row[0] in state}
        state.update({key: after for key, (_, after) in pairs.items()})
        return [update(table, *pairs.values(), command=command)] if pairs else []
    if kind == "delete":
        gone = {key: state.pop(key) for key in set(what) & state.keys()}
        return [delete(table, *gone.values(), command=command)] if gone else []
    before = list(state.values())  # UPDATE … SET id = id + n: every key moves, onto a neighbour's
    after = [(row[0] + what, *row[1:]) for row in before]
    if not before or not what:
        return []
    state.clear()
    state.update({row[0]: row for row in after})
    return [delete(table, *before, command=command), insert(table, *after, command=command)]


def folded(database: Database, up_to: bytes) -> State:
    """The change table's rows in order, applied as a replication client applies them."""
    state: State = {}
    for operation, mask, *row in database.query(
        'SELECT "__$operation", "__$update_mask", id, n, text FROM {db}.cdc."dbo_t_CT" '
        f'WHERE "__$start_lsn" <= unhex(\'{up_to.hex()}\') AND "__$operation" <> 3 '
        'ORDER BY "__$start_lsn", "__$command_id", "__$seqval", "__$operation"'
    ):
        key, n, text = row
        if operation == 1:
            assert state.pop(key)[:2] == (key, n), "a delete carries the row it removes"
        elif operation == 2:
            assert key not in state, "an insert makes a new key"
            state[key] = (key, n, text)
        else:
            kept = state[key][2] if not mask[-1] & 0b100 else text
            state[key] = (key, n, kept)
    return state


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    database = Database()
    database.execute("sys.sp_cdc_enable_db")
    yield database
    database.connection.close()


@settings(max_examples=25, deadline=None)
@given(history=HISTORIES, batch=st.integers(1, 3))
def test_the_changes_folded_in_order_are_the_table_at_every_commit(
    database: Database, history: list[list[tuple[str, Any]]], batch: int
) -> None:
    table = database.create_table("t", {"id": "int", "n": "int", "text": "ntext"}, key=["id"])
    enable(database, "t")
    state: State = {}
    states = {}
    for transaction in history:
        records = []
        for command, (kind, what) in enumerate(transaction, start=1):
            records.extend(apply(state, table, command, kind, what))
        states[lsn.commit_lsn(database.commit(*records))] = dict(state)
    cursor = database.connection.cursor()
    while scan(cursor, DATABASE, batch).transactions:
        assert database.query(
            'SELECT count(*) FROM {db}.cdc."dbo_t_CT" WHERE "__$start_lsn" NOT IN '
            "(SELECT start_lsn FROM {db}.cdc.lsn_time_mapping)"
        ) == [(0,)]

    for commit, expected in states.items():
        assert folded(database, commit) == expected
    counts = database.query(
        'SELECT count(DISTINCT "__$seqval"), count(*) FILTER ("__$operation" <> 3) FROM {db}.cdc."dbo_t_CT" '
        'GROUP BY "__$start_lsn"'
    )
    assert all(distinct <= rows for distinct, rows in counts)
    database.in_one_transaction(lambda: before_drop(database, table))
    database.connection.execute(f'DROP TABLE "{DATABASE}".dbo.t')
