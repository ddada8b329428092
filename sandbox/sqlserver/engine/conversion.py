"""CAST, CONVERT and the implicit conversions between SQL Server's types, as DuckDB expressions."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from sandbox.sqlserver.engine import literals, printing
from sandbox.sqlserver.engine.bound import Bound, not_modelled, null, string
from sandbox.sqlserver.engine.offsets import offset_from_text
from sandbox.sqlserver.engine.types import (
    APPROXIMATE,
    BINARY,
    EXACT,
    INTEGER,
    LOB,
    MAX,
    NUMERIC,
    PRECEDENCE,
    TEMPORAL,
    TEXT,
    UNICODE,
    as_decimal,
    decimal,
    display,
    duckdb_type,
)
from sandbox.sqlserver.results import SqlServerError, SqlType

_NOT_CP1252 = "[^\\x{00}-\\x{7F}\\x{A0}-\\x{FF}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
GUID_ORDER = (4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 11, 12, 13, 14, 15, 16)
"""SQL Server stores the first three groups of a GUID little-endian."""


def fail(number: int, text: str, *, safe: bool = False) -> str:
    """An expression that raises an error when it is evaluated, or gives NULL for a TRY_ conversion."""
    return "NULL" if safe else f"error({string(f'[[{number}]] {text}')})"


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
    if target.name == "sql_variant" or source.name == "sql_variant":
        raise not_modelled("sql_variant")
    if target.name in TEXT:
        return _to_text(value, target, style, safe=safe, fit=fit)
    if target.name in BINARY:
        return _to_binary(value, target, style, safe=safe, fit=fit)
    if target.name in TEMPORAL:
        return _to_temporal(value, target, style, safe=safe)
    if target.name == "uniqueidentifier":
        return _to_guid(value, target, safe=safe)
    if target.name in NUMERIC:
        return _to_number(value, target, safe=safe)
    raise _refused(source, target)


def _refused(source: SqlType, target: SqlType) -> SqlServerError:
    return SqlServerError(
        529,
        f"Explicit conversion from data type {source.name} to {target.name} is not allowed, "
        "or not modelled by the stand-in.",
    )


# --- to text


def _to_text(value: Bound, target: SqlType, style: int | None, *, safe: bool, fit: bool) -> Bound:
    source = value.type
    if source.name in TEXT:
        sql = value.sql
        if source.name in UNICODE and target.name not in UNICODE:
            ascii_only = isinstance(value.constant, str) and value.constant.isascii()
            sql = sql if ascii_only else f"regexp_replace({sql}, {string(_NOT_CP1252)}, '?', 'g')"
        longer = target.length != MAX and (source.length == MAX or source.length > target.length)
        if fit and longer:
            sql = f"left({sql}, {target.length})"
    else:
        sql = printing.text_of(value, style)
        if fit and target.length != MAX and source.name in NUMERIC | {"uniqueidentifier"}:
            message = f"Arithmetic overflow error converting {source.name} to data type {target.name}."
            over = fail(8170 if source.name == "uniqueidentifier" else 8115, message, safe=safe)
            if target.length < printing.widest(source):
                sql = f"CASE WHEN length({sql}) > {target.length} THEN {over} ELSE {sql} END"
        elif fit and target.length != MAX:
            sql = f"left({sql}, {target.length})"
    if target.name in ("char", "nchar"):
        sql = f"rpad({sql}, {target.length}, ' ')" if fit else _pad(sql, target.length)
    bound = Bound(sql, target, value.nullable, value.name, value.collation)
    if isinstance(value.constant, str) and source.name in TEXT and target.name not in ("char", "nchar"):
        kept = value.constant if target.length == MAX or not fit else value.constant[: target.length]
        if target.name in UNICODE or kept.isascii():
            return Bound(string(kept), target, False, value.name, value.collation, constant=kept)
    return bound


def _pad(sql: str, length: int) -> str:
    return f"CASE WHEN length({sql}) < {length} THEN rpad({sql}, {length}, ' ') ELSE {sql} END"


# --- to binary


def _to_binary(value: Bound, target: SqlType, style: int | None, *, safe: bool, fit: bool) -> Bound:
    source = value.type
    if source.name in BINARY:
        sql = value.sql
    elif source.name in TEXT and style in (1, 2):
        sql = _from_hex(value.sql, style, safe=safe)
    elif source.name in TEXT:
        sql = f"tsql_utf16({value.sql})" if source.name in UNICODE else f"tsql_cp1252({value.sql})"
    elif source.name in INTEGER | {"bit"}:
        return _integer_to_binary(value, target)
    elif source.name == "uniqueidentifier":
        digits = f"replace(CAST({value.sql} AS VARCHAR), '-', '')"
        sql = "unhex(" + " || ".join(f"substr({digits}, {2 * at - 1}, 2)" for at in GUID_ORDER) + ")"
    else:
        raise not_modelled(f"conversion of {source.name} to {target.name}")
    longer = target.length != MAX and (source.length == MAX or source.length > target.length)
    if fit and (longer or source.name not in BINARY) and target.length != MAX:
        sql = f"({sql})[1:{target.length}]"
    if target.name == "binary":
        padded = f"unhex(rpad(hex({sql}), {2 * target.length}, '0'))"
        sql = (
            padded if fit else f"CASE WHEN octet_length({sql}) < {target.length} THEN {padded} ELSE {sql} END"
        )
    constant = value.constant
    if isinstance(constant, bytes) and target.name != "binary":
        kept = constant if target.length == MAX or not fit else constant[: target.length]
        return Bound(f"unhex('{kept.hex()}')", target, False, value.name, constant=kept)
    return Bound(sql, target, value.nullable, value.name)


def _from_hex(sql: str, style: int, *, safe: bool) -> str:
    pattern = "0[xX]([0-9a-fA-F]{2})*" if style == 1 else "([0-9a-fA-F]{2})*"
    digits = f"substr({sql}, 3)" if style == 1 else sql
    wrong = fail(8114, "Error converting data type varchar to varbinary.", safe=safe)
    return f"CASE WHEN regexp_full_match({sql}, '{pattern}') THEN unhex({digits}) ELSE {wrong} END"


def _integer_to_binary(value: Bound, target: SqlType) -> Bound:
    size = {"bit": 1, "tinyint": 1, "smallint": 2, "int": 4, "bigint": 8}[value.type.name]
    digits = f"right(lpad(hex(CAST({value.sql} AS BIGINT)), 16, '0'), {2 * size})"
    if target.name == "binary" or (target.length != MAX and target.length < size):
        length = target.length
        digits = f"right(lpad({digits}, {2 * length}, '0'), {2 * length})"
    return Bound(f"unhex({digits})", target, value.nullable, value.name)


# --- to dates and times


def _to_temporal(value: Bound, target: SqlType, style: int | None, *, safe: bool) -> Bound:
    source = value.type
    if source.name in TEXT:
        if isinstance(value.constant, str):
            return _constant_moment(value, target, style, safe=safe)
        sql = _moment_from_text(value.sql, target, style, safe=safe)
        return Bound(sql, target, nullable=True, name=value.name)
    if source.name not in TEMPORAL:
        raise _refused(source, target)
    if source.name == "datetime2" and target.name == "datetime2" and isinstance(value.constant, str):
        return literals.literal(value.constant, target).named(value.name)
    return Bound(temporal_sql(value.sql, source, target), target, value.nullable, value.name)


def _constant_moment(value: Bound, target: SqlType, style: int | None, *, safe: bool) -> Bound:
    if style in (103, 3, 104):
        parts = re.fullmatch(r"\s*(\d{1,2})[./](\d{1,2})[./](\d{4})(.*)", value.constant)
        if parts:
            day, month, year, rest = parts.groups()
            value = literals.literal(f"{year}-{month:0>2}-{day:0>2}{rest}", value.type).named(value.name)
    try:
        ticks, offset = literals.read_moment(value.constant, target)
    except SqlServerError:
        if safe:
            return null(target).named(value.name)
        raise
    if target.name == "date":
        ticks = ticks // literals.DAY * literals.DAY
    target = literals.storable(ticks, target)
    return Bound(literals.moment_sql(ticks, offset, target), target, False, value.name)


def _moment_from_text(sql: str, target: SqlType, style: int | None, *, safe: bool) -> str:
    if style in (101, 103, 104):
        raise not_modelled(f"CONVERT of a text column to {target.name} with style {style}")
    if target.name == "datetimeoffset":
        return offset_from_text(sql, safe=safe)
    cast = "TRY_CAST" if safe else "CAST"
    if target.name == "time":
        return temporal_sql(f"{cast}({sql} AS TIME_NS)", SqlType("time", scale=7), target)
    dashed = f"regexp_replace({sql}, '^\\s*(\\d{{4}})(\\d\\d)(\\d\\d)(\\D|$)', '\\1-\\2-\\3\\4')"
    source = SqlType("datetime2", scale=7 if target.name != "date" else 6)
    return temporal_sql(f"{cast}({dashed} AS {duckdb_type(source)})", source, target)


def temporal_sql(sql: str, source: SqlType, target: SqlType) -> str:
    """Between dates and times, rounded as the target stores them."""
    if source.name == "datetimeoffset":
        if target.name == "datetimeoffset":
            rounded = _round(f"({sql}).utc", SqlType("datetime2", scale=7), target)
            return f"{{'utc': {rounded}, 'offset_minutes': ({sql}).offset_minutes}}"
        sql = f"tsql_local(({sql}))"
        source = SqlType("datetime2", scale=7)
    if target.name == "datetimeoffset":
        local = temporal_sql(sql, source, SqlType("datetime2", scale=7))
        return f"{{'utc': {local}, 'offset_minutes': CAST(0 AS SMALLINT)}}"
    if target.name == "date":
        if source.name == "time":
            raise _refused(source, target)
        return f"CAST({sql} AS DATE)"
    if target.name == "time":
        if source.name == "date":
            return "CAST('00:00:00' AS TIME_NS)"
        return sql if _fits(source, target) and source.name == "time" else _round_time(sql, source, target)
    if source.name == "time":
        raise not_modelled(f"conversion of time to {target.name}")
    return _round(sql, source, target)


_DAY_US, _DAY_NS = 86_400_000_000, 86_400_000_000_000


def _fits(source: SqlType, target: SqlType) -> bool:
    scale = {"date": 0, "smalldatetime": 0, "datetime": 3}
    return scale.get(source.name, source.scale) <= target.scale


def _round_time(sql: str, source: SqlType, target: SqlType) -> str:
    if source.name == "time":
        nanoseconds = f"epoch_ns({sql})"
    else:
        nanoseconds = f"(epoch_ns(CAST({sql} AS TIMESTAMP_NS)) % {_DAY_NS} + {_DAY_NS}) % {_DAY_NS}"
        if duckdb_type(source) == "TIMESTAMP":
            nanoseconds = f"((epoch_us({sql}) % {_DAY_US} + {_DAY_US}) % {_DAY_US}) * 1000"
    return f"tsql_time({nanoseconds}, {10 ** (9 - target.scale)})"


def _round(sql: str, source: SqlType, target: SqlType) -> str:
    """Round a DATE, TIMESTAMP or TIMESTAMP_NS to the target's fraction, in its storage."""
    stored = (
        duckdb_type(SqlType("datetime2", scale=7)) if target.name == "datetimeoffset" else duckdb_type(target)
    )
    if target.name == "datetime":
        if source.name in ("date", "smalldatetime"):
            return f"CAST({sql} AS TIMESTAMP)"
        return f"tsql_datetime({_microseconds(sql, source)})"
    if target.name == "smalldatetime":
        return f"tsql_round({_microseconds(sql, source)}, 60000000)"
    if _fits(source, target) or stored == "TIMESTAMP_NS":
        return f"CAST({sql} AS {stored})"
    if source.scale == 7 and source.name in ("datetime2", "datetimeoffset"):
        return f"tsql_round_ns(epoch_ns({sql}), {10 ** (9 - target.scale)})"
    return f"tsql_round({_microseconds(sql, source)}, {10 ** (6 - target.scale)})"


def _microseconds(sql: str, source: SqlType) -> str:
    if source.scale == 7 and source.name == "datetime2":
        return f"epoch_us(CAST({sql} AS TIMESTAMP))"
    return f"epoch_us({sql})"


# --- to GUIDs and numbers


def _to_guid(value: Bound, target: SqlType, *, safe: bool) -> Bound:
    source = value.type
    if source.name in TEXT:
        cut = f"left(trim({value.sql}, '{{}} '), 36)"
        return Bound(f"{'TRY_CAST' if safe else 'CAST'}({cut} AS UUID)", target, value.nullable, value.name)
    if source.name in BINARY:
        digits = f"hex({value.sql})"
        order = " || ".join(f"substr({digits}, {2 * at - 1}, 2)" for at in GUID_ORDER)
        return Bound(f"CAST({order} AS UUID)", target, value.nullable, value.name)
    raise _refused(source, target)


def _to_number(value: Bound, target: SqlType, *, safe: bool) -> Bound:
    source, sql = value.type, value.sql
    cast = "TRY_CAST" if safe else "CAST"
    stored = duckdb_type(target)
    if source.name in TEXT:
        return _number_from_text(value, target, safe=safe)
    if source.name in BINARY:
        if target.name not in INTEGER:
            raise not_modelled(f"conversion of {source.name} to {target.name}")
        size = {"tinyint": 1, "smallint": 2, "int": 4, "bigint": 8}[target.name]
        return Bound(f"tsql_integer({sql}, {size})::{stored}", target, value.nullable, value.name)
    if source.name not in NUMERIC:
        raise _refused(source, target)
    if target.name == "bit":
        return Bound(f"({sql} <> 0)", target, value.nullable, value.name)
    if target.name in INTEGER and source.name in APPROXIMATE | {"decimal", "numeric"}:
        sql = f"trunc({sql})"
    if source.name in APPROXIMATE and target.name in ("decimal", "numeric"):
        sql = f"CAST({sql} AS DOUBLE)"
    result = Bound(f"{cast}({sql} AS {stored})", target, value.nullable or safe, value.name)
    if (
        isinstance(value.constant, int | Decimal)
        and not isinstance(value.constant, bool)
        and target.name in INTEGER
    ):
        whole = int(value.constant)
        bits = {"tinyint": (0, 255), "smallint": (-(2**15), 2**15 - 1), "int": (-(2**31), 2**31 - 1)}
        low, high = bits.get(target.name, (-(2**63), 2**63 - 1))
        if low <= whole <= high:
            return literals.literal(whole, target).named(value.name)
    return result


def _number_from_text(value: Bound, target: SqlType, *, safe: bool) -> Bound:
    source, cast, stored = value.type, "TRY_CAST" if safe else "CAST", duckdb_type(target)
    text = f"trim({value.sql})"
    shown = f"Conversion failed when converting the {source.name} value"
    if target.name in INTEGER:
        wrong = (
            "NULL" if safe else f"error('[[245]] {shown} ''' || {text} || ''' to data type {target.name}.')"
        )
        sql = (
            f"CASE WHEN {text} = '' THEN CAST(0 AS {stored}) WHEN regexp_full_match({text}, '[+-]?[0-9]+') "
            f"THEN {cast}({text} AS {stored}) ELSE {wrong} END"
        )
        if isinstance(value.constant, str) and re.fullmatch(r"\s*[+-]?\d{1,9}\s*", value.constant):
            return convert(literals.literal(int(value.constant), SqlType("int", precision=10)), target).named(
                value.name
            )
    elif target.name == "bit":
        wrong = "NULL" if safe else f"error('[[245]] {shown} ''' || {text} || ''' to data type bit.')"
        sql = (
            f"CASE WHEN lower({text}) IN ('true', '1') THEN true WHEN lower({text}) IN ('false', "
            "'0', '') THEN false "
            f"WHEN regexp_full_match({text}, '[+-]?[0-9]+') THEN true ELSE {wrong} END"
        )
    elif target.name in APPROXIMATE:
        sql = f"{cast}({text} AS {stored})"
    else:
        pattern = "[+-]?[$]?([0-9]+[.]?[0-9]*|[.][0-9]+)"
        wrong = fail(8114, f"Error converting data type {source.name} to {target.name}.", safe=safe)
        number = f"replace({text}, '$', '')" if "money" in target.name else text
        sql = (
            f"CASE WHEN regexp_full_match({text}, '{pattern}') THEN {cast}({number} AS "
            f"{stored}) ELSE {wrong} END"
        )
        if isinstance(value.constant, str):
            try:
                return convert(_decimal_literal(value.constant.strip()), target, safe=safe).named(value.name)
            except InvalidOperation:
                pass
    return Bound(sql, target, value.nullable or safe, value.name)


def _decimal_literal(text: str) -> Bound:
    number = literals.EXACT.create_decimal(text.replace("$", ""))
    if not number.is_finite() or "e" in text.lower():
        raise InvalidOperation
    return literals.literal(number, literals.value_type(number))


# --- which type wins


def common_type(types: list[SqlType]) -> SqlType:
    """The type of a CASE, COALESCE, UNION… whose branches have these types.

    [Microsoft: "Data type precedence"; "Precision, scale, and length" for decimals and texts.]
    """
    known = [kind for kind in types if kind.name != "null"]
    if not known:
        return SqlType("null")
    winner = min(
        known,
        key=lambda kind: PRECEDENCE.index(
            kind.name.replace("timestamp", "rowversion").replace("xml", "ntext")
        ),
    )
    if winner.name in ("decimal", "numeric"):
        exact = [as_decimal(kind) for kind in known if kind.name in EXACT]
        scale = max(kind.scale for kind in exact)
        return decimal(max(kind.precision - kind.scale for kind in exact) + scale, scale)
    if winner.name in TEXT | BINARY and winner.name not in LOB:
        return _common_length(winner, known)
    if winner.name in ("time", "datetime2", "datetimeoffset"):
        return SqlType(winner.name, scale=max(kind.scale for kind in known if kind.name in TEMPORAL))
    return winner


def _common_length(winner: SqlType, known: list[SqlType]) -> SqlType:
    name = winner.name
    if any(kind != winner for kind in known):
        name = {"nchar": "nvarchar", "char": "varchar", "binary": "varbinary"}.get(name, name)
    lengths = [kind.length if kind.name in TEXT | BINARY else printing.widest(kind) for kind in known]
    return SqlType(name, length=MAX if MAX in lengths else max(lengths))


def to_common(values: list[Bound]) -> tuple[list[Bound], SqlType]:
    """All values converted to their common type."""
    target = common_type([value.type for value in values])
    return [convert(value, target) if target.name != "null" else value for value in values], target


def implicit(value: Bound, target: SqlType) -> Bound:
    """The conversion that an assignment makes.

    Raises:
        SqlServerError: 257 where SQL Server wants CONVERT.
    """
    source = value.type.name
    forbidden = (
        (source in TEXT and target.name in BINARY)
        or (source in TEMPORAL and target.name in NUMERIC)
        or (source == "uniqueidentifier" and target.name in NUMERIC | TEMPORAL)
        or (source in BINARY and target.name in TEMPORAL | APPROXIMATE)
        or (source in NUMERIC and target.name == "uniqueidentifier")
    )
    if forbidden and value.constant is not None:
        raise SqlServerError(
            257,
            f"Implicit conversion from data type {source} to {display(target)} is not allowed. "
            "Use the CONVERT function to run this query.",
        )
    return convert(value, target, fit=False)
