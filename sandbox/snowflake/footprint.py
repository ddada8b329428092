"""What a statement touches: the tables it reads and writes, and whether it does the same a second time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import Expr, exp

from sandbox.snowflake.history import FUNCTIONS as HISTORIES
from sandbox.snowflake.locks import Key
from sandbox.snowflake.mends.temporary import DATABASE as TEMPORARY

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session

OF_TABLES = ("", "TABLE", "VIEW", "COLUMN")
"""The kinds in DDL whose names are those of tables."""
RANDOM = (exp.Rand, exp.Uuid, exp.Randstr, exp.NextValueFor, exp.TableSample)
RANDOM_NAMES = (
    "RANDOM",
    "UUID_STRING",
    "RANDSTR",
    "UNIFORM",
    "NORMAL",
    "ZIPF",
    "NEXTVAL",
    "RESULT_SCAN",
    *HISTORIES,
)


@dataclass(frozen=True)
class Footprint:
    """The tables of a statement, in upper case; temporary ones are left out, as no other session has them."""

    reads: frozenset[Key] = field(default_factory=frozenset)
    writes: frozenset[Key] = field(default_factory=frozenset)
    is_repeatable: bool = True
    """Whether it gives the same again on the same tables: no random value, next number or history."""


def footprint(expression: Expr, session: Session) -> Footprint:
    """The footprint of a DML statement or a query; a view is a table that it reads."""
    targets = list(_dml_targets(expression))
    own_names = {cte.alias.upper() for cte in expression.find_all(exp.CTE)}
    read = (
        table
        for table in expression.find_all(exp.Table)
        if isinstance(table.this, exp.Identifier)
        and not any(table is target for target in targets)
        and not (table.name.upper() in own_names and not table.db)
    )
    return Footprint(
        reads=_keys(read, session),
        writes=_keys(targets, session),
        is_repeatable=not any(_is_random(node) for node in expression.walk()),
    )


def defined(expression: Expr, session: Session) -> frozenset[Key]:
    """What a DDL statement makes, changes or drops."""
    tables = list(_ddl_targets(expression))
    kind = str(expression.args.get("kind") or "").upper()
    if kind == "DATABASE":
        return frozenset((table.name.upper(),) for table in tables)
    if kind == "SCHEMA":
        return frozenset(
            ((table.catalog or session.database or "").upper(), table.db.upper()) for table in tables
        )
    return _keys(tables, session) if kind in OF_TABLES else frozenset()


def _dml_targets(expression: Expr) -> Iterator[exp.Table]:
    if isinstance(expression, exp.Insert | exp.Update | exp.Delete | exp.Merge | exp.Copy):
        target = expression.this
        if isinstance(target, exp.Schema):
            target = target.this
        if isinstance(target, exp.Table):
            yield target


def _ddl_targets(expression: Expr) -> Iterator[exp.Table]:
    named = [expression.this, *(expression.args.get("tables") or [])]
    if isinstance(expression, exp.TruncateTable):
        named = expression.expressions
    named += [swap.this for swap in expression.find_all(exp.SwapTable)]
    for target in named:
        if isinstance(target, exp.Column) and target.table:  # COMMENT ON COLUMN table.column
            yield exp.Table(this=target.args["table"], db=target.args.get("db"))
        inner = target.this if isinstance(target, exp.Schema) else target
        if isinstance(inner, exp.Table):
            yield inner


def _keys(tables: Iterator[exp.Table] | list[exp.Table], session: Session) -> frozenset[Key]:
    names = (session.name_of(table) for table in tables)
    return frozenset(
        tuple(part.upper() for part in name.parts) for name in names if name.database != TEMPORARY
    )


def _is_random(node: Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        return node.name.upper() in RANDOM_NAMES
    if isinstance(node, exp.Column):
        return node.name.upper() == "NEXTVAL"
    return isinstance(node, RANDOM)
