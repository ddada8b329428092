"""Functions of numbers."""

from __future__ import annotations

import math

from sandbox.sqlserver.engine.bound import Bound, not_modelled
from sandbox.sqlserver.engine.conversion import convert
from sandbox.sqlserver.engine.functions.signature import Function, simple
from sandbox.sqlserver.engine.types import (
    APPROXIMATE,
    FLOAT,
    INT,
    INTEGER,
    NUMERIC,
    TEXT,
    decimal,
    duckdb_type,
)
from sandbox.sqlserver.results import SqlServerError, SqlType


def _number(value: Bound) -> Bound:
    if value.type.name in TEXT | {"null"}:
        return convert(value, FLOAT)
    if value.type.name == "bit":
        return convert(value, INT)
    if value.type.name not in NUMERIC:
        raise SqlServerError(
            8116, f"Argument data type {value.type.name} is invalid for argument 1 of the function."
        )
    return value


def _same(function: str) -> Function:
    def call(value: Bound) -> Bound:
        number = _number(value)
        return number.typed(f"CAST({function}({number.sql}) AS {duckdb_type(number.type)})", number.type)

    return simple(call, 1)


def _whole(function: str) -> Function:
    """CEILING and FLOOR: a decimal keeps its digits and loses its scale."""

    def call(value: Bound) -> Bound:
        number = _number(value)
        kind = number.type
        if kind.name in ("decimal", "numeric"):
            kind = SqlType(kind.name, precision=kind.precision)
        return number.typed(f"CAST({function}({number.sql}) AS {duckdb_type(kind)})", kind)

    return simple(call, 1)


def _float(function: str, check: str = "tsql_finite") -> Function:
    """A function of floats; `check` raises the error of a result that is no number."""

    def call(*values: Bound) -> Bound:
        inner = ", ".join(convert(_number(value), FLOAT).sql for value in values)
        return Bound(f"{check}({function}({inner}))", FLOAT, any(value.nullable for value in values))

    return simple(call, 1)


def _round(value: Bound, digits: Bound, cut: Bound | None = None) -> Bound:
    number = _number(value)
    if cut is not None and not isinstance(cut.constant, int):
        raise not_modelled("ROUND with a third argument that is no constant")
    cuts = cut is not None and cut.constant != 0
    if (
        number.type.name in INTEGER | APPROXIMATE
        and cuts
        and not (isinstance(digits.constant, int) and digits.constant >= 0)
    ):
        raise not_modelled("ROUND that cuts, to negative digits")
    function = "trunc" if cuts else "round"
    if not isinstance(digits.constant, int):
        raise not_modelled("ROUND to a number of digits that is no constant")
    stored = duckdb_type(number.type)
    return number.typed(f"CAST({function}({number.sql}, {digits.constant}) AS {stored})", number.type)


def _power(base: Bound, exponent: Bound) -> Bound:
    number = _number(base)
    sql = f"tsql_finite(pow({convert(number, FLOAT).sql}, {convert(_number(exponent), FLOAT).sql}))"
    kind = number.type
    if kind.name in APPROXIMATE:
        return Bound(sql, FLOAT, True)
    if kind.name in INTEGER:
        sql = f"trunc(round({sql}, 9))"  # 0.5 is 0, and 124.99999999999999 is 125
    elif kind.name in ("decimal", "numeric"):
        kind = decimal(38, kind.scale)
    return Bound(f"CAST({sql} AS {duckdb_type(kind)})", kind, True)


def _sign(value: Bound) -> Bound:
    number = _number(value)
    return number.typed(f"CAST(sign({number.sql}) AS {duckdb_type(number.type)})", number.type)


def _log(value: Bound, base: Bound | None = None) -> Bound:
    top = convert(_number(value), FLOAT)
    if base is None:
        return Bound(f"tsql_in_domain(ln({top.sql}))", FLOAT, value.nullable)
    return Bound(f"tsql_in_domain(ln({top.sql}) / ln({convert(_number(base), FLOAT).sql}))", FLOAT, True)


FUNCTIONS: dict[str, Function] = {
    "ABS": _same("abs"),
    "CEILING": _whole("ceil"),
    "FLOOR": _whole("floor"),
    "ROUND": simple(_round, 2, 3),
    "POWER": simple(_power, 2),
    "SIGN": simple(_sign, 1),
    "SQRT": _float("sqrt", "tsql_in_domain"),
    "EXP": _float("exp"),
    "SIN": _float("sin"),
    "COS": _float("cos"),
    "TAN": _float("tan"),
    "LOG10": _float("log10", "tsql_in_domain"),
    "LOG": simple(_log, 1, 2),
    "PI": simple(lambda: Bound(f"CAST('{math.pi!r}' AS DOUBLE)", FLOAT, nullable=False), 0),
    "SQUARE": simple(
        lambda value: Bound(
            f"tsql_finite(pow({convert(_number(value), FLOAT).sql}, 2))", FLOAT, value.nullable
        ),
        1,
    ),
}
