"""Values of rows in messages of drivers: none is told, names are."""

from __future__ import annotations

import pytest

from deployments.messages import without_values


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("100038 (22018): Numeric value 'ann@x.example' is not recognized", "value '…' is not recognized"),
        ("100078 (22000): String 'O'Brien, 7 Long Road' is too long and would be cut", "String '…' is too"),
        ('100071: Failed to cast variant value "ann" to FIXED', "variant value '…' to FIXED"),
        ('100090: Duplicate row detected during DML action Row Values: [7, "ann"]', "Row Values: '…'"),
        ("Violation of UNIQUE KEY constraint 'UQ_1'. The duplicate key value is (ann, 7).", "is '…'."),
        ("Conversion failed when converting the varchar value 'ann' to data type int.", "value '…' to data"),
        ("Timestamp 'ann' in column 'BORN' is not recognized", "Timestamp '…' is not recognized"),
    ],
)
def test_a_value_is_not_told(message: str, told: str) -> None:
    found = without_values(message)
    assert told in found
    assert not any(value in found for value in ("ann", "Brien", "Long", "[7", "(7"))


@pytest.mark.parametrize(
    "message",
    [
        "002003 (02000): SQL compilation error: Object 'DB.RAW.ORDERS' does not exist or not authorized.",
        "000904 (42000): SQL compilation error: error line 1 at position 7 invalid identifier 'AMOUNT'",
        "The SELECT permission was denied on the object 'orders', database 'shellcorp', schema 'dbo'.",
        "Invalid object name 'cdc.dbo_orders_CT'.",
        "Login failed for user 'platform_reader'.",
        'make it materialized="table"',
    ],
)
def test_names_are_told(message: str) -> None:
    assert without_values(message) == message
