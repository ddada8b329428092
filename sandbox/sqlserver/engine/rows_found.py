"""The rows that an UPDATE or DELETE means: its target, its FROM, its WHERE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from sandbox.sqlserver.engine import queries, sources
from sandbox.sqlserver.engine.bound import Scope, not_modelled, quote
from sandbox.sqlserver.engine.dialect import parse_expression
from sandbox.sqlserver.engine.dml_text import Prepared
from sandbox.sqlserver.engine.model import ROW_ID
from sandbox.sqlserver.engine.names import parts_of
from sandbox.sqlserver.engine.targets import Target, open_target
from sandbox.sqlserver.results import SqlServerError, SqlType

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.binder import Binder
    from sandbox.sqlserver.engine.session import Session


@dataclass(frozen=True)
class FoundRows:
    """Where the rows are found: names resolve in `scope`, the target's columns under `alias`."""

    target: Target
    binder: Binder
    scope: Scope
    alias: str
    prefix: str
    tail: str
    is_joined: bool
    limit: str

    @property
    def is_repeatable(self) -> bool:
        """Whether an expression over the target's alias alone gives the same value again."""
        return not self.is_joined and not self.prefix

    def select(self, items: str) -> str:
        """A query of the target's rows; one that several rows of FROM match is taken once."""
        once = (
            f" QUALIFY row_number() OVER (PARTITION BY {quote(self.alias)}.{ROW_ID}) = 1"
            if self.is_joined
            else ""
        )
        return f"{self.prefix}SELECT {items}{self.tail}{once}{self.limit}"


def found_rows(
    session: Session,
    known: dict[str, tuple[SqlType, Any]],
    tree: exp.Expr,
    prepared: Prepared,
    permission: str,
) -> FoundRows:
    """Bind the target, FROM and WHERE of an UPDATE or DELETE."""
    named, first, joins = _parts(tree)
    source = _target_in(first, joins, named)
    target = open_target(session, parts_of(source if source is not None else named), permission, known)
    binder = session.binder(known, written=target.table.object_id)
    scope = Scope()
    prefix = ""
    with_clause = tree.args.get("with_")
    if with_clause is not None:
        prefix = queries.bind_ctes(binder, with_clause, scope)
    if source is None:
        alias = named.alias or parts_of(named)[-1]
        tail = sources.bind_tables(binder, named, [], scope)
        if first is not None:
            tail += ", " + sources.bind_tables(binder, first, joins, scope)
    else:
        alias = source.alias or parts_of(source)[-1]
        tail = sources.bind_tables(binder, first if first is not None else source, joins, scope)
    where = tree.args.get("where")
    if where is not None:
        tail += f" WHERE {binder.condition(where.this, scope)}"
    limit = "" if prepared.top is None else f" LIMIT {binder.expression(parse_expression(prepared.top)).sql}"
    return FoundRows(target, binder, scope, alias, prefix, f" FROM {tail}", len(scope.sources) > 1, limit)


def _parts(tree: exp.Expr) -> tuple[exp.Table, exp.Expr | None, list[exp.Join]]:
    """(the table after UPDATE or DELETE, the first table of FROM, the joins after it)."""
    if isinstance(tree, exp.Update):
        clause = tree.args.get("from_")
        named = tree.this
        first, joins = (None, []) if clause is None else (clause.this, clause.args.get("joins") or [])
    else:
        tables = tree.args.get("tables") or []
        if len(tables) > 1 or tree.args.get("using"):
            raise not_modelled("DELETE of several tables")
        named, first = (tables[0], tree.this or None) if tables else (tree.this, None)
        joins = []
    if not isinstance(named, exp.Table):
        raise not_modelled("UPDATE or DELETE of anything but a table")
    return named, first, joins


def _target_in(first: exp.Expr | None, joins: list[exp.Join], named: exp.Table) -> exp.Table | None:
    """The table of FROM that the target's name or alias means."""
    if first is None:
        return None
    wanted = parts_of(named)
    tables = [first, *(join.this for join in [*(first.args.get("joins") or []), *joins])]
    found = []
    for table in tables:
        if not isinstance(table, exp.Table):
            continue
        if len(wanted) == 1 and table.alias and table.alias.lower() == wanted[0].lower():
            return table
        if isinstance(table.this, exp.Identifier) and _same_name(parts_of(table), wanted):
            found.append(table)
    if len(found) > 1:
        raise SqlServerError(8154, f"The table '{wanted[-1]}' is ambiguous.")
    return found[0] if found else None


def _same_name(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    def whole(parts: tuple[str, ...]) -> tuple[str, str]:
        schema = parts[-2] if len(parts) > 1 and parts[-2] else "dbo"
        return schema.lower(), parts[-1].lower()

    return whole(a) == whole(b)
