"""What is captured: capture instances with their columns and keys, found and never derived from names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flows.ingest.errors import SourceError
from flows.ingest.lsn import Lsn
from flows.ingest.source import statements
from flows.ingest.source.session import Row, SourceSession
from flows.ingest.tables import CHANGE_LOG_SUFFIX, HISTORY_SUFFIX, CapturedTable, Column
from flows.ingest.types import SqlType

STALE_AFTER = timedelta(minutes=11)
"""CDC harvests a dummy row about every five minutes on an idle database; older than two of them is a stop."""

START_CAPTURE = (
    "start SQL Server Agent and the capture job (EXEC sys.sp_cdc_start_job @job_type = N'capture')"
)


@dataclass(frozen=True)
class Database:
    """The source database, checked to be ready for replication."""

    name: str
    allows_snapshot_isolation: bool
    max_lsn: Lsn


def check_database(session: SourceSession) -> Database:
    """The database, after checking that CDC is on and that its capture job works.

    Raises:
        SourceError: CDC is off, nothing was ever harvested, or the capture job is stopped.
    """
    name, is_cdc_enabled, snapshot_state = session.rows(statements.DATABASE)[0]
    if not is_cdc_enabled:
        raise SourceError(
            f"Change Data Capture is off in database {name}: switch it on with EXEC sys.sp_cdc_enable_db, "
            "and for each table with EXEC sys.sp_cdc_enable_table."
        )
    newest = max_lsn(session, name)
    _check_capture_job(session, name)
    return Database(name, snapshot_state == 1, newest)


def max_lsn(session: SourceSession, database: str) -> Lsn:
    """The newest LSN that CDC has harvested.

    Raises:
        SourceError: nothing was ever harvested (NULL).
    """
    value = session.scalar(statements.MAX_LSN)
    if value is None:
        raise SourceError(
            f"CDC has harvested nothing in database {database} (its max LSN is NULL): {START_CAPTURE}."
        )
    return Lsn.from_bytes(value)


def _check_capture_job(session: SourceSession, database: str) -> None:
    """Hold that the capture job runs: by its activity where the login may see it, and by its last harvest."""
    harvested, now = session.rows(statements.NEWEST_HARVEST)[0]
    is_stopped = _is_seen_stopped(session)
    if is_stopped or (harvested is not None and now - harvested > STALE_AFTER):
        raise SourceError(
            f"The capture job of database {database} is stopped (its last harvest ended {_plain(harvested)} "
            f"server time), so newer changes cannot be seen: {START_CAPTURE}."
        )


def _is_seen_stopped(session: SourceSession) -> bool:
    """True only where the login may read the job's activity, and it is not running."""
    try:
        activity = session.rows(statements.CAPTURE_JOB)
    except SourceError:
        return False  # a login without rights in msdb is right; the last harvest then decides
    return bool(activity) and (activity[0][0] is None or activity[0][1] is not None)


def _plain(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"


def discover(session: SourceSession, in_use: Mapping[str, str] | None = None) -> list[CapturedTable]:
    """The captured tables, in the order in which they were enabled.

    Args:
        in_use: capture instances already in use, by table name in RAW. Of two instances of a table the
            one in use stays; a new table takes its newest, which has its columns of today.

    Raises:
        SourceError: no table is captured, or one has no key, no permission, or an unknown type.
    """
    instances = session.rows(statements.CAPTURE_INSTANCES)
    if not instances:
        raise SourceError(
            "CDC captures no table: enable each with EXEC sys.sp_cdc_enable_table @source_schema = …, "
            "@source_name = …, @role_name = NULL."
        )
    columns = _grouped(session.rows(statements.CAPTURED_COLUMNS))
    instance_keys = _grouped(session.rows(statements.INSTANCE_KEYS))
    primary_keys = _grouped(session.rows(statements.PRIMARY_KEYS))
    found: dict[str, CapturedTable] = {}
    for object_id, instance, start_lsn, source_id, schema, table in instances:
        if schema is None or table is None:
            raise SourceError(
                f"The login cannot see the table of capture instance {instance}: grant it SELECT on it."
            )
        key = instance_keys.get(object_id) or primary_keys.get(source_id) or []
        captured = _captured_table(schema, table, instance, start_lsn, columns[object_id], key)
        older = found.get(captured.name)
        _check_apart(older, captured)
        if older is None or older.capture_instance != (in_use or {}).get(captured.name):
            found[captured.name] = captured
    for captured in found.values():
        for suffix in (CHANGE_LOG_SUFFIX, HISTORY_SUFFIX):
            _check_apart(found.get(f"{captured.name}{suffix}"), captured)
    return list(found.values())


def _grouped(rows: Iterable[Row]) -> dict[int, list[Row]]:
    groups: dict[int, list[Row]] = defaultdict(list)
    for owner, *rest in rows:
        groups[owner].append(tuple(rest))
    return groups


def _captured_table(
    schema: str, table: str, instance: str, start_lsn: bytes, columns: list[Row], key: list[Row]
) -> CapturedTable:
    label = f"{schema}.{table}"
    captured = CapturedTable(
        schema=schema,
        table=table,
        capture_instance=instance,
        start_lsn=Lsn.from_bytes(start_lsn),
        columns=tuple(
            Column.of(name, ordinal, _sql_type(f"{label}.{name}", *type_parts), label)
            for name, ordinal, *type_parts, is_computed in columns
            if not is_computed  # always NULL in change tables (estuary#1995)
        ),
        key_names=tuple(name for (name,) in key),
    )
    _check_names(captured)
    return captured


def _check_apart(other: CapturedTable | None, table: CapturedTable) -> None:
    """Hold that no other source table has a table's names in RAW."""
    if other is not None and other.source_label != table.source_label:
        raise SourceError(
            f"Tables {other.source_label} and {table.source_label} are both captured and would both be "
            f"RAW.{other.name}: disable CDC for one of them, or rename it."
        )


def _sql_type(column: str, name: str | None, max_length: int, precision: int, scale: int) -> SqlType:
    if name is None:
        raise SourceError(
            f"Column {column} has a CLR type, which cannot be replicated, or was dropped after its capture "
            "instance was made: make a new capture instance without it."
        )
    return SqlType(name, max_length, precision, scale)


def _check_names(table: CapturedTable) -> None:
    """Hold that the table has a captured key, and column names that stay apart in Snowflake."""
    if not table.key_names:
        raise SourceError(
            f"Table {table.source_label} has no primary key, so its mirror cannot be kept: add one, or "
            "enable CDC with @index_name = a unique index."
        )
    names = [column.source_name for column in table.columns]
    missing = [name for name in table.key_names if name not in names]
    if missing:
        raise SourceError(
            f"Capture instance {table.capture_instance} of {table.source_label} leaves out the key column "
            f"{missing[0]}: make a new instance that captures it."
        )
    mirrored = [column.name for column in table.columns]
    for name in mirrored:
        if name.startswith("_") or mirrored.count(name) > 1:
            raise SourceError(
                f"Table {table.source_label}: the column name {name} is taken in the mirror (names that "
                "begin with an underscore, or differ only by case): leave it out of the capture instance."
            )
