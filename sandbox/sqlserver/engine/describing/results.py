"""sp_describe_first_result_set: the columns of the first result that a batch would give.

Columns of the answer: Microsoft's page on the procedure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from sandbox.sqlserver.engine import script
from sandbox.sqlserver.engine.batch import parse_batch
from sandbox.sqlserver.engine.bound import Bound, not_modelled
from sandbox.sqlserver.engine.dialect import parse_statement
from sandbox.sqlserver.engine.dml_text import prepare
from sandbox.sqlserver.engine.model import DEFAULT_COLLATION
from sandbox.sqlserver.engine.rowsets import rows_as
from sandbox.sqlserver.engine.type_facts import type_facts
from sandbox.sqlserver.engine.types import BIT, FIXED, SYSNAME, TEXT
from sandbox.sqlserver.results import Column, Result, SqlType

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session

_INT, _SMALLINT, _TINYINT = FIXED["int"], FIXED["smallint"], FIXED["tinyint"]
_COLUMNS = (
    Column("is_hidden", BIT, nullable=False),
    Column("column_ordinal", _INT, nullable=False),
    Column("name", SYSNAME),
    Column("is_nullable", BIT, nullable=False),
    Column("system_type_id", _INT, nullable=False),
    Column("system_type_name", SqlType("nvarchar", length=256)),
    Column("max_length", _SMALLINT, nullable=False),
    *(Column(name, _TINYINT, nullable=False) for name in ("precision", "scale")),
    Column("collation_name", SYSNAME),
    Column("user_type_id", _INT),
    *(Column(f"user_type_{what}", SYSNAME) for what in ("database", "schema", "name")),
    Column("assembly_qualified_type_name", SqlType("nvarchar", length=4000)),
    Column("xml_collection_id", _INT),
    *(Column(f"xml_collection_{what}", SYSNAME) for what in ("database", "schema", "name")),
    *(Column(name, BIT, nullable=False) for name in ("is_xml_document", "is_case_sensitive")),
    Column("is_fixed_length_clr_type", BIT, nullable=False),
    *(Column(f"source_{what}", SYSNAME) for what in ("server", "database", "schema", "table", "column")),
    *(Column(f"is_{what}", BIT) for what in ("identity_column", "part_of_unique_key", "updateable")),
    *(Column(f"is_{what}", BIT) for what in ("computed_column", "sparse_column_set")),
    Column("ordinal_in_order_by_list", _SMALLINT),
    Column("order_by_list_length", _SMALLINT),
    Column("order_by_is_descending", _SMALLINT),
    *(Column(name, _INT, nullable=False) for name in ("tds_type_id", "tds_length")),
    Column("tds_collation_id", _INT),
    Column("tds_collation_sort_id", _TINYINT),
)


def describe_first_result(
    session: Session, text: str, known: dict[str, tuple[SqlType, Any]]
) -> Iterator[Result]:
    """The answer of sp_describe_first_result_set; no row where the batch gives no result."""
    columns = first_columns(session, parse_batch(text), known)
    yield from rows_as(_COLUMNS, [_row(at, column) for at, column in enumerate(columns or (), 1)])


def first_columns(
    session: Session, statements: Sequence[script.Statement], known: dict[str, tuple[SqlType, Any]]
) -> tuple[Bound, ...] | None:
    """The columns of the first query among statements; None without one.

    Raises:
        SqlServerError: whatever binding it raises; 40517 for a batch with procedures or control of flow.
    """
    for statement in statements:
        if isinstance(statement, script.Sql):
            found = query_columns(session, statement.text, known)
            if found is not None:
                return found
        elif isinstance(statement, script.Block):
            found = first_columns(session, statement.body, known)
            if found is not None:
                return found
        elif not isinstance(statement, script.Declare | script.SetOption | script.SetVariable):
            raise not_modelled(f"describing a batch with {type(statement).__name__}")
    return None


def query_columns(
    session: Session, text: str, known: dict[str, tuple[SqlType, Any]]
) -> tuple[Bound, ...] | None:
    """The columns of a query; None for other statements."""
    if text.lstrip("(").split(None, 1)[0].upper() not in ("SELECT", "WITH"):
        return None
    tree = parse_statement(prepare(text).text)
    if not isinstance(tree, exp.Query) or tree.args.get("into") is not None:
        return None
    return session.binder(known).query(tree).columns


def _row(at: int, column: Bound) -> tuple[object, ...]:
    facts = type_facts(column.type)
    is_text = column.type.name in TEXT - {"xml"}
    collation = (column.collation or DEFAULT_COLLATION) if is_text else None
    return (
        *(False, at, column.name or None, column.nullable, facts.system_type_id, facts.name),
        *(facts.max_length, facts.precision, facts.scale, collation),
        *(None,) * 9,
        *(False, False, False),
        *(None,) * 5,
        *(column.identity, None, False, None, False),
        *(None, None, None),
        *(facts.tds_type, facts.tds_length),
        *((13_632_521, 52) if is_text else (None, None)),  # SQL_Latin1_General_CP1_CI_AS in [MS-TDS]
    )
