"""A month of a small Shellcorp that ends in a bad morning: what the mails about it show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from expectations.gate import CheckResult, GateResult
from expectations.gate.results import Severity
from expectations.report import Alert, ModelRun, Notice, ReplicatedTable, RunSummary, TableFacts, Week
from expectations.report.history import History, LastGood, PastFailure, PastGate
from expectations.report.week import KeptBack, SourceWeek

ZONE = ZoneInfo("Europe/Copenhagen")
NOW = datetime(2026, 3, 10, 4, 3, tzinfo=UTC)
PLATFORM, SALES = "data-platform@shellcorp.example", "sales-analytics@shellcorp.example"
SUCCESS = "customer-success@shellcorp.example"
OWNERS = {
    "RAW.CUSTOMERS": PLATFORM,
    "RAW.ORDERS": PLATFORM,
    "RAW.PAYMENTS": PLATFORM,
    "STAGING.STG_CUSTOMERS": PLATFORM,
    "STAGING.STG_ORDERS": PLATFORM,
    "STAGING.STG_PAYMENTS": PLATFORM,
    "MARTS.CUSTOMER_360": SUCCESS,
    "MARTS.DAILY_REVENUE": SALES,
    "MARTS.ORDER_FACTS": SALES,
    "MARTS.SUPPORT_LOAD": "support-analytics@shellcorp.example",
    "FEATURES.CUSTOMER_CHURN_FEATURES": "data-science@shellcorp.example",
}
ROWS = {
    "CUSTOMERS": 8_121,
    "ORDERS": 61_204,
    "PAYMENTS": 58_712,
    "STG_CUSTOMERS": 8_093,
    "STG_ORDERS": 61_204,
    "STG_PAYMENTS": 58_712,
    "CUSTOMER_360": 8_090,
    "DAILY_REVENUE": 1_203,
    "ORDER_FACTS": 60_816,
    "SUPPORT_LOAD": 364,
    "CUSTOMER_CHURN_FEATURES": 8_093,
}
CAME = {"STG_CUSTOMERS": 3, "STG_ORDERS": 388, "STG_PAYMENTS": 402, "SUPPORT_LOAD": -12}
OUTCOMES = {
    "ORDER_FACTS": "gate closed",
    "DAILY_REVENUE": "upstream closed",
    "CUSTOMER_360": "upstream closed",
}
CHECKS = 14
OWNERSHIP = {
    name: TableFacts(owner, frozenset({"EMAIL", "NAME"}) if "CUSTOMER" in name else frozenset())
    for name, owner in OWNERS.items()
}


@dataclass(frozen=True)
class Broken:
    """A rule that did not hold, `ago` runs ago."""

    table: str
    expectation: str
    severity: Severity
    ago: tuple[int, ...]
    rows: int
    keys: tuple[str, ...] = ()

    @property
    def now(self) -> CheckResult:
        """As the last run found it."""
        fails, rows = 0 in self.ago, ROWS[self.table.split(".")[1]]
        return CheckResult(
            self.expectation,
            None,
            self.severity,
            not fails,
            self.rows if fails else 0,
            rows,
            self.keys if fails else (),
        )


BROKEN = (
    Broken(
        "MARTS.ORDER_FACTS",
        "the total of an order is the sum of its lines",
        "critical",
        (0, 11),
        12,
        ("ORDER_ID=10482", "ORDER_ID=10511", "ORDER_ID=10520"),
    ),
    Broken(
        "STAGING.STG_CUSTOMERS",
        "EMAIL is unique",
        "warning",
        (0, 1, 2, 3, 11, 12, 13, 20),
        2,
        ("CUSTOMER_ID=77, EMAIL=soren@shop.example", "CUSTOMER_ID=912, EMAIL=li@shop.example"),
    ),
    Broken("STAGING.STG_ORDERS", "STATUS is one of open, paid, shipped, returned", "critical", (1, 24), 4),
    Broken("MARTS.SUPPORT_LOAD", "no day has more than twice its usual tickets", "warning", (11, 20), 1),
    Broken("RAW.PAYMENTS", "at least 90 % of the usual number of rows came", "warning", (6, 13, 27), 0),
)


def example() -> RunSummary:
    """The last run, with the thirty of its history."""
    return RunSummary(
        run_id="run-0",
        run_name="wise-heron",
        started_at=NOW - timedelta(seconds=187),
        ended_at=NOW,
        tables=(
            ReplicatedTable("ORDERS", 0, 1_874, 2.5, 7, 1_874, 900),
            ReplicatedTable("PAYMENTS", 0, 1_206, 2.5, 7, 1_206, 700),
            ReplicatedTable("CUSTOMERS", 0, 93, 2.5, 6, 93, 400),
            ReplicatedTable("PRODUCTS", 0, 0, 2.5, 4, 0, 100),
        ),
        models=_models(),
        gates=tuple(_gate(name) for name in OWNERS if OUTCOMES.get(name.split(".")[1]) != "upstream closed"),
        data_docs_link="https://data-docs.shellcorp.example/index.html",
        prefect_link="https://prefect.shellcorp.example/runs/flow-run/1b9d",
        history=_history(30),
        ownership=OWNERSHIP,
    )


def good_example() -> RunSummary:
    """The same morning without what is wrong."""
    summary = example()
    history = summary.history
    return replace(
        summary,
        gates=tuple(
            replace(gate, checks=tuple(replace(check, success=True) for check in gate.checks))
            for gate in summary.gates
        ),
        models=tuple(replace(model, outcome="published") for model in summary.models),
        history=replace(
            history,
            gates=tuple(
                replace(gate, passed=CHECKS, critical=0, warnings=0) if gate.run_id == "run-0" else gate
                for gate in history.gates
            ),
            failures=tuple(failure for failure in history.failures if failure.run_id != "run-0"),
        ),
    )


def example_alert() -> Alert:
    """The gate of that morning, at the moment when it closed."""
    link = "https://prefect.shellcorp.example/runs/flow-run/1b9d"
    at = NOW - timedelta(seconds=80)
    return Alert(_gate("MARTS.ORDER_FACTS"), "run-0", "wise-heron", at, link, OWNERSHIP)


def example_notice() -> Notice:
    """A run of that night whose worker was switched off."""
    body = (
        "Leave it, the next run goes on: the process of this run is gone (no sign of life). Was its worker "
        "stopped, or short of memory?\nNothing is half-written. If it happens again, look at the worker's "
        "memory and disk."
    )
    link = "https://prefect.shellcorp.example/runs/flow-run/77c0"
    return Notice("run-1", "replicate crashed", body, NOW - timedelta(hours=3), link)


def example_week() -> Week:
    """The week that ends with that morning."""
    history, begin = _history(14), NOW - timedelta(days=7)
    return Week(
        ends_at=NOW,
        this_week=History(
            tuple(gate for gate in history.gates if gate.checked_at > begin),
            tuple(failure for failure in history.failures if failure.checked_at > begin),
        ),
        week_before=History(
            tuple(gate for gate in history.gates if gate.checked_at <= begin),
            tuple(failure for failure in history.failures if failure.checked_at <= begin),
        ),
        kept_back=(
            KeptBack("MARTS", "CUSTOMER_360", 7, 2),
            KeptBack("MARTS", "DAILY_REVENUE", 7, 2),
            KeptBack("MARTS", "ORDER_FACTS", 7, 2),
            KeptBack("STAGING", "STG_ORDERS", 7, 1),
        ),
        source=SourceWeek(1_008, 3.1, 48.0, 28_104, 412_933, 212_000),
        source_before=SourceWeek(1_006, 2.8, 41.5, 27_911, 405_120, 204_000),
        data_docs_link="https://data-docs.shellcorp.example/index.html",
        ownership=OWNERSHIP,
    )


def _gate(name: str) -> GateResult:
    layer, table = name.split(".")
    broken = [each.now for each in BROKEN if each.table == name]
    rest = [
        CheckResult(f"C{n} is never NULL", f"C{n}", "critical", True, 0, ROWS[table])
        for n in range(CHECKS - len(broken))
    ]
    return GateResult(layer, table, (*rest, *broken))


def _models() -> tuple[ModelRun, ...]:
    return tuple(
        ModelRun(layer, table, OUTCOMES.get(table, "published"), ROWS[table])
        for layer, table in (name.split(".") for name in OWNERS)
        if layer != "RAW"
    )


def _history(runs: int) -> History:
    gates, failures = [], []
    for ago in reversed(range(runs)):
        at = NOW - timedelta(days=ago, minutes=2)
        for name in OWNERS:
            layer, table = name.split(".")
            broken = [each for each in BROKEN if each.table == name and ago in each.ago]
            failures += [
                PastFailure(f"run-{ago}", layer, table, each.expectation, each.severity, each.rows, at)
                for each in broken
            ]
            critical = sum(each.severity == "critical" for each in broken)
            counts = (CHECKS, CHECKS - len(broken), critical, len(broken) - critical)
            gates.append(PastGate(f"run-{ago}", layer, table, at, *counts))
    last_good = tuple(
        LastGood(
            model.layer,
            model.model,
            ROWS[model.model] - CAME.get(model.model, 0),
            NOW - timedelta(days=1, minutes=1),
        )
        for model in _models()
    )
    return History(tuple(gates), tuple(failures), last_good)
