"""Features of churn: what counts, and that nothing of the future does."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from snowflake.snowpark import DataFrame, Session

from snowpark_models.features.customer_churn_features import customer_churn_features, features_at
from snowpark_models.staging.stg_accounts import stg_accounts
from snowpark_models.staging.stg_customers import stg_customers
from snowpark_models.staging.stg_orders import stg_orders
from snowpark_models.staging.stg_portal_sessions import stg_portal_sessions
from snowpark_models.staging.stg_support_tickets import stg_support_tickets
from tests.models.given import Value, given

OLD = {"committed_at": "2026-01-01"}
NOW = {"committed_at": "2026-06-01 12:00:00"}


def orders(session: Session, *more: dict[str, Value]) -> DataFrame:
    return given(
        session,
        stg_orders,
        {"order_id": 1, "customer_id": 1, "placed_at": "2026-05-31", **OLD},
        {"order_id": 2, "customer_id": 1, "placed_at": "2026-04-01", "is_cancelled": True, **OLD},
        {"order_id": 3, "customer_id": 1, "placed_at": "2026-01-01", **OLD},
        *more,
    )


def visits(session: Session, *more: dict[str, Value]) -> DataFrame:
    return given(
        session,
        stg_portal_sessions,
        {"session_id": 1, "customer_id": 1, "started_at": "2026-05-30", "pages_viewed": 4, **OLD},
        {"session_id": 2, "customer_id": 1, "started_at": "2026-04-30", "pages_viewed": 9, **OLD},
        {"session_id": 3, "customer_id": 1, "started_at": "2026-04-29", "pages_viewed": 9, **OLD},
        {"session_id": 4, "customer_id": 1, "started_at": "2026-04-28", "pages_viewed": 9, **OLD},
        *more,
    )


def tickets(session: Session, *more: dict[str, Value]) -> DataFrame:
    return given(
        session,
        stg_support_tickets,
        {"ticket_id": 1, "customer_id": 1, "opened_at": "2026-05-01", "satisfaction": "2", "is_closed": True,
         **OLD},
        {"ticket_id": 2, "customer_id": 1, "opened_at": "2026-01-01", **OLD},
        *more,
    )  # fmt: skip


def customers(session: Session) -> DataFrame:
    return given(
        session,
        stg_customers,
        {"customer_id": 1, "created_at": "2025-06-01", **NOW},
        {"customer_id": 2, "created_at": "2026-06-01", **OLD},
    )


def accounts(session: Session) -> DataFrame:
    return given(
        session,
        stg_accounts,
        {"account_number": "AC-1", "customer_id": 1, "opened_on": "2025-07-01", **OLD},
        {"account_number": "AC-2", "customer_id": 1, "opened_on": "2025-07-01", "is_closed": True, **OLD},
    )


def collected(features: DataFrame) -> list[dict[str, Any]]:
    return [row.as_dict() for row in features.sort("CUSTOMER_ID").collect()]


def test_features_tell_recency_frequency_and_support(session: Session) -> None:
    features = customer_churn_features(
        customers(session), accounts(session), orders(session), visits(session), tickets(session)
    )
    first, second = collected(features)
    expected = {
        "AS_OF": datetime(2026, 6, 1, 12, 0, 0, 1000),
        "TENURE_DAYS": 365,
        "OPEN_ACCOUNTS": 1,
        "ORDERS_7D": 1,
        "ORDERS_30D": 1,
        "ORDERS_90D": 2,
        "CANCELLED_ORDERS_90D": 1,
        "DAYS_SINCE_LAST_ORDER": 1,
        "SESSIONS_7D": 1,
        "SESSIONS_30D": 1,
        "SESSIONS_90D": 4,
        "PAGES_VIEWED_30D": 4,
        "SESSION_TREND": Decimal("-0.5"),
        "DAYS_SINCE_LAST_SESSION": 2,
        "TICKETS_7D": 0,
        "TICKETS_30D": 0,
        "TICKETS_90D": 1,
        "OPEN_TICKETS": 1,
        "LOW_RATINGS_90D": 1,
        "EVENT_TS": datetime(2026, 5, 31),
        "AVAILABLE_TS": datetime(2026, 6, 1, 12),
    }
    assert {name: first[name] for name in expected} == expected
    assert (second["ORDERS_90D"], second["DAYS_SINCE_LAST_ORDER"], second["TENURE_DAYS"]) == (0, None, 0)


POINT = {"customer_id": 1, "created_at": "2026-05-15"}


def at_a_point(
    session: Session, orders: DataFrame, visits: DataFrame, tickets: DataFrame
) -> list[dict[str, Any]]:
    points = given(session, stg_customers, POINT).select("CUSTOMER_ID", "CREATED_AT")
    points = points.with_column_renamed("CREATED_AT", "AS_OF")
    return collected(features_at(points, customers(session), accounts(session), orders, visits, tickets))


def test_what_happens_or_is_committed_from_a_point_on_leaves_the_features_there_identical(
    session: Session,
) -> None:
    before = at_a_point(session, orders(session), visits(session), tickets(session))
    happens_then: dict[str, Value] = {"customer_id": 1, "committed_at": "2026-01-01"}
    known_then: dict[str, Value] = {"customer_id": 1, "committed_at": "2026-05-15"}
    after = at_a_point(
        session,
        orders(
            session,
            {"order_id": 8, **happens_then, "placed_at": "2026-05-15"},
            {"order_id": 9, **known_then, "placed_at": "2026-05-14"},
        ),
        visits(
            session,
            {"session_id": 8, **happens_then, "started_at": "2026-05-15"},
            {"session_id": 9, **known_then, "started_at": "2026-05-14"},
        ),
        tickets(
            session,
            {"ticket_id": 8, **happens_then, "opened_at": "2026-05-15"},
            {"ticket_id": 9, **known_then, "opened_at": "2026-05-14"},
        ),
    )
    assert after == before


def test_what_is_known_just_before_a_point_counts(session: Session) -> None:
    earlier: dict[str, Value] = {"customer_id": 1, "committed_at": "2026-05-14 23:59:59.999"}
    (before,) = at_a_point(session, orders(session), visits(session), tickets(session))
    (after,) = at_a_point(
        session,
        orders(session, {"order_id": 9, **earlier, "placed_at": "2026-05-14 23:59:59.999"}),
        visits(session),
        tickets(session),
    )
    assert after["ORDERS_30D"] == before["ORDERS_30D"] + 1
    assert after["EVENT_TS"] == after["AVAILABLE_TS"] == datetime(2026, 5, 14, 23, 59, 59, 999000)
