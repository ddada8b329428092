"""datetime2(7) and datetimeoffset from year 1 to 9999, to 100 ns, against Python's whole numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sandbox.sqlserver.engine.engine_client import Client, open_engine
from tests.sandbox.sqlserver.moments import (
    TICKS_A_SECOND,
    handed_over_offset,
    printed,
    printed_offset,
    ticks_of,
)

FIRST, LAST = "0001-01-01 00:00:00.0000000", "9999-12-31 23:59:59.9999999"
MINUTE, DAY = 60 * TICKS_A_SECOND, 86_400 * TICKS_A_SECOND
UNITS = {
    "week": 7 * DAY, "day": DAY, "hour": 60 * MINUTE, "minute": MINUTE, "second": TICKS_A_SECOND,
    "millisecond": TICKS_A_SECOND // 1_000, "microsecond": TICKS_A_SECOND // 1_000_000,
}  # fmt: skip
MONTHS = {"year": 12, "quarter": 3, "month": 1}

ticks = st.one_of(st.sampled_from([0, 1, ticks_of(LAST) - 1, ticks_of(LAST)]), st.integers(0, ticks_of(LAST)))
offsets = st.integers(-14 * 60, 14 * 60)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    engine = open_engine(tmp_path_factory.mktemp("moments"))
    with Client(engine) as client:
        client.run("CREATE TABLE #texts (t varchar(40)); CREATE TABLE #two (a datetime2, b datetime2)")
        yield client
    engine.close()


@given(st.lists(ticks, min_size=5, max_size=20))
@settings(max_examples=15, deadline=None)
def test_text_to_value_to_text(shared: Client, moments: list[int]) -> None:
    texts = [printed(moment) for moment in moments]
    values = ", ".join(f"('{text}')" for text in texts)
    shared.run(f"TRUNCATE TABLE #texts; INSERT INTO #texts VALUES {values}")
    back = shared.rows(
        "SELECT t, CONVERT(varchar(27), CONVERT(datetime2(7), t, 121), 121), "
        "REPLACE(CONVERT(varchar(27), CONVERT(datetime2(7), REPLACE(t, ' ', 'T'), 126), 126), 'T', ' '), "
        "CONVERT(datetime2(7), t) FROM #texts"
    )
    assert sorted(row[0] for row in back) == sorted(texts)
    for text, as_121, as_126, value in back:
        assert (as_121, as_126, value) == (text, text.removesuffix(".0000000"), text)
    literals = ", ".join(f"CONVERT(datetime2(7), '{text}', 121)" for text in texts)
    assert shared.rows(f"SELECT {literals}") == [tuple(texts)]


@given(st.lists(st.tuples(ticks, offsets), min_size=5, max_size=10), offsets)
@settings(max_examples=6, deadline=None)
def test_offsets_to_value_to_text(shared: Client, moments: list[tuple[int, int]], other: int) -> None:
    texts = [
        printed_offset({"utc": utc, "offset_minutes": minutes}, 7)
        for utc, minutes in moments
        if all(0 <= utc + each * MINUTE <= ticks_of(LAST) for each in (minutes, other))
    ]
    for text in texts:
        value = f"CAST('{text}' AS datetimeoffset)"
        zone = printed_offset({"utc": DAY, "offset_minutes": other}, 0)[-6:]
        moved = printed_offset(handed_over_offset(text) | {"offset_minutes": other}, 7)
        sql = (
            f"SELECT {value}, CONVERT(varchar(34), {value}, 121), SWITCHOFFSET({value}, '{zone}'), "
            f"CAST({value} AS datetime2), TODATETIMEOFFSET(CAST({value} AS datetime2), '{text[-6:]}'), "
            f"CAST(t AS datetimeoffset), {value} AT TIME ZONE 'UTC' FROM (SELECT '{text}' AS t) AS q"
        )
        in_utc = printed_offset(handed_over_offset(text) | {"offset_minutes": 0}, 7)
        assert shared.rows(sql) == [(text, text, moved, text[:-7], text, text, in_utc)]


@given(st.lists(st.tuples(ticks, ticks), min_size=5, max_size=20), st.sampled_from(sorted(UNITS)))
@settings(max_examples=25, deadline=None)
def test_differences_count_boundaries(shared: Client, pairs: list[tuple[int, int]], part: str) -> None:
    _store(shared, pairs)
    shift = DAY if part == "week" else 0  # 0001-01-01 was a Monday, and weeks begin on Sunday
    unit = UNITS[part]
    months = ", ".join(f"DATEDIFF({each}, a, b)" for each in MONTHS)
    for first, last, difference, *by_month in shared.rows(
        f"SELECT a, b, DATEDIFF_BIG({part}, a, b), {months} FROM #two"
    ):
        start, end = ticks_of(first), ticks_of(last)
        assert difference == (end + shift) // unit - (start + shift) // unit
        numbers = [int(text[:4]) * 12 + int(text[5:7]) - 1 for text in (first, last)]
        assert by_month == [numbers[1] // each - numbers[0] // each for each in MONTHS.values()]


@given(
    st.lists(ticks, min_size=5, max_size=20), st.sampled_from(sorted(UNITS)), st.integers(-(2**31), 2**31 - 1)
)
@settings(max_examples=25, deadline=None)
def test_adding(shared: Client, moments: list[int], part: str, count: int) -> None:
    step = count * UNITS[part]
    fits = [moment for moment in moments if 0 <= moment + step <= ticks_of(LAST)]
    for moment in set(moments) - set(fits):
        assert shared.error(f"SELECT DATEADD({part}, {count}, CAST('{printed(moment)}' AS datetime2))") == 517
    _store(shared, [(moment, moment + step) for moment in fits] or [(0, 0)])
    added = shared.rows(f"SELECT DATEADD({part}, DATEDIFF_BIG({part}, a, b), a), b FROM #two")
    assert all(got == wanted for got, wanted in added)


@given(ticks, st.integers(-120_000, 120_000))
@settings(max_examples=60, deadline=None)
def test_adding_months_keeps_the_day_or_takes_the_months_last(
    shared: Client, moment: int, months: int
) -> None:
    text = printed(moment)
    year, month = divmod(int(text[:4]) * 12 + int(text[5:7]) - 1 + months, 12)
    sql = f"DATEADD(month, {months}, CAST('{text}' AS datetime2))"
    if not 1 <= year <= 9999:
        assert shared.error(f"SELECT {sql}") == 517
        return
    last = 31 if month == 11 else (dt.date(year, month + 2, 1) - dt.timedelta(1)).day
    day = min(int(text[8:10]), last)
    assert shared.value(sql) == f"{year:04}-{month + 1:02}-{day:02}{text[10:]}"
    assert shared.value(f"EOMONTH({sql})") == dt.date(year, month + 1, last)


def _store(client: Client, pairs: list[tuple[int, int]]) -> None:
    values = ", ".join(f"('{printed(a)}', '{printed(b)}')" for a, b in pairs)
    client.run(f"TRUNCATE TABLE #two; INSERT INTO #two VALUES {values}")


def test_parts_and_names(shared: Client) -> None:
    moment = f"CAST('{LAST}' AS datetime2)"
    parts = ("year", "dayofyear", "iso_week", "weekday", "second", "millisecond", "microsecond", "nanosecond")
    assert shared.rows(f"SELECT {', '.join(f'DATEPART({part}, {moment})' for part in parts)}") == [
        (9999, 365, 52, 6, 59, 999, 999_999, 999_999_900)
    ]
    assert shared.value(f"DATENAME(weekday, {moment})") == "Friday"
    assert shared.value(f"DATENAME(month, CAST('{FIRST} -14:00' AS datetimeoffset))") == "January"
    assert shared.value(f"DATEPART(tzoffset, CAST('{LAST} +14:00' AS datetimeoffset))") == 840
    # [Microsoft: DATEADD] nanoseconds are rounded to 100
    start = "CAST('2007-01-01 13:10:10.1111111' AS datetime2)"
    added = ", ".join(f"DATEADD(nanosecond, {count}, {start})" for count in (49, 50, 150))
    assert [text[-7:] for text in shared.rows(f"SELECT {added}")[0]] == ["1111111", "1111112", "1111113"]


def test_keys_joins_groups_and_order(shared: Client) -> None:
    texts = [LAST, FIRST, "2262-04-11 23:47:16.8547759", "1677-09-21 00:12:43.1452241"]
    shared.run("CREATE TABLE keyed (at datetime2 PRIMARY KEY, far datetimeoffset UNIQUE, short datetime2(3))")
    for text in texts:
        short = text[:23] if text == LAST else text
        shared.run(f"INSERT INTO keyed VALUES ('{text}', '{text} +00:00', '{short}')")
    assert shared.error(f"INSERT INTO keyed VALUES ('{LAST}', '2024-01-01', NULL)") == 2627
    assert shared.error(f"INSERT INTO keyed VALUES ('2024-01-01', '{FIRST[:10]} 14:00 +14:00', NULL)") == 2627
    ordered = [(text,) for text in sorted(texts)]
    assert shared.rows("SELECT at FROM keyed ORDER BY far") == ordered
    assert shared.rows("SELECT MIN(at), MAX(at), MIN(far), MAX(far) FROM keyed") == [
        (FIRST, LAST, f"{FIRST} +00:00", f"{LAST} +00:00")
    ]
    assert shared.rows("SELECT k.at FROM keyed k JOIN keyed f ON k.at = f.far ORDER BY 1") == ordered
    assert shared.rows("SELECT at, COUNT(*) FROM keyed WHERE at = short GROUP BY at") == [(FIRST, 1)]
    assert shared.rows(
        f"SELECT COUNT(*) FROM keyed WHERE short < '{LAST}' AND at <= '9999-12-31T23:59:59.9999999'"
    ) == [(4,)]
    assert shared.rows("SELECT COUNT(*) FROM keyed WHERE short >= CAST('9999-12-31' AS date)") == [(1,)]
    with pytest.raises(Exception, match=f"duplicate key value is \\({LAST}\\)"):
        shared.run(f"INSERT INTO keyed VALUES ('{LAST}', '2024-01-01', NULL)")


def test_altering_the_scale_rounds_and_nothing_is_lost(shared: Client) -> None:
    def alter(column: str, kind: str) -> str:
        return f"ALTER TABLE scaled ALTER COLUMN {column} {kind};"

    shared.run(
        "CREATE TABLE scaled (at datetime2(7), far datetimeoffset(7)); INSERT INTO scaled DEFAULT VALUES"
    )
    shared.run(f"INSERT INTO scaled VALUES ('9999-12-31 23:59:58.9999999', '{FIRST[:-1]}5 -14:00')")
    shared.run(alter("at", "datetime2(3)") + alter("far", "datetimeoffset(6)"))
    shared.run(alter("at", "datetime2(7)") + alter("far", "datetimeoffset(7)"))
    assert shared.rows("SELECT at, far FROM scaled ORDER BY at") == [
        (None, None),
        ("9999-12-31 23:59:59.0000000", f"{FIRST[:-2]}10 -14:00"),
    ]
    shared.run(f"DELETE FROM scaled; INSERT INTO scaled (at) VALUES ('{LAST}')")
    assert shared.error(alter("at", "datetime2(0)")) == 242
    assert shared.value("at FROM scaled") == LAST
