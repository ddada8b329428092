"""Rows that break rules are set aside: what readers find published and in quarantine, at every moment."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from snowflake.snowpark import DataFrame, Row, Session
from snowflake.snowpark.functions import lit

from deployments.settings import SnowflakeSettings
from snowpark_models import Column
from snowpark_models.errors import QuarantineError
from snowpark_models.model import Materialisation
from snowpark_models.runner import Candidate
from snowpark_models.runner.names import Namespace
from snowpark_models.runner.sieve import NO_SIEVE, Sift
from snowpark_models.runner.warehouse import Warehouse
from tests.models.quarantined import (
    KNOWN,
    POSITIVE,
    SIEVE,
    SMALL,
    World,
    four_orders,
    model,
    other_rules,
    split,
)

WAYS: tuple[Materialisation, ...] = ("table", "incremental", "scd2", "iceberg_table")
IS_CURRENT = "IS_CURRENT"
FULL = Namespace("FULL")
LIMIT_STATEMENTS = 30


class Killed(BaseException):
    """The process is no more."""


@dataclass
class Death:
    """Comes some statements after the gate was asked."""

    statements_left: int
    is_near: bool = False

    def is_asked(self, _candidate: Candidate) -> bool:
        """The gate: open, and from now on statements are counted."""
        self.is_near = True
        return True

    def waits_for(self, patched: pytest.MonkeyPatch) -> None:
        """Let it come."""
        original = Warehouse.rows

        def rows(warehouse: Warehouse, statement: str) -> list[Row]:
            if self.is_near:
                if not self.statements_left:
                    raise Killed
                self.statements_left -= 1
            return original(warehouse, statement)

        patched.setattr(Warehouse, "rows", rows)


@pytest.fixture
def world(session: Session, snowflake: SnowflakeSettings) -> Iterator[World]:
    with four_orders(session, snowflake) as opened:
        yield opened


def current(way: Materialisation) -> str:
    return IS_CURRENT if way == "scd2" else "TRUE"


def test_bad_rows_are_set_aside_with_reasons_run_and_time_and_the_others_published(world: World) -> None:
    outcome = world.run(model("incremental"))
    assert (outcome.outcome, outcome.row_count, outcome.rows_set_aside) == ("published", 2, 2)
    assert world.seen() == split(world.source())
    columns = "ORDER_ID, _REASONS, _RUN_ID, _SET_ASIDE_AT <= SYSDATE()"
    assert world.rows(f"SELECT {columns} FROM QUALITY.MARTS__CHECKED ORDER BY 1") == [
        (2, "total_amount is at least 0", "run-1", True),
        (4, "total_amount is at least 0\nIt's a customer's", "run-1", True),
    ]
    types = (
        "SELECT COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'MARTS__CHECKED'"
    )
    assert ("TOTAL_AMOUNT", "NUMBER") in world.rows(types)
    ledger = "SELECT ROWS_SET_ASIDE FROM OPS.MODEL_RUNS"
    assert world.rows(ledger) == [(2,)]
    left = "SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_NAME LIKE '%ASIDE%'"
    assert world.rows(left) == [(0,)]


@pytest.mark.parametrize("way", WAYS)
def test_whatever_arrives_what_is_published_and_set_aside_is_what_a_rebuild_makes(
    world: World, way: Materialisation
) -> None:
    """Good and bad rows, repairs, deletes and other rules, at random; at last a rebuild."""
    chance = random.Random(6)
    built = model(way)
    rules = SIEVE
    for step in range(4):
        if step:
            chosen = chance.sample(range(1, 9), 3)
            rows = [(order, chance.choice((1, 2, 13)), chance.choice((-5, 5, 70))) for order in chosen]
            world.orders(*rows, deleted=chosen[2:])
        if step == 2:
            rules = other_rules(KNOWN, SMALL)
        outcome = world.run(built, rules)
        found = world.seen(current(way))
        assert found == split(world.source(), rules), f"step {step}"
        assert outcome.rows_set_aside == world.rows(f"SELECT COUNT(*) FROM {world.quarantine()}")[0][0]
    assert found is not None
    assert all(found), "nothing was published, or set aside, so nothing was tried"
    world.run(built, rules, namespace=FULL)
    assert found == world.seen(current(way), FULL)


@pytest.mark.parametrize("way", ["table", "incremental", "scd2", "iceberg_table"])
def test_a_reader_finds_all_of_one_run_at_every_moment(
    world: World, way: Materialisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each statement of a run that brings, repairs and spoils rows; two of them by another rule."""
    built = model(way)
    world.run(built)
    for rows, rules in (
        ([(1, 1, -10), (2, 1, 20), (5, 5, 5)], SIEVE),
        ([(4, 4, 4), (5, 5, -5)], SIEVE),
        ([(6, 6, 6)], other_rules(POSITIVE)),
    ):
        before = world.seen(current(way))
        world.orders(*rows)
        moments = []
        original = Warehouse.rows

        def watched(self: Warehouse, statement: str) -> list[Row]:
            moments.append(world.seen(current(way)))  # noqa: B023 - called in this step alone
            return original(self, statement)  # noqa: B023

        with monkeypatch.context() as patched:
            patched.setattr(Warehouse, "rows", watched)
            world.run(built, rules)
        after = world.seen(current(way))
        assert after == split(world.source(), rules)
        others = [seen for seen in moments if seen not in (before, after)]
        assert set(map(str, others)) <= ({"None"} if way == "iceberg_table" else set())
        assert before in moments


@pytest.mark.parametrize("way", ["table", "incremental", "scd2"])
def test_a_run_killed_before_any_statement_that_publishes_is_made_good_by_the_next(
    world: World, way: Materialisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows change before each death; every third statement is tried: the reader above looks at all."""
    built = model(way)
    world.run(built)
    world.orders((1, 1, -10), (2, 1, 20))
    survived = 0
    for statements_left in range(0, LIMIT_STATEMENTS, 3):
        before = world.seen(current(way))
        with world.another_session() as doomed:
            death = Death(statements_left)
            with monkeypatch.context() as patched:
                death.waits_for(patched)
                try:
                    world.run(built, audit=death.is_asked, session=doomed)
                    survived += 1
                except Killed:
                    pass
        after = split(world.source())
        assert world.seen(current(way)) in (before, after, None), statements_left
        if survived:
            break
        world.run(built)
        assert world.seen(current(way)) == split(world.source()), statements_left
        sign = -1 if statements_left % 2 else 1
        world.orders((1, 1, 10 * sign), (2, 1, -20 * sign), (3, 2, 30 + statements_left))
    assert survived, "publishing takes more statements than were tried"


def test_rows_of_an_incremental_model_keep_the_time_at_which_they_were_set_aside_first(world: World) -> None:
    query = "SELECT ORDER_ID, _RUN_ID, _REASONS LIKE '%customer%' FROM QUALITY.MARTS__CHECKED ORDER BY 1"
    for way in WAYS[:2]:
        built = model(way)
        first = world.run(built, rebuilt=["checked"])
        assert first.rows_set_aside == 2
        assert world.rows(query) == [(2, "run-1", False), (4, "run-1", True)]
        world.orders((2, 1, -1), (4, 4, -4), (3, 2, -30))
        world.run(built)
        now = f"run-{world.runs}"
        assert world.rows(query) == [(2, "run-1", False), (3, now, False), (4, now, False)]
        world.orders((4, 13, -4), (3, 2, 30))
        world.run(built, NO_SIEVE)
        assert world.rows(query) == []
        assert world.seen() == (world.source(), Counter())
        world.session.sql("DROP TABLE QUALITY.MARTS__CHECKED").collect()
        world.runs = 0


def test_too_many_rows_close_the_gate_as_they_would_in_a_rebuild(world: World) -> None:
    strict = replace(SIEVE, rows=2, share=0.5)
    built = model("incremental")
    assert world.run(built, strict).outcome == "published"
    before = world.seen()
    world.orders((3, 2, -30))
    outcome = world.run(built, strict)
    assert outcome.outcome == "gate closed"
    why = "3 of 4 rows break rules that set rows aside, and no more than 2 rows or 50.00% may be"
    assert outcome.reason.startswith(why)
    assert outcome.rows_set_aside == 2
    assert world.seen() == before
    shown = outcome.reason.split("; ")[1].split()[0]
    bad = f"SELECT COUNT_IF(TOTAL_AMOUNT < 0) FROM {shown}"
    assert world.rows(bad) == [(3,)], "what was refused shows those in quarantine, too"
    assert world.run(built, strict, rebuilt=["checked"]).reason.startswith(why)
    outcome = world.run(built, strict.without_limit())
    assert (outcome.outcome, outcome.limit_lifted) == ("published", why)
    assert world.seen() == split(world.source())

    world.orders((3, 2, 30), (1, 1, 1), deleted=[1])
    assert world.run(built, strict).outcome == "published"
    world.orders((3, 2, 30), deleted=[3])
    outcome = world.run(built, replace(strict, rows=1))
    assert "2 of 2 rows" in outcome.reason, "nothing bad has come; what is good has gone"


def test_a_replay_computes_what_is_set_aside_again_and_nothing_else(world: World) -> None:
    built = model("incremental")
    today = Sift("It's of a day that has come", "TOTAL_AMOUNT > (SELECT MAX(N) FROM OPS.DAYS)")
    world.session.sql("CREATE TABLE OPS.DAYS AS SELECT 5 AS N").collect()
    world.orders((2, 1, 1), (4, 4, 4))
    world.run(built, other_rules(today))
    assert world.seen() is not None
    assert world.run(built, other_rules(today)).outcome == "unchanged"
    world.session.sql("INSERT INTO OPS.DAYS VALUES (20)").collect()
    outcome = world.run(built, other_rules(today), replayed=["checked"])
    assert outcome.decision.reason == "a replay of what is set aside was asked for"
    assert (outcome.rows_changed, outcome.rows_set_aside) == (1, 1), "10 is published, 30 still is not"
    log = "SELECT ORDER_ID FROM MARTS.CHECKED__CHANGES WHERE NOT _IS_GONE"
    assert world.rows(log) == [(1,)]
    with pytest.raises(QuarantineError, match=r"checked cannot be replayed: its suite has no set_aside"):
        world.run(built, NO_SIEVE, replayed=["checked"])
    with pytest.raises(
        QuarantineError, match="sales cannot be replayed: it is none of the models of this run"
    ):
        world.run(built, replayed=["sales"])


def test_what_cannot_be_set_aside_is_refused_by_name(world: World) -> None:
    with pytest.raises(QuarantineError, match="model checked: its suite sets rows aside, and it is a view"):
        world.run(model("view"))
    nobody = Sift("Somebody ordered", "CUSTOMER_ID IS NULL")
    world.session.sql("UPDATE RAW.ORDERS SET CUSTOMER_ID = NULL WHERE ORDER_ID = 1").collect()
    for way in ("table", "incremental"):
        outcome = world.run(model(way), other_rules(POSITIVE))
        assert "CUSTOMER_ID is NULL in 1 rows" in outcome.reason, "another rule"
        assert world.run(model(way), other_rules(nobody), rebuilt=["checked"]).rows_set_aside == 1


def test_another_contract_or_kind_takes_the_quarantine_along_but_no_past_away(world: World) -> None:
    world.run(model("table"))
    more = Column("is_new", "BOOLEAN", "Nothing was known of it.", nullable=True)

    def checked(raw_orders: DataFrame) -> DataFrame:
        return model("table").function(raw_orders).with_column("IS_NEW", lit(None).cast("BOOLEAN"))

    wider = replace(model("table", more), function=checked)
    world.run(wider)
    assert world.seen("IS_NEW IS NULL") == split(world.source())
    world.run(replace(model("view"), function=model("table").function), NO_SIEVE)
    assert world.seen() is None, "a view shows all rows, so none is set aside"
    world.run(model("scd2"))
    assert world.seen(IS_CURRENT) == split(world.source())
    outcome = world.run(replace(model("scd2", more), function=checked))
    assert outcome.outcome == "contract broken"
    assert "columns of a table of versions cannot change while versions are set aside" in outcome.reason
    assert world.seen(IS_CURRENT) == split(world.source())
    world.orders((2, 1, 2), (4, 4, 4))
    world.run(model("scd2"))
    assert world.rows(f"SELECT COUNT(*) FROM {world.quarantine()}") == [(2,)], "what they were, no more"
