"""SQL_VARIANT_PROPERTY, and which other functions take a sql_variant."""

from __future__ import annotations

from sandbox.sqlserver.engine.bound import Bound
from sandbox.sqlserver.engine.conversion import convert, require_implicit
from sandbox.sqlserver.engine.functions.signature import Function, simple
from sandbox.sqlserver.engine.types import SYSNAME, VARIANT
from sandbox.sqlserver.results import SqlServerError

_TAKE_IT = {
    "COALESCE",
    "ISNULL",
    "NULLIF",
    "CHOOSE",
    "GREATEST",
    "LEAST",
    "SQL_VARIANT_PROPERTY",
    "DATALENGTH",
}


def check_arguments(name: str, arguments: list[Bound]) -> None:
    """Raises SqlServerError 8116 where a function would have to convert a sql_variant by itself."""
    for at, argument in enumerate(arguments, 1):
        if argument.type.name == "sql_variant" and name not in _TAKE_IT:
            raise SqlServerError(
                8116,
                f"Argument data type sql_variant is invalid for argument {at} of {name.lower()} function.",
            )


def _property(value: Bound, name: Bound) -> Bound:
    require_implicit(value, VARIANT)
    variant, wanted = convert(value, VARIANT), convert(name, SYSNAME)
    return Bound(f"tsql_variant_property({variant.sql}, {wanted.sql})", VARIANT)


FUNCTIONS: dict[str, Function] = {"SQL_VARIANT_PROPERTY": simple(_property, 2)}
