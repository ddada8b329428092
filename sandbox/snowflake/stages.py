"""Internal stages: what REMOVE and DROP STAGE do to their files."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from fakesnow.transforms import stage
from sqlglot import Expr

from sandbox.snowflake.names import Name
from sandbox.snowflake.session import Session

REFERENCE = re.compile(
    r"""^(?P<quote>')?@(?P<path>.*?)(?(quote)')(\s+PATTERN.*)?$""", re.IGNORECASE | re.DOTALL
)
FORGET = """
DELETE FROM _fs_global._fs_information_schema._fs_stages
WHERE database_name = ? AND schema_name = ? AND name = ?
"""
FORGET_FORMAT = """
DELETE FROM _fs_global._fs_information_schema._fs_file_formats
WHERE database_name = ? AND schema_name = ? AND name = ?
"""
KNOWN = """
SELECT 1 FROM _fs_global._fs_information_schema._fs_stages
WHERE database_name = ? AND schema_name = ? AND name = ?
"""


def files_below(command: Expr, session: Session) -> list[tuple[str, Path]]:
    """The files that `REMOVE @stage/path` names: as LIST shows them, and where they are."""
    given = command.args["expression"]
    text = str(given if isinstance(given, str) else given.name)
    found = REFERENCE.match(text.strip())
    reference = found["path"] if found else text
    var, _, below = reference.partition("/")
    database, schema, name = stage.parts_from_var(var, session.database, session.schema)
    if not stage.is_table_stage(name) and not exists(Name(database, schema, name), session):
        raise stage.not_found_error(f"{database}.{schema}.{name}")
    root = Path(stage.internal_dir(f"{database}.{schema}.{name}"))
    files = sorted(file for file in root.rglob("*") if file.is_file())
    return [
        (stage.internal_file_name(str(file)), file)
        for file in files
        if str(file.relative_to(root)).startswith(below)
    ]


def exists(name: Name, session: Session) -> bool:
    """Whether a named stage is there."""
    return session._duck_conn.execute(KNOWN, list(name.parts)).fetchone() is not None


def drop(name: Name, session: Session) -> None:
    """Forget a named stage and delete its files."""
    session._duck_conn.execute(FORGET, list(name.parts))
    shutil.rmtree(stage.internal_dir(str(name)), ignore_errors=True)


def drop_file_format(name: Name, session: Session) -> None:
    """Forget a file format."""
    session._duck_conn.execute(FORGET_FORMAT, list(name.parts))


def remove(command: Expr, session: Session) -> list[str]:
    """Delete the files that REMOVE names; returns them as LIST shows them."""
    files = files_below(command, session)
    for _, file in files:
        file.unlink()
    return [name for name, _ in files]
