"""Who may use a database, and its end: ALTER DATABASE … SET SINGLE_USER and MULTI_USER, DROP DATABASE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.sqlserver.engine.bound import not_modelled
from sandbox.sqlserver.engine.database import Database
from sandbox.sqlserver.engine.ddl_parser import DdlParser
from sandbox.sqlserver.results import SqlServerError

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session

USER_ACCESS = ("SINGLE_USER", "MULTI_USER", "RESTRICTED_USER")


def set_user_access(session: Session, database: Database, parser: DdlParser) -> None:
    """SET SINGLE_USER WITH ROLLBACK IMMEDIATE ends the other sessions in the database; SET MULTI_USER.

    Raises:
        SqlServerError: 5011 no permission, 5070 others use the database.
    """
    if not session.access(database.name).allows("ALTER"):
        raise SqlServerError(
            5011, f"User does not have permission to alter database '{database.name}'.", severity=14
        )
    wanted = parser.take(*USER_ACCESS).key
    is_immediate = parser.accept("WITH", "ROLLBACK", "IMMEDIATE")
    parser.accept("WITH", "NO_WAIT")
    if not parser.is_at_end:
        raise not_modelled("ALTER DATABASE … WITH ROLLBACK AFTER")
    if wanted == "RESTRICTED_USER":
        raise not_modelled("ALTER DATABASE … SET RESTRICTED_USER")
    if wanted == "SINGLE_USER":
        others = [other for other in session.server.sessions_using(database) if other is not session]
        if others and not is_immediate:
            raise SqlServerError(
                5070,
                "Database state cannot be changed while other users are using the database "
                f"'{database.name}'",
            )
        for other in others:
            other.kill()
    database.is_single_user = wanted == "SINGLE_USER"


def drop_database(session: Session, parser: DdlParser) -> None:
    """DROP DATABASE [IF EXISTS]: its file and its jobs go; its backups and their history stay.

    Raises:
        SqlServerError: 262 no permission, 3701 no such database, 3702 it is in use, 3708 a system database.
    """
    lenient = parser.accept("IF", "EXISTS")
    while True:
        _drop_one(session, parser.name(), lenient=lenient)
        if not parser.accept(","):
            return


def _may_drop(session: Session, name: str) -> bool:
    """CONTROL on the database, or ALTER ANY DATABASE on the server."""
    if session.access("master").allows_on_server("ALTER ANY DATABASE"):
        return True
    return session.access(name).allows("CONTROL")


def _drop_one(session: Session, name: str, *, lenient: bool) -> None:
    if not session.server.has_database(name):
        if lenient:
            return
        raise SqlServerError(
            3701,
            f"Cannot drop the database '{name}', because it does not exist or you do not have permission.",
            severity=11,
        )
    if not _may_drop(session, name):
        raise SqlServerError(262, f"DROP DATABASE permission denied in database '{name}'.", severity=14)
    if session.transaction_count:
        raise SqlServerError(226, "DROP DATABASE statement not allowed within multi-statement transaction.")
    database = session.server.database(name)
    if database.is_system:
        raise SqlServerError(3708, f"Cannot drop the database '{name}' because it is a system database.")
    if session.server.sessions_using(database):
        raise SqlServerError(3702, f'Cannot drop database "{name}" because it is currently in use.')
    session.server.drop_database(database)
