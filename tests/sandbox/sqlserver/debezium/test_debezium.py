"""Debezium's connector, unchanged and with its default settings, replicates Shellcorp from the stand-in.

One connector in three runs shares its offsets: the first is killed while it streams, the second goes on from
the stored offsets, the third changes to the other query mode.
"""

from __future__ import annotations

import shutil
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox.shellcorp.install import TABLES
from sandbox.shellcorp.server import Server
from sandbox.shellcorp.traffic.run import Limits, Tally, Traffic
from tests.sandbox.sqlserver.cdc import wire
from tests.sandbox.sqlserver.debezium.connector import Connector, Event
from tests.sandbox.sqlserver.debezium.folding import ColumnType, column_types, folded, stored

pytestmark = pytest.mark.skipif(shutil.which("java") is None, reason="Debezium needs Java, which is not here")
STREAMED_BEFORE_KILL = 20
SEED = 1092
"""Gives every kind of change in 90 transactions."""
KINDS = {
    "renumber_lines",
    "migrate_account",
    "replace_line",
    "drop_activity",
    "purge_order",
    "forget_customer",
}
KINDS |= {"write_notes", "write_details", "change_picture", "place_order", "correct_customer"}
"""Moved keys, deletes, LOBs, many rows or many changes of one row in a transaction."""
Rows = list[dict[str, Any]]


@dataclass
class Story:
    """What happened: events as numbers of how many there were after each run, and the tables at its end."""

    types: dict[str, dict[str, ColumnType]]
    events: list[Event]
    snapshot: int
    before_kill: int
    after_restart: int
    tally: Tally
    tables_after_snapshot: dict[str, Rows]
    tables_after_restart: dict[str, Rows]
    tables_at_end: dict[str, Rows]
    problems: list[str]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder: Path = tmp_path_factory.mktemp("debezium")
    with wire.start(folder / "server") as service:
        server = wire.install_small(service)
        connector = Connector(folder / "connector", service)
        try:
            yield _tell(server, connector)
        finally:
            connector.stop()


def _tell(server: Server, connector: Connector) -> Story:
    types = column_types(server)
    tables_after_snapshot = stored(server, types)
    connector.start("function")
    connector.wait_for("end of the snapshot", lambda events: any(e.is_last_of_snapshot for e in events))
    snapshot = len(connector.events())

    traffic = Traffic(server, SEED, print)
    tallies: list[Tally] = []
    writing = threading.Thread(target=lambda: tallies.append(traffic.run(Limits(rate=100, transactions=90))))
    writing.start()
    connector.wait_for("streamed events", lambda events: len(events) >= snapshot + STREAMED_BEFORE_KILL)
    connector.kill()
    before_kill = len(connector.events())
    writing.join()

    connector.start("function")
    _catch_up(server, connector, 1)
    after_restart, tables_after_restart = len(connector.events()), stored(server, types)
    connector.stop()

    connector.start("direct")
    Traffic(server, SEED + 1, print).run(Limits(rate=100, transactions=30))
    _catch_up(server, connector, 2)
    return Story(
        types=types,
        events=connector.events(),
        snapshot=snapshot,
        before_kill=before_kill,
        after_restart=after_restart,
        tally=tallies[0],
        tables_after_snapshot=tables_after_snapshot,
        tables_after_restart=tables_after_restart,
        tables_at_end=stored(server, types),
        problems=connector.problems(),
    )


def _catch_up(server: Server, connector: Connector, number: int) -> None:
    """A last change, and the wait for its event."""
    mark = f"mark {number}"
    wire.run(
        server,
        f"UPDATE dbo.products SET name = N'{mark}' "
        "WHERE product_code = (SELECT MIN(product_code) FROM dbo.products)",
    )
    connector.wait_for(mark, lambda events: any(_names(event) == mark for event in events[-500:]))


def _names(event: Event) -> str | None:
    """The product's name that an event tells."""
    is_product = event.table == "products" and event.value is not None and event.value["after"] is not None
    return event.value["after"]["name"] if is_product and event.value else None


def _assert_equal(found: dict[str, Rows], expected: dict[str, Rows]) -> None:
    for table in TABLES:
        assert _sorted(found[table]) == _sorted(expected[table]), table


def _sorted(rows: Rows) -> Rows:
    return sorted(rows, key=lambda row: str(list(row.values())[:3]))


def test_the_snapshot_reads_every_row_once(story: Story) -> None:
    events = story.events[: story.snapshot]
    assert Counter(event.operation for event in events) == {
        "r": sum(len(rows) for rows in story.tables_after_snapshot.values())
    }
    _assert_equal(folded(events, story.types), story.tables_after_snapshot)


def test_killed_while_it_streamed_it_goes_on_from_its_offsets(story: Story) -> None:
    assert story.snapshot < story.before_kill < story.after_restart
    again = story.events[story.before_kill : story.after_restart]
    assert "r" not in {event.operation for event in again}, "it took a second snapshot"
    _assert_equal(folded(story.events[: story.after_restart], story.types), story.tables_after_restart)


def test_the_other_query_mode_goes_on_where_this_one_ended(story: Story) -> None:
    assert len(story.events) > story.after_restart
    _assert_equal(folded(story.events, story.types), story.tables_at_end)


def test_the_traffic_had_every_kind_of_change(story: Story) -> None:
    streamed = Counter(event.operation for event in story.events[story.snapshot :])
    assert set(streamed) == {"c", "u", "d", ""}
    assert set(story.tally.committed) >= KINDS


def test_debezium_had_nothing_to_complain_of(story: Story) -> None:
    sys.stdout.write("\n".join(story.problems))
    assert [line for line in story.problems if " ERROR [" in line or "SQLServerException" in line] == []
