"""SET: the options that mean something here, and the ones that are accepted at their usual value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sandbox.sqlserver.engine.bound import not_modelled
from sandbox.sqlserver.engine.lexer import unquote
from sandbox.sqlserver.results import Result, SqlServerError

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session

_AS_USUAL = {
    "ARITHABORT": ("ON", "OFF"),
    "ARITHIGNORE": ("OFF",),
    "ANSI_NULLS": ("ON",),
    "ANSI_PADDING": ("ON",),
    "ANSI_WARNINGS": ("ON",),
    "ANSI_NULL_DFLT_ON": ("ON",),
    "ANSI_DEFAULTS": ("ON",),
    "QUOTED_IDENTIFIER": ("ON",),
    "CONCAT_NULL_YIELDS_NULL": ("ON",),
    "NUMERIC_ROUNDABORT": ("OFF",),
    "CURSOR_CLOSE_ON_COMMIT": ("ON", "OFF"),
    "NOEXEC": ("OFF",),
    "PARSEONLY": ("OFF",),
    "NOBROWSETABLE": ("ON", "OFF"),
    "NO_BROWSETABLE": ("ON", "OFF"),
    "ROWCOUNT": ("0",),
    "DATEFIRST": ("7",),
    "DATEFORMAT": ("MDY",),
}
"""Accepted in these values, which are how the stand-in behaves anyway."""
_INERT = {
    "TEXTSIZE",
    "LANGUAGE",
    "DEADLOCK_PRIORITY",
    "CONTEXT_INFO",
    "STATISTICS",
    "QUERY_GOVERNOR_COST_LIMIT",
}


def set_option(session: Session, words: tuple[str, ...]) -> Iterator[Result]:
    """Run `SET words`. Raises SqlServerError for an option or a value that is not modelled."""
    upper = [word.upper() for word in words]
    state = session.state
    last = upper[-1]
    if upper[:3] == ["TRANSACTION", "ISOLATION", "LEVEL"]:
        state.isolation = _isolation(" ".join(upper[3:]))
    elif upper[0] == "LOCK_TIMEOUT":
        state.lock_timeout = int("".join(words[1:]))
    elif upper[0] == "IDENTITY_INSERT":
        _identity_insert(session, words)
    elif upper[0] == "NOCOUNT":
        state.no_count = _switch(last)
    elif upper[0] == "FMTONLY":
        state.format_only = _switch(last)
    elif upper[0] == "XACT_ABORT":
        state.xact_abort = _switch(last)
    elif upper[0] == "IMPLICIT_TRANSACTIONS":
        state.implicit_transactions = _switch(last)
    elif upper[0] not in _INERT:
        _check_usual([word for word in upper if word != ","])
    yield from ()


def _check_usual(words: list[str]) -> None:
    *names, value = words
    for name in names:
        if name not in _AS_USUAL:
            raise not_modelled(f"SET {name}")
        if value not in _AS_USUAL[name]:
            raise not_modelled(f"SET {name} {value}")


def _switch(word: str) -> bool:
    if word not in ("ON", "OFF"):
        raise SqlServerError(102, f"Incorrect syntax near '{word}'.", severity=15)
    return word == "ON"


def _isolation(words: str) -> str:
    levels = {
        "READ UNCOMMITTED": "read committed",
        "READ COMMITTED": "read committed",
        "REPEATABLE READ": "repeatable read",
        "SERIALIZABLE": "serializable",
        "SNAPSHOT": "snapshot",
    }
    if words not in levels:
        raise SqlServerError(102, f"Incorrect syntax near '{words}'.", severity=15)
    return levels[words]


def _identity_insert(session: Session, words: tuple[str, ...]) -> None:
    parts = tuple(unquote(word) for word in words[1:-1] if word != ".")
    database = parts[-3] if len(parts) > 2 else session.database
    table = session.catalog(database).find(parts[-2] if len(parts) > 1 else "dbo", parts[-1])
    if table is None:
        raise SqlServerError(
            1088,
            f'Cannot find the object "{".".join(parts)}" because it does not exist or you do '
            "not have permissions.",
        )
    if table.identity_column is None:
        raise SqlServerError(
            8106,
            f"Table '{'.'.join(parts)}' does not have the identity property. Cannot perform SET operation.",
        )
    current = session.state.identity_insert
    wanted = (database.lower(), table.object_id)
    if _switch(words[-1].upper()):
        if current is not None and current != wanted:
            other = session.catalog(current[0]).by_id(current[1])
            name = other.name if other else "?"
            raise SqlServerError(
                8107,
                f"IDENTITY_INSERT is already ON for table '{name}'. Cannot perform SET operation for table "
                f"'{'.'.join(parts)}'.",
            )
        session.state.identity_insert = wanted
    elif current == wanted:
        session.state.identity_insert = None
