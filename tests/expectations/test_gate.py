"""The gate: its verdicts, what it keeps of them, and what it never shows."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from great_expectations.expectations.core.expect_column_values_to_be_in_set import (
    ExpectColumnValuesToBeInSet,
)
from pydantic import SecretStr
from snowflake.connector import SnowflakeConnection

from deployments.connections import ConnectionFailed
from deployments.settings import SnowflakeSettings
from expectations.gate import CheckResult, Gate, GateResult, SuiteMissing
from expectations.gate.store import read_check_results
from expectations.marts import order_facts
from expectations.raw import customers
from expectations.rules import Rule, Suite, always, never_null
from expectations.severity import Severity


def check_result(severity: Severity, success: bool) -> CheckResult:
    return CheckResult("C is never NULL", "C", severity, success, 0 if success else 1, 10)


@pytest.mark.parametrize(
    ("failed", "outcome"),
    [
        ([], "open"),
        (["info"], "open"),
        (["warning"], "warned"),
        (["critical"], "closed"),
        (["info", "warning", "critical"], "closed"),
    ],
)
def test_the_gravest_failure_gives_the_outcome(failed: list[Severity], outcome: str) -> None:
    checks = (check_result("critical", True), *(check_result(severity, False) for severity in failed))
    result = GateResult("MARTS", "T", checks)
    assert result.outcome == outcome
    assert result.allows_publishing == (outcome != "closed")
    assert [check.severity for check in result.failures] == list(reversed(failed))


def test_a_table_without_a_suite_names_the_file_to_add(gate: Gate) -> None:
    with pytest.raises(SuiteMissing, match=r"marts\.no_such_mart .* add expectations/marts/no_such_mart\.py"):
        gate.check("marts", "no_such_mart")
    with pytest.raises(SuiteMissing, match="gold is no layer: use one of raw, staging, marts, features"):
        gate.check("gold", "orders")


def test_a_location_is_never_pasted_into_sql(gate: Gate) -> None:
    with pytest.raises(ValueError, match="no location"):
        gate.check("raw", "orders", 'RAW.ORDERS" CROSS JOIN RAW.CUSTOMERS --')


def test_a_rule_that_cannot_be_evaluated_has_failed(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = (
        *never_null("ORDER_ID"),
        *never_null("NO_SUCH_COLUMN", severity="warning"),
        *always("No order is divided by nothing", "1 / NO_SUCH_COLUMN > 0", severity="warning"),
        *always("Every order is positive", "ORDER_ID > 0"),
    )
    monkeypatch.setattr(order_facts, "SUITE", Suite(("ORDER_ID",), rules))
    result = gate.check("marts", "order_facts")
    assert [check.success for check in result.checks] == [True, False, False, True]
    assert result.outcome == "warned"
    for check in result.failures:
        assert check.error is not None
        assert "NO_SUCH_COLUMN" in check.error.upper()
        assert "\n" not in check.error
        assert (check.failing_rows, check.sample_keys) == (None, ())


def test_a_table_that_is_not_there_closes_the_gate(gate: Gate) -> None:
    result = gate.check("marts", "order_facts", "MARTS.ORDER_FACTS__VANISHED")
    assert result.outcome == "closed"
    assert all(check.error for check in result.failures)
    assert not any(check.success for check in result.checks)


def test_any_other_expectation_can_stand_in_a_suite(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    mostly = ExpectColumnValuesToBeInSet(column="STATUS", value_set=["placed", "paid"], mostly=0.5)
    monkeypatch.setattr(order_facts, "SUITE", Suite(("ORDER_ID",), (Rule(mostly, is_row_local=False),)))
    (check,) = gate.check("marts", "order_facts").checks
    assert check.success
    assert (check.failing_rows, check.checked_rows, check.severity) == (2, 5, "critical")
    assert check.expectation == "column values to be in set"


def test_what_was_found_is_kept_in_quality(
    warehouse: SnowflakeSettings, connection: SnowflakeConnection, tmp_path: Path
) -> None:
    cursor = connection.cursor()
    cursor.execute("CREATE OR REPLACE TABLE RAW.CUSTOMERS__KEPT AS SELECT * FROM RAW.CUSTOMERS")
    cursor.execute("UPDATE RAW.CUSTOMERS__KEPT SET EMAIL = 'nobody' WHERE CUSTOMER_ID IN (1, 3)")
    with Gate(warehouse, "kept", tmp_path) as gate:
        gate.check("raw", "customers")
        later = gate.check("raw", "customers", "RAW.CUSTOMERS__KEPT")
        other = gate.check("staging", "stg_customers")
    kept = read_check_results(connection, "kept")
    assert [(each.name, each.outcome) for each in kept] == [
        ("RAW.CUSTOMERS", "closed"),
        ("STAGING.STG_CUSTOMERS", "open"),
    ]
    assert set(kept[0].checks) == set(later.checks), "of a table checked twice, the later time"
    assert set(kept[1].checks) == set(other.checks)
    assert kept[0].failures[0].sample_keys == ("CUSTOMER_ID=1", "CUSTOMER_ID=3")
    assert read_check_results(connection, "another run") == ()


def test_samples_are_five_keys_and_no_other_value(
    gate: Gate, connection: SnowflakeConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        customers,
        "SUITE",
        Suite(
            ("CUSTOMER_ID",),
            (
                *always("Nobody is here", "1 = 0"),
                Rule(ExpectColumnValuesToBeInSet(column="EMAIL", value_set=["nobody"]), is_row_local=False),
            ),
        ),
    )
    many = " UNION ALL ".join(["SELECT 'secret@mail.example' AS EMAIL"] * 30)
    connection.cursor().execute(
        f"CREATE OR REPLACE TABLE RAW.CUSTOMERS__MANY AS SELECT SEQ4() AS CUSTOMER_ID, EMAIL FROM ({many})"
    )
    result = gate.check("raw", "customers", "RAW.CUSTOMERS__MANY")
    for check in result.checks:
        assert (check.failing_rows, check.checked_rows) == (30, 30)
        assert len(check.sample_keys) == 5
        assert all(key.startswith("CUSTOMER_ID=") for key in check.sample_keys)
    assert "secret@mail" not in str(result)


def test_data_docs_show_every_run_and_no_personal_value(
    warehouse: SnowflakeSettings, connection: SnowflakeConnection, tmp_path: Path
) -> None:
    connection.cursor().execute("CREATE OR REPLACE TABLE RAW.CUSTOMERS__SHOWN AS SELECT * FROM RAW.CUSTOMERS")
    connection.cursor().execute("UPDATE RAW.CUSTOMERS__SHOWN SET EMAIL = 'Personal Value'")
    for run in ("first run", "second run"):
        with Gate(warehouse, run, tmp_path) as gate:
            gate.check("raw", "customers", "RAW.CUSTOMERS__SHOWN")
            index = gate.write_data_docs()
    shown = index.read_text()
    assert "first run" in shown
    assert "second run" in shown
    written = {file: file.read_text() for file in tmp_path.rglob("*") if file.is_file()}
    pages = [text for file, text in written.items() if "runs" in file.parts]
    assert len(pages) == 2
    assert [sum(run in page for page in pages) for run in ("first run", "second run")] == [1, 1]
    assert all("CUSTOMER_ID" in page and "Great Expectations" in page for page in pages)
    assert all("EMAIL has the form something@something" in page for page in pages)
    assert not [file for file, text in written.items() if "Personal Value" in text]


def test_the_password_is_nowhere(
    warehouse: SnowflakeSettings,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert warehouse.password is not None
    password = warehouse.password.get_secret_value()
    caplog.set_level(logging.DEBUG)
    with Gate(warehouse, "secretive", tmp_path) as gate:
        result = gate.check("raw", "orders", "RAW.NOT_THERE")
    shown = capfd.readouterr()
    assert password not in caplog.text + shown.out + shown.err + str(result)
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or password.encode() not in file.read_bytes(), file


def test_a_refused_login_is_one_clear_message_without_the_password(
    warehouse: SnowflakeSettings, tmp_path: Path
) -> None:
    wrong = warehouse.model_copy(update={"password": SecretStr("wrong-and-secret")})
    with pytest.raises(ConnectionFailed, match="the login was refused") as raised:
        Gate(wrong, "refused", tmp_path)
    assert "wrong-and-secret" not in str(raised.value)


def test_great_expectations_is_quiet(gate: Gate, capfd: pytest.CaptureFixture[str]) -> None:
    gate.check("staging", "stg_products")
    shown = capfd.readouterr()
    assert (shown.out, shown.err) == ("", "")
