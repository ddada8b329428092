"""Numbers, dates and binary values as text: CONVERT's styles."""

from __future__ import annotations

from sandbox.sqlserver.engine.bound import Bound, not_modelled
from sandbox.sqlserver.engine.temporal import is_ticks, ticks_of, timestamp_of
from sandbox.sqlserver.engine.types import APPROXIMATE, BINARY, EXACT, MAX, TEMPORAL
from sandbox.sqlserver.results import SqlType

_DATE_STYLES = {
    1: "%m/%d/%y",
    2: "%y.%m.%d",
    3: "%d/%m/%y",
    4: "%d.%m.%y",
    10: "%m-%d-%y",
    11: "%y/%m/%d",
    12: "%y%m%d",
    23: "%Y-%m-%d",
    101: "%m/%d/%Y",
    102: "%Y.%m.%d",
    103: "%d/%m/%Y",
    104: "%d.%m.%Y",
    105: "%d-%m-%Y",
    110: "%m-%d-%Y",
    111: "%Y/%m/%d",
    112: "%Y%m%d",
    108: "%H:%M:%S",
    8: "%H:%M:%S",
    24: "%H:%M:%S",
    20: "%Y-%m-%d %H:%M:%S",
    120: "%Y-%m-%d %H:%M:%S",
}
_WITH_FRACTION = {21: " ", 25: " ", 121: " ", 126: "T", 127: "T"}


def widest(sql_type: SqlType) -> int:
    """The longest text a value of the type can have."""
    fixed = {"bit": 1, "tinyint": 3, "smallint": 6, "int": 11, "bigint": 20, "real": 23, "float": 23}
    if sql_type.name in fixed:
        return fixed[sql_type.name]
    if sql_type.name in EXACT:
        return sql_type.precision + 3
    if sql_type.name in BINARY:
        return MAX if sql_type.length == MAX else 2 * sql_type.length + 2
    return 36


def text_of(value: Bound, style: int | None) -> str:
    """The text of a value that is no text, as CONVERT prints it with the style."""
    name, sql = value.type.name, value.sql
    if name == "bit":
        return f"CAST(CAST({sql} AS TINYINT) AS VARCHAR)"
    if name in ("money", "smallmoney"):
        return _money(sql, style)
    if name in EXACT:
        return f"CAST({sql} AS VARCHAR)"
    if name in APPROXIMATE:
        return _float(sql, name, style)
    if name == "uniqueidentifier":
        return f"upper(CAST({sql} AS VARCHAR))"
    if name in BINARY:
        if style == 1:
            return f"('0x' || hex({sql}))"
        if style == 2:
            return f"hex({sql})"
        raise not_modelled(f"CONVERT of {name} to text with style {style or 0} (styles 1 and 2 are)")
    if name in TEMPORAL:
        return _moment(value, style)
    raise not_modelled(f"text of {name}")


def _money(sql: str, style: int | None) -> str:
    if style in (None, 0):
        return f"CAST(CAST({sql} AS DECIMAL(21,2)) AS VARCHAR)"
    if style == 2:
        return f"CAST({sql} AS VARCHAR)"
    raise not_modelled(f"CONVERT of money with style {style}")


def _float(sql: str, name: str, style: int | None) -> str:
    if style in (None, 0):
        pattern = "%.6g"
    elif style == 3:
        pattern = "%.16e" if name == "float" else "%.8e"
    elif style in (1, 2):
        pattern = "%.7e" if style == 1 else "%.15e"
    else:
        raise not_modelled(f"CONVERT of {name} with style {style}")
    printed = f"printf('{pattern}', CAST({sql} AS DOUBLE))"
    return _three_digits(printed)


def _three_digits(printed: str) -> str:
    """SQL Server prints exponents with three digits."""
    return (
        f"replace(replace(regexp_replace({printed}, 'e([+-])(\\d\\d)$', 'e\\1 \\2'), '+ ', '+0'), '- ', '-0')"
    )


def _moment(value: Bound, style: int | None) -> str:
    kind = value.type
    if kind.name == "time":
        return _clock(value.sql, kind, style)
    if kind.name == "datetimeoffset":
        return _offset(value.sql, kind, style)
    if style is None or style == 0:
        style = {"date": 23, "datetime2": 121}.get(kind.name, 0)
    sql = timestamp_of(value.sql, kind)
    if style == 0 or style == 100:
        shown = (
            f"strftime({sql}, '%b ') || lpad(CAST(day({sql}) AS VARCHAR), 2, ' ') || strftime({sql}, ' %Y ')"
        )
        return f"({shown} || lpad(ltrim(strftime({sql}, '%I'), '0'), 2, ' ') || strftime({sql}, ':%M%p'))"
    if kind.name == "date" and style in _WITH_FRACTION | {20: " ", 120: " "}:
        style = 23
    if style in _DATE_STYLES:
        return f"strftime({sql}, '{_DATE_STYLES[style]}')"
    if style not in _WITH_FRACTION:
        raise not_modelled(f"CONVERT of {kind.name} with style {style}")
    return _with_fraction(value, style)


def _with_fraction(value: Bound, style: int) -> str:
    kind = value.type
    digits = {"smalldatetime": 0 if style in (126, 127) else 3, "datetime": 3}.get(kind.name, kind.scale)
    ticks = value.sql if is_ticks(kind) else None
    shown = _to_the_tick(timestamp_of(value.sql, kind), ticks, _WITH_FRACTION[style], digits)
    if style not in (126, 127) or not digits:
        return shown
    # These styles leave a fraction of zero out.
    return f"regexp_replace({shown}, '[.]0+$', '')"


def _to_the_tick(timestamp: str, ticks: str | None, separator: str, digits: int) -> str:
    """`yyyy-mm-dd hh:mm:ss[.fffffff]` with so many digits; the seventh comes from the ticks."""
    pattern = f"%Y-%m-%d{separator}%H:%M:%S"
    if not digits:
        return f"strftime({timestamp}, '{pattern}')"
    shown = f"strftime({timestamp}, '{pattern}.%f')"
    if digits == 6:
        return shown
    return f"({shown} || {ticks} % 10)" if digits == 7 else f"left({shown}, {20 + digits})"


def _clock(sql: str, kind: SqlType, style: int | None) -> str:
    if style in (8, 24, 108):
        return f"left(CAST({sql} AS VARCHAR), 8)"
    if style not in (None, 0, 14, 21, 25, 114, 121, 126, 127):
        raise not_modelled(f"CONVERT of time with style {style}")
    text = f"CAST({sql} AS VARCHAR)"
    if not kind.scale:
        return f"left({text}, 8)"
    return (
        f"left(rpad(CASE WHEN strlen({text}) = 8 THEN {text} || '.' ELSE {text} END, 18, '0'), "
        f"{9 + kind.scale})"
    )


def _offset(sql: str, kind: SqlType, style: int | None) -> str:
    if style not in (None, 0, 21, 25, 121, 126, 127):
        raise not_modelled(f"CONVERT of datetimeoffset with style {style}")
    separator = "T" if style in (126, 127) else " "
    ticks = f"({sql}).utc" if style == 127 else ticks_of(sql, kind)
    moment = _to_the_tick(f"tsql_timestamp({ticks})", f"({ticks})", separator, kind.scale)
    if style == 127:
        return f"({moment} || 'Z')"
    return f"({moment} || '{'' if separator == 'T' else ' '}' || tsql_offset(({sql}).offset_minutes))"
