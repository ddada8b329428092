"""The gate of an incremental model looks at its batch alone, and says what it would say of the whole."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from snowflake.snowpark import Session

from deployments.connections import connect_snowflake, snowpark_session
from deployments.settings import SnowflakeSettings
from expectations.gate import Gate
from expectations.rules import Suite, always, between, has_rows, one_of, refers_to, set_aside, suite, unique
from expectations.staging import stg_orders
from flows import transformation as transformation_module
from flows.contracts import contracts
from flows.overrides import Overrides
from flows.quarantine import sieves
from flows.transformation import Transformation
from snowpark_models.runner import Candidate, Options, begin, plan
from snowpark_models.runner.backfill import Backfill
from tests.flows.test_raw_gates import said
from tests.models.replica import Replica

GATE = "STAGING.STG_ORDERS"
MODELS = plan(["stg_orders"])
GOOD = {"status": "placed", "total_amount": 5, "customer_id": 1, "_deleted": False}
CHANGES: dict[str, dict[str, Any]] = {
    "dearer": {},
    "of another customer": {"customer_id": 2},
    "as it was": {},
    "gone": {"_deleted": True},
    "to be set aside": {"total_amount": 13},
    "of an unknown status": {"status": "lost"},
    "too cheap": {"total_amount": -1},
    "paid for nothing": {"status": "paid", "total_amount": 0},
    "of nobody": {"customer_id": 9},
}
HARMLESS = ("dearer", "dearer", "of another customer", "gone", "to be set aside")
WRONG = ("of an unknown status", "too cheap", "paid for nothing", "of nobody")
ORDERS = range(1, 9)
DEAR = 20
"""What the first order costs that gets dearer; each later one costs more."""


def rules(cheapest: int = 0) -> Suite:
    """Row-local rules of each severity, one that sets aside, and others about the whole table."""
    return suite(
        "ORDER_ID",
        one_of("STATUS", "placed", "paid"),
        between("TOTAL_AMOUNT", low=cheapest, severity="warning"),
        always("What is paid costs something", "STATUS <> 'paid' OR TOTAL_AMOUNT > 0", severity="info"),
        set_aside(always("It does not cost 13", "TOTAL_AMOUNT <> 13")),
        refers_to("RAW.CUSTOMERS", "CUSTOMER_ID"),
        has_rows("warning"),
        unique("ORDER_ID", "STATUS", severity="warning"),
    )


STRICT = rules(cheapest=DEAR)
"""For one run: what has not become dearer breaks it."""
HOW = (
    "run",
    "other suite",
    "run",
    "override",
    "rebuild",
    "run",
    "backfill",
    "dies before",
    "run",
    "dies after",
)
"""What is done after a change; death comes before what the gate let through is published, or right after."""


@dataclass(frozen=True)
class Step:
    """Changes of some orders, and what is done then; where something is wrong, all may be repaired first."""

    how: str
    changes: dict[int, str]
    repairs: bool


CHANGED = st.dictionaries(
    st.sampled_from(ORDERS),
    st.sampled_from(HARMLESS) | st.sampled_from(WRONG),
    min_size=1,
    max_size=3,
)
STEPS = st.tuples(
    *(st.builds(Step, st.just(how), CHANGED, st.sampled_from((True, True, False))) for how in HOW)
)
IN_ANY_ORDER = STEPS.flatmap(st.permutations)


class Killed(BaseException):
    """The process is no more."""


class Nobody:
    """Hears of verdicts and of overrides, and tells nobody."""

    def tell(self, _verdict: object, **_more: object) -> None: ...

    def warning(self, _message: str) -> None: ...


@dataclass
class House:
    """Orders in a mirror, and their staging model behind the gate that the flow has."""

    session: Session
    gate: Gate
    other: Gate
    patched: pytest.MonkeyPatch
    counts: Counter[str]
    prices: Iterator[int] = field(default_factory=lambda: count(DEAR))
    runs: Iterator[int] = field(default_factory=lambda: count(1))
    is_failing: bool = False

    def __post_init__(self) -> None:
        self.replica = Replica(self.session, ["raw_orders"])
        customers = "CREATE TABLE RAW.CUSTOMERS AS SELECT 1 AS CUSTOMER_ID UNION ALL SELECT 2"
        self.session.sql(customers).collect()
        self.patched.setattr(stg_orders, "SUITE", rules())
        self.deliver(dict.fromkeys(ORDERS, "as it was"))
        self.run("run")

    def take(self, step: Step) -> None:
        """Bring changes in, and do what is to be done."""
        mended = dict.fromkeys(ORDERS, "as it was") if self.is_failing and step.repairs else {}
        self.deliver(mended | step.changes)
        self.patched.setattr(stg_orders, "SUITE", STRICT if step.how == "other suite" else rules())
        try:
            self.run(step.how)
        except Killed:
            self.run("run")

    def deliver(self, changes: dict[int, str]) -> None:
        moment = {"_committed_at": "2026-01-02 03:04:05"}
        rows = [{"order_id": order, **moment, **GOOD, **CHANGES[how]} for order, how in changes.items()]
        for row, how in zip(rows, changes.values(), strict=True):
            row |= {"total_amount": next(self.prices)} if how == "dearer" else {}
        self.replica.deliver("raw_orders", rows)

    def run(self, how: str) -> None:
        """As the flow does it, and each verdict held against one on the whole table."""
        overrides = Overrides(frozenset({GATE} if how == "override" else ()), "because")
        flow = Transformation(self.gate, [], Nobody(), Nobody(), overrides)  # type: ignore[arg-type]

        def audit(candidate: Candidate) -> bool:
            is_let_through = flow.audit(candidate)
            found = flow.verdict(GATE)
            assert found is not None
            note(f"{how}: {'all' if found.is_whole else 'what changed'}: {found}")
            if not found.is_whole:
                contract = contracts()[candidate.layer.upper(), candidate.table]
                layer, table = candidate.layer, candidate.table
                whole = self.other.check(layer, table, candidate.location, contract=contract)
                assert said(found) == said(whole)
            self.counts[f"{'whole' if found.is_whole else 'changed'}, {found.outcome}"] += 1
            self.is_failing = bool(found.failures)
            if how == "dies before":
                raise Killed
            return is_let_through

        options = Options(
            rebuilt=["stg_orders"] if how == "rebuild" else [],
            backfill=Backfill.parsed("order_id=2..5") if how == "backfill" else None,
            sieves=sieves(MODELS, overrides.names),
        )
        run = flow.run = begin(self.session, MODELS, audit, f"run-{next(self.runs)}", options)
        outcome = run.build(MODELS[0])
        self.counts[outcome.outcome] += 1
        if how == "dies after":
            raise Killed
        flow.built(outcome)
        run.end()


@contextmanager
def house(snowflake: SnowflakeSettings, folder: Path, counts: Counter[str]) -> Iterator[House]:
    """In a database of its own."""
    name = f"PARTITIONS_{uuid.uuid4().hex[:12].upper()}"
    settings = snowflake.model_copy(update={"database": name})
    with connect_snowflake(snowflake, "tests") as connection:
        connection.cursor().execute(f"CREATE DATABASE {name}")
    with (
        connect_snowflake(settings, "tests") as connection,
        Gate(settings, "partition", folder) as gate,
        Gate(settings, "whole", folder) as other,
        pytest.MonkeyPatch.context() as patched,
    ):
        patched.setattr(transformation_module, "get_run_logger", Nobody)
        yield House(snowpark_session(connection), gate, other, patched, counts)


def test_the_verdict_on_a_batch_is_the_verdict_on_the_whole(
    snowflake: SnowflakeSettings, tmp_path: Path
) -> None:
    counts: Counter[str] = Counter()

    @settings(
        max_examples=2,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(IN_ANY_ORDER)
    def holds(steps: Sequence[Step]) -> None:
        with house(snowflake, tmp_path, counts) as opened:
            for step in steps:
                note(str(step))
                opened.take(step)

    holds()
    assert counts["changed, open"] >= 4
    assert counts["changed, closed"] + counts["changed, warned"] >= 1
