"""A month of a small Shellcorp that ends in a bad morning: what a mail about it shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from expectations.gate import CheckResult, GateResult
from expectations.gate.results import Severity
from expectations.report import ModelRun, ReplicatedTable, RunSummary
from expectations.report.history import History, LastGood, PastFailure, PastGate
from expectations.report.ownership import TableFacts

NOW = datetime(2026, 3, 10, 5, 3, tzinfo=UTC)
SALES, SUCCESS = "sales-analytics@shellcorp.example", "customer-success@shellcorp.example"
PLATFORM = "data-platform@shellcorp.example"
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
CHECKS = 14
TOTALS = "the total of an order is the sum of its lines"
EMAILS = "EMAIL is unique"
STATUS = "STATUS is one of open, paid, shipped, returned"
FAILED = {
    ("MARTS.ORDER_FACTS", TOTALS, "critical"): (0, 1, 11),
    ("STAGING.STG_CUSTOMERS", EMAILS, "warning"): (0, 1, 2, 3, 11, 12, 13, 20, 21),
    ("STAGING.STG_ORDERS", STATUS, "critical"): (1, 2, 17),
    ("RAW.PAYMENTS", "at least 90 % of the usual number of rows", "warning"): (6, 13, 27),
}
"""Rules that failed, and how many runs ago."""


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
        gates=tuple(_gate(name) for name in OWNERS if name != "MARTS.DAILY_REVENUE"),
        data_docs_link="https://data-docs.shellcorp.example/index.html",
        prefect_link="https://prefect.shellcorp.example/runs/flow-run/1b9d",
        history=_history(),
        ownership={
            name: TableFacts(owner, frozenset({"EMAIL", "NAME"}) if "CUSTOMER" in name else frozenset())
            for name, owner in OWNERS.items()
        },
    )


def good_example() -> RunSummary:
    """The same morning without what is wrong."""
    summary = example()
    gates = tuple(
        replace(gate, checks=tuple(replace(c, success=True) for c in gate.checks)) for gate in summary.gates
    )
    history = summary.history
    return replace(
        summary,
        gates=gates,
        models=tuple(replace(model, outcome="published") for model in summary.models),
        history=replace(
            history,
            gates=tuple(
                replace(g, passed=CHECKS, critical=0, warnings=0) if g.run_id == "run-0" else g
                for g in history.gates
            ),
            failures=tuple(failure for failure in history.failures if failure.run_id != "run-0"),
        ),
    )


def _gate(name: str) -> GateResult:
    layer, table = name.split(".")
    checks = [CheckResult(f"C{n} is never NULL", f"C{n}", "critical", True, 0, 1_200) for n in range(CHECKS)]
    for (failing, sentence, severity), runs in FAILED.items():
        if failing == name:
            checks[len(checks) - 1] = _check(name, sentence, severity, success=0 not in runs)  # type: ignore[arg-type]
    return GateResult(layer, table, tuple(checks))


def _check(name: str, sentence: str, severity: Severity, *, success: bool) -> CheckResult:
    keys = {
        "MARTS.ORDER_FACTS": ("ORDER_ID=10482", "ORDER_ID=10511", "ORDER_ID=10520"),
        "STAGING.STG_CUSTOMERS": (
            "CUSTOMER_ID=77, EMAIL=soren@shop.example",
            "CUSTOMER_ID=912, EMAIL=li@shop.example",
        ),
    }.get(name, ())
    return CheckResult(
        sentence, None, severity, success, 0 if success else 12, 61_204, () if success else keys
    )


def _models() -> tuple[ModelRun, ...]:
    rows = {"ORDER_FACTS": 61_204, "DAILY_REVENUE": 1_204, "CUSTOMER_360": 8_093, "SUPPORT_LOAD": 364}
    rows |= {
        "STG_ORDERS": 61_204,
        "STG_PAYMENTS": 58_712,
        "STG_CUSTOMERS": 8_093,
        "CUSTOMER_CHURN_FEATURES": 8_093,
    }
    outcomes = {
        "ORDER_FACTS": "gate closed",
        "DAILY_REVENUE": "upstream closed",
        "CUSTOMER_360": "upstream closed",
    }
    return tuple(
        ModelRun(layer, table, outcomes.get(table, "published"), rows[table])
        for layer, table in (name.split(".") for name in OWNERS)
        if layer != "RAW"
    )


def _history() -> History:
    gates, failures, last_good = [], [], []
    for ago in reversed(range(30)):
        at = NOW - timedelta(days=ago, minutes=2)
        for name in OWNERS:
            layer, table = name.split(".")
            broken = [(rule[1], rule[2]) for rule, runs in FAILED.items() if rule[0] == name and ago in runs]
            failures += [PastFailure(f"run-{ago}", layer, table, *rule, 12, at) for rule in broken]
            critical = sum(severity == "critical" for _, severity in broken)
            gates.append(
                PastGate(
                    f"run-{ago}",
                    layer,
                    table,
                    at,
                    CHECKS,
                    CHECKS - len(broken),
                    critical,
                    len(broken) - critical,
                )
            )
    for model in _models():
        days = 2 if model.outcome != "published" else 1
        rows = (model.row_count or 0) - {"STG_ORDERS": 388, "STG_PAYMENTS": 402, "SUPPORT_LOAD": -12}.get(
            model.model, 0
        )
        last_good.append(LastGood(model.layer, model.model, rows, NOW - timedelta(days=days, minutes=1)))
    return History(tuple(gates), tuple(failures), tuple(last_good))
