"""What is captured: capture instances with their columns and keys, found and never derived from names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flows.ingest.errors import SourceError
from flows.ingest.lsn import Lsn
from flows.ingest.policies.policy import Policies
from flows.ingest.source import statements
from flows.ingest.source.catalog import SourceTable, read_catalog
from flows.ingest.source.following import InUse, follow
from flows.ingest.source.reader import SourceReader
from flows.ingest.tables.captured import CHANGE_LOG_SUFFIX, HISTORY_SUFFIX, CapturedTable

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


def check_database(session: SourceReader) -> Database:
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


def max_lsn(session: SourceReader, database: str) -> Lsn:
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


def _check_capture_job(session: SourceReader, database: str) -> None:
    """Hold that the capture job runs: by its activity where the login may see it, and by its last harvest."""
    _, harvested, now = session.rows(statements.NEWEST_HARVEST)[0]
    check_harvest(database, harvested, now, is_stopped=_is_seen_stopped(session))


def check_harvest(
    database: str, harvested: datetime | None, now: datetime, *, is_stopped: bool = False
) -> None:
    """Hold that the last harvest, at the server's time, is not so old that the capture job must be stopped.

    Raises:
        SourceError: it is, or the job was seen stopped.
    """
    if is_stopped or (harvested is not None and now - harvested > STALE_AFTER):
        raise SourceError(
            f"The capture job of database {database} is stopped (its last harvest ended {_plain(harvested)} "
            f"server time), so newer changes cannot be seen: {START_CAPTURE}."
        )


def _is_seen_stopped(session: SourceReader) -> bool:
    """True only where the login may read the job's activity, and it is not running."""
    try:
        activity = session.rows(statements.CAPTURE_JOB)
    except SourceError:
        return False  # a login without rights in msdb is right; the last harvest then decides
    return bool(activity) and (activity[0][0] is None or activity[0][1] is not None)


def _plain(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True)
class Discovered:
    """What is captured.

    Attributes:
        tables: those that can be replicated, by name in RAW, in the order in which they were enabled.
        refused: why others cannot, by name in SQL Server (by capture instance where it cannot be seen).
        catalog: what SQL Server says of each of `tables`.
        newest_start: the latest start of a capture instance: one that is made later is not known here.
    """

    tables: dict[str, CapturedTable] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    catalog: dict[str, SourceTable] = field(default_factory=dict)
    newest_start: Lsn | None = None


def discover(
    session: SourceReader, in_use: Mapping[str, InUse] | None = None, policies: Policies | None = None
) -> Discovered:
    """The captured tables; one that cannot be replicated is refused by itself.

    Args:
        in_use: the capture instances that are followed, by table name in RAW.
        policies: what is left out of each table.

    Raises:
        SourceError: no table is captured, or CDC's catalog cannot be read.
    """
    catalog = read_catalog(session)
    if not catalog:
        raise SourceError(
            "CDC captures no table: enable each with EXEC sys.sp_cdc_enable_table @source_schema = …, "
            "@source_name = …, @role_name = NULL."
        )
    found = Discovered(newest_start=max(i.start_lsn for t in catalog for i in t.instances))
    for source in catalog:
        try:
            table = follow(source, (in_use or {}).get(source.name), (policies or Policies()).of(source.label))
        except SourceError as error:
            found.refused[source.label if source.table else source.instances[0].name] = str(error)
            continue
        _keep_apart(found, source, table, (in_use or {}).get(table.name))
    for table in list(found.tables.values()):
        for suffix in (CHANGE_LOG_SUFFIX, HISTORY_SUFFIX):
            other = found.tables.pop(f"{table.name}{suffix}", None)
            if other is not None:
                found.refused[other.source_label] = _same_name(other, table)
    return found


def _keep_apart(found: Discovered, source: SourceTable, table: CapturedTable, in_use: InUse | None) -> None:
    """Take up a table, unless another has its name in RAW: then the one that is replicated already has it."""
    other = found.tables.get(table.name)
    is_in_use = in_use is not None and in_use.instance in {instance.name for instance in source.instances}
    if other is not None:
        loser = other if is_in_use else table
        found.refused[loser.source_label] = _same_name(other, table)
    if other is None or is_in_use:
        found.tables[table.name], found.catalog[table.name] = table, source


def _same_name(other: CapturedTable, table: CapturedTable) -> str:
    """Two source tables with one name in RAW."""
    return (
        f"Tables {other.source_label} and {table.source_label} are both captured and would both be "
        f"RAW.{other.name}: disable CDC for one of them, or rename it."
    )
