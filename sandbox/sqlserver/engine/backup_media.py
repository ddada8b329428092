"""Backups as files: a copy of the database's file, with what it is a backup of written behind it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox.sqlserver.results import SqlServerError

_MAGIC = b"stand-in backup 1"


@dataclass(frozen=True)
class BackupSet:
    """What a backup file says of itself; `size` counts the bytes of the database's file."""

    database: str
    database_id: int
    backup_set_id: int
    size: int


def backup_file(folder: Path, named: str) -> Path:
    """The file that a client's DISK = N'…' means: inside of the server's backup folder, and nowhere else.

    Raises:
        SqlServerError: 3201 the name leads outside.
    """
    root = (folder / "backup").resolve()
    file = (root / named.replace("\\", "/")).resolve()
    if root not in file.parents:
        raise SqlServerError(
            3201, f"Cannot open backup device '{named}'. Operating system error 5(Access is denied.)."
        )
    return file


def write(source: Path, file: Path, database: str, database_id: int, number: int) -> BackupSet:
    """Copy a database's file; the backup is there whole, or not at all.

    Another process copies: closing the file in this one would give up DuckDB's lock on it (POSIX fcntl).
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.name}.unfinished")
    subprocess.run(["cp", "--", str(source), str(unfinished)], check=True)
    backup_set = BackupSet(database, database_id, number, unfinished.stat().st_size)
    described = json.dumps(asdict(backup_set)).encode()
    with unfinished.open("ab") as out:
        out.write(described + len(described).to_bytes(8, "big") + _MAGIC)
        _sync(out.fileno())
    unfinished.replace(file)
    _sync_folder(file.parent)
    return backup_set


def read(file: Path, named: str) -> BackupSet:
    """What a backup file holds.

    Raises:
        SqlServerError: 3201 no such file, 3241 it is no backup.
    """
    try:
        with file.open("rb") as media:
            end = media.seek(0, os.SEEK_END) - len(_MAGIC) - 8
            media.seek(max(0, end))
            length, magic = int.from_bytes(media.read(8), "big"), media.read()
            if end < 0 or magic != _MAGIC:
                raise _malformed(named)
            media.seek(end - length)
            return BackupSet(**json.loads(media.read(length)))
    except FileNotFoundError:
        raise SqlServerError(
            3201,
            f"Cannot open backup device '{named}'. Operating system error 2(The system cannot find the file "
            "specified.).",
        ) from None


def extract(file: Path, backup_set: BackupSet, target: Path) -> None:
    """Write the database's file out of its backup, down to the disk."""
    with file.open("rb") as media, target.open("wb") as out:
        shutil.copyfileobj(media, out, 1 << 20)
        out.truncate(backup_set.size)
        _sync(out.fileno())


def replace(new: Path, old: Path) -> None:
    """Put one file in the place of another: after a crash it is either of them."""
    new.replace(old)
    _sync_folder(old.parent)


def _sync(descriptor: int) -> None:
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _malformed(named: str) -> SqlServerError:
    return SqlServerError(
        3241,
        f"The media family on device '{named}' is incorrectly formed. SQL Server cannot process "
        "this media family.",
    )
