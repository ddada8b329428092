"""The mail of a run: its verdict, what it shows, and how awkward content comes through."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.gate import CheckResult, GateResult
from expectations.gate.overrides import Override
from expectations.report import ModelRun, ReplicatedTable, RunSummary, TableFacts, compose
from expectations.report.page import page_of
from expectations.report.set_aside import SetAside
from expectations.severity import Severity

NOW = datetime(2026, 3, 10, 7, 0, tzinfo=UTC)
PASSED = CheckResult("ORDER_ID is unique", "ORDER_ID", "critical", True, 0, 1200)
OPEN = GateResult("RAW", "ORDERS", (PASSED, PASSED))
GOOD = RunSummary(
    run_id="1b9d",
    run_name="wise-heron",
    started_at=NOW - timedelta(seconds=187),
    ended_at=NOW,
    tables=(
        ReplicatedTable("ORDERS", 1200, 34, 2.5, 7, 1234, 4500),
        ReplicatedTable("PRODUCTS", 0, 0, None),
    ),
    models=(ModelRun("MARTS", "ORDER_FACTS", "published", 1200),),
    gates=(OPEN,),
    data_docs_link="http://127.0.0.1:8000/index.html",
    prefect_link="http://127.0.0.1:4200/runs/flow-run/1b9d",
    ownership={"MARTS.ORDER_FACTS": TableFacts("sales@shellcorp.example")},
)


def failed(severity: Severity = "critical", *keys: str, error: str | None = None) -> CheckResult:
    rows = None if error else 12
    return CheckResult("The total is the sum of the lines", None, severity, False, rows, 1200, keys, error)


def with_gate(*checks: CheckResult) -> RunSummary:
    return replace(GOOD, gates=(OPEN, GateResult("MARTS", "ORDER_FACTS", (PASSED, *checks))))


def mail(summary: RunSummary) -> EmailMessage:
    """The mail as the reader's program gets it: through bytes."""
    message = compose(
        summary, "Platform <platform@shellcorp.example>", ["a@shellcorp.example", "b@shellcorp.example"]
    )
    received = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert isinstance(received, EmailMessage)
    assert not received.defects
    return received


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


class Tags(HTMLParser):
    """Tags, texts and links of a page; fails on a tag that is closed before it is opened."""

    VOID = ("meta", "br", "img", "link")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(
    ("summary", "subject"),
    [
        (GOOD, "Shellcorp: published — 2 checks on 1 table passed"),
        (with_gate(failed("info")), "Shellcorp: published — 3 of 4 checks on 2 tables passed"),
        (
            with_gate(failed("warning")),
            "Shellcorp: published with warnings — look at MARTS.ORDER_FACTS",
        ),
        (with_gate(failed()), "Shellcorp: NOT published — gate closed on MARTS.ORDER_FACTS"),
        (
            replace(GOOD, models=(ModelRun("MARTS", "ORDER_FACTS", "contract broken", None),)),
            "Shellcorp: NOT published — kept as they were: MARTS.ORDER_FACTS",
        ),
        (
            replace(GOOD, first_error="SQL Server is down:\ncheck it."),
            "Shellcorp: run FAILED — SQL Server is down: check it.",
        ),
        (
            replace(GOOD, gaps=("ORDERS",)),
            "Shellcorp: published with warnings — changes are missing of ORDERS",
        ),
        (replace(GOOD, gates=()), "Shellcorp: NOT published — nothing was checked in this run"),
    ],
)
def test_the_subject_says_whether_the_numbers_can_be_used(summary: RunSummary, subject: str) -> None:
    assert mail(summary)["Subject"] == subject


def test_the_mail_is_well_formed() -> None:
    message = mail(with_gate(failed("critical", "ORDER_ID=7")))
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message["From"] == "Platform <platform@shellcorp.example>"
    assert [address.addr_spec for address in message["To"].addresses] == [
        "a@shellcorp.example",
        "b@shellcorp.example",
    ]
    assert message["Date"].datetime == NOW
    assert message["Message-ID"].endswith("@shellcorp.example>")
    assert message["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_both_parts_say_what_is_wrong_before_anything_else(kind: str) -> None:
    summary = with_gate(failed("warning", "ORDER_ID=8"), failed("critical", "ORDER_ID=7"))
    summary = replace(summary, models=(ModelRun("MARTS", "ORDER_FACTS", "gate closed", 1200),))
    text = part(mail(summary), kind)
    shown = Tags(text).text if kind == "html" else text
    told = [
        "MARTS.ORDER_FACTS",
        "The total is the sum of the lines",
        "12 of 1,200 rows",
        "ORDER_ID=7",
        "ORDER_ID=8",
        "gate closed",
        "orders",
        "1,200 rows, 34 changes",
        "2.5 s behind",
        "wise-heron, 3 min 7 s",
    ]
    positions = [shown.find(each) for each in told]
    assert -1 not in positions, told[positions.index(-1)]
    assert positions[3] < positions[4] < positions[6], "gravest first, then what was replicated"
    assert GOOD.data_docs_link in text
    assert GOOD.prefect_link in text


def test_bars_show_what_moved_and_nothing_where_nothing_did() -> None:
    tables = [
        ReplicatedTable(name, 0, n, 0.0) for name, n in (("A", 0), ("B", 1), ("C", 5000), ("D", 10_000))
    ]
    bars = page_of(replace(GOOD, tables=tuple(tables))).bars
    assert [(bar.table.table, bar.percent) for bar in bars] == [("D", 100), ("C", 50), ("B", 1), ("A", 0)]
    (layer,) = page_of(with_gate(failed())).layers[1:]
    assert layer.percents == (50, 0, 50)


def test_nothing_in_the_page_is_fetched_from_anywhere() -> None:
    page = Tags(part(mail(GOOD), "html"))
    assert set(page.links) == {GOOD.data_docs_link, GOOD.prefect_link}
    assert not {"img", "script", "link", "iframe"} & set(page.tags)


def test_a_link_that_runs_something_is_left_out() -> None:
    summary = replace(GOOD, data_docs_link="javascript:alert(1)", prefect_link=None)
    assert Tags(part(mail(summary), "html")).links == []


AWKWARD = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "Søren & 李 😀 مريم",
    "a\x00b\x1b[31m\u0085",
    "\ud800",
    "x" * 100_000,
    "Bcc: all@shellcorp.example\r\n\r\nhello",
]


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_content_is_shown_and_never_run(text: str) -> None:
    summary = replace(
        with_gate(failed("critical", f"NAME={text}"), failed("critical", error=text)),
        run_name=text,
        first_error=text,
        gaps=(text,),
    )
    message = mail(summary)
    page = Tags(part(message, "html"))
    assert {"script", "img"} & set(page.tags) == set()
    assert message["Bcc"] is None
    assert len(message.as_bytes()) < 600_000
    assert "49" not in page.text.replace("1,249", "")
    if text.isprintable() and len(text) < 80:
        assert text in page.text
        assert text in part(message, "plain")


@given(st.text(max_size=200), st.text(max_size=200))
@settings(max_examples=50, deadline=None)
def test_any_content_gives_a_valid_mail(key: str, error: str) -> None:
    summary = with_gate(failed("critical", key), failed("warning", error=error or "?"))
    message = mail(replace(summary, first_error=error))
    assert Tags(part(message, "html")).tags.count("html") == 1
    assert "\x00" not in part(message, "plain")


def test_a_thousand_failures_stay_readable() -> None:
    keys = tuple(f"ORDER_ID={n}" for n in range(5))
    gate = GateResult("MARTS", "ORDER_FACTS", tuple(failed("critical", *keys) for _ in range(50)))
    summary = replace(GOOD, gates=tuple(replace(gate, table=f"T{n}") for n in range(100)))
    message = mail(summary)
    assert message["Subject"] == "Shellcorp: NOT published — gate closed on MARTS.T0, MARTS.T1 and 98 more"
    assert "and 45 more in the Data Docs" in part(message, "html")
    assert "and 88 more tables in the Data Docs" in part(message, "html")
    assert len(message.as_bytes()) < 100_000, "Gmail cuts a mail at 102 kB"


def test_what_a_closed_gate_says_is_not_said_twice() -> None:
    summary = replace(with_gate(failed()), first_error="MARTS.ORDER_FACTS: closed, 1 of 2 checks failed.")
    assert "The run failed" not in part(mail(summary), "plain")
    another = replace(summary, first_error="the disk is full")
    assert "The run failed: the disk is full" in part(mail(another), "plain")


def test_what_was_let_through_by_hand_is_told_with_who_and_why() -> None:
    override = Override("MARTS", "ORDER_FACTS", "the month has to close", "a rule", "ana", "wise-heron", None)
    summary = replace(with_gate(failed()), overrides=(override,))
    message = mail(summary)
    assert message["Subject"] == (
        "Shellcorp: published with warnings — let through by hand: MARTS.ORDER_FACTS"
    )
    for kind in ("plain", "html"):
        assert "gate overridden" in part(message, kind)
        assert "Let through by ana for this run: the month has to close" in part(message, kind)


def test_rows_in_quarantine_are_counted_and_found() -> None:
    message = mail(replace(GOOD, set_aside=(SetAside("STAGING", "STG_ORDERS", 1200),)))
    assert message["Subject"].startswith("Shellcorp: published —")
    assert "1,200 rows of STAGING.STG_ORDERS" in part(message, "plain")
    assert "now in QUALITY.STAGING__STG_ORDERS" in part(message, "html")
