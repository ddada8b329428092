"""The words of SHOW: [TERSE] objects [LIKE] [IN scope] [STARTS WITH] [LIMIT … FROM]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.snowflake.errors import unsupported
from sandbox.snowflake.words import Words

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session


@dataclass(frozen=True)
class Show:
    """One SHOW statement. A scope that is None is not limited."""

    kind: str
    terse: bool
    database: str | None
    schema: str | None
    table: str | None
    like: str | None
    starts_with: str | None
    limit: int | None
    after: str | None

    @classmethod
    def of(cls, kind: str, sql: str, session: Session) -> Show:
        """Read the statement; what it does not name is the session's current database and schema.

        Raises:
            ProgrammingError: 0A000, it has a clause that is not known here.
        """
        words = Words(sql)
        words.take("SHOW")
        terse = words.take("TERSE")
        words.skip_to(*kind.split())
        words.take("HISTORY")
        like = words.literal() if words.take("LIKE") else None
        database, schema, table = _scope(words, kind, session)
        like = words.literal() if words.take("LIKE") else like
        starts_with = words.literal() if words.take("STARTS", "WITH") else None
        limit = int(words.literal()) if words.take("LIMIT") else None
        after = words.literal() if words.take("FROM") else None
        words.take(";")
        if words:
            raise unsupported(f"SHOW {kind} … {' '.join(words.rest())}")
        return cls(kind, terse, database, schema, table, like, starts_with, limit, after)


def _scope(words: Words, kind: str, session: Session) -> tuple[str | None, str | None, str | None]:
    """Database, schema and table to which it is limited."""
    current = session.database, session.schema
    if not words.take("IN"):
        return (*current, None) if session.database else (None, None, None)
    if words.take("ACCOUNT"):
        return None, None, None
    if words.take("DATABASE"):
        return ".".join(words.name()) or session.database, None, None
    if words.take("TABLE") or words.take("VIEW"):
        return _complete(words.name(), current)
    if words.take("SCHEMA"):
        parts = words.name()
        if not parts:
            return *current, None
        return parts[-2] if len(parts) > 1 else session.database, parts[-1], None
    parts = words.name()
    if kind in ("COLUMNS", "PRIMARY KEYS", "UNIQUE KEYS", "IMPORTED KEYS", "EXPORTED KEYS"):
        return _complete(parts, current)
    if kind == "SCHEMAS":
        return parts[0], None, None
    return parts[-2] if len(parts) > 1 else session.database, parts[-1], None


def _complete(parts: list[str], current: tuple[str | None, str | None]) -> tuple[str | None, str | None, str]:
    database, schema = current
    return (
        parts[-3] if len(parts) > 2 else database,
        parts[-2] if len(parts) > 1 else schema,
        parts[-1],
    )
