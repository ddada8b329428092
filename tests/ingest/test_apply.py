"""The mirror equals the fold of any history: the real statements, on the stand-in Snowflake."""

from __future__ import annotations

import errno
import io
import json
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from snowflake.connector.cursor import SnowflakeCursor

from deployments.connections import connect_snowflake
from deployments.settings import SnowflakeSettings
from flows.ingest.changes.stream import ChangeStream
from flows.ingest.changes.window import Window
from flows.ingest.errors import ConcurrentRunError, SourceError, WarehouseError
from flows.ingest.lsn import snapshot_position
from flows.ingest.snapshot.chunks import Chunk, LoadedChunk, Watermark, read_chunk
from flows.ingest.tables.columns import BatchLabel
from flows.ingest.warehouse import upgrade
from flows.ingest.warehouse.apply import (
    SnapshotEnd,
    append_and_merge,
    apply_chunks,
    apply_window,
    finish_snapshot,
)
from flows.ingest.warehouse.landing import land, remove_stale_folders, stage_folder
from flows.ingest.warehouse.ledger import Ledger
from flows.ingest.warehouse.ops_sql import SCHEMAS_AND_LEDGER
from flows.ingest.warehouse.session import WarehouseSession
from tests.ingest.given import INT, LONG_TEXT, Answers, StagedAtOnce, lsn, table
from tests.ingest.history import TRANSACTIONS, History, Values

NOW = datetime(2026, 1, 1)
LIVING = table({"id": INT, "value": INT, "story": LONG_TEXT}, key=["id"], name="living")
BATCHES = count(1)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def warehouse(snowflake: SnowflakeSettings) -> Iterator[WarehouseSession]:
    with closing(connect_snowflake(snowflake, json.dumps({"flow": "test"}))) as connection:
        session = WarehouseSession(connection)
        ledger = Ledger(session, "apply", "test")
        ledger.prepare()
        ledger.create_tables([LIVING])
        ledger.start_cursor(lsn(0), NOW, NOW)
        yield session


@pytest.fixture
def ledger(warehouse: WarehouseSession) -> Ledger:
    """A ledger whose cursor is at LSN 0, and an empty mirror."""
    empty(warehouse)
    warehouse.execute("UPDATE OPS.CURSORS SET LSN = %s WHERE PIPELINE = 'apply'", (lsn(0).hex,))
    return Ledger(warehouse, "apply", "test")


def empty(warehouse: WarehouseSession) -> None:
    warehouse.execute("DELETE FROM RAW.LIVING")
    warehouse.execute("DELETE FROM RAW.LIVING__CHANGES")


def window(after: int, up_to: int) -> Window:
    times = {lsn(n): NOW + timedelta(seconds=n) for n in range(after, up_to + 1)}
    return Window(lsn(after), lsn(up_to), times, up_to - after)


def stage(warehouse: WarehouseSession, batches: Any, label: BatchLabel) -> Any:
    return land(StagedAtOnce(warehouse), LIVING, batches, "test", label.batch)


def next_label() -> BatchLabel:
    return BatchLabel("test", f"test/{next(BATCHES):06d}")


def staged_window(warehouse: WarehouseSession, history: History, after: int, up_to: int) -> Any:
    rows = [row for changes in history.changes[after:up_to] for row in changes]
    source = Answers({"FROM [cdc].[dbo_living_CT]": rows})
    label = next_label()
    if not rows:
        return None
    stream = ChangeStream(source, LIVING, window(after, up_to), lsn(after), label)  # type: ignore[arg-type]
    return stage(warehouse, stream, label)


def staged_chunk(
    warehouse: WarehouseSession, state: dict[int, Values], watermark: int, keys: set[int]
) -> Any:
    rows = [(key, *values) for key, values in state.items() if key in keys]
    source = Answers({"FROM [dbo].[living]": rows})
    label = next_label()
    if not rows:
        return None
    chunk = Chunk("LIVING", lsn(0), 0, None, None)
    batches = read_chunk(source, LIVING, chunk, Watermark(lsn(watermark), NOW), label)  # type: ignore[arg-type]
    return replace(stage(warehouse, batches, label), has_changes=False)


def apply(warehouse: WarehouseSession, file: Any) -> None:
    if file is not None:
        with warehouse.transaction():
            append_and_merge(warehouse, file)


def snapshot_end(began: int) -> SnapshotEnd:
    return SnapshotEnd(LIVING, lsn(began), NOW, lsn(3), next_label().batch)


def mirror(warehouse: WarehouseSession) -> dict[int, Values]:
    rows = warehouse.rows("SELECT ID, VALUE, STORY FROM RAW.LIVING WHERE NOT _DELETED")
    found = {key: (value, text) for key, value, text in rows}
    assert len(found) == len(rows), "a key twice in the mirror"
    return found


SLOW = settings(
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # each example asks a server: no shrinking
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@SLOW
@given(TRANSACTIONS, st.data())
def test_the_mirror_equals_the_fold_of_any_history(
    warehouse: WarehouseSession, transactions: list, data: st.DataObject
) -> None:
    """Random windows, delivered again at random, meet chunks that are newer than their watermark."""
    empty(warehouse)
    history = History.of(transactions)
    commits = len(history.changes)
    start = data.draw(st.just(0) | st.integers(0, commits), "snapshot begins at")
    ends = sorted(data.draw(st.sets(st.integers(start, commits)), "windows end at") | {start, commits})
    chunks = [{1, 2}, {3}] if start else []  # from 0 on the changes alone must lead there
    for after, up_to in pairwise(ends):
        if chunks and data.draw(st.booleans(), "load a chunk"):
            read_at = data.draw(st.integers(after, commits), "chunk is as new as")
            watermark = data.draw(st.integers(after, read_at), "watermark")
            chunk = staged_chunk(warehouse, history.states[read_at], watermark, chunks.pop())
            apply(warehouse, chunk)
        apply(warehouse, staged_window(warehouse, history, after, up_to))
        if data.draw(st.booleans(), "deliver it again"):
            apply(warehouse, staged_window(warehouse, history, after, up_to))
    for keys in chunks:
        apply(warehouse, staged_chunk(warehouse, history.states[commits], commits, keys))
    assert mirror(warehouse) == history.states[commits]


@settings(SLOW, max_examples=8)
@given(TRANSACTIONS, st.randoms(use_true_random=False))
def test_whole_rows_converge_in_any_order(
    warehouse: WarehouseSession, transactions: list, random: Any
) -> None:
    """Windows of whole rows and old chunks may come in any order, and more than once."""
    empty(warehouse)
    whole = [[action for action in actions if action[0] not in ("set", "write")] for actions in transactions]
    history = History.of(whole)
    commits = len(history.changes)
    files = [staged_window(warehouse, history, n, n + 1) for n in range(commits)]
    files += [staged_window(warehouse, history, n, n + 1) for n in range(commits)]
    files += [staged_chunk(warehouse, history.states[n], n, {1, 2, 3}) for n in range(commits + 1)]
    random.shuffle(files)
    for file in files:
        apply(warehouse, file)
    assert mirror(warehouse) == history.states[commits]


def test_a_late_chunk_cannot_bring_a_deleted_row_back(ledger: Ledger) -> None:
    history = History.of([[("put", 1, "a")], [("delete", 1, None)]])
    apply(ledger.warehouse, staged_window(ledger.warehouse, history, 1, 2))
    apply(ledger.warehouse, staged_chunk(ledger.warehouse, history.states[1], 1, {1}))
    assert mirror(ledger.warehouse) == {}
    assert ledger.warehouse.rows("SELECT ID, _DELETED FROM RAW.LIVING") == [(1, True)]


def test_a_large_value_that_was_set_to_null_is_null(ledger: Ledger) -> None:
    history = History.of([[("put", 1, "a")], [("write", 1, None)], [("set", 1, None)]])
    apply(ledger.warehouse, staged_window(ledger.warehouse, history, 0, 1))
    apply(ledger.warehouse, staged_window(ledger.warehouse, history, 1, 3))
    assert mirror(ledger.warehouse) == {1: (301, None)}


def test_a_window_moves_cursor_and_mirror_together_or_not_at_all(ledger: Ledger) -> None:
    history = History.of([[("put", 1, "a")], [("put", 2, "b")]])
    apply_window(ledger, window(0, 1), [staged_window(ledger.warehouse, history, 0, 1)], NOW)
    late = staged_window(ledger.warehouse, history, 0, 2)
    with pytest.raises(ConcurrentRunError, match="Another run has moved the cursor of pipeline apply"):
        apply_window(ledger, window(0, 2), [late], NOW)
    assert mirror(ledger.warehouse) == {1: (101, "a")}
    assert ledger.require_cursor().lsn == lsn(1)
    missing = staged_window(ledger.warehouse, history, 1, 2)
    ledger.warehouse.rows("REMOVE @OPS.LANDING/test/")
    with pytest.raises(WarehouseError):
        apply_window(ledger, window(1, 2), [missing], NOW)
    assert ledger.require_cursor().lsn == lsn(1), "the cursor rolled back with the rows"


def test_a_chunk_is_loaded_once(ledger: Ledger) -> None:
    chunk = Chunk("LIVING", lsn(0), 0, None, None)
    loaded = [LoadedChunk(chunk, 1)]
    ledger.start_snapshot(LIVING, lsn(0), [chunk], lsn(0), NOW)
    apply_chunks(ledger, loaded, staged_chunk(ledger.warehouse, {1: (1, "a")}, 0, {1}), lsn(0), NOW)
    assert ledger.chunks() == ([], 1)
    with pytest.raises(ConcurrentRunError, match="Another run has loaded chunk 0 of LIVING"):
        apply_chunks(ledger, loaded, staged_chunk(ledger.warehouse, {1: (1, "a")}, 0, {1}), lsn(0), NOW)


def test_a_snapshot_again_ends_with_tombstones_for_what_it_did_not_see(ledger: Ledger) -> None:
    before = History.of([[("put", 1, "a"), ("put", 2, "b")], [("put", 3, "c")], [("put", 4, "d")]])
    apply(ledger.warehouse, staged_window(ledger.warehouse, before, 0, 1))  # 1 and 2, before a gap
    ledger.start_snapshot(LIVING, lsn(2), [], lsn(0), NOW)
    apply(ledger.warehouse, staged_chunk(ledger.warehouse, {1: (101, "a")}, 2, {1}))  # 2 went in the gap
    apply(ledger.warehouse, staged_window(ledger.warehouse, before, 2, 3))  # 4 came after it
    finish_snapshot(ledger, snapshot_end(2), lsn(0), NOW)
    assert set(mirror(ledger.warehouse)) == {1, 4}
    position = ledger.warehouse.rows("SELECT _POSITION FROM RAW.LIVING WHERE ID = 2")[0][0]
    assert position == snapshot_position(lsn(2))


def test_a_snapshot_again_on_a_quiet_database_ends_with_tombstones_as_well(ledger: Ledger) -> None:
    """Nothing was committed between the two, so both read after the same watermark."""
    for seen in ({1, 2, 3}, {1, 2}, {1}):
        ledger.start_snapshot(LIVING, lsn(2), [], lsn(0), NOW)
        state = {key: (key, "seen") for key in seen}
        apply(ledger.warehouse, staged_chunk(ledger.warehouse, state, 2, seen))
        finish_snapshot(ledger, snapshot_end(2), lsn(0), NOW)
        assert set(mirror(ledger.warehouse)) == seen


def test_arrivals_name_every_key_that_changed_also_where_its_position_has_passed(ledger: Ledger) -> None:
    """What is built on a mirror asks for the batches since a number, and finds all that is new."""
    history = History.of([[("put", 1, "a")], [("put", 2, "b"), ("put", 3, "c")]])
    apply_window(ledger, window(0, 1), [staged_window(ledger.warehouse, history, 0, 1)], NOW)
    first = newest_arrival(ledger)
    apply_window(ledger, window(1, 2), [staged_window(ledger.warehouse, history, 1, 2)], NOW)
    second = newest_arrival(ledger)
    assert first < second
    assert keys_since(ledger, first) == {2, 3}
    ledger.start_snapshot(LIVING, lsn(1), [], lsn(2), NOW)
    finish_snapshot(ledger, snapshot_end(1), lsn(2), NOW)
    assert keys_since(ledger, second) == {1}, "the tombstone lies at the position where the snapshot began"
    third = newest_arrival(ledger)
    with pytest.raises(ConcurrentRunError):
        apply_window(ledger, window(1, 2), [staged_window(ledger.warehouse, history, 1, 2)], NOW)
    assert newest_arrival(ledger) == third, "what rolled back has not arrived"


def newest_arrival(ledger: Ledger) -> int:
    ((newest,),) = ledger.warehouse.rows("SELECT MAX(ARRIVAL) FROM OPS.ARRIVALS")
    return int(newest)


def keys_since(ledger: Ledger, arrival: int) -> set[int]:
    query = """
        SELECT c.ID FROM RAW.LIVING__CHANGES AS c
        JOIN OPS.ARRIVALS AS a ON a.TABLE_NAME = 'LIVING' AND a.BATCH = c._BATCH
        WHERE a.ARRIVAL > %s
    """
    return {int(key) for (key,) in ledger.warehouse.rows(query, (arrival,))}


def test_a_snapshot_that_another_run_began_anew_is_not_ended(ledger: Ledger) -> None:
    """This run saw its own snapshot complete; the other one's chunks are all still to be loaded."""
    before = History.of([[("put", 1, "a")]])
    apply(ledger.warehouse, staged_window(ledger.warehouse, before, 0, 1))
    ledger.start_snapshot(LIVING, lsn(3), [Chunk("LIVING", lsn(3), 0, None, None)], lsn(0), NOW)
    for seen in (2, 3):
        with pytest.raises(ConcurrentRunError, match="Another run is at work on the snapshot of LIVING"):
            finish_snapshot(ledger, snapshot_end(seen), lsn(0), NOW)
    assert set(mirror(ledger.warehouse)) == {1}
    assert ledger.tables()["LIVING"].state == "snapshot"


def test_a_snapshot_of_many_chunks_is_planned_with_statements_of_a_bounded_size(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Snowflake refuses more than 16,384 rows of VALUES, and a statement of more than a megabyte."""
    sizes: list[int] = []
    many = SnowflakeCursor.executemany

    def measured(self: SnowflakeCursor, statement: str, rows: list[tuple[Any, ...]]) -> Any:
        sizes.append(len(rows))
        return many(self, statement, rows)

    monkeypatch.setattr(SnowflakeCursor, "executemany", measured)
    chunks = [Chunk("LIVING", lsn(5), number, (str(number),), (str(number + 1),)) for number in range(1050)]
    ledger.start_snapshot(LIVING, lsn(5), chunks, lsn(0), NOW)
    assert sizes == [1000, 50]
    assert ledger.chunks() == (chunks, 0)


def test_the_ledger_of_an_older_version_gets_the_columns_that_it_lacks(ledger: Ledger) -> None:
    ledger.start_snapshot(LIVING, lsn(1), [], lsn(0), NOW)
    ledger.warehouse.execute("ALTER TABLE OPS.REPLICATED_TABLES DROP COLUMN COPIED_AT")
    ledger.warehouse.execute("ALTER TABLE OPS.REPLICATION_HEALTH DROP COLUMN WARNINGS")
    with pytest.raises(WarehouseError, match="of an older version of the platform: run replicate"):
        ledger.tables()
    ledger.prepare()
    assert ledger.tables()["LIVING"].start_lsn == lsn(1)
    known = ledger.warehouse.rows(upgrade.OPS_COLUMNS)
    assert ("REPLICATION_HEALTH", "WARNINGS") in known
    assert not list(upgrade.added_columns(SCHEMAS_AND_LEDGER, known)), "nothing is left to add"


def test_another_source_database_is_not_replicated_into_the_same_mirrors(ledger: Ledger) -> None:
    """Its tables would be taken for those of the first one, by their names."""
    other = Ledger(ledger.warehouse, "o'ther", "test")
    with pytest.raises(
        SourceError, match="mirrors of database apply, and SQLSERVER_DATABASE is o'ther"
    ) as told:
        other.hold_to_one_source()
    assert str(told.value).endswith(r"UPDATE OPS.CURSORS SET PIPELINE = 'o''ther'.")
    ledger.hold_to_one_source()


def test_a_run_that_lost_the_cursor_registers_nothing(ledger: Ledger) -> None:
    ledger.start_snapshot(LIVING, lsn(5), [], lsn(0), NOW)
    with pytest.raises(ConcurrentRunError, match="Another run has moved the cursor of pipeline apply"):
        ledger.start_snapshot(LIVING, lsn(6), [], lsn(1), NOW)
    assert ledger.tables()["LIVING"].start_lsn == lsn(5)


def test_tables_with_names_that_no_path_can_have_do_not_share_a_file(warehouse: WarehouseSession) -> None:
    label = next_label()
    chunk = Chunk("", lsn(0), 0, None, None)
    paths = set()
    for name in ("sø", "så", "s.", "s-"):
        owner = table({"id": INT}, key=["id"], name=name)
        rows = Answers({"FROM [dbo]": [(1,)]})
        batches = read_chunk(rows, owner, chunk, Watermark(lsn(0), NOW), label)  # type: ignore[arg-type]
        file = land(StagedAtOnce(warehouse), owner, batches, "names", label.batch)
        assert file is not None
        paths.update(file.names)
    staged = {str(row[0]) for row in warehouse.rows("LIST @OPS.LANDING")}
    assert len(paths) == 4
    assert {f"landing/names/{path}" for path in paths} <= staged


class FullDisk(io.BytesIO):
    """A file for which there is no room."""

    def write(self, _content: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_one_line(warehouse: WarehouseSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.TemporaryFile", FullDisk)
    chunk = Chunk("LIVING", lsn(0), 0, None, None)
    label, rows = next_label(), Answers({"FROM [dbo]": [(1, 2, "x")]})
    batches = read_chunk(rows, LIVING, chunk, Watermark(lsn(0), NOW), label)  # type: ignore[arg-type]
    with pytest.raises(WarehouseError, match=r"dbo\.living cannot be written to .*: No space left on device"):
        stage(warehouse, batches, label)


def test_files_of_dead_runs_are_removed_and_those_of_living_ones_are_not(warehouse: WarehouseSession) -> None:
    label = next_label()
    rows = Answers({"FROM [dbo].[living]": [(1, 1, "a")]})
    chunk = Chunk("LIVING", lsn(0), 0, None, None)
    for began in (NOW - timedelta(days=2), NOW):
        folder = f"{began:%Y%m%dT%H%M%S%f}-run"
        batches = read_chunk(rows, LIVING, chunk, Watermark(lsn(0), NOW), label)  # type: ignore[arg-type]
        land(StagedAtOnce(warehouse), LIVING, batches, folder, label.batch)
    assert remove_stale_folders(warehouse, NOW) == [f"{NOW - timedelta(days=2):%Y%m%dT%H%M%S%f}-run"]
    assert remove_stale_folders(warehouse, NOW) == []
    with stage_folder(warehouse, "run", NOW) as folder:
        assert folder == "20260101T000000000000-run"
