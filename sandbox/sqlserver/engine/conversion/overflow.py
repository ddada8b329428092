"""Which error a number raises that its new type cannot hold: it goes by the type that it comes from.

| from | to | error |
|---|---|---|
| text | tinyint, smallint | 244, with `INT1`, `INT2` |
| text | int | 248 |
| text | bigint, decimal, float | 8115 (8114 where it is no number; the smaller whole numbers: 245) |
| text | money, smallmoney | 236, 294 (235, 293 where it is no number) |
| tinyint, smallint, int | tinyint, smallint | 220, with the value |
| float, real | tinyint, smallint, int | 232, with the value |
| money | smallint | 220, with the value in 1/10,000 |
| money | int | 237 |
| tinyint, smallint, int | char, varchar too short | none: `*` |
| money | char, varchar, nchar, nvarchar too short | 234 |
| float, real | the same | 232, with the value |
| anything else | | 8115 |

[Microsoft: "Database engine events and errors" has the texts, "CAST and CONVERT", "Truncating and rounding
results", the `*`. Which pair of types raises which was seen on SQL Server 2022 and 2025.]
"""

from __future__ import annotations

from sandbox.sqlserver.engine.bound import string
from sandbox.sqlserver.engine.conversion.errors import fail
from sandbox.sqlserver.engine.types import APPROXIMATE, TEXT
from sandbox.sqlserver.results import SqlType

SMALL_WHOLE = {"tinyint", "smallint", "int"}
_COLUMNS = {"tinyint": "INT1", "smallint": "INT2"}
_SYNTAX = {
    **{
        name: (8114, f"Error converting data type {{source}} to {name}.")
        for name in ("bigint", "float", "real")
    },
    **dict.fromkeys(("decimal", "numeric"), (8114, "Error converting data type {source} to numeric.")),
    "money": (235, "Cannot convert a char value to money. The char value has incorrect syntax."),
    "smallmoney": (293, "Cannot convert a char value to smallmoney. The char value has incorrect syntax."),
}


def no_number(text: str, source: SqlType, target: SqlType, *, safe: bool) -> str:
    """The error of a text that is no number of the target's kind; `text` is its SQL."""
    known = _SYNTAX.get(target.name)
    if known is not None:
        return fail(known[0], known[1].format(source=source.name), safe=safe)
    told = f"Conversion failed when converting the {source.name} value '"
    return failing(245, told, text, f"' to data type {target.name}.", safe=safe)


def too_large(value: str, source: SqlType, target: SqlType, *, safe: bool) -> str:
    """The error of a number that a numeric target cannot hold; `value` is its SQL."""
    name = target.name
    if source.name in TEXT:
        return _text_too_large(value, source, name, safe=safe)
    if source.name in APPROXIMATE and name in SMALL_WHOLE:
        shown = f"printf('%.6f', CAST({value} AS DOUBLE))"
        return failing(232, f"Arithmetic overflow error for type {name}, value = ", shown, ".", safe=safe)
    if source.name == "money" and name == "int":
        return fail(237, f"There is insufficient result space to convert a money value to {name}.", safe=safe)
    if name in _COLUMNS and (source.name in SMALL_WHOLE or (source.name, name) == ("money", "smallint")):
        number = f"CAST({value} * 10000 AS BIGINT)" if source.name == "money" else value
        shown = f"CAST({number} AS VARCHAR)"
        return failing(
            220, f"Arithmetic overflow error for data type {name}, value = ", shown, ".", safe=safe
        )
    return fail(8115, f"Arithmetic overflow error converting expression to data type {name}.", safe=safe)


def _text_too_large(text: str, source: SqlType, name: str, *, safe: bool) -> str:
    told = f"The conversion of the {source.name} value '"
    if name in _COLUMNS:
        column = f"' overflowed an {_COLUMNS[name]} column. Use a larger integer column."
        return failing(244, told, text, column, safe=safe)
    if name == "int":
        return failing(248, told, text, "' overflowed an int column.", safe=safe)
    if name == "money":
        money = "The conversion from char data type to money resulted in a money overflow error."
        return fail(236, money, safe=safe)
    if name == "smallmoney":
        kind = "smallmoney data type resulted in a smallmoney overflow error."
        return fail(294, f"The conversion from char data type to {kind}", safe=safe)
    what = f"{source.name} to data type numeric" if "c" in name else f"expression to data type {name}"
    return fail(8115, f"Arithmetic overflow error converting {what}.", safe=safe)


def too_short(value: str, source: SqlType, target: SqlType, *, safe: bool) -> str:
    """What a text type without enough room shows of a number, or its error; `value` is its SQL."""
    if source.name in SMALL_WHOLE and target.name in ("char", "varchar"):
        return "'*'"
    if source.name == "uniqueidentifier":
        told = "Insufficient result space to convert uniqueidentifier value to char."
        return fail(8170, told, safe=safe)
    if source.name in ("money", "smallmoney"):
        told = f"There is insufficient result space to convert a money value to {target.name}."
        return fail(234, told, safe=safe)
    if source.name in APPROXIMATE:
        shown = f"printf('%.6f', CAST({value} AS DOUBLE))"
        told = f"Arithmetic overflow error for type {target.name}, value = "
        return failing(232, told, shown, ".", safe=safe)
    kind = "numeric" if source.name in ("decimal", "numeric") else "expression"
    return fail(8115, f"Arithmetic overflow error converting {kind} to data type {target.name}.", safe=safe)


def failing(number: int, before: str, value: str, after: str, *, safe: bool) -> str:
    """`errors.fail` with the value that fails in its text; `value` is SQL that gives a text."""
    return "NULL" if safe else f"error({string(f'[[{number}]] {before}')} || {value} || {string(after)})"
