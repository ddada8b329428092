"""What all statements that change principals or permissions do alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.sqlserver.engine.catalog import Catalog
from sandbox.sqlserver.engine.work import Work
from sandbox.sqlserver.results import SqlServerError

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session


def begin(session: Session, database: str) -> Work:
    """Become the writer of a database; logins are written in master."""
    return session.begin_write(session.server.database(database).name)


def reload(session: Session, database: str) -> None:
    """The transaction sees its own change; others see it after the commit."""
    session.ensure_work().catalog = Catalog(session.connection, session.server.database(database).name)


def cannot(verb: str, kind: str, name: str) -> SqlServerError:
    """Error 15151."""
    return SqlServerError(
        15151, f"Cannot {verb} the {kind} '{name}', because it does not exist or you do not have permission."
    )
