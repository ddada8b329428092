"""The ledger in OPS: where the cursor is, which tables are replicated, how far their snapshots are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from deployments.quoting import snowflake_text
from flows.ingest.errors import ConcurrentRunError, SourceError, WarehouseError
from flows.ingest.lsn import Lsn, earlier_snapshot_position, snapshot_position
from flows.ingest.snapshot.chunks import Chunk, decode_key, encode_key
from flows.ingest.tables.captured import CapturedTable
from flows.ingest.warehouse import ops_sql, raw_sql, upgrade
from flows.ingest.warehouse.session import Row, WarehouseSession

State = Literal["snapshot", "catching up", "streaming", "filling", "stopped", "gap", "dropped", "copied"]
SNAPSHOT: State = "snapshot"
CATCHING_UP: State = "catching up"
STREAMING: State = "streaming"
FILLING: State = "filling"
"""Followed, but its mirror lacks values that only the source's table has: it must be read anew."""

STOPPED: State = "stopped"
"""Stands at `stopped_at` until what stopped it is mended; then it reads on from there."""

GAP: State = "gap"
COPIED: State = "copied"
"""It has no key: its change log is followed, its mirror is a copy as of `copied_at`."""

DROPPED: State = "dropped"
"""The source's table is gone; the mirror stays as it was."""

PENDING = "pending"
LOADED = "loaded"


@dataclass(frozen=True)
class Cursor:
    """Up to which LSN the mirrors hold the source's changes, and when that commit happened (UTC)."""

    lsn: Lsn
    committed_at: datetime | None


@dataclass(frozen=True)
class ReplicatedTable:
    """A row of OPS.REPLICATED_TABLES; `start_lsn` is also the id of its newest snapshot.

    `capture_instance` has its changes from `instance_from` on. Where `stopped_at` is set, the mirror stands
    there and not at the cursor. `copied_at` is when the whole table was read, where it has no key (UTC).
    """

    name: str
    source_schema: str
    source_table: str
    capture_instance: str
    state: State
    start_lsn: Lsn
    consistent_from: Lsn | None
    instance_from: Lsn | None = None
    stopped_at: Lsn | None = None
    copied_at: datetime | None = None

    @property
    def source_label(self) -> str:
        """Its name in SQL Server, as people write it."""
        return f"{self.source_schema}.{self.source_table}"

    @property
    def stands(self) -> bool:
        """Whether its mirror stays where it is while the others go on."""
        return self.stopped_at is not None or self.state in (GAP, DROPPED)


@dataclass(frozen=True)
class Arrival:
    """A batch of a change log that a transaction has brought into a mirror."""

    table: str
    batch: str
    rows: int


@dataclass(frozen=True)
class RunRow:
    """What a run did for one table: a row of OPS.REPLICATION_RUNS."""

    table: str
    snapshot_rows: int
    changes: int
    source_queries: int
    source_rows: int
    source_milliseconds: int


@dataclass(frozen=True)
class Ledger:
    """Reads and writes OPS for one pipeline and one run. `now` stamps what it writes, UTC."""

    warehouse: WarehouseSession
    pipeline: str
    run_id: str

    # --- preparation: DDL, so never inside a transaction

    def prepare(self) -> None:
        """Create the schemas, the stage and the tables of OPS where they, or columns of them, are missing."""
        for statement in ops_sql.SCHEMAS_AND_LEDGER:
            self.warehouse.execute(statement)
        known = set(self.warehouse.rows(upgrade.OPS_COLUMNS))
        for statement in upgrade.added_columns(ops_sql.SCHEMAS_AND_LEDGER, known):
            self.warehouse.execute(statement)

    def create_tables(self, tables: Iterable[CapturedTable]) -> None:
        """Create change logs and mirrors where they are missing."""
        for table in tables:
            self.warehouse.execute(raw_sql.create_change_log(table))
            self.warehouse.execute(raw_sql.create_mirror(table))

    # --- cursor

    def cursor(self) -> Cursor | None:
        """Where the pipeline is; None before its first run."""
        rows = self.warehouse.rows(ops_sql.READ_CURSOR, (self.pipeline,))
        return Cursor(Lsn(rows[0][0]), rows[0][1]) if rows else None

    def require_cursor(self) -> Cursor:
        """Where the pipeline is.

        Raises:
            WarehouseError: it has not begun, or its row was deleted.
        """
        cursor = self.cursor()
        if cursor is None:
            raise WarehouseError(f"OPS.CURSORS has no row of pipeline {self.pipeline}: run replicate.")
        return cursor

    def hold_to_one_source(self) -> None:
        """Hold that no other source database has its cursor, and so its tables, here.

        Raises:
            SourceError: one has.
        """
        others = [row[0] for row in self.warehouse.rows(ops_sql.OTHER_PIPELINES, (self.pipeline,))]
        if others:
            raise SourceError(
                f"RAW and OPS are the mirrors of database {others[0]}, and SQLSERVER_DATABASE is "
                f"{self.pipeline}: replicate it into another SNOWFLAKE_DATABASE. If {others[0]} was renamed: "
                f"UPDATE OPS.CURSORS SET PIPELINE = {snowflake_text(self.pipeline)}."
            )

    def start_cursor(self, at: Lsn, committed_at: datetime | None, now: datetime) -> None:
        """Begin the pipeline, unless it has begun."""
        values = (self.pipeline, at.hex, committed_at, self.run_id, now)
        self.warehouse.execute(ops_sql.START_CURSOR, values)

    def move_cursor(self, after: Lsn, up_to: Lsn, committed_at: datetime, now: datetime) -> None:
        """Compare and set, first in the transaction that applies a window.

        Raises:
            ConcurrentRunError: another run has moved the cursor.
        """
        values = (up_to.hex, committed_at, self.run_id, now, self.pipeline, after.hex)
        self._expect_one(self.warehouse.execute(ops_sql.MOVE_CURSOR, values), after)

    def hold_cursor(self, at: Lsn, now: datetime) -> None:
        """Hold the cursor where it is, first in the transaction that applies a chunk.

        A chunk must meet no change that is later than its watermark, because such a change may have left
        a large column alone that only the chunk's older row has.

        Raises:
            ConcurrentRunError: another run has moved the cursor.
        """
        values = (self.run_id, now, self.pipeline, at.hex)
        self._expect_one(self.warehouse.execute(ops_sql.HOLD_CURSOR, values), at)

    def _expect_one(self, changed: int, at: Lsn) -> None:
        if changed != 1:
            raise ConcurrentRunError(
                f"Another run has moved the cursor of pipeline {self.pipeline} on from {at}; this run rolled "
                "back and nothing of it remains. Let the other one finish, then run again if it is needed."
            )

    # --- tables and their snapshots

    def tables(self) -> dict[str, ReplicatedTable]:
        """The replicated tables by name."""
        return {row[0]: _replicated_table(row) for row in self.warehouse.rows(ops_sql.READ_TABLES)}

    def start_snapshot(
        self,
        table: CapturedTable,
        snapshot: Lsn,
        chunks: Sequence[Chunk],
        cursor: Lsn,
        now: datetime,
        state: State = SNAPSHOT,
    ) -> None:
        """Register a table, or start it again, with the chunks of its snapshot.

        The cursor is held because Snowflake keeps no key unique: two runs would register a table twice. On a
        quiet database it begins where the one before did; what that one read becomes earlier than its rows.

        Raises:
            ConcurrentRunError: another run has moved the cursor.
        """
        with self.warehouse.transaction():
            self.hold_cursor(cursor, now)
            positions = earlier_snapshot_position(snapshot), snapshot_position(snapshot)
            self.warehouse.execute(raw_sql.make_earlier(table.name), positions)
            self.warehouse.execute(ops_sql.DELETE_TABLE, (table.name,))
            self.warehouse.execute(
                ops_sql.INSERT_TABLE,
                (
                    table.name,
                    table.schema,
                    table.table,
                    table.capture_instance,
                    state,
                    snapshot.hex,
                    now,
                    table.start_lsn.hex,
                ),
            )
            self.warehouse.execute(ops_sql.DELETE_CHUNKS, (table.name,))
            self.warehouse.execute_many(
                ops_sql.INSERT_CHUNK,
                [
                    (
                        table.name,
                        snapshot.hex,
                        chunk.number,
                        encode_key(chunk.after),
                        encode_key(chunk.up_to),
                        PENDING,
                        now,
                    )
                    for chunk in chunks
                ],
            )

    def set_state(self, table: str, state: State, now: datetime) -> None:
        """Change a table's state."""
        self.warehouse.execute(ops_sql.SET_STATE, (state, now, table))

    def start_copying(self, table: CapturedTable, start: Lsn, cursor: Lsn, now: datetime) -> None:
        """Register a table without a key, or start it anew: its changes count from `start`, a copy is due.

        Raises:
            ConcurrentRunError: another run has moved the cursor.
        """
        self.start_snapshot(table, start, (), cursor, now, COPIED)

    def set_copied(self, table: str, before: datetime | None, now: datetime) -> None:
        """Compare and set, in the transaction that replaces a mirror by a copy.

        Raises:
            ConcurrentRunError: another run has made a copy, or has stopped the table.
        """
        if self.warehouse.execute(ops_sql.SET_COPIED, (COPIED, now, now, table, before)) != 1:
            raise ConcurrentRunError(
                f"Another run has made a copy of {table}; this run rolled back. Let the other one finish, "
                "then run again if it is needed."
            )

    def follow(self, table: CapturedTable, cursor: Lsn, now: datetime) -> None:
        """A table's changes come from another capture instance from its start on.

        Raises:
            ConcurrentRunError: another run has moved the cursor.
        """
        with self.warehouse.transaction():
            self.hold_cursor(cursor, now)
            values = (table.capture_instance, table.start_lsn.hex, now, table.name)
            self.warehouse.execute(ops_sql.SET_INSTANCE, values)

    def stop(self, table: str, cursor: Lsn, now: datetime) -> None:
        """A table stands where the cursor is now, or where its snapshot began, while the others go on.

        Raises:
            ConcurrentRunError: another run has moved the cursor.
        """
        with self.warehouse.transaction():
            self.hold_cursor(cursor, now)
            self.warehouse.execute(ops_sql.STOP_TABLE, (cursor.hex, now, table))

    def move_stopped(self, table: str, stopped_at: Lsn, up_to: Lsn | None, now: datetime) -> None:
        """A table that stood moves on, in the transaction that applies its changes; None: to the cursor.

        Raises:
            ConcurrentRunError: another run has moved it.
        """
        to = None if up_to is None else up_to.hex
        values = (to, to, now, table, stopped_at.hex)
        self._expect_one(self.warehouse.execute(ops_sql.MOVE_STOPPED, values), stopped_at)

    def set_consistent_from(self, table: str, snapshot: Lsn, lsn: Lsn, now: datetime) -> None:
        """A snapshot is complete; the mirror is consistent once the cursor has passed `lsn`.

        Raises:
            ConcurrentRunError: a chunk is pending, or another run has begun or ended the table's snapshot.
        """
        values = (CATCHING_UP, lsn.hex, now, table, snapshot.hex, SNAPSHOT, table, snapshot.hex, PENDING)
        if self.warehouse.execute(ops_sql.SET_CONSISTENT_FROM, values) != 1:
            raise ConcurrentRunError(
                f"Another run is at work on the snapshot of {table}; this run rolled back. Let the other one "
                "finish, then run again if it is needed."
            )

    def set_caught_up(self, cursor: Lsn, now: datetime) -> None:
        """Tables that the cursor has made consistent are streaming."""
        self.warehouse.execute(ops_sql.SET_CAUGHT_UP, (STREAMING, now, CATCHING_UP, cursor.hex))

    def chunks(self) -> tuple[list[Chunk], int]:
        """The pending chunks of all running snapshots, and how many are loaded."""
        pending, loaded = [], 0
        for table, snapshot, number, after, up_to, state in self.warehouse.rows(
            ops_sql.READ_CHUNKS, (SNAPSHOT,)
        ):
            if state == LOADED:
                loaded += 1
            else:
                pending.append(Chunk(table, Lsn(snapshot), int(number), decode_key(after), decode_key(up_to)))
        return pending, loaded

    def set_chunk_loaded(self, chunk: Chunk, rows: int, now: datetime) -> None:
        """Compare and set, in the transaction that applies the chunk.

        Raises:
            ConcurrentRunError: another run has loaded it.
        """
        span = encode_key(chunk.after), encode_key(chunk.up_to)
        values = (LOADED, rows, now, chunk.table, chunk.snapshot.hex, chunk.number, PENDING, *span)
        if self.warehouse.execute(ops_sql.SET_CHUNK_LOADED, values) != 1:
            raise ConcurrentRunError(
                f"Another run has loaded chunk {chunk.number} of {chunk.table}; this run rolled back. Let "
                "the other one finish, then run again if it is needed."
            )

    # --- arrivals

    def record_arrivals(self, arrivals: Sequence[Arrival], now: datetime) -> None:
        """Number what a transaction brings, in it, while it holds the cursor: so the numbers have an order.

        By them whoever builds on the mirrors tells what is new. Positions do not: the end of a snapshot and a
        repair write rows with positions that have passed.
        """
        if arrivals:
            ((last,),) = self.warehouse.rows(ops_sql.LAST_ARRIVAL)
            rows = [
                (int(last) + 1, arrival.table, arrival.batch, arrival.rows, self.run_id, now)
                for arrival in arrivals
            ]
            self.warehouse.execute_many(ops_sql.INSERT_ARRIVAL, rows)

    # --- runs

    def record_run(
        self,
        rows: Iterable[RunRow],
        started_at: datetime,
        ended_at: datetime,
        to_lsn: Lsn,
        lag_seconds: float,
    ) -> None:
        """Write what the run did, a row for each table."""
        self.warehouse.execute_many(
            ops_sql.INSERT_RUN,
            [
                (
                    self.run_id,
                    row.table,
                    started_at,
                    ended_at,
                    row.snapshot_rows,
                    row.changes,
                    to_lsn.hex,
                    lag_seconds,
                    row.source_queries,
                    row.source_rows,
                    row.source_milliseconds,
                )
                for row in rows
            ],
        )


def _replicated_table(row: Row) -> ReplicatedTable:
    name, schema, table, instance, state, *lsns, copied_at = row
    start, consistent, instance_from, stopped_at = (Lsn(lsn) if lsn else None for lsn in lsns)
    if start is None:
        raise WarehouseError(f"OPS.REPLICATED_TABLES has no START_LSN for {name}: delete its row, run again.")
    return ReplicatedTable(
        name, schema, table, instance, state, start, consistent, instance_from, stopped_at, copied_at
    )
