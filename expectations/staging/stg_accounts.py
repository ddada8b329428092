"""Accounts, cleaned."""

from expectations.rules import (
    always,
    computed,
    keeps_up_with,
    matches,
    one_of,
    rows_of_mirror,
    suite,
)
from expectations.vocabulary import ACCOUNT_NUMBER, ACCOUNT_STATUSES, ACCOUNT_TYPES

SUITE = suite(
    "ACCOUNT_NUMBER",
    matches("ACCOUNT_NUMBER", ACCOUNT_NUMBER, "is AC- or SC- and ten digits"),
    one_of("ACCOUNT_TYPE", *ACCOUNT_TYPES),
    one_of("STATUS", *ACCOUNT_STATUSES),
    always("Closed accounts, and no others, have a day of closing", "IS_CLOSED = (CLOSED_ON IS NOT NULL)"),
    always("No account is closed before it is opened", "CLOSED_ON IS NULL OR CLOSED_ON >= OPENED_ON"),
    always("The balance of a closed account is 0", "NOT IS_CLOSED OR BALANCE = 0", column="BALANCE"),
    always(
        "Only credit accounts are below 0",
        "BALANCE >= 0 OR ACCOUNT_TYPE = 'credit'",
        severity="warning",
        column="BALANCE",
    ),
    rows_of_mirror(
        "RAW.ACCOUNTS",
        {"ACCOUNT_NUMBER": "UPPER(TRIM(ACCOUNT_NUMBER))"},
        "CUSTOMER_ID",
        "BALANCE",
        "OPENED_ON",
        "CLOSED_ON",
        columns={
            "ACCOUNT_TYPE": "TRIM(ACCOUNT_TYPE)",
            "STATUS": "TRIM(STATUS)",
        },
        times=("UPDATED_AT",),
    ),
    computed("IS_CLOSED", "STATUS = 'closed'"),
    computed("IS_MIGRATED", "ACCOUNT_NUMBER LIKE 'SC-%'"),
    keeps_up_with("RAW.ACCOUNTS"),
)
