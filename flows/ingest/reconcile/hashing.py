"""One text of a value that both servers write alike, type by type, and the hash of a row made of them.

The hash is MD5's first 64 bits. SQL Server gives it signed and Snowflake unsigned, so sums agree modulo
2^64. (Microsoft, "HASHBYTES": no limit of 8,000 bytes since SQL Server 2016; Snowflake,
"MD5_NUMBER_UPPER64".)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from deployments.quoting import tsql_name
from flows.ingest.tables.captured import CapturedTable, Column
from flows.ingest.tables.types import MAX_LENGTH, TEXT_DATE_STYLE, SqlType, map_type

UTF8 = "Latin1_General_100_BIN2_UTF8"
"""In it varchar is UTF-8, as Snowflake's VARCHAR always is; SQL Server has it since 2019."""

MODULUS = 2**64
MAX_VARCHAR = 8_000
FRAME_WIDTH = 14
"""Of a length, a colon and the bar that ends a column."""

UTF8_BYTES_PER_UNIT = 3
"""At most, of a UTF-16 unit or of a byte of any code page."""

EXACT_FLOAT = 2**53
"""Below it the whole part of a double is exact, and so is 2^53 times the rest."""


@dataclass(frozen=True)
class CanonicalText:
    """The text of a column's value in T-SQL and in Snowflake; `{0}` is the quoted column, NULL stays NULL."""

    tsql: str
    snowflake: str
    width: int
    """Bytes at most, `MAX_LENGTH` where that is more than a varchar(n) holds."""
    is_free_text: bool = False
    """It can contain anything, so its length goes before it."""
    leaves_out: str | None = None
    """What of a value it does not tell."""


HashedColumn = tuple[Column, CanonicalText]


@dataclass(frozen=True)
class Hashing:
    """How the rows of one table are hashed on both sides."""

    columns: tuple[HashedColumn, ...]
    key: tuple[HashedColumn, ...]

    @classmethod
    def of(cls, table: CapturedTable, knows_utf8: bool) -> Hashing:
        """Of all columns; without UTF-8 of a text only whether it is NULL."""
        columns = tuple(
            (column, canonical_text(column.sql_type, knows_utf8=knows_utf8)) for column in table.columns
        )
        by_name = {column.source_name: (column, text) for column, text in columns}
        return cls(columns, tuple(by_name[name] for name in table.key_names))

    @property
    def tsql_row(self) -> str:
        """The T-SQL expression of a row's hash: a bigint, signed."""
        return f"CONVERT(bigint, SUBSTRING({_tsql_digest(self.columns)}, 1, 8))"

    @property
    def snowflake_row(self) -> str:
        """The Snowflake expression of a row's hash: a NUMBER, unsigned."""
        return f"MD5_NUMBER_UPPER64({_snowflake_text(self.columns)})"

    def tsql_bucket(self, bits: int) -> str:
        """The T-SQL expression of the last bits of a key's digest, at most 32."""
        return f"(CONVERT(bigint, SUBSTRING({_tsql_digest(self.key)}, 13, 4)) % {2**bits})"

    def snowflake_bucket(self, bits: int) -> str:
        """The Snowflake expression of the last bits of a key's digest."""
        return f"MOD(MD5_NUMBER_LOWER64({_snowflake_text(self.key)}), {2**bits})"

    @property
    def leaves_out(self) -> tuple[str, ...]:
        """The columns of which the hash does not tell everything, each with what it leaves out."""
        return tuple(f"{column.name} ({text.leaves_out})" for column, text in self.columns if text.leaves_out)

    @property
    def has_whole_key(self) -> bool:
        """Whether keys that differ have different hashes."""
        return not any(text.leaves_out for _, text in self.key)


def canonical_text(sql_type: SqlType, *, knows_utf8: bool = True) -> CanonicalText:
    """The text of a type; `map_type` has refused what is not among them."""
    text = _TEXTS[sql_type.name](sql_type)
    return text if knows_utf8 or not text.is_free_text else _NULL_OR_NOT


def _tsql_digest(columns: Sequence[HashedColumn]) -> str:
    pieces = [_tsql_piece(text, tsql_name(column.source_name)) for column, text in columns]
    widths = [text.width for _, text in columns]
    if MAX_LENGTH in widths or sum(widths) + FRAME_WIDTH * len(widths) > MAX_VARCHAR:
        pieces.insert(0, "CONVERT(varchar(max), '')")  # first, or what stands before it is cut
    return f"HASHBYTES('MD5', {' + '.join(pieces)})"


def _tsql_piece(text: CanonicalText, name: str) -> str:
    """ISNULL, as COALESCE computes its argument twice."""
    value = text.tsql.format(name)
    if text.is_free_text:
        value = f"CONVERT(varchar(11), DATALENGTH({value})) + ':' + {value}"
    return f"ISNULL({value}, '~') + '|'"


def _snowflake_text(columns: Sequence[HashedColumn]) -> str:
    return " || ".join(_snowflake_piece(text, column.quoted) for column, text in columns)


def _snowflake_piece(text: CanonicalText, name: str) -> str:
    value = text.snowflake.format(name)
    if text.is_free_text:
        value = f"TO_CHAR(OCTET_LENGTH({value})) || ':' || {value}"
    return f"COALESCE({value}, '~') || '|'"


def _number(digits: int) -> Callable[[SqlType], CanonicalText]:
    return lambda _: CanonicalText(f"CONVERT(varchar({digits}), {{0}})", "TO_CHAR({0})", digits)


def _decimal(sql_type: SqlType) -> CanonicalText:
    return _number(sql_type.precision + 3)(sql_type)


def _money(precision: int) -> Callable[[SqlType], CanonicalText]:
    """With its four places: without a style a money is printed with two."""
    target = f"varchar({precision + 3}), CONVERT(decimal({precision}, 4), {{0}})"
    return lambda _: CanonicalText(f"CONVERT({target})", "TO_CHAR({0})", precision + 3)


def _moment(length: int, text_format: str, style: int = TEXT_DATE_STYLE) -> CanonicalText:
    return CanonicalText(
        f"CONVERT(varchar({length}), {{0}}, {style})", f"TO_CHAR({{0}}, '{text_format}')", length
    )


def _with_fraction(text_format: str, length: int, after: str = "") -> Callable[[SqlType], CanonicalText]:
    def of(sql_type: SqlType) -> CanonicalText:
        fraction = f".FF{sql_type.scale}" if sql_type.scale else ""
        return _moment(length, f"{text_format}{fraction}{after}")

    return of


def _text(sql_type: SqlType) -> CanonicalText:
    """In UTF-8, through nvarchar: COLLATE on a varchar can cut it (seen by others on SQL Server 2019)."""
    is_wide = sql_type.name in {"nchar", "nvarchar"}
    units = sql_type.max_length // 2 if is_wide else sql_type.max_length
    is_max = sql_type.is_lob or units * UTF8_BYTES_PER_UNIT > MAX_VARCHAR
    width = MAX_LENGTH if is_max else units * UTF8_BYTES_PER_UNIT
    source, target = ("max", "max") if is_max else (str(units), str(width))
    return CanonicalText(
        f"CONVERT(varchar({target}), CONVERT(nvarchar({source}), {{0}}) COLLATE {UTF8})",
        "{0}",
        width,
        is_free_text=True,
    )


def _variant(sql_type: SqlType) -> CanonicalText:
    """As it travels: base type and value in one text."""
    text = map_type(sql_type, "A sql_variant").read.format("{0}")
    tsql = f"CONVERT(varchar(max), ({text}) COLLATE {UTF8})"
    return CanonicalText(tsql, "{0}", MAX_LENGTH, is_free_text=True)


def _binary(sql_type: SqlType) -> CanonicalText:
    """Hexadecimal digits, two a byte (style 2)."""
    digits = 2 * sql_type.max_length
    is_max = sql_type.is_lob or digits > MAX_VARCHAR
    value = "CONVERT(varbinary(max), {0})" if sql_type.name == "image" else "{0}"
    return CanonicalText(
        f"CONVERT(varchar({'max' if is_max else digits}), {value}, 2)",
        "HEX_ENCODE({0})",
        MAX_LENGTH if is_max else digits,
    )


def _float(_: SqlType) -> CanonicalText:
    """Whole part and 53 binary places, all exact in doubles: no two servers print a double alike."""
    value = "CONVERT(float, {0})"
    tsql = (
        f"CASE WHEN ABS({value}) >= {EXACT_FLOAT}e0 THEN '#' "
        f"WHEN {value} IS NOT NULL THEN CASE WHEN {value} < 0 THEN '-' ELSE '' END "
        f"+ CONVERT(varchar(20), CONVERT(bigint, FLOOR(ABS({value})))) + '.' + CONVERT(varchar(20), "
        f"CONVERT(bigint, FLOOR((ABS({value}) - FLOOR(ABS({value}))) * {EXACT_FLOAT}e0))) END"
    )
    snowflake = (
        f"CASE WHEN ABS({{0}}) >= {EXACT_FLOAT}::FLOAT THEN '#' "
        "WHEN {0} IS NOT NULL THEN CASE WHEN {0} < 0 THEN '-' ELSE '' END "
        "|| TO_CHAR(FLOOR(ABS({0}))::NUMBER(19,0)) || '.' || "
        f"TO_CHAR(FLOOR((ABS({{0}}) - FLOOR(ABS({{0}}))) * {EXACT_FLOAT}::FLOAT)::NUMBER(19,0)) END"
    )
    return CanonicalText(
        tsql, snowflake, 42, leaves_out="a float: what is below 2^-53, and all of a value from 2^53 on"
    )


_NULL_OR_NOT = CanonicalText(
    "CASE WHEN {0} IS NOT NULL THEN '' END",
    "CASE WHEN {0} IS NOT NULL THEN '' END",
    0,
    leaves_out="text: SQL Server before 2019 has no UTF-8, so only whether it is NULL is hashed",
)
_TEXTS: dict[str, Callable[[SqlType], CanonicalText]] = {
    "bit": lambda _: CanonicalText(
        "CONVERT(varchar(1), {0})", "CASE WHEN {0} THEN '1' WHEN NOT {0} THEN '0' END", 1
    ),
    "tinyint": _number(3),
    "smallint": _number(6),
    "int": _number(11),
    "bigint": _number(20),
    "decimal": _decimal,
    "numeric": _decimal,
    "money": _money(19),
    "smallmoney": _money(10),
    "real": _float,
    "float": _float,
    **dict.fromkeys(("char", "varchar", "nchar", "nvarchar", "text", "ntext", "xml"), _text),
    **dict.fromkeys(("binary", "varbinary", "image", "timestamp", "rowversion"), _binary),
    "sql_variant": _variant,
    "uniqueidentifier": lambda _: CanonicalText("CONVERT(varchar(36), {0})", "{0}", 36),
    "date": lambda _: _moment(10, "YYYY-MM-DD", 23),
    "time": _with_fraction("HH24:MI:SS", 16),
    "smalldatetime": lambda _: _moment(19, "YYYY-MM-DD HH24:MI:SS", 120),
    "datetime": lambda _: _moment(23, "YYYY-MM-DD HH24:MI:SS.FF3"),
    "datetime2": _with_fraction("YYYY-MM-DD HH24:MI:SS", 27),
    "datetimeoffset": _with_fraction("YYYY-MM-DD HH24:MI:SS", 34, " TZH:TZM"),
}
