"""The Data Docs: history that is bounded, pages that load nothing, a folder and a stage."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from snowflake.connector import SnowflakeConnection

from deployments.settings import SnowflakeSettings
from expectations.gate import CheckResult, Gate, GateResult
from expectations.gate.data_docs import DataDocs, history, publish
from expectations.gate.data_docs.history import page_of
from expectations.gate.gate_runs import CREATE_GATE_RUNS, keep_gate_run, note_on_gate_run
from expectations.gate.store import append_check_results, create_check_results
from expectations.report.ownership import TableFacts
from expectations.rules import always, has_rows
from tests.expectations.small import database, suite_of_orders

PHONE = "+45 12345678"
KNOWN = {"RAW.ORDERS": TableFacts("sales", frozenset({"PHONE"}))}
AWKWARD = '<script>alert("李 & ñ")</script>\x00\u202e'


@pytest.fixture(scope="module")
def place(snowflake: SnowflakeSettings) -> Iterator[tuple[SnowflakeSettings, SnowflakeConnection]]:
    with database(snowflake, "DATA_DOCS") as (settings, connection):
        yield settings, connection


@pytest.fixture
def connection(place: tuple[SnowflakeSettings, SnowflakeConnection]) -> SnowflakeConnection:
    """A session where no gate has been passed."""
    create_check_results(place[1])
    place[1].cursor().execute(CREATE_GATE_RUNS)
    for table in ("GATE_RUNS", "CHECK_RESULTS"):
        place[1].cursor().execute(f"DELETE FROM QUALITY.{table}")
    return place[1]


def pass_gate(connection: SnowflakeConnection, run: str, table: str = "ORDERS", failing: int = 0) -> None:
    key = f"ID=7, PHONE={PHONE}"
    check = CheckResult(f"{table} {AWKWARD}", None, "critical", not failing, failing, 9, (key,))
    result = GateResult("RAW", table, (check,), is_whole=False, seconds=0.5, owner="sales")
    append_check_results(connection, run, result)
    keep_gate_run(connection, run, result, f"{page_of(run)}#raw.{table.lower()}")


class Loaded(HTMLParser):
    """What a browser would fetch for a page, and whether it would run anything."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = ["url("] * page.count("url(") + ["@import"] * page.count("@import")
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "img", "iframe", "object", "embed"):
            self.found.append(tag)
        names = [name for name, _ in attrs]
        self.found += [name for name in names if name in ("src", "srcset", "data") or name.startswith("on")]
        self.links += [str(value) for name, value in attrs if name == "href"]


def test_pages_load_nothing_escape_everything_and_link_to_each_other(
    connection: SnowflakeConnection, tmp_path: Path
) -> None:
    for run in ("run/1 <&>", "run 2"):
        pass_gate(connection, run)
        pass_gate(connection, run, "PAYMENTS", failing=3)
        index = publish(connection, run, DataDocs(tmp_path), KNOWN)
    pages = {file: Loaded(file.read_text()) for file in tmp_path.rglob("*.html")}
    assert len(pages) == 3
    for file, page in pages.items():
        assert page.found == []
        for link in page.links:
            target, _, anchor = link.partition("#")
            assert (file.parent / target).is_file(), link
            assert not anchor or f'id="{anchor}"' in (file.parent / target).read_text()
    newest = (tmp_path / page_of("run 2")).read_text()
    assert newest.index("RAW.PAYMENTS") < newest.index("RAW.ORDERS"), "what is closed comes first"
    assert "3" in newest
    assert "ID=7, PHONE=•••" in newest
    assert PHONE not in "".join(file.read_text() for file in pages)
    assert "&lt;script&gt;" in newest
    assert "\x00" not in newest
    assert "sales" in index.read_text()


def test_history_is_bounded_and_read_from_the_warehouse(
    connection: SnowflakeConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "KEPT_RUNS", 2)
    docs = DataDocs(tmp_path / "docs", "QUALITY.DATA_DOCS")
    for number in range(4):
        pass_gate(connection, f"run-{number}", failing=number)
        publish(connection, f"run-{number}", docs, KNOWN)
    kept = ["run-2.html", "run-3.html"]
    assert sorted(file.name for file in docs.folder.glob("runs/*")) == kept
    listed = connection.cursor().execute("LIST @QUALITY.DATA_DOCS").fetchall()
    assert sorted(Path(str(row[0])).name for row in listed) == ["index.html", *kept]

    elsewhere = publish(connection, "run-3", DataDocs(tmp_path / "another worker"), KNOWN).read_text()
    assert "run-2" in elsewhere
    assert "run-1" not in elsewhere


def test_a_gate_is_one_row_a_run_with_what_became_of_the_table(
    place: tuple[SnowflakeSettings, SnowflakeConnection],
    connection: SnowflakeConnection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection.cursor().execute("CREATE OR REPLACE TABLE RAW.ORDERS AS SELECT 7 AS ID UNION ALL SELECT 8")
    suite_of_orders(monkeypatch, has_rows(), always("ID is not 7", "ID <> 7"))
    with Gate(place[0], "one run", tmp_path, ownership=KNOWN) as gate:
        gate.check("raw", "orders")
        result = gate.check("raw", "orders")
        gate.note(result, rows_set_aside=5)
        gate.note(result, is_overridden=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * EXCLUDE (SECONDS, CHECKED_AT) FROM QUALITY.GATE_RUNS")
        page = "runs/one_20_run.html#raw.orders"
        assert cursor.fetchall() == [
            ("one run", "RAW", "ORDERS", "closed", 2, 1, "ID is not 7", 2, 5, True, True, "sales", page)
        ]
    note_on_gate_run(connection, "one run", "raw", "orders", rows_set_aside=6)
    publish(connection, "one run", DataDocs(tmp_path), KNOWN)
    shown = (tmp_path / "runs" / "one_20_run.html").read_text()
    assert "let through by an override" in shown
    assert "6 set aside" in shown
