"""Data that break a rule: told by the rule itself where it can be, written down where it is SQL."""

from __future__ import annotations

import re
from collections.abc import Mapping

from expectations.rules import Rule
from flows.contracts import contracts

CHANGED_OF_LATE = "What changed in the last two days is here as the change log has it"

Change = Mapping[str, str]
"""New values of columns, in SQL."""

BY_TYPE = {
    "expect_column_values_to_not_be_null": "NULL",
    "expect_column_values_to_be_in_set": "'??'",
    "expect_column_values_to_match_regex": "'??'",
}

BY_SENTENCE: Mapping[str, Change] = {
    # RAW
    "IP_ADDRESS has 4 or 16 bytes": {"IP_ADDRESS": "TO_BINARY('ABCD', 'HEX')"},
    "_COMMITTED_AT is not in the future": {"_COMMITTED_AT": "DATEADD(hour, 1, SYSDATE())"},
    "The last comparison with the source found no difference": {},  # see test_suites.py
    # STAGING
    "A version is one of CUSTOMERS__HISTORY, and ends when that does": {"VALID_TO": "'2199-01-01'"},
    "A version is one of ACTIVITIES__HISTORY, and ends when that does": {"VALID_TO": "'2199-01-01'"},
    "No two versions overlap": {"TO_POSITION": "'~'"},
    "NAME is not blank": {"NAME": "''"},
    "A customer is created before it is updated": {"UPDATED_AT": "'1999-01-01'"},
    "Closed accounts, and no others, have a day of closing": {"IS_CLOSED": "TRUE", "CLOSED_ON": "NULL"},
    "No account is closed before it is opened": {"CLOSED_ON": "'1999-01-01'"},
    "The balance of a closed account is 0": {"IS_CLOSED": "TRUE", "BALANCE": "1"},
    "Only credit accounts are below 0": {"BALANCE": "-1", "ACCOUNT_TYPE": "'savings'"},
    "What is completed or cancelled, and nothing else, has an end date": {
        "STATUS": "'planned'",
        "END_DATE": "'2026-03-11'",
    },
    "No activity ends before the day it starts": {"END_DATE": "'1999-01-01'"},
    "LIST_PRICE is above 0": {"LIST_PRICE": "0"},
    "Only hardware and spares have a weight, and it is above 0": {"WEIGHT_KG": "1", "CATEGORY": "'services'"},
    "Shipped orders, and no others, have a time of shipping": {"STATUS": "'shipped'", "SHIPPED_AT": "NULL"},
    "No order is shipped before it is placed": {"SHIPPED_AT": "'1999-01-01'"},
    "An order is placed before it is updated": {"UPDATED_AT": "'1999-01-01'"},
    "UNIT_PRICE is above 0": {"UNIT_PRICE": "0"},
    "LINE_AMOUNT is quantity times unit price less the discount": {"LINE_AMOUNT": "LINE_AMOUNT + 0.0001"},
    "AMOUNT is above 0": {"AMOUNT": "0"},
    "Failed payments, and no others, are without the provider's 32 bytes of reference": {
        "STATUS": "'captured'",
        "PROVIDER_REF": "NULL",
    },
    "Closed tickets, and no others, have a time of closing": {"IS_CLOSED": "TRUE", "CLOSED_AT": "NULL"},
    "No ticket is closed before it is opened": {"CLOSED_AT": "'1999-01-01'"},
    "Only closed tickets are rated": {"IS_CLOSED": "FALSE", "SATISFACTION": "3"},
    "Subject and body are not blank": {"SUBJECT": "' '"},
    "A visit has a longest view exactly when it has ended": {
        "IS_RUNNING": "TRUE",
        "LONGEST_VIEW_SECONDS": "1",
    },
    "A version ends after it begins": {"TO_POSITION": "''"},
    "A version has an end in both or in neither": {"TO_POSITION": "NULL", "VALID_TO": "'2199-01-01'"},
    # MARTS
    "AS_OF is the millisecond after the newest commit of what the table is made of": {
        "AS_OF": "'1999-01-01'"
    },
    "No two versions are current": {"IS_CURRENT": "TRUE"},
    "Each version differs from the one that it follows": {"VALID_TO": "VALID_FROM"},
    "Versions begin and end when those of STG_CUSTOMER_HISTORY do": {"VALID_TO": "'2199-01-01'"},
    "ORDERS, ORDERED_AMOUNT by CURRENCY_CODE come to what they do in STG_ORDERS": {"ORDERS": "ORDERS + 1"},
    "An account is the customer's exactly if STG_ACCOUNTS says so": {"ACCOUNT_IS_THE_CUSTOMERS": "NULL"},
    "What is open on a closed account is so in STG_ACCOUNTS": {"IS_OPEN_ON_CLOSED_ACCOUNT": "NULL"},
    "Customer, currency and hours fit the order": {"HOURS_SINCE_ORDER": "-98765"},
    "A payment follows a failure exactly if the attempt before it failed": {"FOLLOWS_A_FAILURE": "NULL"},
    "Hours are those since the change before": {"HOURS_IN_FROM_STATUS": "-98765"},
    "A change leads to what the history has from then on": {"TO_STATUS": "'elsewhere'"},
    "No event is made up": {"EVENT_ID": "'987654'"},
    "A step is told by the one before it, and the last one has none after it": {
        "SECONDS_SINCE_PREVIOUS": "-98765"
    },
    "The likeliest to leave comes first, and no rank is left out": {"RISK_RANK": "RISK_RANK + 987654"},
    "The current version, and no other, has no end": {"IS_CURRENT": "FALSE", "VALID_TO": "NULL"},
    "The total of an order is the sum of its lines, and there is at least one": {
        "TOTAL_AMOUNT": "TOTAL_AMOUNT + 100"
    },
    "No order is paid before it is placed": {"FIRST_CAPTURED_AT": "'1999-01-01'"},
    "Paid and shipped orders are paid in full, cancelled ones not at all, placed ones not yet": {
        "PAYMENTS_FIT_STATUS": "FALSE"
    },
    "At least one order was placed on each day": {"ORDERS": "0"},
    "There are no more customers or cancelled orders than orders": {"CUSTOMERS": "ORDERS + 1"},
    "Revenue is no more than what was ordered": {"REVENUE_AMOUNT": "ORDERED_AMOUNT + 1"},
    "What is outstanding is what was ordered and has not arrived": {"OUTSTANDING_AMOUNT": "987654"},
    "A part is no more than its whole": {"OPEN_TICKETS": "TICKETS + 1"},
    "Customers with orders, and no others, have a first and a last one, in that order": {
        "ORDERS": "1",
        "FIRST_ORDER_AT": "'2026-01-02'",
        "LAST_ORDER_AT": "'2026-01-01'",
    },
    "What is completed or cancelled, and nothing else, has ended and has a duration": {
        "STATUS": "'open'",
        "STAGE": "'ended'",
    },
    "Every end date fits status and start": {"IS_END_DATED_WELL": "FALSE"},
    "The account of an activity is one of its customer": {"ACCOUNT_IS_THE_CUSTOMERS": "FALSE"},
    "The backlog is all opened less all closed so far": {"BACKLOG": "BACKLOG + 1"},
    "No more are rated low than were closed": {"LOW_RATINGS": "CLOSED + 1"},
    "A week begins on Monday": {"WEEK": "DATEADD(day, 1, WEEK)"},
    "There are no more running visits, active days or landing pages than visits": {
        "RUNNING_SESSIONS": "SESSIONS + 1"
    },
    "Each visit began in its week, the first before the last": {
        "FIRST_STARTED_AT": "'2026-03-11'",
        "LAST_STARTED_AT": "'2026-03-10'",
    },
    "Attempts are numbered from 1 in the order of time": {"ATTEMPT": "ATTEMPT + 1"},
    "The first attempt follows no failure": {"ATTEMPT": "1", "FOLLOWS_A_FAILURE": "TRUE"},
    "A payment has its order's currency": {"CURRENCY_IS_THE_ORDERS": "FALSE"},
    "At least one order was placed in each currency": {"ORDERS": "0"},
    "Cancelled and unpaid orders are orders, and none is both": {"UNPAID_ORDERS": "ORDERS + 1"},
    "What was ordered and has not arrived is owed, what arrived beyond it was paid too much": {
        "RECEIVABLE_AMOUNT": "RECEIVABLE_AMOUNT + 1"
    },
    "Customers pay no more than they owe": {"OVERPAID_AMOUNT": "1"},
    "The buckets add up to what is owed": {"DUE_0_TO_30_DAYS": "DUE_0_TO_30_DAYS + 1"},
    "The oldest order lies in the oldest bucket that has anything": {"OLDEST_DAYS": "91"},
    "Steps are numbered from 1 in the order of time": {"STEP": "987654"},
    "The first step, and no other, is the first touch": {"IS_FIRST_TOUCH": "NOT IS_FIRST_TOUCH"},
    "The first step, and no other, follows on none": {"PREVIOUS_EVENT_TYPE": "NULL", "STEP": "2"},
    "A visit, and nothing else, has a landing page": {"EVENT_TYPE": "'payment'", "LANDING_PAGE": "'/'"},
    "Who has ordered, and nobody else, is at a stage of orders": {
        "STAGE": "'visited'",
        "FIRST_ORDER_AT": "'2026-03-10'",
    },
    "Who has ordered again, and nobody else, has a second order": {
        "STAGE": "'ordered_again'",
        "SECOND_ORDER_AT": "NULL",
    },
    "There are no more visits than events": {"VISITS_BEFORE_ORDER": "EVENTS + 1"},
    "A change leads to another status": {"FROM_STATUS": "TO_STATUS"},
    "The first change, and no other, comes from nowhere": {"CHANGE_NUMBER": "2", "FROM_STATUS": "NULL"},
    "What is not followed by a change, and nothing else, is current": {"IS_CURRENT": "NOT IS_CURRENT"},
    "Each change begins where the one before led to": {"CHANGE_NUMBER": "987654"},
    "An end date was set after the fact or it was not, and only if there is one": {
        "IS_END_DATED_LATE": "NOT IS_END_DATED_LATE"
    },
    "What was reopened, and nothing else, has a time of that": {"TIMES_REOPENED": "1", "REOPENED_AT": "NULL"},
    "What has ended has an end date": {"LACKS_END_DATE": "TRUE"},
    "What has an end date has ended": {"IS_OPEN_THOUGH_END_DATED": "TRUE"},
    # FEATURES
    "No event that is counted happened at AS_OF or later": {"EVENT_TS": "AS_OF"},
    "No event that is counted was known at AS_OF or later": {"AVAILABLE_TS": "AS_OF"},
    "A shorter window counts no more than a longer one, and a part no more than its whole": {
        "ORDERS_30D": "ORDERS_90D + 1"
    },
    "SESSION_TREND is the last 30 days less half of the 60 before": {"SESSION_TREND": "SESSION_TREND + 1"},
}

BY_TABLE: Mapping[tuple[str, str], Change] = {
    ("customer_history", "No two versions overlap"): {"VALID_TO": "'2199-01-01'"},
    ("activity_end_dating", "No activity ends before the day it starts"): {"ENDS_BEFORE_START": "TRUE"},
    ("customer_history", "A version ends after it begins"): {"VALID_TO": "VALID_FROM"},
}


def change_that_breaks(table: str, rule: Rule) -> Change | None:
    """What breaks a rule on a row; None where rows have to go or to come."""
    configuration = rule.expectation.configuration
    column = configuration.kwargs.get("column")
    sentence = rule.sentence
    if configuration.type in BY_TYPE:
        return {column: BY_TYPE[configuration.type]}
    if configuration.type == "expect_column_values_to_be_between":
        low, high = configuration.kwargs.get("min_value"), configuration.kwargs.get("max_value")
        return {column: str(low - 1 if low is not None else high + 1)}
    if " exists in " in sentence or " exist together in " in sentence:
        named = sentence.split(" exist")[0].split(", ")[0]
        is_number = named.endswith("_ID") and named != "PAYMENT_ID"
        return {named: "-7" if is_number else "'AC-99'"}
    if sentence.endswith(" is the same in all rows"):
        named = sentence.split()[0]
        return {named: "987654" if named.endswith("_VERSION") else "'1999-01-01'"}
    if sentence.startswith("No row is made up"):
        return {"COMMITTED_AT": "'2250-01-01'"}
    if column := compared_column(table, rule):
        return {column: other_value(table, column)}
    return BY_TABLE.get((table, sentence), BY_SENTENCE.get(sentence))


def compared_column(table: str, rule: Rule) -> str | None:
    """A column that the rule compares with a formula or an upstream; better one that always has a value."""
    if rule.breaks:
        found = re.match(r"NOT COALESCE\(\((\w+) IS NOT DISTINCT FROM", rule.breaks)
        return found[1] if found else None
    if not rule.sentence.startswith(("What comes from ", "What is counted and summed up ")):
        return None
    columns = re.findall(r"checked\.(\w+) IS DISTINCT FROM", rule.expectation.unexpected_rows_query)
    return next((name for name in columns if name in required_columns(table)), columns[0])


def other_value(table: str, column: str) -> str:
    """A value that no formula gives."""
    if column in required_columns(table):
        return "NULL"
    return "'1999-01-01'" if column.endswith(("_AT", "_ON", "_TS")) else "-98765"


def required_columns(table: str) -> tuple[str, ...]:
    """The columns that its contract gives a value in every row."""
    return next(contract.required for (_, name), contract in contracts().items() if name == table.upper())


def takes_rows_away(rule: Rule) -> bool:
    """True for a rule that is broken when a row is missing."""
    return (
        rule.sentence.startswith("No ")
        and rule.sentence.endswith((" is missing", " is left out", " out of date"))
    ) or rule.sentence in ("Every order line belongs to an order", CHANGED_OF_LATE)


def needs_a_copy(rule: Rule) -> bool:
    """True for a rule that is broken when a row comes twice."""
    return rule.sentence.endswith(("is unique", "are unique together"))


def is_over_time(rule: Rule) -> bool:
    """True for a rule that judges days or the clock, not rows: test_over_time.py has what breaks those."""
    return bool(
        re.match(r"No day has far |The mean of |The newest (commit|change) is at most ", rule.sentence)
        or rule.sentence.endswith(" is spread as it was a week ago")
    )
