"""Functions of text."""

from __future__ import annotations

from sandbox.sqlserver.engine import datatypes, literals, operators
from sandbox.sqlserver.engine.bound import Bound, not_modelled, null, string
from sandbox.sqlserver.engine.conversion import convert
from sandbox.sqlserver.engine.functions.signature import MANY, Function, simple
from sandbox.sqlserver.engine.printing import widest
from sandbox.sqlserver.engine.type_facts import FIXED_BYTES
from sandbox.sqlserver.engine.types import BIGINT, BINARY, INT, LOB, MAX, TEXT, UNICODE, is_utf8
from sandbox.sqlserver.results import SqlServerError, SqlType


def as_text(value: Bound) -> Bound:
    """Any value as text, as CONCAT and LEN take it."""
    if value.type.name in TEXT:
        return value
    if value.type.name == "null":
        return convert(value, SqlType("varchar", length=1))
    if value.type.name in BINARY:
        raise not_modelled(f"{value.type.name} as text")
    return convert(value, SqlType("varchar", length=widest(value.type)))


def _same(value: Bound, sql: str, length: int | None = None) -> Bound:
    """A text of the variable-length type of `value`."""
    name = "nvarchar" if value.type.name in UNICODE else "varchar"
    size = value.type.length if length is None else length
    return Bound(sql, SqlType(name, length=size), value.nullable, collation=value.collation)


def _len(value: Bound) -> Bound:
    kind = BIGINT if value.type.length == MAX else INT
    if value.type.name in BINARY:
        return Bound(f"CAST(octet_length({value.sql}) AS INTEGER)", INT, value.nullable)
    text = as_text(value)
    stored = "BIGINT" if kind is BIGINT else "INTEGER"
    return Bound(f"CAST(tsql_units(rtrim({text.sql}, ' ')) AS {stored})", kind, value.nullable)


def _datalength(value: Bound) -> Bound:
    kind = BIGINT if value.type.length == MAX else INT
    stored = "BIGINT" if kind is BIGINT else "INTEGER"
    if value.type.name in BINARY:
        sql = f"octet_length({value.sql})"
    elif value.type.name in UNICODE:
        sql = f"2 * tsql_units({value.sql})"
    elif value.type.name in TEXT:
        sql = f"{'strlen' if is_utf8(value.collation) else 'length'}({value.sql})"
    elif value.type.name == "sql_variant":
        sql = f"tsql_variant_bytes({value.sql})"
    elif value.type.name in FIXED_BYTES:
        sql = f"CASE WHEN {value.sql} IS NOT NULL THEN {FIXED_BYTES[value.type.name]} END"
    else:
        raise not_modelled(f"DATALENGTH of {value.type.name}")
    return Bound(f"CAST({sql} AS {stored})", kind, value.nullable)


def _concat(*values: Bound) -> Bound:
    texts = [as_text(value) for value in values]
    unicode = any(text.type.name in UNICODE for text in texts)
    lengths = [text.type.length for text in texts]
    most = 4000 if unicode else 8000
    length = MAX if MAX in lengths else min(sum(lengths), most)
    inner = ", ".join(text.sql for text in texts)
    return Bound(
        f"concat({inner})", SqlType("nvarchar" if unicode else "varchar", length=length), nullable=False
    )


def _concat_ws(separator: Bound, *values: Bound) -> Bound:
    joined = _concat(separator, *values)
    inner = ", ".join(as_text(value).sql for value in (separator, *values))
    return Bound(
        f"concat_ws({inner})",
        SqlType(
            joined.type.name,
            length=MAX if joined.type.length == MAX else (4000 if joined.type.name == "nvarchar" else 8000),
        ),
        nullable=False,
    )


def _text(value: Bound) -> Bound:
    text = as_text(value)
    if text.type.name in LOB - {"xml"}:
        raise SqlServerError(
            8116, f"Argument data type {text.type.name} is invalid for argument 1 of the function."
        )
    return text


def _mapped(function: str) -> Function:
    return simple(lambda value: _same(_text(value), f"{function}({_text(value).sql})"), 1)


def _trimmed(function: str) -> Function:
    return simple(lambda value: _same(_text(value), f"{function}({_text(value).sql}, ' ')"), 1)


def _left(value: Bound, count: Bound) -> Bound:
    text = _text(value)
    return _same(text, f"left({text.sql}, {_count(count, 'left')})", _bounded(text, count))


def _right(value: Bound, count: Bound) -> Bound:
    text = _text(value)
    return _same(text, f"right({text.sql}, {_count(count, 'right')})", _bounded(text, count))


def _bounded(text: Bound, count: Bound) -> int:
    if isinstance(count.constant, int):
        wanted = max(count.constant, 1)
        return wanted if text.type.length == MAX and wanted <= 4000 else min(wanted, text.type.length)
    return text.type.length


def _count(count: Bound, name: str) -> str:
    if isinstance(count.constant, int) and count.constant >= 0:
        return str(count.constant)
    number, called = (536, "right") if name == "right" else (537, "LEFT or SUBSTRING")
    message = string(f"[[{number}]] Invalid length parameter passed to the {called} function.")
    return f"CASE WHEN {count.sql} < 0 THEN error({message}) ELSE {count.sql} END"


def _substring(value: Bound, start: Bound, length: Bound) -> Bound:
    size = _count(length, "substring")
    if value.type.name in BINARY:
        sql = f"({value.sql})[greatest({start.sql}, 1):greatest({start.sql} + {size} - 1, 0)]"
        return Bound(sql, SqlType("varbinary", length=value.type.length), value.nullable)
    text = _text(value)
    if isinstance(start.constant, int) and start.constant >= 1:
        return _same(text, f"substring({text.sql}, {start.constant}, {size})", _bounded(text, length))
    sql = f"substring({text.sql}, greatest({start.sql}, 1), greatest({size} + least({start.sql} - 1, 0), 0))"
    return _same(text, sql)


def _replace(value: Bound, old: Bound, new: Bound) -> Bound:
    text, old, new = _text(value), _text(old), _text(new)
    size = MAX if text.type.length == MAX else (4000 if text.type.name in UNICODE else 8000)
    unicode = {text.type.name, new.type.name} & UNICODE
    name = "nvarchar" if unicode else "varchar"
    if operators.is_binary_collation(text.collation) or (
        isinstance(old.constant, str) and old.constant.lower() == old.constant.upper()
    ):
        sql = f"replace({text.sql}, {old.sql}, {new.sql})"
    elif isinstance(old.constant, str):
        pattern = "(?i)" + "".join(f"\\x{{{ord(sign):x}}}" for sign in old.constant)
        escaped = f"replace({new.sql}, '\\', '\\\\')"
        sql = f"regexp_replace({text.sql}, {string(pattern)}, {escaped}, 'g')"
    else:
        raise not_modelled("REPLACE with a search text that is neither a literal nor a variable")
    return Bound(sql, SqlType(name, length=size), text.nullable or new.nullable, collation=text.collation)


def _charindex(wanted: Bound, value: Bound, start: Bound | None = None) -> Bound:
    needle, text = _text(wanted), _text(value)
    fold = (
        (lambda sql: sql) if operators.is_binary_collation(text.collation) else (lambda sql: f"lower({sql})")
    )
    kind = BIGINT if text.type.length == MAX else INT
    stored = "BIGINT" if kind is BIGINT else "INTEGER"
    if start is None:
        sql = f"instr({fold(text.sql)}, {fold(needle.sql)})"
        return Bound(f"CAST({sql} AS {stored})", kind, text.nullable or needle.nullable)
    first = f"greatest({start.sql}, 1)"
    found = f"instr(substring({fold(text.sql)}, {first}), {fold(needle.sql)})"
    return Bound(
        f"CAST(CASE WHEN {found} = 0 THEN 0 ELSE {found} + {first} - 1 END AS {stored})",
        kind,
        text.nullable or needle.nullable,
    )


def _replicate(value: Bound, times: Bound) -> Bound:
    text = _text(value)
    most = 4000 if text.type.name in UNICODE else 8000
    sql = f"CASE WHEN {times.sql} >= 0 THEN repeat({text.sql}, CAST({times.sql} AS BIGINT)) END"
    if text.type.length == MAX:
        return Bound(sql, SqlType(_same(text, "").type.name, length=MAX), collation=text.collation)
    return Bound(
        f"left({sql}, {most})", SqlType(_same(text, "").type.name, length=most), collation=text.collation
    )


def _space(times: Bound) -> Bound:
    return Bound(f"repeat(' ', CAST({times.sql} AS BIGINT))", SqlType("varchar", length=8000), times.nullable)


def _char(number: Bound) -> Bound:
    sql = f"CASE WHEN {number.sql} BETWEEN 0 AND 127 THEN chr({number.sql}) END"
    if not (isinstance(number.constant, int) and 0 <= number.constant < 128):
        raise not_modelled("CHAR of anything but a constant from 0 to 127; NCHAR is")
    return Bound(sql, SqlType("char", length=1))


def _nchar(number: Bound) -> Bound:
    return Bound(f"chr({number.sql})", SqlType("nchar", length=1), number.nullable)


def _number_of(function: str) -> Function:
    return simple(lambda value: Bound(f"{function}(left({_text(value).sql}, 1))", INT, value.nullable), 1)


def _ascii(value: Bound) -> Bound:
    """The code of the first character in the code page; 0 where there is none."""
    first = f"hex(tsql_cp1252(left({_text(value).sql}, 1)))"
    sql = f"CASE {first} WHEN '' THEN 0 ELSE CAST('0x' || {first} AS INTEGER) END"
    return Bound(sql, INT, value.nullable)


def _reverse(value: Bound) -> Bound:
    return _same(_text(value), f"reverse({_text(value).sql})")


def _stuff(value: Bound, start: Bound, length: Bound, new: Bound) -> Bound:
    text, new = _text(value), _text(new)
    head = f"left({text.sql}, {start.sql} - 1)"
    tail = f"substring({text.sql}, {start.sql} + {length.sql})"
    sql = (
        f"CASE WHEN {start.sql} BETWEEN 1 AND length({text.sql}) THEN {head} || "
        f"coalesce({new.sql}, '') || {tail} END"
    )
    return Bound(sql, SqlType(_same(text, "").type.name, length=MAX if text.type.length == MAX else 4000))


def _quotename(value: Bound, sign: Bound | None = None) -> Bound:
    text = _text(value)
    if sign is not None and sign.constant not in ("[", "]", '"', "'"):
        raise not_modelled("QUOTENAME with another character than [, \" and '")
    left, right = {None: ("[", "]"), "[": ("[", "]"), "]": ("[", "]"), '"': ('"', '"'), "'": ("'", "'")}[
        sign.constant if sign else None
    ]
    doubled = f"replace({text.sql}, {string(right)}, {string(right * 2)})"
    return Bound(
        f"({string(left)} || {doubled} || {string(right)})", SqlType("nvarchar", length=258), text.nullable
    )


def _patindex(pattern: Bound, value: Bound) -> Bound:
    from sandbox.sqlserver.engine.patterns import regular_expression

    if not isinstance(pattern.constant, str):
        raise not_modelled("PATINDEX with a pattern that is no constant")
    text = _text(value)
    inner = pattern.constant
    if not (inner.startswith("%") and inner.endswith("%") and len(inner) > 1):
        raise not_modelled("PATINDEX with a pattern that does not begin and end with %")
    expression = "(?i)(?s)" + regular_expression(inner[1:-1], None)
    found = f"regexp_extract({text.sql}, {string('(?s)^(.*?)' + expression[8:])}, 1)"
    test = f"regexp_matches({text.sql}, {string(expression)})"
    start = f"length(regexp_extract({text.sql}, {string('(?i)(?s)^(.*?)(?:' + expression[8:] + ')')}, 1)) + 1"
    _ = found
    return Bound(f"CAST(CASE WHEN {test} THEN {start} ELSE 0 END AS INTEGER)", INT, text.nullable)


def _collationproperty(name: Bound, wanted: Bound) -> Bound:
    """Of a collation's properties the code page alone; NULL where the collation is unknown."""
    if str(wanted.constant).lower() != "codepage":
        raise not_modelled(f"COLLATIONPROPERTY('{wanted.constant}')")
    try:
        known = datatypes.collation(str(name.constant)).upper()
    except SqlServerError as error:
        if error.number != 448:
            raise
        return null(INT)
    if not is_utf8(known) and "LATIN1_GENERAL" not in known:
        raise not_modelled(f"the code page of {name.constant}")
    return literals.literal(65001 if is_utf8(known) else 1252, INT)


FUNCTIONS: dict[str, Function] = {
    "COLLATIONPROPERTY": simple(_collationproperty, 2),
    "LEN": simple(_len, 1),
    "DATALENGTH": simple(_datalength, 1),
    "CONCAT": simple(_concat, 2, MANY),
    "CONCAT_WS": simple(_concat_ws, 3, MANY),
    "UPPER": _mapped("upper"),
    "LOWER": _mapped("lower"),
    "LTRIM": _trimmed("ltrim"),
    "RTRIM": _trimmed("rtrim"),
    "TRIM": _trimmed("trim"),
    "LEFT": simple(_left, 2),
    "RIGHT": simple(_right, 2),
    "SUBSTRING": simple(_substring, 3),
    "REPLACE": simple(_replace, 3),
    "CHARINDEX": simple(_charindex, 2, 3),
    "PATINDEX": simple(_patindex, 2),
    "REPLICATE": simple(_replicate, 2),
    "SPACE": simple(_space, 1),
    "CHAR": simple(_char, 1),
    "NCHAR": simple(_nchar, 1),
    "ASCII": simple(_ascii, 1),
    "UNICODE": _number_of("unicode"),
    "REVERSE": simple(_reverse, 1),
    "STUFF": simple(_stuff, 4),
    "QUOTENAME": simple(_quotename, 1, 2),
}
