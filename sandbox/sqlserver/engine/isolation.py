"""What an isolation level asks of a session's transaction before it reads or writes.

Rules: Microsoft's page on SET TRANSACTION ISOLATION LEVEL, and the texts of errors 3951, 3952 and 3961.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.sqlserver.engine.model import TableDef
from sandbox.sqlserver.engine.session_state import READ_COMMITTED, SERIALIZABLE, SNAPSHOT
from sandbox.sqlserver.results import SqlServerError

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.database import Database
    from sandbox.sqlserver.engine.session import Session


def before_read(session: Session, table: TableDef) -> None:
    """Fix the snapshot that the level wants; called for each stored table that a query names.

    Raises:
        SqlServerError: 3951, 3952 SNAPSHOT may not be used here, 3961 the table is not as in the snapshot.
    """
    level = session.state.isolation
    database = session.server.database(session.database)
    if level == SNAPSHOT:
        _check_snapshot(session, database)
    if session.transaction_count == 0:
        return
    work = session.ensure_work()
    work.starts_in(level)
    if level == READ_COMMITTED or work.has_written:
        return
    if level == SERIALIZABLE:
        work.write_to(database, session.state.lock_timeout, session.is_cancelled)
        return
    if not work.pin(database).has_as_it_is(table):
        raise SqlServerError(
            3961,
            f"Snapshot isolation transaction failed in database '{database.name}' because the object "
            "accessed by the statement has been modified by a DDL statement in another concurrent "
            "transaction since the start of this transaction.  It is disallowed because the metadata is not "
            "versioned. A concurrent update to metadata can lead to inconsistency if mixed with snapshot "
            "isolation.",
        )


def before_write(session: Session, database: Database) -> None:
    """Remember the level; called for each statement that writes rows.

    Raises:
        SqlServerError: 3951, 3952 SNAPSHOT may not be used here.
    """
    level = session.state.isolation
    if level == SNAPSHOT:
        _check_snapshot(session, database)
    if session.transaction_count:
        session.ensure_work().starts_in(level)


def _check_snapshot(session: Session, database: Database) -> None:
    if database.is_system:
        return
    work = session.work if session.transaction_count else None
    if work is not None and work.started_in not in (None, SNAPSHOT):
        raise SqlServerError(
            3951,
            f"Transaction failed in database '{database.name}' because the statement was run under snapshot "
            "isolation but the transaction did not start in snapshot isolation. You cannot change the "
            "isolation level of the transaction to snapshot after the transaction has started unless the "
            "transaction was originally started under snapshot isolation level.",
        )
    if not session.catalog(database.name).allow_snapshot:
        raise SqlServerError(
            3952,
            f"Snapshot isolation transaction failed accessing database '{database.name}' because snapshot "
            "isolation is not allowed in this database. Use ALTER DATABASE to allow snapshot isolation.",
        )
