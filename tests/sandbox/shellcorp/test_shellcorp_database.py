"""Seed, traffic and breakage on the stand-in, judged by the rules of docs/shellcorp.md."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from sandbox.shellcorp.breakage import BREAKAGES, break_layer, mend_layer
from sandbox.shellcorp.install import ROWS_AT_SCALE_1, TABLES, AlreadyInstalled, install
from sandbox.shellcorp.server import Server
from sandbox.shellcorp.traffic.kinds import ABANDONED_NAME, KINDS
from sandbox.shellcorp.traffic.moment import Moment
from sandbox.shellcorp.traffic.run import Limits, Traffic
from sandbox.shellcorp.traffic.transaction import Abandoned, Transaction
from tests.sandbox.shellcorp.domain_rules import RULES
from tests.sandbox.shellcorp.own_server import SMALL, Command, Content, content, query, server_of, start

AS_FAST_AS_IT_GOES = 1e6
TRANSACTIONS = 120
TINY = replace(SMALL, scale=0.002)


def broken_rules(server: Server) -> dict[tuple[str, str], int]:
    """How many rows break each rule, for rules that any row breaks."""
    broken = {}
    with server.connect("test") as connection, connection.cursor() as cursor:
        for table, rules in RULES.items():
            for rule, queries in rules.items():
                for sql in queries:
                    cursor.execute(sql)
                    ((count,),) = cursor.fetchall()
                    if count:
                        broken[table, rule] = count
    return broken


def test_the_seed_keeps_every_rule(shellcorp: Server) -> None:
    assert broken_rules(shellcorp) == {}


def test_the_seed_has_the_rows_it_promises_and_makes_the_same_again(seeded: Content, tmp_path: Path) -> None:
    lines: list[str] = []
    with start(tmp_path) as service:
        install(server_of(service), SMALL, lines.append)
        assert content(server_of(service)) == seeded
    for table, rows in ROWS_AT_SCALE_1.items():
        assert len(seeded[table]) == max(20, round(rows * SMALL.scale))
    assert 1_200 < len(seeded["order_lines"]) < 1_800
    assert 500 < len(seeded["payments"]) < 800
    assert f"{sum(map(len, seeded.values())):,} rows" in lines[-1]


def test_the_seed_has_what_pipelines_stumble_over(shellcorp: Server) -> None:
    (longest,) = query(shellcorp, "SELECT MAX(DATALENGTH(notes)) FROM dbo.customers")
    assert longest[0] > 90_000
    names = " ".join(name for (name,) in query(shellcorp, "SELECT name FROM dbo.customers"))
    assert all(part in names for part in ("Søren", "李", "🦄", "مريم", "O'Brien", '"', ";"))
    (counts,) = query(
        shellcorp,
        "SELECT COUNT(*), COUNT(email), COUNT(credit_limit), COUNT(notes) FROM dbo.customers",
    )
    assert 0 < counts[3] < counts[1] < counts[0]
    assert 0 < counts[2] < counts[0]
    (running,) = query(shellcorp, "SELECT COUNT(*) FROM dbo.portal_sessions WHERE ended_at IS NULL")
    assert running[0] > 0


def test_every_table_is_captured_and_orders_under_their_own_name(shellcorp: Server) -> None:
    instances = {name for (name,) in query(shellcorp, "SELECT capture_instance FROM cdc.change_tables")}
    assert instances == {f"dbo_{table}" for table in TABLES if table != "orders"} | {"orders_v1"}


def test_a_second_installation_is_refused(shellcorp: Server) -> None:
    with pytest.raises(AlreadyInstalled, match="Shellcorp's tables already"):
        install(shellcorp, SMALL, print)


def test_every_kind_of_transaction_finds_work_and_keeps_every_rule(shellcorp: Server) -> None:
    with shellcorp.connect("test") as connection:
        for kind in KINDS:
            try:
                with connection.cursor() as cursor:
                    kind.run(Transaction(cursor, Random(kind.name), Moment.now()))
                connection.commit()
            except Abandoned:
                connection.rollback()
    assert broken_rules(shellcorp) == {}


def test_traffic_keeps_every_rule_and_rollbacks_leave_no_trace(shellcorp: Server) -> None:
    tally = Traffic(shellcorp, 7, print).run(Limits(AS_FAST_AS_IT_GOES, TRANSACTIONS))

    assert broken_rules(shellcorp) == {}
    assert tally.rolled_back > 1
    assert query(shellcorp, f"SELECT COUNT(*) FROM dbo.customers WHERE name = '{ABANDONED_NAME}'") == [(0,)]
    done = tally.committed.total() + tally.rolled_back + tally.nothing_to_do + tally.refused
    assert done == TRANSACTIONS
    assert tally.refused == 0


@pytest.mark.parametrize("layer", sorted(BREAKAGES))
def test_what_is_broken_can_be_mended(shellcorp: Server, layer: str) -> None:
    lines: list[str] = []
    before = content(shellcorp)
    break_layer(shellcorp, layer, lines.append)
    assert len(broken_rules(shellcorp)) >= len(BREAKAGES[layer])
    mend_layer(shellcorp, layer, lines.append)
    assert broken_rules(shellcorp) == {}
    assert content(shellcorp) == before
    assert len(lines) == 2 * len(BREAKAGES[layer])


def test_broken_marts_pass_every_rule_of_single_rows(shellcorp: Server) -> None:
    break_layer(shellcorp, "marts", print)
    try:
        broken = {rule for _, rule in broken_rules(shellcorp)}
    finally:
        mend_layer(shellcorp, "marts", print)
    assert broken == {
        "**total_amount is exactly the sum of its line_amounts, and there is at least one line**",
        "paid and shipped: captured payments sum up to total_amount exactly",
    }


def test_traffic_ends_on_sigterm_with_a_line_of_counts(shellcorp: Server) -> None:
    traffic = Command(shellcorp, "traffic", "--rate", "50", "--seed", "3")
    assert "is writing" in traffic.line()
    traffic.process.terminate()
    code, output = traffic.finish()
    assert code == 0
    assert "transactions committed" in output
    assert broken_rules(shellcorp) == {}


def test_traffic_outlives_a_restart_of_the_server(tmp_path: Path) -> None:
    with start(tmp_path) as service:
        server = server_of(service)
        install(server, TINY, print)
        traffic = Command(server, "traffic", "--rate", "50", "--seed", "3")
        assert "is writing" in traffic.line()
        service.kill()
        assert "went away" in traffic.line()
    with start(tmp_path, port=server.port):
        assert "is back" in traffic.line()
        traffic.process.terminate()
        code, output = traffic.finish()
        assert (code, "1 reconnects" in output) == (0, True)
        assert broken_rules(server) == {}


def test_a_wrong_password_is_one_clear_line_without_it(shellcorp: Server) -> None:
    code, output = Command(shellcorp, "traffic", password="not-the-password").finish()
    assert code == 2
    assert "check SHELLCORP_USER and SHELLCORP_PASSWORD" in output
    assert "not-the-password" not in output
    assert len(output.splitlines()) == 1


def test_no_server_is_one_clear_line(shellcorp: Server) -> None:
    nowhere = Server("127.0.0.1", 9, shellcorp.database, shellcorp.user, shellcorp.password)
    code, output = Command(nowhere, "install").finish()
    assert code == 2
    assert "not reachable: check SHELLCORP_HOST and SHELLCORP_PORT" in output
