"""Customers, activities, support and portal: answers worked out by hand on a few given rows."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from snowflake.snowpark import DataFrame, Session

from snowpark_models.marts.activity_lifecycle import activity_lifecycle
from snowpark_models.marts.customer_360 import customer_360
from snowpark_models.marts.order_facts import order_facts
from snowpark_models.marts.portal_engagement import portal_engagement
from snowpark_models.marts.support_load import support_load
from snowpark_models.staging.stg_accounts import stg_accounts
from snowpark_models.staging.stg_activities import stg_activities
from snowpark_models.staging.stg_customers import stg_customers
from snowpark_models.staging.stg_portal_sessions import stg_portal_sessions
from snowpark_models.staging.stg_support_tickets import stg_support_tickets
from tests.models.given import Value, given, rows_of

NOW = {"committed_at": "2026-06-01 12:00:00"}
AS_OF = datetime(2026, 6, 1, 12, 0, 0, 1000)


@pytest.mark.parametrize(
    ("activity", "stage", "overdue", "running_days", "duration_days"),
    [
        ({"status": "planned", "started_at": "2026-07-01"}, "upcoming", False, None, None),
        ({"status": "planned", "started_at": "2026-06-01 12:00:00"}, "not begun", True, None, None),
        ({"status": "open", "started_on": "2026-05-02"}, "running", False, 30, None),
        ({"status": "open", "started_on": "2026-05-01"}, "running", True, 31, None),
        ({"status": "completed", "has_ended": True, "started_on": "2026-05-02", "end_date": "2026-05-04"},
         "ended", False, None, 2),
        ({"status": "cancelled", "has_ended": True}, "ended", False, None, None),
    ],
)  # fmt: skip
def test_an_activity_has_a_stage_at_the_end_of_the_data(
    session: Session,
    activity: dict[str, Value],
    stage: str,
    overdue: bool,
    running_days: int | None,
    duration_days: int | None,
) -> None:
    result = activity_lifecycle(
        given(session, stg_activities, {"activity_id": 1, **NOW, **activity}), given(session, stg_accounts)
    )
    assert rows_of(result, "stage", "is_overdue", "running_days", "duration_days", "as_of") == [
        (stage, overdue, running_days, duration_days, AS_OF)
    ]


@pytest.mark.parametrize(
    ("has_ended", "end_date", "well"),
    [
        (False, None, True),
        (False, "2026-05-02", False),
        (True, None, False),
        (True, "2026-05-02", True),
        (True, "2026-05-01", False),
    ],
)
def test_end_dating_is_judged(session: Session, has_ended: bool, end_date: str | None, well: bool) -> None:
    activity = {"has_ended": has_ended, "end_date": end_date, "started_on": "2026-05-02"}
    result = activity_lifecycle(given(session, stg_activities, activity), given(session, stg_accounts))
    assert rows_of(result, "is_end_dated_well") == [(well,)]


def test_an_activity_about_somebody_elses_account_shows(session: Session) -> None:
    activities = given(
        session,
        stg_activities,
        {"activity_id": 1, "customer_id": 7, "account_number": "AC-1"},
        {"activity_id": 2, "customer_id": 8, "account_number": "AC-1"},
        {"activity_id": 3, "customer_id": 7, "account_number": "AC-9"},
        {"activity_id": 4, "customer_id": 7},
    )
    accounts = given(session, stg_accounts, {"account_number": "AC-1", "customer_id": 7})
    result = activity_lifecycle(activities, accounts)
    assert rows_of(result, "activity_id", "customer_id", "account_is_the_customers") == [
        (1, 7, True),
        (2, 8, False),
        (3, 7, False),
        (4, 7, True),
    ]


def test_the_backlog_is_what_was_opened_and_not_yet_closed(session: Session) -> None:
    monday, tuesday, friday = date(2026, 6, 1), date(2026, 6, 2), date(2026, 6, 5)
    closed: dict[str, Value] = {"closed_on": "2026-06-05", "is_closed": True, "opened_on": "2026-06-01"}
    tickets = given(
        session,
        stg_support_tickets,
        {"priority": 1, **closed, "hours_to_close": "96.50", "satisfaction": "2"},
        {"priority": 1, **closed, "hours_to_close": "90.25", "satisfaction": "5"},
        {"priority": 1, **closed, "hours_to_close": "1"},
        {"priority": 1, "opened_on": "2026-06-02"},
        {"priority": 4, "opened_on": "2026-06-05"},
    )
    load = support_load(tickets)
    assert rows_of(load, "day", "priority", "opened", "closed", "backlog") == [
        (monday, 1, 3, 0, 3),
        (monday, 4, 0, 0, 0),
        (tuesday, 1, 1, 0, 4),
        (tuesday, 4, 0, 0, 0),
        (friday, 1, 0, 3, 1),
        (friday, 4, 1, 0, 1),
    ]
    judged = rows_of(load, "day", "priority", "median_hours_to_close", "average_satisfaction", "low_ratings")
    assert judged[4] == (friday, 1, Decimal("90.25"), Decimal("3.50"), 1)
    assert judged[0] == (monday, 1, None, None, 0)


def test_visits_are_added_up_by_the_week_that_begins_on_monday(session: Session) -> None:
    visits = given(
        session,
        stg_portal_sessions,
        {"customer_id": 7, "started_on": "2026-06-01", "pages_viewed": 3, "duration_seconds": "10.5"},
        {"customer_id": 7, "started_on": "2026-06-07", "pages_viewed": 4, "duration_seconds": "20",
         "landing_page": "/orders", "started_at": "2026-06-07 23:00:00", "longest_view_seconds": "9.125"},
        {"customer_id": 7, "started_on": "2026-06-08", "pages_viewed": 1, "is_running": True},
        {"customer_id": 8, "started_on": "2026-05-31", "pages_viewed": 1},
    )  # fmt: skip
    weekly = portal_engagement(visits)
    assert rows_of(weekly, "customer_id", "week", "sessions", "running_sessions", "active_days") == [
        (7, date(2026, 6, 1), 2, 0, 2),
        (7, date(2026, 6, 8), 1, 1, 1),
        (8, date(2026, 5, 25), 1, 0, 1),
    ]
    measured = rows_of(weekly, "customer_id", "week", "pages_viewed", "landing_pages", "seconds")
    assert measured[:2] == [
        (7, date(2026, 6, 1), 7, 2, Decimal("30.500")),
        (7, date(2026, 6, 8), 1, 1, None),
    ]
    looked = rows_of(weekly, "customer_id", "week", "longest_view_seconds", "last_started_at")
    assert looked[0] == (7, date(2026, 6, 1), Decimal("9.125"), datetime(2026, 6, 7, 23))


@pytest.fixture(scope="module")
def customers(session: Session) -> list[dict[str, object]]:
    """Customer 1 has everything, 2 has nothing, 3 visited exactly at the edge of the window."""
    order: dict[str, Value] = {"customer_id": 1, "currency_code": "EUR", "status": "paid"}
    result: DataFrame = customer_360(
        given(session, stg_customers, {"customer_id": 1, **NOW}, {"customer_id": 2}, {"customer_id": 3}),
        given(
            session,
            stg_accounts,
            {"customer_id": 1, "balance": "10.50"},
            {"customer_id": 1, "is_closed": True},
            {"customer_id": 1, "balance": "-20"},
        ),
        given(
            session,
            order_facts,
            {**order, "total_amount": "10.10", "placed_at": "2026-05-01 10:00:00"},
            {**order, "total_amount": "0.0001", "placed_at": "2026-05-30 23:59:59"},
            {**order, "total_amount": "7", "currency_code": "SEK", "placed_at": "2026-05-02"},
            {**order, "total_amount": "9", "status": "placed", "outstanding_amount": "9"},
            {**order, "total_amount": "99", "status": "cancelled", "is_cancelled": True,
             "placed_at": "2026-05-31"},
        ),
        given(
            session,
            stg_support_tickets,
            {"customer_id": 1, "is_closed": True, "satisfaction": "4"},
            {"customer_id": 1, "is_closed": True, "satisfaction": "3.5"},
            {"customer_id": 1},
        ),
        given(session, stg_activities, {"customer_id": 1}, {"customer_id": 1, "has_ended": True}),
        given(
            session,
            stg_portal_sessions,
            {"customer_id": 1, "started_at": "2025-01-01"},
            {"customer_id": 3, "started_at": "2026-03-03 12:00:00.001"},
            {"customer_id": 3, "started_at": "2026-03-03 12:00:00"},
        ),
    )  # fmt: skip
    return [row.as_dict() for row in result.sort("CUSTOMER_ID").collect()]


def test_everything_about_a_customer_is_counted_once(customers: list[dict[str, object]]) -> None:
    expected: dict[str, object] = {
        "ACCOUNTS": 3,
        "OPEN_ACCOUNTS": 2,
        "BALANCE": Decimal("-9.5000"),
        "ORDERS": 4,
        "CANCELLED_ORDERS": 1,
        "UNPAID_ORDERS": 1,
        "REVENUE_EUR": Decimal("10.1001"),
        "REVENUE_SEK": Decimal("7.0000"),
        "REVENUE_USD": Decimal("0.0000"),
        "FIRST_ORDER_AT": datetime(2026, 1, 1),
        "LAST_ORDER_AT": datetime(2026, 5, 30, 23, 59, 59),
        "DAYS_SINCE_LAST_ORDER": 2,
        "TICKETS": 3,
        "OPEN_TICKETS": 1,
        "AVERAGE_SATISFACTION": Decimal("3.75"),
        "OPEN_ACTIVITIES": 1,
        "SESSIONS": 1,
        "RECENT_SESSIONS": 0,
        "LAST_SESSION_AT": datetime(2025, 1, 1),
        "IS_ENGAGED": True,
        "AS_OF": AS_OF,
    }
    assert {name: customers[0][name] for name in expected} == expected


def test_a_customer_without_anything_has_zeros_and_no_times(customers: list[dict[str, object]]) -> None:
    nothing = {
        name: customers[1][name] for name in ("ACCOUNTS", "ORDERS", "REVENUE_EUR", "TICKETS", "SESSIONS")
    }
    assert set(nothing.values()) == {0}
    assert customers[1]["LAST_ORDER_AT"] is None
    assert customers[1]["DAYS_SINCE_LAST_ORDER"] is None
    assert customers[1]["AVERAGE_SATISFACTION"] is None
    assert customers[1]["IS_ENGAGED"] is False


def test_the_window_of_engagement_ends_on_the_millisecond(customers: list[dict[str, object]]) -> None:
    assert (customers[2]["SESSIONS"], customers[2]["RECENT_SESSIONS"]) == (2, 1)
    assert customers[2]["IS_ENGAGED"] is True
