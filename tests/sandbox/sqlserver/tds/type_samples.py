"""Every type of `ResultSet`: values at its limits, and a strategy for more.

They have the form that Arrow takes, but for datetime2(7) and datetimeoffset, which are printed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
from hypothesis import strategies as st

from sandbox.sqlserver.results import Column, ResultSet, SqlType, arrow_type
from tests.sandbox.sqlserver.moments import handed_over_offset, printed, ticks_of

DAY_IN_NANOSECONDS = 86_400 * 10**9


@dataclass(frozen=True)
class Sample:
    """A type, values that must survive, and a strategy for values."""

    type: SqlType
    limits: list[Any]
    values: st.SearchStrategy[Any]

    @property
    def id(self) -> str:
        parts = (self.type.name, self.type.length, self.type.precision, self.type.scale)
        return "-".join(str(part) for part in parts if part)


def _integers(name: str, low: int, high: int) -> Sample:
    return Sample(SqlType(name), [low, 0, high], st.integers(low, high))


def _decimals(name: str, precision: int, scale: int) -> Sample:
    largest = 10**precision - 1

    def number(digits: int) -> Decimal:
        sign, numerals, _ = Decimal(digits).as_tuple()
        return Decimal((sign, numerals, -scale))

    edges = [n for n in (-(2**64), -(2**32), 2**64) if abs(n) <= largest]
    limits = [number(n) for n in (-largest, *edges, -1, 0, 1, largest)]
    return Sample(
        SqlType(name, precision=precision, scale=scale), limits, st.integers(-largest, largest).map(number)
    )


def _money(name: str, low: int, high: int) -> Sample:
    def number(n: int) -> Decimal:
        return Decimal(n).scaleb(-4)

    return Sample(
        SqlType(name), [number(n) for n in (low, -1, 0, 1, high)], st.integers(low, high).map(number)
    )


# Neither lone surrogates nor NUL, which ends a text for pymssql.
_characters = st.characters(codec="utf-8", exclude_characters="\0")
_code_page = st.characters(codec="cp1252", exclude_characters="\0")


def _unicode(name: str, length: int) -> Sample:
    units = 20 if length == -1 else length // 2  # a character can take two units
    limits = ["", "ä€𝄞", "x" * (10_000 if length == -1 else length)]
    return Sample(SqlType(name, length), limits, st.text(_characters, max_size=units))


def _text(name: str, length: int) -> Sample:
    limits = ["", "ä€Žÿ", "x" * (10_000 if length == -1 else length)]
    return Sample(SqlType(name, length), limits, st.text(_code_page, max_size=min(length % 10_000, 40)))


def _binary(name: str, length: int) -> Sample:
    limits = [b"", b"\0", bytes(range(256)), b"\xff" * (10_000 if length == -1 else length)]
    return Sample(SqlType(name, length), limits, st.binary(max_size=40))


def _time(scale: int) -> Sample:
    step = 10 ** (9 - scale)
    last = DAY_IN_NANOSECONDS // step - 1
    limits = [0, last * step, (last // 3) * step]
    return Sample(SqlType("time", scale=scale), limits, st.integers(0, last).map(lambda n: n * step))


def _datetime2(scale: int) -> Sample:
    step = 10 ** (6 - scale)

    def rounded(moment: datetime) -> datetime:
        return moment.replace(microsecond=moment.microsecond // step * step)

    limits = [rounded(m) for m in (datetime.min, datetime(1969, 12, 31, 23, 59, 59, 999999), datetime.max)]
    return Sample(SqlType("datetime2", scale=scale), limits, st.datetimes().map(rounded))


def printed_offset(moment: datetime, nanoseconds: int, scale: int) -> str:
    """A datetimeoffset as SQL Server prints it."""
    fraction = f".{nanoseconds:09}"[: 1 + scale] if scale else ""
    zone = moment.strftime("%z")
    return f"{moment.replace(tzinfo=None, microsecond=0)}{fraction} {zone[:3]}:{zone[3:5]}"


def _datetimeoffset(scale: int) -> Sample:
    zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
    # The moment must lie within the years 1 to 9999 in UTC, too.
    moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=zones)
    values = st.builds(lambda m, n: printed_offset(m, n * 100, scale), moments, st.integers(0, 9_999_999))
    limits = [
        printed_offset(datetime(1, 1, 1, tzinfo=UTC), 0, scale),
        printed_offset(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), 999_999_900, scale),
        printed_offset(datetime(2024, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=14))), 123_456_700, scale),
        printed_offset(
            datetime(2023, 12, 31, 23, 0, tzinfo=timezone(-timedelta(hours=9, minutes=30))), 0, scale
        ),
    ]
    return Sample(SqlType("datetimeoffset", scale=scale), limits, values)


def _guid(value: UUID) -> str:
    return str(value).upper()


SAMPLES = [
    Sample(SqlType("bit"), [False, True], st.booleans()),
    _integers("tinyint", 0, 255),
    _integers("smallint", -(2**15), 2**15 - 1),
    _integers("int", -(2**31), 2**31 - 1),
    _integers("bigint", -(2**63), 2**63 - 1),
    Sample(
        SqlType("real"),
        [0.0, -1.5, 3.4028234663852886e38, 2.0**-149],
        st.floats(width=32, allow_nan=False, allow_infinity=False),
    ),
    Sample(SqlType("float"), [0.0, -1.79e308, 0.1], st.floats(allow_nan=False, allow_infinity=False)),
    *(_decimals("decimal", p, s) for p, s in ((1, 0), (9, 9), (10, 2), (19, 0), (20, 10))),
    *(_decimals("numeric", p, s) for p, s in ((18, 4), (28, 28), (29, 1), (38, 0), (38, 38))),
    _money("money", -(2**63), 2**63 - 1),
    _money("smallmoney", -(2**31), 2**31 - 1),
    _text("char", 10),
    _text("varchar", 8000),
    _text("varchar", -1),
    _text("text", -1),
    _unicode("nchar", 10),
    _unicode("nvarchar", 4000),
    _unicode("nvarchar", -1),
    _unicode("ntext", -1),
    _unicode("xml", -1),
    _binary("binary", 256),
    _binary("varbinary", 8000),
    _binary("varbinary", -1),
    _binary("image", -1),
    Sample(
        SqlType("rowversion"), [bytes(8), bytes(range(8)), b"\xff" * 8], st.binary(min_size=8, max_size=8)
    ),
    Sample(
        SqlType("uniqueidentifier"),
        [_guid(UUID(int=0)), "00112233-4455-6677-8899-AABBCCDDEEFF", _guid(UUID(int=2**128 - 1))],
        st.uuids().map(_guid),
    ),
    Sample(SqlType("date"), [date.min, date(1970, 1, 1), date.max], st.dates()),
    *(_time(scale) for scale in range(8)),
    Sample(
        SqlType("smalldatetime"),
        [datetime(1900, 1, 1), datetime(2079, 6, 6, 23, 59)],
        st.datetimes(datetime(1900, 1, 1), datetime(2079, 6, 6)).map(
            lambda m: m.replace(second=0, microsecond=0)
        ),
    ),
    Sample(
        SqlType("datetime"),
        [
            datetime(1753, 1, 1),
            datetime(2024, 2, 29, 12, 0, 0, 3000),
            datetime(9999, 12, 31, 23, 59, 59, 997000),
        ],
        st.datetimes(datetime(1753, 1, 1), datetime(9999, 12, 31)),
    ),
    *(_datetime2(scale) for scale in range(7)),
    Sample(
        SqlType("datetime2", scale=7),
        ["0001-01-01 00:00:00.0000000", "1969-12-31 23:59:59.9999999", "9999-12-31 23:59:59.9999999"],
        st.integers(0, ticks_of("9999-12-31 23:59:59.9999999")).map(printed),
    ),
    *(_datetimeoffset(scale) for scale in range(8)),
]


HANDED_OVER: dict[tuple[str, bool], Callable[[Any], Any]] = {
    ("datetime2", True): ticks_of,
    ("datetimeoffset", True): handed_over_offset,
    ("datetimeoffset", False): handed_over_offset,
}
"""By name, and whether the scale is 7: samples that are not written as Arrow takes them."""


def column_of(sample: Sample, values: list[Any]) -> pa.Array:
    """The values as an engine hands them over."""
    hand_over = HANDED_OVER.get((sample.type.name, sample.type.scale == 7), lambda value: value)
    handed_over = [None if value is None else hand_over(value) for value in values]
    return pa.array(handed_over, arrow_type(sample.type))


def result_set(*columns: tuple[Column, pa.Array]) -> ResultSet:
    """A result of one batch."""
    arrays = [array for _, array in columns]
    batch = pa.record_batch(arrays, names=[str(i) for i in range(len(arrays))])
    return ResultSet(tuple(column for column, _ in columns), iter((batch,)))
