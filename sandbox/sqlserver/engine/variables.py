"""Evaluate T-SQL expressions to values for variables, PRINT and procedure arguments."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.sqlserver.engine.bound import Bound
from sandbox.sqlserver.engine.conversion import convert, require_implicit
from sandbox.sqlserver.engine.dialect import parse_expression
from sandbox.sqlserver.engine.literals import EXACT
from sandbox.sqlserver.engine.types import TEMPORAL
from sandbox.sqlserver.results import SqlType
from sandbox.sqlserver.variants import Variant

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session

_LONG = SqlType("nvarchar", length=100)


def evaluate(
    session: Session, variables: dict[str, tuple[SqlType, Any]], text: str, target: SqlType | None = None
) -> tuple[SqlType, Any]:
    """The type and value of an expression, converted to `target` if given."""
    bound = session.binder(variables).expression(parse_expression(text))
    return compute(session, bound, target)


def compute(session: Session, bound: Bound, target: SqlType | None = None) -> tuple[SqlType, Any]:
    """The type and value of a bound expression."""
    if target is not None:
        require_implicit(bound, target)
    value = convert(bound, target) if target is not None else bound
    if value.is_constant:
        return value.type, value.constant
    return value.type, value_of(session, value)


def value_of(session: Session, bound: Bound) -> Any:
    """Run `SELECT expression`; dates, times and GUIDs come as text."""
    row = session.connection.execute(f"SELECT {readable(bound)}").fetchone()
    return None if row is None else plain(row[0], bound.type)


def readable(bound: Bound) -> str:
    """SQL that gives a value in the form that variables keep."""
    if bound.type.name in TEMPORAL:
        return convert(bound, _LONG, 121).sql
    if bound.type.name == "uniqueidentifier":
        return f"upper(CAST({bound.sql} AS VARCHAR))"
    return bound.sql


def plain(value: Any, sql_type: SqlType) -> Any:
    """A fetched value as variables keep it."""
    if isinstance(value, Decimal) and sql_type.name in ("decimal", "numeric", "money", "smallmoney"):
        unit = Decimal(1).scaleb(-sql_type.scale)
        return value.quantize(unit, context=EXACT) if value.is_finite() else value
    if isinstance(value, dict) and sql_type.name == "sql_variant":
        return Variant.of_fields(value)
    return value
