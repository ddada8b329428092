"""The phases of a log scan session that can fail, and what is told of a failure.

Numbers and names: Microsoft's page on sys.dm_cdc_log_scan_sessions.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.sqlserver.cdc.errors import error
from sandbox.sqlserver.results import SqlServerError


@dataclass(frozen=True)
class Phase:
    """A phase with the error that follows the cause when it fails."""

    number: int
    name: str
    failure: int


SCHEMA_VERSIONING = Phase(6, "Schema versioning", 22860)
LAST_SCAN = Phase(7, "Last scan", 22863)
_SESSION_FAILED = 22859


class ScanError(Exception):
    """A scan that cannot go on. Everything is as before it; the next scan meets the same.

    Args:
        cause: what went wrong, in SQL Server's words.
        commit_number: of the transaction that was being processed.
        sequence: the rows that the transaction wrote before.
    """

    def __init__(self, phase: Phase, cause: SqlServerError, commit_number: int, sequence: int) -> None:
        super().__init__(str(cause))
        self.phase = phase
        self.commit_number = commit_number
        self.sequence = sequence
        self.errors = (cause, error(phase.failure), error(_SESSION_FAILED))
