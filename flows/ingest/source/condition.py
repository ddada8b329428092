"""In which condition the source's CDC is, as far as the login may see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flows.ingest.errors import SourceError
from flows.ingest.source import statements
from flows.ingest.source.session import SourceSession

RUNNING, STOPPED, NOT_PERMITTED = "running", "stopped", "not permitted"

DEFAULT_RETENTION = timedelta(minutes=4320)
"""Of the cleanup job, where the login may not read msdb (Microsoft, sys.sp_cdc_add_job)."""

SEE_JOBS = "in msdb: GRANT SELECT ON dbo.cdc_jobs and ON dbo.sysjobactivity"
SEE_DATABASE = "GRANT VIEW DATABASE STATE"
SEE_SERVER = "in master: GRANT VIEW SERVER STATE"
SEE_RESTORES = "in msdb: GRANT SELECT ON dbo.restorehistory"


@dataclass(frozen=True)
class Condition:
    """What CDC's views say. None where the login may not look, or there is nothing; `grants` says which.

    Attributes:
        capture_job, agent: `running`, `stopped` or `not permitted`.
        retention: how long the cleanup job keeps changes; the default when it may not be seen.
        errors: how many errors `sys.dm_cdc_errors` has of the last 32 scans, and the newest of them.
        max_text_repl_size: bytes of the longest LOB that a captured table accepts; -1 without a limit.
        restored_at: the last restore of this database, in the server's time.
        grants: what would let the login see the rest.
    """

    capture_job: str
    agent: str
    retention: timedelta
    errors: int | None
    last_error: str | None
    max_text_repl_size: int | None
    restored_at: datetime | None
    grants: tuple[str, ...]


def read_condition(session: SourceSession) -> Condition:
    """Ask each view by itself: a view that the login may not see hides the others not."""
    hidden: list[str] = []

    def ask(statement: str, grant: str) -> list[tuple[Any, ...]] | None:
        try:
            return session.rows(statement)
        except SourceError:
            hidden.append(grant)
            return None

    job = ask(statements.CAPTURE_JOB, SEE_JOBS)
    agent = ask(statements.AGENT, SEE_SERVER)
    retention = ask(statements.RETENTION, SEE_JOBS)
    errors = ask(statements.CDC_ERRORS, SEE_DATABASE)
    limit = ask(statements.MAX_TEXT_REPL_SIZE, SEE_SERVER)
    restores = ask(statements.LAST_RESTORE, SEE_RESTORES)
    return Condition(
        capture_job=_state(job, lambda row: row[0] is not None and row[1] is None),
        agent=_state(agent, lambda row: row[0] == "Running"),
        retention=timedelta(minutes=int(retention[0][0])) if retention else DEFAULT_RETENTION,
        errors=None if errors is None else len(errors),
        last_error=f"{errors[0][0]}: {errors[0][1]}" if errors else None,
        max_text_repl_size=int(limit[0][0]) if limit else None,
        restored_at=restores[0][0] if restores else None,
        grants=tuple(dict.fromkeys(hidden)),
    )


def _state(rows: list[tuple[Any, ...]] | None, is_running: Any) -> str:
    if rows is None:
        return NOT_PERMITTED
    return RUNNING if rows and is_running(rows[0]) else STOPPED
