"""BACKUP DATABASE and RESTORE DATABASE: older states of a database, as files in the server's backup folder.

Rules: Microsoft's pages on BACKUP and RESTORE (Transact-SQL), msdb.dbo.backupset and restorehistory.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.sqlserver.engine import backup_media
from sandbox.sqlserver.engine.bound import not_modelled, quote
from sandbox.sqlserver.engine.ddl_parser import DdlParser
from sandbox.sqlserver.results import Message, Result, SqlServerError

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session

_PAGE = 8192
_FOR_BACKUP = {"INIT", "FORMAT", "COPY_ONLY", "COMPRESSION", "NO_COMPRESSION", "CHECKSUM", "SKIP", "NOSKIP"}
_FOR_BACKUP |= {"STATS", "NAME", "DESCRIPTION", "NOFORMAT", "NOINIT"}
_FOR_RESTORE = {"REPLACE", "RECOVERY", "KEEP_CDC", "STATS", "FILE", "CHECKSUM", "NOUNLOAD"}


@dataclass(frozen=True)
class _Request:
    """BACKUP or RESTORE DATABASE name TO or FROM DISK = device WITH options."""

    database: str
    device: str
    options: dict[str, str | None]


def run(session: Session, text: str) -> Iterator[Result]:
    """Run BACKUP DATABASE or RESTORE DATABASE.

    Raises:
        SqlServerError: 3021 inside of a transaction, 262 and 3110 no permission, 911 no such database,
            3101 and 3102 it is in use, 3159 it would be replaced, 3201 and 3241 the file.
    """
    parser = DdlParser(text)
    verb = parser.take("BACKUP", "RESTORE").key
    if session.transaction_count:
        raise SqlServerError(3021, "Cannot perform a backup or restore operation within a transaction.")
    if not parser.accept("DATABASE"):
        raise not_modelled(f"{verb} {parser.key()}")
    request = _request(parser, verb)
    file = backup_media.backup_file(session.server.folder, request.device)
    yield from _back_up(session, request, file) if verb == "BACKUP" else _restore(session, request, file)


def _request(parser: DdlParser, verb: str) -> _Request:
    database = parser.name()
    parser.take("TO" if verb == "BACKUP" else "FROM")
    if not parser.accept("DISK"):
        raise not_modelled(f"{verb} with a device that is not DISK")
    parser.take("=")
    device = parser.text()
    if parser.key() == ",":
        raise not_modelled(f"{verb} with several devices")
    known = _FOR_BACKUP if verb == "BACKUP" else _FOR_RESTORE
    options: dict[str, str | None] = {}
    if parser.accept("WITH"):
        while True:
            option = parser.take().key
            if option not in known:
                raise not_modelled(f"{verb} … WITH {option}")
            options[option] = parser.take().text if parser.accept("=") else None
            if not parser.accept(","):
                break
    if not parser.is_at_end:
        raise parser.error()
    return _Request(database, device, options)


def _back_up(session: Session, request: _Request, file: Path) -> Iterator[Result]:
    database = session.server.database(request.database)
    session.access(database.name).require_on_database("BACKUP DATABASE")
    if file.exists() and not {"INIT", "FORMAT"} & request.options.keys():
        raise not_modelled("a second backup in one file: use WITH INIT, or another file")
    started = datetime.now()
    number = _next_number(session, "backupset", "backup_set_id")
    size = session.server.back_up(database, file, number, session.is_cancelled).size
    session.connection.cursor().execute(
        "INSERT INTO msdb.dbo.backupset BY NAME SELECT $number AS backup_set_id, $uuid AS backup_set_uuid, "
        "$number AS media_set_id, $name AS name, $user AS user_name, $database AS database_name, "
        "$server AS server_name, 'D' AS type, $started AS backup_start_date, $ended AS backup_finish_date, "
        "$size AS backup_size, $copy AS is_copy_only, 'FULL' AS recovery_model",
        {
            "number": number,
            "uuid": uuid.uuid4(),
            "name": None,
            "user": session.login,
            "database": database.name,
            "server": session.server.name,
            "started": started,
            "ended": datetime.now(),
            "size": size,
            "copy": "COPY_ONLY" in request.options,
        },
    )
    session.connection.cursor().execute(
        "INSERT INTO msdb.dbo.backupmediafamily VALUES (?, 1, ?, 2)", [number, request.device]
    )
    yield _told(3014, "BACKUP", size, started)


def _restore(session: Session, request: _Request, file: Path) -> Iterator[Result]:
    if not session.access("master").allows_on_server("CREATE ANY DATABASE"):
        raise SqlServerError(
            3110, f"User does not have permission to RESTORE database '{request.database}'.", severity=14
        )
    if request.options.get("FILE", "1") != "1":
        raise not_modelled("RESTORE … WITH FILE = more than 1")
    backup_set = backup_media.read(file, request.device)
    started = datetime.now()
    if session.server.has_database(request.database):
        _check_replaceable(session, request)
    if backup_set.database.lower() != request.database.lower():
        raise not_modelled(f"restoring the backup of {backup_set.database} as {request.database}")
    session.server.restore(backup_set, file)
    session.connection.cursor().execute(
        "INSERT INTO msdb.dbo.restorehistory BY NAME SELECT ? AS restore_history_id, ? AS restore_date, "
        "? AS destination_database_name, ? AS user_name, ? AS backup_set_id, 'D' AS restore_type, "
        '? AS "replace", true AS recovery, false AS restart, 1 AS device_count',
        [
            _next_number(session, "restorehistory", "restore_history_id"),
            datetime.now(),
            backup_set.database,
            session.login,
            backup_set.backup_set_id,
            "REPLACE" in request.options,
        ],
    )
    yield _told(3014, "RESTORE", backup_set.size, started)


def _check_replaceable(session: Session, request: _Request) -> None:
    database = session.server.database(request.database)
    if database.name.lower() == session.database.lower():
        raise SqlServerError(
            3102,
            f"RESTORE cannot process database '{database.name}' because it is in use by this session. It is "
            "recommended that the master database be used when performing this operation.",
        )
    if "REPLACE" not in request.options:
        raise SqlServerError(
            3159,
            f'The tail of the log for the database "{database.name}" has not been backed up. Use BACKUP LOG '
            "WITH NORECOVERY to backup the log if it contains work you do not want to lose. Use the WITH "
            "REPLACE or WITH STOPAT clause of the RESTORE statement to just overwrite the contents of the "
            "log.",
        )
    if session.server.sessions_using(database):
        raise SqlServerError(3101, "Exclusive access could not be obtained because the database is in use.")


def _next_number(session: Session, table: str, column: str) -> int:
    row = (
        session.connection.cursor()
        .execute(f"SELECT coalesce(max({quote(column)}), 0) + 1 FROM msdb.dbo.{table}")
        .fetchone()
    )
    return int(row[0]) if row else 1


def _told(number: int, verb: str, size: int, started: datetime) -> Message:
    pages, seconds = -(-size // _PAGE), (datetime.now() - started).total_seconds()
    return Message(
        number,
        f"{verb} DATABASE successfully processed {pages} pages in {seconds:.3f} seconds "
        f"({pages * _PAGE / 1_048_576 / max(seconds, 0.001):.3f} MB/sec).",
    )
