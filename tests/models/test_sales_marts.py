"""Orders and revenue: answers worked out by hand on a few given rows."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from snowflake.snowpark import DataFrame, Session

from snowpark_models.marts.daily_revenue import daily_revenue
from snowpark_models.marts.order_facts import order_facts
from snowpark_models.staging.stg_customers import stg_customers
from snowpark_models.staging.stg_order_lines import stg_order_lines
from snowpark_models.staging.stg_orders import stg_orders
from snowpark_models.staging.stg_payments import stg_payments
from tests.models.given import given, rows_of


def money(text: str) -> Decimal:
    return Decimal(text).quantize(Decimal("0.0001"))


ORDERS = [
    {"order_id": 1, "customer_id": 7, "status": "paid", "total_amount": "30.30", "currency_code": "EUR"},
    {"order_id": 2, "customer_id": 7, "status": "placed", "total_amount": "10", "currency_code": "EUR"},
    {"order_id": 3, "customer_id": 8, "status": "cancelled", "total_amount": "5", "is_cancelled": True},
    {"order_id": 4, "customer_id": 99, "status": "shipped", "total_amount": "0", "currency_code": "EUR"},
]
LINES = [
    {"order_id": 1, "line_number": 1, "quantity": 2, "line_amount": "10.10", "discount_amount": "0.90"},
    {"order_id": 1, "line_number": 2, "quantity": 1, "line_amount": "20.20"},
    {"order_id": 2, "line_number": 1, "quantity": 1, "line_amount": "9.9999"},
    {"order_id": 3, "line_number": 1, "quantity": 1, "line_amount": "5"},
]
PAYMENTS = [
    {"payment_id": "A", "order_id": 1, "status": "failed", "amount": "30.30"},
    {"payment_id": "B", "order_id": 1, "status": "captured", "is_captured": True, "amount": "20",
     "paid_at": "2026-01-02 10:00:00"},
    {"payment_id": "C", "order_id": 1, "status": "captured", "is_captured": True, "amount": "10.30",
     "paid_at": "2026-01-03 10:00:00"},
    {"payment_id": "D", "order_id": 2, "status": "authorised", "amount": "10"},
    {"payment_id": "E", "order_id": 3, "status": "refunded", "amount": "5"},
    {"payment_id": "F", "order_id": 3, "status": "captured", "is_captured": True, "amount": "1",
     "committed_at": "2026-02-01"},
]  # fmt: skip


@pytest.fixture(scope="module")
def facts(session: Session) -> DataFrame:
    return order_facts(
        given(session, stg_orders, *ORDERS),
        given(session, stg_order_lines, *LINES),
        given(session, stg_payments, *PAYMENTS),
        given(session, stg_customers, {"customer_id": 7}, {"customer_id": 8}),
    )


def test_lines_and_payments_do_not_multiply_each_other(facts: DataFrame) -> None:
    assert rows_of(facts, "order_id", "line_count", "item_count", "payment_attempts", "failed_payments") == [
        (1, 2, 3, 3, 1),
        (2, 1, 1, 1, 0),
        (3, 1, 1, 2, 0),
        (4, 0, 0, 0, 0),
    ]


def test_an_order_whose_head_is_not_the_sum_of_its_lines_shows(facts: DataFrame) -> None:
    columns = ("order_id", "lines_amount", "lines_difference", "order_total_matches_lines", "discount_amount")
    assert rows_of(facts, *columns) == [
        (1, money("30.30"), money("0"), True, money("0.90")),
        (2, money("9.9999"), money("0.0001"), False, money("0")),
        (3, money("5"), money("0"), True, money("0")),
        (4, money("0"), money("0"), False, money("0")),  # no line at all
    ]


def test_what_arrived_is_told_from_what_was_given_back(facts: DataFrame) -> None:
    assert rows_of(facts, "order_id", "captured_amount", "refunded_amount", "outstanding_amount") == [
        (1, money("30.30"), money("0"), money("0")),
        (2, money("0"), money("0"), money("10")),
        (3, money("1"), money("5"), money("0")),
        (4, money("0"), money("0"), money("0")),
    ]
    assert rows_of(facts, "order_id", "first_captured_at")[0] == (1, datetime(2026, 1, 2, 10))
    assert rows_of(facts, "order_id", "committed_at")[2] == (3, datetime(2026, 2, 1))


@pytest.mark.parametrize(
    ("status", "captured", "fits"),
    [
        ("paid", "10", True),
        ("paid", "9.9999", False),
        ("shipped", "10", True),
        ("shipped", None, False),
        ("placed", None, True),
        ("placed", "9.9999", True),
        ("placed", "10", False),
        ("cancelled", None, True),
        ("cancelled", "0.0001", False),
        ("lost", None, False),
    ],
)
def test_captured_money_fits_the_status_or_shows(
    session: Session, status: str, captured: str | None, fits: bool
) -> None:
    order = {"order_id": 1, "status": status, "total_amount": "10", "is_cancelled": status == "cancelled"}
    payments = [] if captured is None else [{"order_id": 1, "is_captured": True, "amount": captured}]
    result = order_facts(
        given(session, stg_orders, order),
        given(session, stg_order_lines),
        given(session, stg_payments, *payments),
        given(session, stg_customers),
    )
    assert rows_of(result, "payments_fit_status", "customer_exists") == [(fits, False)]


def test_an_order_of_nobody_shows(facts: DataFrame) -> None:
    assert rows_of(facts, "order_id", "customer_exists") == [(1, True), (2, True), (3, True), (4, False)]


def test_a_days_revenue_leaves_out_what_is_not_earned(session: Session) -> None:
    orders = given(
        session,
        order_facts,
        {"order_id": 1, "customer_id": 1, "status": "paid", "total_amount": "10.01", "currency_code": "EUR"},
        {"order_id": 2, "customer_id": 1, "status": "placed", "total_amount": "5", "currency_code": "EUR",
         "outstanding_amount": "5"},
        {"order_id": 3, "customer_id": 2, "status": "cancelled", "is_cancelled": True, "total_amount": "100",
         "currency_code": "EUR", "refunded_amount": "100"},
        {"order_id": 4, "customer_id": 2, "status": "shipped", "total_amount": "7", "currency_code": "SEK"},
        {"order_id": 5, "customer_id": 2, "status": "cancelled", "is_cancelled": True, "total_amount": "1",
         "currency_code": "SEK", "placed_on": "2026-01-02"},
    )  # fmt: skip
    daily = daily_revenue(orders)
    first, second = date(2026, 1, 1), date(2026, 1, 2)
    assert rows_of(daily, "placed_on", "currency_code", "orders", "cancelled_orders", "customers") == [
        (first, "EUR", 3, 1, 2),
        (first, "SEK", 1, 0, 1),
        (second, "SEK", 1, 1, 1),
    ]
    amounts = ("placed_on", "currency_code", "ordered_amount", "revenue_amount", "average_order_amount")
    assert rows_of(daily, *amounts) == [
        (first, "EUR", money("15.01"), money("10.01"), money("7.505")),
        (first, "SEK", money("7"), money("7"), money("7")),
        (second, "SEK", money("0"), money("0"), None),
    ]
    assert rows_of(daily, "placed_on", "currency_code", "refunded_amount", "outstanding_amount")[0] == (
        first, "EUR", money("100"), money("5"),
    )  # fmt: skip
