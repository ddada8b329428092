"""Arithmetic and comparison with SQL Server's result types, errors and collation."""

from __future__ import annotations

from sandbox.sqlserver.engine import literals
from sandbox.sqlserver.engine.bound import Bound, not_modelled, quote, string
from sandbox.sqlserver.engine.conversion import common_type, convert, fail, require_implicit
from sandbox.sqlserver.engine.temporal import OFFSET, PRECISE, is_ticks
from sandbox.sqlserver.engine.types import (
    APPROXIMATE,
    BINARY,
    BIT,
    EXACT,
    FIXED,
    FLOAT,
    INSTANT,
    INT,
    INTEGER,
    LOB,
    MAX,
    NUMERIC,
    TEMPORAL,
    TEXT,
    UNICODE,
    UTF8_COLLATION,
    VARIANT,
    as_decimal,
    decimal,
    duckdb_type,
)
from sandbox.sqlserver.results import SqlServerError, SqlType

__all__ = ["arithmetic", "collated", "compare", "concatenate", "order_key", "quote"]
_DIVIDE = "Divide by zero error encountered."
_SYMBOL = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "modulo"}


def is_binary_collation(collation: str | None) -> bool:
    """Whether texts compare by code point (`…_BIN`, `…_BIN2`)."""
    return collation is not None and collation.upper().removesuffix(UTF8_COLLATION).endswith(
        ("_BIN", "_BIN2")
    )


def collated(value: Bound, collation: str | None = None) -> str:
    """A text as the default collation compares it: any letter case, trailing blanks ignored."""
    collation = collation or value.collation
    if isinstance(value.constant, str):
        text = value.constant.rstrip(" ")
        if is_binary_collation(collation) or (collation and "_CS" in collation.upper()):
            return string(text)
        return f"lower({string(text)})"
    if is_binary_collation(collation) or (collation and "_CS" in collation.upper()):
        return f"rtrim({value.sql}, ' ')"
    return f"lower(rtrim({value.sql}, ' '))"


def order_key(value: Bound) -> str:
    """What ORDER BY, GROUP BY and DISTINCT compare instead of the value itself."""
    if value.type.name in TEXT:
        if value.type.name in LOB:
            raise SqlServerError(
                306,
                "The text, ntext, and image data types cannot be compared or sorted, except when using "
                "IS NULL or LIKE operator.",
            )
        return collated(value)
    if value.type.name == "datetimeoffset":
        return f"({value.sql}).utc"
    return f"tsql_variant_key({value.sql})" if value.type.name == "sql_variant" else value.sql


def compare(left: Bound, operator: str, right: Bound) -> str:
    """A comparison as a DuckDB condition. `operator` is one of = <> < <= > >=.

    Raises:
        SqlServerError: 402 the types cannot be compared.
    """
    if left.type.name == "null" or right.type.name == "null":
        return "CAST(NULL AS BOOLEAN)"
    if left.type.name in LOB - {"xml"} or right.type.name in LOB - {"xml"}:
        raise SqlServerError(
            402,
            f"The data types {left.type.name} and {right.type.name} are incompatible in the "
            "comparison operator.",
        )
    if "sql_variant" in (left.type.name, right.type.name):
        return f"({order_key(convert(left, VARIANT))} {operator} {order_key(convert(right, VARIANT))})"
    if left.type.name in TEXT and right.type.name in TEXT:
        collation = _agree(left, right)
        return f"({collated(left, collation)} {operator} {collated(right, collation)})"
    if left.type.name in BINARY and right.type.name in BINARY:
        return _compare_binary(left, operator, right)
    if left.type.name in NUMERIC and right.type.name in NUMERIC:
        return _compare_numbers(left, operator, right)
    return _compare_moments(left, operator, right)


def _compare_moments(left: Bound, operator: str, right: Bound) -> str:
    """Two moments, or whatever else compares as DuckDB does once both have one type."""
    names = {left.type.name, right.type.name}
    target = common_type([left.type, right.type])
    if target.name in TEMPORAL and not names <= TEMPORAL | TEXT:
        raise not_modelled(f"comparison of {left.type.name} with {right.type.name}")
    if target.name == "datetimeoffset":
        target = OFFSET
    elif target.name in ("datetime2", "time") and names & TEXT:
        target = SqlType(target.name, scale=_digits(target, left, right))
    if not names <= INSTANT:
        left, right = convert(left, target), convert(right, target)
    left, right = _alike(left, right), _alike(right, left)
    return f"({order_key(left)} {operator} {order_key(right)})"


def _digits(target: SqlType, *values: Bound) -> int:
    """The scale at which a text compares with a moment: six where it has no more digits, as most have."""
    texts = [value.constant for value in values if value.type.name in TEXT]
    short = all(isinstance(text, str) and literals.read_moment(text, PRECISE)[0] % 10 == 0 for text in texts)
    return 6 if short and target.scale < 7 else 7


def _alike(value: Bound, other: Bound) -> Bound:
    """A moment that DuckDB can compare with another: in ticks, if one of them is."""
    return convert(value, PRECISE) if is_ticks(other.type) else value


def _agree(left: Bound, right: Bound) -> str | None:
    if left.collation and right.collation and left.collation.lower() != right.collation.lower():
        raise SqlServerError(
            468,
            f'Cannot resolve the collation conflict between "{left.collation}" and "{right.collation}" '
            "in the equal to operation.",
        )
    return left.collation or right.collation


def _compare_binary(left: Bound, operator: str, right: Bound) -> str:
    """Bytes compare as if the shorter were padded with zeros."""
    if left.type.name == right.type.name == "binary" and left.type.length == right.type.length:
        return f"({left.sql} {operator} {right.sql})"
    sides = []
    for value, other in ((left, right), (right, left)):
        constant = value.constant
        sides.append(
            isinstance(constant, bytes) and other.type.name == "binary" and len(constant) == other.type.length
        )
    if any(sides):
        return f"({left.sql} {operator} {right.sql})"
    trimmed = [f"regexp_replace(hex({value.sql}), '(00)+$', '')" for value in (left, right)]
    return f"({trimmed[0]} {operator} {trimmed[1]})"


def _compare_numbers(left: Bound, operator: str, right: Bound) -> str:
    if left.type.name == "bit" or right.type.name == "bit":
        sides = [
            f"CAST({side.sql} AS TINYINT)" if side.type.name == "bit" else side.sql for side in (left, right)
        ]
        if left.type == right.type:
            sides = [left.sql, right.sql]
        return f"({sides[0]} {operator} {sides[1]})"
    if {left.type.name, right.type.name} & APPROXIMATE:
        left, right = (
            convert(side, FLOAT) if side.type.name not in APPROXIMATE else side for side in (left, right)
        )
    return f"({left.sql} {operator} {right.sql})"


def arithmetic(left: Bound, operator: str, right: Bound) -> Bound:
    """`left operator right` for + - * / %.

    Raises:
        SqlServerError: 402, 8117 for types that have no such operator.
    """
    if operator == "+" and left.type.name in TEXT | {"null"} and right.type.name in TEXT | {"null"}:
        return concatenate(left, right)
    if operator == "+" and left.type.name in BINARY and right.type.name in BINARY:
        return _joined(left, right, "varbinary", 8000)
    _require_operator(left, operator, right)
    left, right = _numbers(left, operator, right)
    names = {left.type.name, right.type.name}
    nullable = left.nullable or right.nullable
    if names & APPROXIMATE:
        result = FLOAT if "float" in names else FIXED["real"]
        if operator == "%":
            raise SqlServerError(
                402, "The data types float and float are incompatible in the modulo operator."
            )
        return Bound(_float(left, operator, right, duckdb_type(result)), result, nullable)
    if names & {"money", "smallmoney"} and not names & {"decimal", "numeric"}:
        return _money(left, operator, right, nullable)
    if names <= INTEGER:
        result = common_type([left.type, right.type])
        stored = duckdb_type(result)
        sides = f"CAST({left.sql} AS {stored})", f"CAST({right.sql} AS {stored})"
        sides = tuple(v.sql if v.type == result else s for v, s in zip((left, right), sides, strict=True))  # type: ignore[assignment]
        if operator == "/":
            return Bound(_guarded(f"{sides[0]} // {sides[1]}", right), result, nullable)
        if operator == "%":
            return Bound(_guarded(f"{sides[0]} % {sides[1]}", right), result, nullable)
        return Bound(f"({sides[0]} {operator} {sides[1]})", result, nullable)
    return _decimal(left, operator, right, nullable)


def _require_operator(left: Bound, operator: str, right: Bound) -> None:
    """Two bits have no arithmetic, and a sql_variant has none (seen on SQL Server 2025)."""
    names, word = (left.type.name, right.type.name), _SYMBOL[operator]
    if names == ("bit", "bit") and operator in "*/":
        raise SqlServerError(8117, f"Operand data type bit is invalid for {word} operator.")
    others = {*names} - {"sql_variant"}
    if "sql_variant" in names and others and others <= NUMERIC - {"bit"} and operator != "%":
        require_implicit(left, right.type)
        require_implicit(right, left.type)
    if "sql_variant" in names or names == ("bit", "bit"):
        types = " and ".join(name.replace("null", "NULL") for name in names)
        raise SqlServerError(402, f"The data types {types} are incompatible in the {word} operator.")


def _numbers(left: Bound, operator: str, right: Bound) -> tuple[Bound, Bound]:
    """Both sides as numbers: texts and NULLs follow the other side, bits count as int."""
    sides = []
    for side, other in ((left, right), (right, left)):
        if side.type.name in TEXT | {"null"} and other.type.name in NUMERIC:
            target = other.type if other.type.name != "bit" else INT
            side = convert(side, target)
        elif side.type.name == "null":
            side = convert(side, INT)
        if side.type.name == "bit":
            side = convert(side, INT)
        if side.type.name in TEMPORAL:
            raise not_modelled(f"{_SYMBOL[operator]} on {side.type.name}: use DATEADD or DATEDIFF")
        if side.type.name not in NUMERIC:
            raise SqlServerError(
                8117,
                f"Operand data type {side.type.name} is invalid for {_SYMBOL[operator]} operator.",
            )
        sides.append(side)
    return sides[0], sides[1]


def _guarded(sql: str, divisor: Bound) -> str:
    """A division that raises 8134 where the divisor is zero."""
    if divisor.is_constant and divisor.constant not in (0, None):
        return f"({sql})"
    return f"CASE WHEN {divisor.sql} = 0 THEN {fail(8134, _DIVIDE)} ELSE {sql} END"


def _float(left: Bound, operator: str, right: Bound, stored: str) -> str:
    sql = f"tsql_finite(CAST({left.sql} AS {stored}) {operator} CAST({right.sql} AS {stored}))"
    return _guarded(sql, right) if operator == "/" else sql


def _money(left: Bound, operator: str, right: Bound, nullable: bool) -> Bound:
    result = (
        FIXED["money"]
        if "smallmoney" not in (left.type.name, right.type.name)
        else common_type([left.type, right.type])
    )
    as_type = SqlType("decimal", precision=19, scale=4)
    moved = [
        Bound(
            s.sql,
            SqlType("decimal", precision=s.type.precision, scale=s.type.scale),
            s.nullable,
            constant=s.constant,
        )
        if "money" in s.type.name
        else convert(s, as_type)
        for s in (left, right)
    ]
    value = _decimal(moved[0], operator, moved[1], nullable)
    if operator == "/":  # money division keeps four digits, cut
        return Bound(money(f"trunc({value.sql}, 4)", result), result, nullable)
    return Bound(money(value.sql, result), result, nullable)


def money(sql: str, kind: SqlType) -> str:
    """A number as money or smallmoney: 8115 beyond 64 or 32 bits of 1/10,000."""
    return f"tsql_{kind.name}(CAST({sql} AS {duckdb_type(kind)}))"


def _decimal(left: Bound, operator: str, right: Bound, nullable: bool) -> Bound:
    """[Microsoft: "Precision, scale, and length (Transact-SQL)"]."""
    a, b = _literal_decimal(left), _literal_decimal(right)
    result = decimal_result(a, operator, b)
    stored = duckdb_type(result)
    sides = [
        value.sql
        if value.type.name in ("decimal", "numeric")
        else f"CAST({value.sql} AS {duckdb_type(kind)})"
        for value, kind in ((left, a), (right, b))
    ]
    if operator == "/":
        return Bound(_guarded(_exact_division(sides, a, b, result), right), result, nullable)
    if operator == "%":
        return Bound(_guarded(f"CAST({sides[0]} % {sides[1]} AS {stored})", right), result, nullable)
    return Bound(f"CAST({sides[0]} {operator} {sides[1]} AS {stored})", result, nullable)


def _literal_decimal(value: Bound) -> SqlType:
    """A whole-number literal counts with as many digits as it has."""
    if value.type.name in INTEGER and isinstance(value.constant, int):
        return SqlType("decimal", precision=len(str(abs(value.constant))))
    return as_decimal(value.type)


def decimal_result(a: SqlType, operator: str, b: SqlType) -> SqlType:
    """The decimal type of `a operator b`."""
    if operator in "+-":
        scale = max(a.scale, b.scale)
        return decimal(max(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale)
    if operator == "*":
        return decimal(a.precision + b.precision + 1, a.scale + b.scale)
    if operator == "/":
        scale = max(6, a.scale + b.precision + 1)
        return decimal(a.precision - a.scale + b.scale + scale, scale)
    scale = max(a.scale, b.scale)
    return decimal(min(a.precision - a.scale, b.precision - b.scale) + scale, scale)


def _exact_division(sides: list[str], a: SqlType, b: SqlType, result: SqlType) -> str:
    """Whole-number division of the scaled values: exact, cut at the result's scale."""
    shift = result.scale - a.scale + b.scale
    numerator, denominator = (
        f"CAST({side} * {10**kind.scale} AS HUGEINT)" for side, kind in zip(sides, (a, b), strict=True)
    )
    if shift > 0:
        numerator = f"({numerator} * {10**shift})"
    elif shift < 0:
        denominator = f"({denominator} * {10**-shift})"
    unit = f"0.{'0' * (result.scale - 1)}1" if result.scale else "1"
    return f"CAST(CAST({numerator} // {denominator} AS HUGEINT) * {unit} AS {duckdb_type(result)})"


def concatenate(left: Bound, right: Bound) -> Bound:
    """Text + text: NULL when either is."""
    unicode = {left.type.name, right.type.name} & UNICODE
    return _joined(left, right, "nvarchar" if unicode else "varchar", 4000 if unicode else 8000)


def _joined(left: Bound, right: Bound, name: str, most: int) -> Bound:
    lengths = [side.type.length for side in (left, right)]
    length = MAX if MAX in lengths else min(sum(lengths), most)
    sql = f"({left.sql} || {right.sql})"
    if MAX not in lengths and sum(lengths) > most:
        sql = f"left({sql}, {most})" if name != "varbinary" else f"({sql})[1:{most}]"
    if left.type.name == right.type.name == "null":
        length = 1
    return Bound(
        sql,
        SqlType(name, length=length),
        left.nullable or right.nullable,
        collation=left.collation or right.collation,
    )


def negate(value: Bound) -> Bound:
    """Unary minus."""
    if value.is_constant and isinstance(value.constant, int | float) and not isinstance(value.constant, bool):
        negative = -value.constant
        return literals.literal(negative, value.type)
    if value.is_constant and value.type.name in ("decimal", "numeric") and value.constant is not None:
        return literals.literal(value.constant.copy_negate(), value.type)  # `-` rounds to 28 digits
    if value.type.name not in EXACT | APPROXIMATE - {"bit"}:
        raise SqlServerError(8117, f"Operand data type {value.type.name} is invalid for minus operator.")
    if value.type.name == "tinyint":
        return Bound(f"(-CAST({value.sql} AS SMALLINT))", FIXED["smallint"], value.nullable)
    return Bound(f"(-{value.sql})", value.type, value.nullable)


def bitwise(left: Bound, operator: str, right: Bound) -> Bound:
    """& | ^ on whole numbers and bits."""
    if not {left.type.name, right.type.name} <= INTEGER | {"bit", "null"}:
        raise not_modelled(f"operator {operator} on {left.type.name} and {right.type.name}")
    if left.type == right.type == BIT:
        left, right = convert(left, INT), convert(right, INT)
        return convert(bitwise(left, operator, right), BIT)
    result = common_type([left.type, right.type])
    left, right = convert(left, result), convert(right, result)
    sql = f"xor({left.sql}, {right.sql})" if operator == "^" else f"({left.sql} {operator} {right.sql})"
    return Bound(sql, result, left.nullable or right.nullable)
