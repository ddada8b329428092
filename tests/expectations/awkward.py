"""A run whose every text is awkward: markup, headers, other scripts, no characters, and far too many."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from expectations.gate import CheckResult, GateResult
from expectations.report import ModelRun, ReplicatedTable, RunSummary, TableFacts
from expectations.report.history import History, PastFailure, PastGate

NOW = datetime(2026, 3, 10, 7, 0, tzinfo=UTC)
TEXTS = (
    "<script>window.wasRun = 1</script>",
    '"><img src=x onerror="window.wasRun = 1">',
    "</td></table></body></html><h1>all is well</h1>",
    "{{ 7 * 7 }}{% raw %}",
    "-->]]></style><style>*{display:none}</style>",
    "Bcc: all@shellcorp.example\r\n\r\nhello",
    "Søren & 李 小龍 😀👩‍👩‍👧‍👦 مريم \u202egnp.exe\u202c שלום",
    "Z̸̢̛͓a̷l̵g̶o" + "\u0301" * 60,
    "a\x00b\x1b[31m\x07\u0085\u2028\u2029\ufeff\ufffe",
    "\ud800 alone \udfff",
    "",
    "NULL",
    "   \t\n ",
    "x" * 100_000,
    "words " * 20_000,
    "&" * 5_000,
    "😀" * 5_000,
    "'; DROP TABLE MARTS.ORDER_FACTS; --",
)
MANY = 1_000
RECIPIENTS = tuple(
    f'"Person, {n} <b>" <person.{n}.of.a.very.long.department@shellcorp.example>' for n in range(MANY)
)


def awkward_summary() -> RunSummary:
    """A thousand tables with awkward names, owners, rules, keys and errors; a history of the same."""
    gates = tuple(_gate(n) for n in range(MANY))
    return RunSummary(
        run_id="\ud800" + "run" * 500,
        run_name=_text(0) + _text(6) + _text(13),
        started_at=NOW - timedelta(days=400),
        ended_at=NOW,
        tables=tuple(ReplicatedTable(f"{_text(n)}{n}", 10**15, 10**18 * n, 1e9 * n) for n in range(MANY)),
        gaps=tuple(_text(n) for n in range(MANY)),
        models=tuple(ModelRun("MARTS", f"{_text(n)}{n}", _text(n + 1), 10**18) for n in range(MANY)),
        gates=gates,
        first_error=" ".join(TEXTS),
        data_docs_link="https://data-docs.shellcorp.example/<script>?q=" + "'\"" * 50,
        prefect_link="javascript:window.wasRun=1",
        history=_history(gates),
        ownership={gate.name: TableFacts(_text(n), frozenset({"EMAIL"})) for n, gate in enumerate(gates)},
    )


def heavy_summary() -> RunSummary:
    """The same run with nothing but characters of many bytes, in UTF-8 or escaped."""
    text = "😀&" * 5_000
    checks = tuple(
        CheckResult(text, text, "critical", False, 1, 1, tuple(f"ID={n}{text}" for n in range(9)), text)
        for _ in range(9)
    )
    gates = tuple(GateResult("MARTS", f"{n}{text}", checks) for n in range(99))
    ownership = {gate.name: TableFacts(text) for gate in gates}
    return replace(awkward_summary(), gates=gates, ownership=ownership, first_error=text)


def quiet(summary: RunSummary) -> RunSummary:
    """The same run with all rules kept."""
    gates = tuple(
        replace(gate, checks=tuple(replace(check, success=True) for check in gate.checks))
        for gate in summary.gates
    )
    return replace(summary, gates=gates, models=(), gaps=(), first_error=None)


def _text(number: int) -> str:
    return TEXTS[number % len(TEXTS)]


def _gate(number: int) -> GateResult:
    keys = tuple(f"EMAIL={text}" for text in TEXTS) + tuple(f"ID={text}, EMAIL=NULL" for text in TEXTS)
    checks = tuple(
        CheckResult(
            _text(number + n) or "?",
            _text(number),
            "critical" if n % 2 else "warning",
            success=False,
            failing_rows=None if n % 3 else 10**18,
            checked_rows=10**18,
            sample_keys=keys[number % 30 :],
            error=_text(number) if n % 4 == 0 else None,
        )
        for n in range(4)
    )
    return GateResult("MARTS", f"T{number} {_text(number)}", checks)


def _history(gates: tuple[GateResult, ...]) -> History:
    times = [(f"run-{ago}", NOW - timedelta(days=ago)) for ago in (2, 1)]
    return History(
        gates=tuple(
            PastGate(run, gate.layer, gate.table.upper(), at, 4, 0, 2, 2)
            for run, at in times
            for gate in gates
        ),
        failures=tuple(
            PastFailure(run, gate.layer, gate.table.upper(), check.expectation, check.severity, None, at)
            for run, at in times
            for gate in gates
            for check in gate.checks
        ),
    )
