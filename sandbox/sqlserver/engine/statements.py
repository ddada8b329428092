"""One query, DML or DDL statement: what it is, and who runs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from sandbox.sqlserver.engine import backups, ddl, deletes, inserts, select_into, updates, variables
from sandbox.sqlserver.engine.bound import BoundQuery, not_modelled, quote
from sandbox.sqlserver.engine.conversion import implicit
from sandbox.sqlserver.engine.describing.results import query_columns
from sandbox.sqlserver.engine.dialect import parse_statement
from sandbox.sqlserver.engine.dml_text import prepare
from sandbox.sqlserver.engine.lexer import first_word
from sandbox.sqlserver.engine.security.grants import run_grant
from sandbox.sqlserver.engine.selects import stream
from sandbox.sqlserver.results import Done, Result, ResultSet, SqlServerError, SqlType

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
    if isinstance(tree, exp.Select):
        assigned = [_assignment(item) for item in tree.expressions]
        if any(assigned):
            yield from _assign(session, known, tree, assigned)
            return
    query = session.binder(known).query(tree)
    rows = [0]

    def count(number: int) -> None:
        rows[0] += number

    yield from stream(session.connection, query, count)
    yield session.done(rows[0], SELECT)


def _assignment(item: exp.Expr) -> str | None:
    """The variable of `@v = expression`."""
    if (
        isinstance(item, exp.EQ)
        and isinstance(item.this, exp.Parameter)
        and isinstance(item.this.this, exp.Var)
    ):
        return str(item.this.this.name).lower()
    return None


def _assign(
    session: Session, known: dict[str, tuple[SqlType, Any]], tree: exp.Select, names: list[str | None]
) -> Iterator[Result]:
    """SELECT @v = …: the last row counts; without a row the variables keep their values."""
    if not all(names):
        raise SqlServerError(
            141,
            "A SELECT statement that assigns a value to a variable must not be combined with data-retrieval "
            "operations.",
            severity=15,
        )
    binder = session.binder(known)
    for item, name in zip(tree.expressions, names, strict=True):
        if name not in known:
            raise SqlServerError(137, f'Must declare the scalar variable "@{name}".', severity=15)
        item.replace(exp.alias_(item.args["expression"].copy(), name))
    query = binder.query(tree)
    targets = [known[str(name)][0] for name in names]
    rows = session.connection.execute(_readable(query, targets)).fetchall()
    for at, name in enumerate(names):
        if rows:
            known[str(name)] = (targets[at], variables.plain(rows[-1][at], targets[at]))
    session.state.row_count = len(rows)
    yield session.done(len(rows), SELECT)


def _readable(query: BoundQuery, targets: list[SqlType]) -> str:
    from sandbox.sqlserver.engine.bound import NOT_CONSTANT, Bound

    items = []
    for name, column, target in zip(query.names, query.columns, targets, strict=True):
        outer = Bound(
            f'"q".{quote(name)}', column.type, constant=None if column.type.name == "null" else NOT_CONSTANT
        )
        value = implicit(outer, target)
        items.append(variables.readable(variables_fit(value, target)))
    return f'SELECT {", ".join(items)} FROM ({query.sql}) AS "q"'


def variables_fit(value: Any, target: SqlType) -> Any:
    """An assignment to a variable cuts what is too long, unlike one to a column."""
    from sandbox.sqlserver.engine.bound import Bound
    from sandbox.sqlserver.engine.types import MAX, TEXT

    if target.name in TEXT and target.length != MAX:
        return Bound(f"left({value.sql}, {target.length})", target)
    return value
