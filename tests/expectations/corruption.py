"""Data that break a rule: told by the rule itself where it can be, written down where it is SQL."""

from __future__ import annotations

from collections.abc import Mapping

from expectations.rules import Rule

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
    # STAGING
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
    "Each version of a customer ends before the next begins": {"TO_POSITION": "'~'"},
    "Each version of an activity ends before the next begins": {"TO_POSITION": "'~'"},
    # MARTS
    "The current version, and no other, has no end": {"IS_CURRENT": "FALSE", "VALID_TO": "NULL"},
    "No two versions of a customer overlap": {"VALID_TO": "'2199-01-01'"},
    "A customer has one current version at most": {"IS_CURRENT": "TRUE"},
    "The total of an order is the sum of its lines, and there is at least one": {
        "TOTAL_AMOUNT": "TOTAL_AMOUNT + 100"
    },
    "Lines add up to what STG_ORDER_LINES has": {"LINES_AMOUNT": "LINES_AMOUNT + 1"},
    "Payments add up to what STG_PAYMENTS has": {"CAPTURED_AMOUNT": "CAPTURED_AMOUNT + 1"},
    "No order is paid before it is placed": {"FIRST_CAPTURED_AT": "'1999-01-01'"},
    "Paid and shipped orders are paid in full, cancelled ones not at all, placed ones not yet": {
        "PAYMENTS_FIT_STATUS": "FALSE"
    },
    "At least one order was placed on each day": {"ORDERS": "0"},
    "There are no more customers or cancelled orders than orders": {"CUSTOMERS": "ORDERS + 1"},
    "Revenue is no more than what was ordered": {"REVENUE_AMOUNT": "ORDERED_AMOUNT + 1"},
    "What is outstanding is what was ordered and has not arrived": {"OUTSTANDING_AMOUNT": "987654"},
    "Accounts and balance are what STG_ACCOUNTS adds up to": {"BALANCE": "BALANCE + 1"},
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
    "Opened and closed are what STG_SUPPORT_TICKETS counts": {"OPENED": "OPENED + 1"},
    "The backlog is all opened less all closed so far": {"BACKLOG": "BACKLOG + 1"},
    "No more are rated low than were closed": {"LOW_RATINGS": "CLOSED + 1"},
    "Visits and pages are what STG_PORTAL_SESSIONS adds up to": {"SESSIONS": "SESSIONS + 1"},
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
    "What is owed is what ORDER_FACTS has as outstanding": {"RECEIVABLE_AMOUNT": "RECEIVABLE_AMOUNT + 1"},
    "The buckets add up to what is owed": {"DUE_0_TO_30_DAYS": "DUE_0_TO_30_DAYS + 1"},
    "The oldest order lies in the oldest bucket that has anything": {"OLDEST_DAYS": "91"},
    "Steps are numbered from 1 in the order of time": {"STEP": "987654"},
    "The first step, and no other, is the first touch": {"IS_FIRST_TOUCH": "NOT IS_FIRST_TOUCH"},
    "The first step, and no other, follows on none": {"PREVIOUS_EVENT_TYPE": "NULL", "STEP": "2"},
    "A visit, and nothing else, has a landing page": {"EVENT_TYPE": "'payment'", "LANDING_PAGE": "'/'"},
    "Events are what CUSTOMER_JOURNEY counts": {"EVENTS": "EVENTS + 1"},
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
    "No event that is counted was known at AS_OF or later only": {"AVAILABLE_TS": "AS_OF"},
    "A shorter window counts no more than a longer one, and a part no more than its whole": {
        "ORDERS_30D": "ORDERS_90D + 1"
    },
    "SESSION_TREND is the last 30 days less half of the 60 before": {"SESSION_TREND": "SESSION_TREND + 1"},
}

BY_TABLE: Mapping[tuple[str, str], Change] = {
    ("activity_end_dating", "No activity ends before the day it starts"): {"ENDS_BEFORE_START": "TRUE"},
    ("customer_history", "A version ends after it begins"): {"VALID_TO": "VALID_FROM"},
    ("customer_revenue", "Orders and revenue are what ORDER_FACTS adds up to"): {
        "REVENUE_AMOUNT": "REVENUE_AMOUNT + 1"
    },
    ("daily_revenue", "Orders and revenue are what ORDER_FACTS adds up to"): {
        "REVENUE_AMOUNT": "REVENUE_AMOUNT + 1"
    },
    (
        "customer_360",
        "Orders and revenue are what ORDER_FACTS adds up to",
    ): {"REVENUE_EUR": "REVENUE_EUR + 1"},
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
        return {sentence.split()[0]: "'1999-01-01'"}
    return BY_TABLE.get((table, sentence)) or BY_SENTENCE.get(sentence)


def takes_rows_away(rule: Rule) -> bool:
    """True for a rule that is broken when a row is missing."""
    return (
        rule.sentence.startswith("No ") and rule.sentence.endswith((" is missing", " is left out"))
    ) or rule.sentence == "Every order line belongs to an order"


def needs_a_copy(rule: Rule) -> bool:
    """True for a rule that is broken when a row comes twice."""
    return rule.sentence.endswith(("is unique", "are unique together"))
