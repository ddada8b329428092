"""What SET options and statements leave behind in a session."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.sqlserver.results import SqlServerError

READ_COMMITTED, REPEATABLE_READ, SERIALIZABLE, SNAPSHOT = (
    "read committed",
    "repeatable read",
    "serializable",
    "snapshot",
)
ISOLATION_BY_NUMBER = {
    1: READ_COMMITTED,
    2: READ_COMMITTED,
    3: REPEATABLE_READ,
    4: SERIALIZABLE,
    5: SNAPSHOT,
}
"""[MS-TDS] 2.2.7.17, transaction manager request; READ UNCOMMITTED reads committed rows here."""


@dataclass
class State:
    """SET options and @@variables of a session."""

    row_count: int = 0
    error_number: int = 0
    identity: int | None = None
    scope_identity: int | None = None
    lock_timeout: int = -1
    no_count: bool = False
    xact_abort: bool = False
    format_only: bool = False
    """SET FMTONLY ON: statements tell their columns and do nothing."""
    implicit_transactions: bool = False
    isolation: str = READ_COMMITTED
    identity_insert: tuple[str, int] | None = None
    caught: SqlServerError | None = None
    variables: dict[str, Any] = field(default_factory=dict)
