"""Staging by the days on which something happened, and the features that are published over it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from snowflake.snowpark import DataFrame, Session

from snowpark_models.features._views import CUSTOMER_CHURN
from snowpark_models.staging.stg_accounts import stg_accounts
from snowpark_models.staging.stg_customers import stg_customers
from snowpark_models.staging.stg_orders import stg_orders
from snowpark_models.staging.stg_portal_sessions import stg_portal_sessions
from snowpark_models.staging.stg_support_tickets import stg_support_tickets
from tests.models.given import contract_types, publish
from tests.models.shellcorp import Rows

READ = (stg_customers, stg_accounts, stg_orders, stg_portal_sessions, stg_support_tickets)
MODELS = {model.name: model for model in READ}
HAPPENS = dict(zip(MODELS, ("created_at", "opened_on", "placed_at", "started_at", "opened_at"), strict=True))
Staging = Mapping[str, Rows]
"""Rows by name of their model."""
FIRST, SECOND = datetime(2026, 4, 1), datetime(2026, 4, 2)
WEEKS_BEFORE = [FIRST + timedelta(days=day) for day in range(-14, 0, 7)]


def events(day: datetime) -> Staging:
    """Of three customers, what happened and was committed on the day before a time; 3 does nothing."""
    at = str(day - timedelta(hours=5))
    number = (day - datetime(2026, 1, 1)).days * 10
    both = (1, 2)
    return {
        "stg_customers": [],
        "stg_accounts": [
            {"account_number": f"AC-{number + n}", "customer_id": n, "opened_on": at[:10], "committed_at": at}
            for n in both
        ],
        "stg_orders": [{"order_id": number + n, "customer_id": n, "placed_at": at} for n in both],
        "stg_portal_sessions": [
            {"session_id": number + n, "customer_id": n, "started_at": at, "pages_viewed": n} for n in both
        ],
        "stg_support_tickets": [{"ticket_id": number + 1, "customer_id": 1, "opened_at": at}],
    }


def committed(rows: Staging) -> Staging:
    return {
        name: [{"committed_at": row[HAPPENS[name]], "is_closed": False, "is_cancelled": False, **row}
               for row in kept]
        for name, kept in rows.items()
    }  # fmt: skip


def shellcorp_until(time: datetime) -> Staging:
    """All rows of the days up to a time."""
    customers: Rows = [{"customer_id": n, "created_at": "2026-01-01"} for n in (1, 2, 3)]
    days = [committed(events(day)) for day in (*WEEKS_BEFORE, FIRST, SECOND) if day <= time]
    rows = {name: [row for day in days for row in day[name]] for name in MODELS}
    return {**rows, "stg_customers": committed({"stg_customers": customers})["stg_customers"]}


def put(store: Session, rows: Staging, time: datetime) -> None:
    """Staging, and the features that are published as of a time."""
    for name, model in MODELS.items():
        publish(store, f"STAGING.{model.table}", contract_types(model), rows[name] or [{}])
    points = store.table("STAGING.STG_CUSTOMERS").select("CUSTOMER_ID")
    at = f"SELECT *, '{time}'::TIMESTAMP_NTZ AS AS_OF FROM ({points.queries['queries'][0]})"
    told = _computed(store.sql(at), store)
    told.write.save_as_table(["FEATURES", "CUSTOMER_CHURN_FEATURES"], mode="overwrite")


def _computed(points: DataFrame, store: Session) -> DataFrame:
    at = CUSTOMER_CHURN.at
    assert at is not None
    return at(points, *(store.table(f"STAGING.{model.table}") for model in MODELS.values()))
