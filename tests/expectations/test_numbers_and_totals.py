"""What numbers and totals are taken for at their edges: no number, and no group."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.settings import SnowflakeSettings
from expectations.gate import Gate
from expectations.rules import between, counts, totals_are_those_of
from tests.expectations.small import database, suite_of_orders


def test_what_is_not_a_number_lies_nowhere_and_null_is_let_pass(
    snowflake: SnowflakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = (between("N", low=0), between("N", high=9), between("N", 0, 9), counts("N"))
    suite_of_orders(monkeypatch, *rules)
    good = " UNION ALL ".join(f"SELECT {n}, {value}" for n, value in enumerate(("0", "9", "NULL")))
    with (
        database(snowflake, "NUMBERS") as (settings, connection),
        connection.cursor() as cursor,
        Gate(settings, "numbers", tmp_path) as gate,
    ):
        for kind in ("FLOAT", "NUMBER(9, 2)", "NUMBER(38, 0)"):
            cursor.execute(f"CREATE OR REPLACE TABLE RAW.ORDERS (ID NUMBER, N {kind}) AS {good}")
            verdict = gate.check("raw", "orders")
            assert verdict.outcome == "open", f"{kind}: {verdict}"
        cursor.execute("CREATE OR REPLACE TABLE RAW.ORDERS AS SELECT 1 AS ID, 'NaN'::FLOAT AS N")
        checks = gate.check("raw", "orders").checks
        assert [check.sample_keys for check in checks] == [("ID=1",)] * len(rules)


def test_totals_of_rows_without_a_group_are_compared_like_those_of_any_group(
    snowflake: SnowflakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite_of_orders(monkeypatch, totals_are_those_of("RAW.LINES", {"N": "SUM(N)"}, by="CURRENCY"))
    with database(snowflake, "NO_GROUP") as (settings, connection), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE RAW.ORDERS AS SELECT 1 AS ID, 1 AS N, NULL::VARCHAR AS CURRENCY "
            "UNION ALL SELECT 2, 2, 'EUR'"
        )
        cursor.execute("CREATE TABLE RAW.LINES AS SELECT * FROM RAW.ORDERS")
        with Gate(settings, "groups", tmp_path) as gate:
            verdict = gate.check("raw", "orders")
            assert verdict.outcome == "open", str(verdict)
            cursor.execute("UPDATE RAW.LINES SET N = 5 WHERE CURRENCY IS NULL")
            (check,) = gate.check("raw", "orders").checks
            assert (check.success, check.sample_keys) == (False, ("ID=1",))
            cursor.execute("DELETE FROM RAW.ORDERS WHERE CURRENCY IS NULL")
            (check,) = gate.check("raw", "orders").checks
            assert (check.success, check.failing_rows) == (False, 1)
