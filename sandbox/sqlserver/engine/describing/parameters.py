"""sp_describe_undeclared_parameters: which types the parameters of a statement should have.

Columns of the answer and the idea (a parameter has the type of what it is assigned to or compared with):
Microsoft's page on the procedure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from sandbox.sqlserver.engine import script
from sandbox.sqlserver.engine.batch import parse_batch
from sandbox.sqlserver.engine.bound import Scope, not_modelled
from sandbox.sqlserver.engine.dialect import parse_statement
from sandbox.sqlserver.engine.dml_text import prepare
from sandbox.sqlserver.engine.names import parts_of
from sandbox.sqlserver.engine.rowsets import rows_as
from sandbox.sqlserver.engine.targets import target_name
from sandbox.sqlserver.engine.type_facts import type_facts
from sandbox.sqlserver.engine.types import BIGINT, BIT, FIXED, SYSNAME, TEXT, UNICODE
from sandbox.sqlserver.results import Column, Result, SqlServerError, SqlType

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.binder import Binder
    from sandbox.sqlserver.engine.session import Session

_INT, _SMALLINT, _TINYINT = FIXED["int"], FIXED["smallint"], FIXED["tinyint"]
_COLUMNS = (
    Column("parameter_ordinal", _INT, nullable=False),
    Column("name", SYSNAME, nullable=False),
    Column("suggested_system_type_id", _INT, nullable=False),
    Column("suggested_system_type_name", SqlType("nvarchar", length=256)),
    Column("suggested_max_length", _SMALLINT, nullable=False),
    *(Column(f"suggested_{name}", _TINYINT, nullable=False) for name in ("precision", "scale")),
    Column("suggested_user_type_id", _INT),
    *(Column(f"suggested_user_type_{what}", SYSNAME) for what in ("database", "schema", "name")),
    Column("suggested_assembly_qualified_type_name", SqlType("nvarchar", length=4000)),
    Column("suggested_xml_collection_id", _INT),
    *(Column(f"suggested_xml_collection_{what}", SYSNAME) for what in ("database", "schema", "name")),
    *(
        Column(f"suggested_is_{what}", BIT, nullable=False)
        for what in ("xml_document", "case_sensitive", "fixed_length_clr_type", "input", "output")
    ),
    Column("formal_parameter_name", SYSNAME),
    *(Column(f"suggested_tds_{what}", _INT, nullable=False) for what in ("type_id", "length")),
)
Types = dict[str, SqlType]


def describe_parameters(
    session: Session, text: str, known: dict[str, tuple[SqlType, Any]]
) -> Iterator[Result]:
    """The answer of sp_describe_undeclared_parameters: a row for each parameter that is not among `known`."""
    found: Types = {}
    for statement in parse_batch(text):
        if not isinstance(statement, script.Sql):
            raise not_modelled(f"describing the parameters of {type(statement).__name__}")
        found |= undeclared(session, statement.text, known)
    yield from rows_as(_COLUMNS, [_row(at, *each) for at, each in enumerate(found.items(), 1)])


def undeclared(session: Session, text: str, known: dict[str, tuple[SqlType, Any]]) -> Types:
    """The type of each undeclared parameter, by name in the order of the text.

    Raises:
        SqlServerError: 11508 one is used twice, 40517 where nothing tells its type.
    """
    tree = parse_statement(prepare(text).text)
    used = [p for p in tree.find_all(exp.Parameter, bfs=False) if _name(p).lower() not in known]
    twice = next((name for name, count in Counter(_name(p).lower() for p in used).items() if count > 1), None)
    if twice is not None:
        raise SqlServerError(
            11508, f"The undeclared parameter '@{twice}' is used more than once in the batch being analyzed."
        )
    binder = session.binder(known)
    scope = Scope([_source(binder, table) for table in tree.find_all(exp.Table) if _is_named(table)])
    assigned = _assigned(session, tree)
    return {_name(p): assigned.get(_name(p)) or _compared(binder, scope, p) for p in used}


def _name(parameter: exp.Parameter) -> str:
    return str(parameter.this.name)


def _is_named(table: exp.Table) -> bool:
    return isinstance(table.this, exp.Identifier)


def _source(binder: Binder, table: exp.Table) -> Any:
    parts = parts_of(table)
    return binder.environment.table(parts, table.alias or parts[-1])[1]


def _assigned(session: Session, tree: exp.Expr) -> Types:
    """Parameters that an INSERT or UPDATE writes into columns."""
    if not isinstance(tree, exp.Insert | exp.Update):
        return {}
    parts = target_name(tree.this)
    database = parts[-3] if len(parts) > 2 and parts[-3] else session.database
    table = session.catalog(database).find(parts[-2] if len(parts) > 1 and parts[-2] else "dbo", parts[-1])
    if table is None:
        return {}
    types = {column.name.lower(): column.type for column in table.columns}
    pairs: list[tuple[exp.Expr, str]] = []
    if isinstance(tree, exp.Update):
        pairs = [(item.expression, item.this.name) for item in tree.expressions if isinstance(item, exp.EQ)]
    else:
        named = [c.name for c in tree.this.expressions] if isinstance(tree.this, exp.Schema) else None
        names = named or [c.name for c in table.columns if not (c.identity or c.computed or c.is_rowversion)]
        rows = tree.expression.expressions if isinstance(tree.expression, exp.Values) else []
        for row in rows:
            pairs += zip(row.expressions if isinstance(row, exp.Tuple) else [row], names, strict=False)
    return {
        _name(value): types[name.lower()]
        for value, name in pairs
        if isinstance(value, exp.Parameter) and name.lower() in types
    }


def _compared(binder: Binder, scope: Scope, parameter: exp.Parameter) -> SqlType:
    """The type of what stands on the other side."""
    parent = parameter.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    if isinstance(parent, exp.Limit | exp.Offset | exp.Fetch):
        return BIGINT
    others = [
        node
        for node in (parent.iter_expressions() if isinstance(parent, exp.Expr) else [])
        if isinstance(node, exp.Column | exp.Literal | exp.Cast | exp.Anonymous)
    ]
    if not others or not isinstance(parent, exp.Binary | exp.Between | exp.In):
        raise not_modelled(f"the type of the parameter @{_name(parameter)}: nothing beside it has one")
    kind = binder.expression(others[0], scope).type
    if isinstance(parent, exp.Like) and kind.name in TEXT:
        return SqlType("nvarchar", length=4000) if kind.name in UNICODE else SqlType("varchar", length=8000)
    return kind


def _row(at: int, name: str, sql_type: SqlType) -> tuple[object, ...]:
    facts = type_facts(sql_type)
    return (
        *(at, f"@{name}", facts.system_type_id, facts.name, facts.max_length, facts.precision, facts.scale),
        *(None,) * 9,
        *(False, False, False, True, False),
        *(None, facts.tds_type, facts.tds_length),
    )
