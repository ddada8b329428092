"""CAST, CONVERT and the implicit conversions between SQL Server's types, as DuckDB expressions."""

from __future__ import annotations

from sandbox.sqlserver.engine.bound import Bound, null
from sandbox.sqlserver.engine.conversion.binaries import to_binary, to_guid
from sandbox.sqlserver.engine.conversion.errors import fail
from sandbox.sqlserver.engine.conversion.moments import to_moment
from sandbox.sqlserver.engine.conversion.numbers import to_number
from sandbox.sqlserver.engine.conversion.precedence import common_type
from sandbox.sqlserver.engine.conversion.texts import to_text
from sandbox.sqlserver.engine.conversion.variants import from_variant, to_variant
from sandbox.sqlserver.engine.types import APPROXIMATE, BINARY, NUMERIC, TEMPORAL, TEXT, display
from sandbox.sqlserver.results import SqlServerError, SqlType
from sandbox.sqlserver.variants import may_hold

__all__ = ["common_type", "convert", "fail", "implicit", "require_implicit", "to_common"]


def convert(
    value: Bound, target: SqlType, style: int | None = None, *, safe: bool = False, fit: bool = True
) -> Bound:
    """Convert to a type; `safe` gives NULL for an error (TRY_CAST).

    Without `fit` overlong text and binary are left whole: DML checks lengths itself, to raise 2628.
    """
    source = value.type
    if source == target and style is None:
        return value
    if source.name == "null" or (value.is_constant and value.constant is None):
        return Bound(null(target).sql, target, name=value.name, constant=None)
    if "sql_variant" in (source.name, target.name):
        return _of_variant(value, target, style, safe=safe, fit=fit)
    if target.name in TEXT:
        return to_text(value, target, style, safe=safe, fit=fit)
    if target.name in BINARY:
        return to_binary(value, target, style, safe=safe, fit=fit)
    if target.name in TEMPORAL:
        return to_moment(value, target, style, safe=safe)
    if target.name == "uniqueidentifier":
        return to_guid(value, target, safe=safe)
    return to_number(value, target, safe=safe)


def _of_variant(value: Bound, target: SqlType, style: int | None, *, safe: bool, fit: bool) -> Bound:
    """Into a sql_variant, or out of one: from the base type that each of its values has."""
    if target.name == "sql_variant":
        return to_variant(value)

    def from_base(base: Bound, kind: SqlType) -> Bound:
        return convert(base, kind, style, safe=safe, fit=fit)

    return from_variant(value, target, from_base, safe=safe)


def to_common(values: list[Bound]) -> tuple[list[Bound], SqlType]:
    """All values converted to their common type."""
    target = common_type([value.type for value in values])
    return [convert(value, target) if target.name != "null" else value for value in values], target


def implicit(value: Bound, target: SqlType) -> Bound:
    """The conversion that an INSERT or UPDATE makes. Raises SqlServerError 257: see `require_implicit`."""
    require_implicit(value, target)
    return convert(value, target, fit=False)


def require_implicit(value: Bound, target: SqlType) -> None:
    """[Microsoft: "Data type conversion", its chart.]

    Raises:
        SqlServerError: 257 where SQL Server wants CONVERT, 206 a type that a sql_variant cannot hold.
    """
    source = value.type.name
    if target.name == "sql_variant" and source not in ("null", "sql_variant") and not may_hold(value.type):
        told = f"Operand type clash: {display(value.type)} is incompatible with sql_variant"
        raise SqlServerError(206, told)
    forbidden = (
        (source in TEXT and target.name in BINARY)
        or (source in TEMPORAL and target.name in NUMERIC)
        or (source == "uniqueidentifier" and target.name in NUMERIC | TEMPORAL)
        or (source in BINARY and target.name in TEMPORAL | APPROXIMATE)
        or (source in NUMERIC and target.name == "uniqueidentifier")
        or (source == "sql_variant" and target.name != "sql_variant")
    )
    if forbidden and value.constant is not None:
        raise SqlServerError(
            257,
            f"Implicit conversion from data type {source} to {display(target)} is not allowed. "
            "Use the CONVERT function to run this query.",
        )
