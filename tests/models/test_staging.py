"""Each staging model over a few rows as RAW holds them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from snowflake.snowpark import Session

from snowpark_models.runner import plan
from snowpark_models.sources import SOURCES
from snowpark_models.staging.stg_accounts import stg_accounts
from snowpark_models.staging.stg_activities import stg_activities
from snowpark_models.staging.stg_customers import stg_customers
from snowpark_models.staging.stg_order_lines import stg_order_lines
from snowpark_models.staging.stg_orders import stg_orders
from snowpark_models.staging.stg_payments import stg_payments
from snowpark_models.staging.stg_portal_sessions import stg_portal_sessions
from snowpark_models.staging.stg_products import stg_products
from snowpark_models.staging.stg_support_tickets import stg_support_tickets
from tests.models.given import given, rows_of


def test_customers_are_trimmed_and_codes_brought_into_one_case(session: Session) -> None:
    raw = given(
        session,
        "raw_customers",
        {"customer_id": 1, "name": " Søren Ødegård ", "email": " Soren@Example.DK", "country_code": "dk"},
        {"customer_id": 2, "name": "שלום", "email": "  ", "country_code": "IL", "notes": "it's ''fine''"},
        {"customer_id": 3, "name": "gone", "_deleted": True},
    )
    staged = stg_customers(raw)
    assert rows_of(staged, "customer_id", "name", "email", "country_code", "notes") == [
        (1, "Søren Ødegård", "soren@example.dk", "DK", None),
        (2, "שלום", None, "IL", "it's ''fine''"),
    ]


def test_every_staging_model_keeps_live_rows_and_their_commit_time_only(session: Session) -> None:
    committed = {"_committed_at": "2026-03-01 10:00:00.123"}
    for model in plan(["staging"]):
        (source,) = model.upstreams
        if SOURCES[source].is_history:
            continue
        raw = given(session, source, committed, {**committed, "_deleted": True})
        assert rows_of(model(raw), "committed_at") == [(datetime(2026, 3, 1, 10, 0, 0, 123000),)], model.name


def test_accounts_are_flagged(session: Session) -> None:
    raw = given(
        session,
        "raw_accounts",
        {"account_number": "AC-0000000001", "status": "open", "balance": "-12.3456"},
        {"account_number": "SC-0000000002", "status": "closed", "closed_on": "2026-02-01"},
    )
    assert rows_of(
        stg_accounts(raw), "account_number", "is_closed", "is_migrated", "balance", "closed_on"
    ) == [
        ("AC-0000000001", False, False, Decimal("-12.3456"), None),
        ("SC-0000000002", True, True, Decimal("0.0000"), date(2026, 2, 1)),
    ]


def test_activities_know_whether_they_ended(session: Session) -> None:
    raw = given(
        session,
        "raw_activities",
        {"activity_id": 1, "status": "open", "started_at": "2026-01-31 23:59:59.999"},
        {"activity_id": 2, "status": "completed", "account_number": " ac-1 "},
        {"activity_id": 3, "status": "cancelled", "account_number": ""},
    )
    staged = stg_activities(raw)
    assert rows_of(staged, "activity_id", "has_ended", "account_number") == [
        (1, False, None),
        (2, True, "AC-1"),
        (3, True, None),
    ]
    assert rows_of(staged, "activity_id", "started_on")[0] == (1, date(2026, 1, 31))


def test_products_leave_their_picture_behind(session: Session) -> None:
    raw = given(
        session,
        "raw_products",
        {"product_code": "HW-00001", "picture": "89504E47", "weight_kg": 1.5},
        {"product_code": "SW-00002"},
    )
    assert rows_of(stg_products(raw), "product_code", "has_picture", "weight_kg") == [
        ("HW-00001", True, 1.5),
        ("SW-00002", False, None),
    ]


def test_orders_know_their_day_and_whether_they_are_cancelled(session: Session) -> None:
    raw = given(
        session,
        "raw_orders",
        {"order_id": 1, "status": "cancelled", "placed_at": "2026-01-31 00:00:00", "currency_code": "eur"},
        {"order_id": 2, "status": "paid", "total_amount": "99999999999.9999"},
    )
    staged = stg_orders(raw)
    assert rows_of(staged, "order_id", "is_cancelled", "placed_on", "currency_code", "total_amount") == [
        (1, True, date(2026, 1, 31), "EUR", Decimal("0.0000")),
        (2, False, date(2026, 1, 1), "", Decimal("99999999999.9999")),
    ]


def test_order_lines_show_what_the_discount_took_off(session: Session) -> None:
    raw = given(
        session,
        "raw_order_lines",
        {"order_id": 1, "line_number": 1, "quantity": 3, "unit_price": "9.9999", "line_amount": "26.9997"},
        {"order_id": 1, "line_number": 2, "quantity": 2147483647, "unit_price": "99999.9999"},
    )
    staged = stg_order_lines(raw)
    assert rows_of(staged, "line_number", "list_amount", "discount_amount") == [
        (1, Decimal("29.9997"), Decimal("3.0000")),
        (2, Decimal("214748364485251.6353"), Decimal("214748364485251.6353")),
    ]


def test_payments_show_the_providers_reference_as_text(session: Session) -> None:
    raw = given(
        session,
        "raw_payments",
        {"payment_id": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "status": "captured", "provider_ref": "00ff"},
        {"payment_id": "B", "status": "failed", "paid_at": "2026-01-02 23:59:59.997"},
    )
    assert rows_of(stg_payments(raw), "payment_id", "is_captured", "provider_ref", "paid_on") == [
        ("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", True, "00FF", date(2026, 1, 1)),
        ("B", False, None, date(2026, 1, 2)),
    ]


def test_tickets_show_how_long_they_took(session: Session) -> None:
    raw = given(
        session,
        "raw_support_tickets",
        {
            "ticket_id": 1,
            "status": "closed",
            "opened_at": "2026-01-01 22:00:00",
            "closed_at": "2026-01-03 00:45:00",
            "satisfaction": 4.5,
        },
        {"ticket_id": 2, "status": "open"},
    )
    staged = stg_support_tickets(raw)
    assert rows_of(staged, "ticket_id", "is_closed", "hours_to_close", "closed_on", "satisfaction") == [
        (1, True, Decimal("26.75"), date(2026, 1, 3), Decimal("4.50")),
        (2, False, None, None, None),
    ]


def test_visits_are_measured_in_seconds(session: Session) -> None:
    raw = given(
        session,
        "raw_portal_sessions",
        {
            "session_id": 1,
            "started_at": "2026-01-01 10:00:00.0000001",
            "ended_at": "2026-01-01 10:01:30.5",
            "longest_view": "00:00:59.25",
            "ip_address": "7F000001",
        },
        {"session_id": 2},
    )
    staged = stg_portal_sessions(raw)
    assert rows_of(staged, "session_id", "is_running", "longest_view_seconds", "ip_address") == [
        (1, False, Decimal("59.250"), "7F000001"),
        (2, True, None, None),
    ]
    assert rows_of(staged, "session_id", "duration_seconds") == [(1, Decimal("90.500")), (2, None)]
