"""One query, DML or DDL statement: what it is, and who runs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from sandbox.sqlserver.engine import backups, ddl, deletes, inserts, select_into, updates
from sandbox.sqlserver.engine.assignments import assign, assigned_variable, assignments_only
from sandbox.sqlserver.engine.bound import not_modelled
from sandbox.sqlserver.engine.describing.results import query_columns
from sandbox.sqlserver.engine.dialect import parse_statement
from sandbox.sqlserver.engine.dml_text import prepare
from sandbox.sqlserver.engine.lexer import first_word
from sandbox.sqlserver.engine.security.grants import run_grant
from sandbox.sqlserver.engine.selects import stream
from sandbox.sqlserver.results import Done, Result, ResultSet, SqlType

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session

SELECT = 0xC1
"""[MS-TDS] DONE CurCmd."""
_DDL = {"CREATE", "ALTER", "DROP", "TRUNCATE"}


def run_sql(session: Session, known: dict[str, tuple[SqlType, Any]], text: str) -> Iterator[Result]:
    """Run a query, DML or DDL statement and end it: outside of a transaction it commits."""
    session.server.faults.before_statement(session.login, session.id, text)
    if session.state.format_only:
        yield from _format(session, known, text)
        return
    first = first_word(text)
    if first in ("BACKUP", "RESTORE"):
        yield from backups.run(session, text)
        return
    if first in _DDL:
        yield from session.begin_implicit()
        yield from ddl.run_ddl(session, text)
        session.end_statement()
        return
    if first in ("GRANT", "DENY", "REVOKE"):
        yield from session.begin_implicit()
        run_grant(session, text)
        yield Done(None)
        session.end_statement()
        return
    if first in ("DBCC", "KILL", "CHECKPOINT", "GOTO"):
        raise not_modelled(first)
    yield from _run_parsed(session, known, text)
    session.end_statement()


def _run_parsed(session: Session, known: dict[str, tuple[SqlType, Any]], text: str) -> Iterator[Result]:
    """What sqlglot parses: queries and DML."""
    prepared = prepare(text)
    tree = parse_statement(prepared.text)
    if isinstance(tree, exp.Query) and tree.args.get("into") is None:
        if tree.find(exp.Table) is not None:
            yield from session.begin_implicit()
        yield from _query(session, known, tree)
        return
    yield from session.begin_implicit()
    if isinstance(tree, exp.Insert):
        yield from inserts.run_insert(session, known, tree, prepared)
    elif isinstance(tree, exp.Update):
        yield from updates.run_update(session, known, tree, prepared)
    elif isinstance(tree, exp.Delete):
        yield from deletes.run_delete(session, known, tree, prepared)
    elif isinstance(tree, exp.Select):
        yield from select_into.run_select_into(session, known, tree)
    else:
        raise not_modelled(f"{first_word(text)} statements")


def _format(session: Session, known: dict[str, tuple[SqlType, Any]], text: str) -> Iterator[Result]:
    """SET FMTONLY ON: the columns of a query without its rows; other statements do nothing."""
    columns = query_columns(session, text, known)
    if columns is not None:
        yield ResultSet(tuple(column.column() for column in columns), iter(()))
        yield session.done(0, SELECT)
    else:
        yield session.done(None, 0)


def _query(session: Session, known: dict[str, tuple[SqlType, Any]], tree: exp.Expr) -> Iterator[Result]:
    if isinstance(tree, exp.Select) and any(assigned_variable(item) for item in tree.expressions):
        session.state.row_count = assign(session, known, tree, [*assignments_only(tree.expressions)])
        yield session.done(session.state.row_count, SELECT)
        return
    query = session.binder(known).query(tree)
    rows = [0]

    def count(number: int) -> None:
        rows[0] += number

    yield from stream(session.connection, query, count)
    yield session.done(rows[0], SELECT)
