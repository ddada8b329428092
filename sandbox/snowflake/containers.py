"""Databases and schemas: their comments, retention, managed access and tags are remembered and shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlglot import exp

from sandbox.snowflake.errors import does_not_exist, unsupported
from sandbox.snowflake.inert import SUCCESS, Remembered
from sandbox.snowflake.names import completed
from sandbox.snowflake.options import Options, options
from sandbox.snowflake.tags import known_tags
from sandbox.snowflake.words import Words

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session

CREATES = ("CREATE DATABASE", "CREATE SCHEMA")
ALTERS = ("ALTER DATABASE", "ALTER SCHEMA")
KNOWN = ("COMMENT", "DATA_RETENTION_TIME_IN_DAYS", "MANAGED ACCESS", "MAX_DATA_EXTENSION_TIME_IN_DAYS")
EXISTS = {
    "DATABASE": "SELECT 1 FROM duckdb_databases() WHERE database_name = ?",
    "SCHEMA": "SELECT 1 FROM duckdb_schemas() WHERE database_name || '.' || schema_name = ?",
}


@contextmanager
def remembering(command: str, sql: str, session: Session) -> Iterator[str]:
    """Around CREATE DATABASE or SCHEMA: the statement without its options, which are remembered after it."""
    words = Words(sql)
    kind = command.split()[1]
    head = words.until(kind)
    tolerant = words.take("IF", "NOT", "EXISTS")
    parts = words.name()
    found = _container(kind, parts, session)
    given = options(words)
    if not given or "CLONE" in Words(sql).rest():
        yield sql
        return
    given = _checked(kind, given, session)
    was_there = _is_there(found, session)
    quoted = ".".join(exp.to_identifier(part, quoted=True).sql("snowflake") for part in parts)
    yield f"{head} {kind} {'IF NOT EXISTS ' if tolerant else ''}{quoted}"
    if not was_there:
        found.keep(given, session)


def alter(command: str, sql: str, session: Session) -> str:
    """ALTER DATABASE or SCHEMA: SET, UNSET, ENABLE and DISABLE MANAGED ACCESS; says what was done.

    Raises:
        ProgrammingError: 002003, it is not there; 0A000, another ALTER.
    """
    words = Words(sql)
    kind = command.split()[1]
    words.skip_to(kind)
    tolerant = words.take("IF", "EXISTS")
    found = _container(kind, words.name(), session)
    if not _is_there(found, session):
        if tolerant:
            return SUCCESS
        raise does_not_exist(f"{kind.title()} '{found.name}'")
    known = found.options(session) or {}
    if words.take("SET"):
        known |= _checked(kind, options(words), session)
    elif words.take("UNSET"):
        gone = options(words) if words.take("TAG") else dict.fromkeys(words.rest(), "")
        known = {name: value for name, value in known.items() if name.removeprefix("TAG ") not in gone}
    elif kind == "SCHEMA" and words.take("ENABLE", "MANAGED", "ACCESS"):
        known["MANAGED ACCESS"] = "true"
    elif kind == "SCHEMA" and words.take("DISABLE", "MANAGED", "ACCESS"):
        known.pop("MANAGED ACCESS", None)
    else:
        raise unsupported(f"{command} … {' '.join(words.rest()[:2])}")
    found.keep(known, session)
    return SUCCESS


def _container(kind: str, parts: list[str], session: Session) -> Remembered:
    return Remembered(kind, ".".join(completed(parts, session, 2) if kind == "SCHEMA" else parts))


def _is_there(found: Remembered, session: Session) -> bool:
    return session._duck_conn.execute(EXISTS[found.kind], [found.name]).fetchone() is not None


def _checked(kind: str, given: Options, session: Session) -> Options:
    """The options, tags by their full names.

    Raises:
        ProgrammingError: 002003, a tag is not there; 0A000, an option is not known here.
    """
    for name in given:
        if not name.startswith("TAG ") and name not in KNOWN:
            raise unsupported(f"{kind} … {name}")
    tags = known_tags({n.removeprefix("TAG "): v for n, v in given.items() if n.startswith("TAG ")}, session)
    others = {name: value for name, value in given.items() if not name.startswith("TAG ")}
    return others | {f"TAG {name}": value for name, value in tags.items()}
