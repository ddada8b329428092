"""Shellcorp's parts that need no server."""

from __future__ import annotations

import re
import struct
import zlib
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pymssql
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.shellcorp import script
from sandbox.shellcorp.install import ROWS_AT_SCALE_1, Size
from sandbox.shellcorp.server import is_connection_lost
from sandbox.shellcorp.traffic import texts
from sandbox.shellcorp.traffic.kinds import KINDS, plan
from sandbox.shellcorp.traffic.moment import TICKS_A_SECOND, Moment
from sandbox.shellcorp.traffic.orders import Line
from sandbox.shellcorp.traffic.products import LARGE_PIXELS, noise_png
from sandbox.shellcorp.traffic.run import Tally
from tests.sandbox.shellcorp.domain_rules import RULES

DOCS = Path(__file__).parents[3] / "docs" / "shellcorp.md"
PRICES = st.decimals("0.01", "99999", places=4)


def test_every_rule_of_the_page_is_a_query_and_the_other_way_round() -> None:
    rules = DOCS.read_text().split("## Rules")[1].split("##")[0]
    written = re.findall(r"^\| (\w+) \| (.+?) \| (?:row|across|row, across) \|$", rules, re.MULTILINE)
    assert len(written) > 40
    assert set(written) == {(table, rule) for table, queries in RULES.items() for rule in queries}


def test_a_script_splits_at_go_alone_and_fills_variables_in() -> None:
    text = "SELECT 'GO'\nGO\n\n  go  \nSELECT $(rows), 'a GO b'\nGO\n"
    assert script.batches(text, {"rows": 3}) == ["SELECT 'GO'", "SELECT 3, 'a GO b'"]
    with pytest.raises(KeyError, match="cows"):
        script.batches("SELECT $(cows)", {"rows": 3})


@pytest.mark.parametrize(
    "name", ["schema.sql", "seed.sql", "cdc.sql", "permissions.sql", "permissions_msdb.sql"]
)
def test_every_script_is_filled_in_whole(name: str) -> None:
    variables = {**Size(scale=1, seed=1, today=date(2026, 1, 31)).variables(), "reader": "r"}
    assert all("$(" not in batch for batch in script.batches(script.read(name), variables))


def test_scale_multiplies_rows_but_leaves_a_few() -> None:
    variables = Size(scale=0.02, seed=1, today=date(2026, 1, 31)).variables()
    assert variables["activities"] == 1_000
    assert Size(scale=0.0001, seed=1, today=date(2026, 1, 31)).variables()["products"] == 20
    assert set(ROWS_AT_SCALE_1) < set(variables)


@given(st.integers(0, 4_000_000_000 * TICKS_A_SECOND), st.integers(0, 7))
def test_moments_are_cut_to_their_digits(ticks: int, digits: int) -> None:
    text = Moment(ticks).text(digits)
    whole, _, rest = text.partition(".")
    assert datetime.fromisoformat(f"{whole}+00:00") == datetime.fromtimestamp(ticks // TICKS_A_SECOND, UTC)
    assert rest == f"{ticks % TICKS_A_SECOND:07d}"[:digits]
    assert Moment(ticks).date() == text[:10]


@given(st.integers(1, 1_000), PRICES, st.sampled_from(["0", "0.05", "0.125", "0.3333", "0.5"]))
def test_a_line_costs_what_its_parts_say_to_half_a_ten_thousandth(
    quantity: int, price: Decimal, discount: str
) -> None:
    line = Line(1, "HW-00001", quantity, price, Decimal(discount))
    assert abs(line.amount - quantity * price * (1 - Decimal(discount))) <= Decimal("0.00005")
    assert line.amount == line.amount.quantize(Decimal("0.0001"))


def test_half_of_a_ten_thousandth_goes_up() -> None:
    assert Line(1, "HW-00001", 1, Decimal("0.0025"), Decimal("0.3000")).amount == Decimal("0.0018")


def test_the_plan_follows_from_the_seed_alone() -> None:
    def kinds(seed: int) -> list[str]:
        return [plan(seed, number)[0].name for number in range(300)]

    assert kinds(7) == kinds(7)
    assert kinds(7) != kinds(8)
    assert plan(7, 3)[1].random() == plan(7, 3)[1].random()


def test_every_kind_is_drawn_by_its_weight() -> None:
    drawn = Counter(plan(1, number)[0].name for number in range(6_000))
    total = sum(kind.weight for kind in KINDS)
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    for kind in KINDS:
        assert drawn[kind.name] == pytest.approx(6_000 * kind.weight / total, rel=0.6)


def test_letters_are_sometimes_100_kilobytes_and_never_blank() -> None:
    letters = [texts.letter(plan(1, number)[1]) for number in range(200)]
    sizes = [len(letter.encode("utf-16-le")) for letter in letters]
    assert all(letter.strip() for letter in letters)
    assert 5 < sum(size >= 100_000 for size in sizes) < 60
    assert max(sizes) < 110_000


def test_a_picture_is_a_png_that_decodes_to_its_pixels() -> None:
    picture = noise_png(plan(1, 1)[1], LARGE_PIXELS)
    assert 90_000 < len(picture) < 110_000
    size = struct.unpack(">I", picture[33:37])[0]
    assert picture[37:41] == b"IDAT"
    assert len(zlib.decompress(picture[41 : 41 + size])) == LARGE_PIXELS * (3 * LARGE_PIXELS + 1)


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (pymssql.OperationalError((20004, b"Read from the server failed")), True),
        (pymssql.OperationalError(20009, b"Unable to connect"), True),
        (pymssql.InterfaceError("Connection is closed."), True),
        (pymssql.OperationalError((1205, b"deadlock")), False),
        (pymssql.OperationalError((208, b"Invalid object name")), False),
        (pymssql.OperationalError("Cannot commit transaction: (20017, b'Unexpected EOF')"), True),
        (pymssql.OperationalError("Cannot commit transaction: (3960, b'Snapshot')"), False),
    ],
)
def test_a_lost_session_is_told_from_an_answer(error: pymssql.Error, lost: bool) -> None:
    assert is_connection_lost(error) is lost


def test_the_tally_names_what_was_done() -> None:
    tally = Tally(committed=Counter(pay_order=2, place_order=1_000), rolled_back=3)
    assert str(tally).startswith("1,002 transactions committed, 3 rolled back, 0 without a row")
    assert "pay_order 2, place_order 1000" in str(tally)
