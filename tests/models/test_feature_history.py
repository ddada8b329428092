"""What was known is kept as it was: deletes, later changes and other code do not reach it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from snowflake.snowpark import DataFrame, Session

from deployments.connections import connect_snowflake, snowpark_session
from deployments.settings import SnowflakeSettings
from snowpark_models.errors import ContractError, MissingTableError, ModelError, VersionError
from snowpark_models.features._views import CUSTOMER_CHURN
from snowpark_models.features.customer_churn_features import customer_churn_features
from snowpark_models.pointintime import AS_OF, Recording, backfill, record, serving, training_set
from snowpark_models.pointintime import declaration as declarations
from snowpark_models.runner.names import Namespace
from tests.models.given import Types, contract_types, publish
from tests.models.shellcorp import Row, Rows
from tests.models.test_feature_leakage import HAPPENS, MODELS, Staging

FIRST, SECOND = datetime(2026, 4, 1), datetime(2026, 4, 2)
WEEK = [FIRST + timedelta(days=day) for day in range(-14, 0, 7)]
LABEL_TYPES: Types = {"CUSTOMER_ID": ("NUMBER(10,0)", True), AS_OF: ("TIMESTAMP_NTZ", True)}
HISTORY = "FEATURES.CUSTOMER_CHURN_FEATURES__V2"


@pytest.fixture
def store(session: Session, snowflake: SnowflakeSettings) -> Iterator[Session]:
    """A session in an empty database of its own."""
    database = f"HISTORY_{uuid.uuid4().hex[:12].upper()}"
    session.sql(f"CREATE DATABASE {database}").collect()
    with connect_snowflake(snowflake.model_copy(update={"database": database}), "history") as connection:
        opened = snowpark_session(connection)
        for schema in ("STAGING", "FEATURES"):
            opened.sql(f"CREATE SCHEMA {schema}").collect()
        yield opened


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
    days = [committed(events(day)) for day in (*WEEK, FIRST, SECOND) if day <= time]
    rows = {name: [row for day in days for row in day[name]] for name in MODELS}
    return {**rows, "stg_customers": committed({"stg_customers": customers})["stg_customers"]}


def put(store: Session, rows: Staging, time: datetime) -> None:
    """Staging, and the features that are published as of a time."""
    for name, model in MODELS.items():
        publish(store, f"STAGING.{model.table}", contract_types(model), rows[name] or [{}])
    points = store.table("STAGING.STG_CUSTOMERS").select("CUSTOMER_ID")
    at = f"SELECT *, '{time}'::TIMESTAMP_NTZ AS AS_OF FROM ({points.queries['queries'][0]})"
    told = declarations_at(store.sql(at), store)
    told.write.save_as_table(["FEATURES", "CUSTOMER_CHURN_FEATURES"], mode="overwrite")


def declarations_at(points: DataFrame, store: Session) -> DataFrame:
    at = CUSTOMER_CHURN.at
    assert at is not None
    return at(points, *(store.table(f"STAGING.{model.table}") for model in MODELS.values()))


def history(store: Session) -> list[tuple[Any, ...]]:
    """Everything that is recorded but by whom."""
    rows = store.table(HISTORY).drop("RUN_ID").collect()
    return sorted((tuple(row) for row in rows), key=repr)


def labels(store: Session, *points: tuple[int, datetime]) -> DataFrame:
    rows: Sequence[Row] = [{"customer_id": customer, "as_of": str(as_of)} for customer, as_of in points]
    return publish(store, "FEATURES.LABELS", LABEL_TYPES, rows)


def told(frame: DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return sorted((tuple(row) for row in frame.select(*columns).collect()), key=repr)


FEATURES = ("CUSTOMER_ID", *CUSTOMER_CHURN.features)


def test_who_is_deleted_later_is_still_in_the_training_set_as_it_was_known(store: Session) -> None:
    put(store, shellcorp_until(FIRST), FIRST)
    record(store, [CUSTOMER_CHURN], "run-1")
    asked = [(customer, FIRST + timedelta(hours=1)) for customer in (1, 2, 3)]
    before = told(training_set(store, labels(store, *asked), [CUSTOMER_CHURN.stored()]), *FEATURES)
    rows = shellcorp_until(SECOND)
    put(store, {name: [row for row in rows[name] if row["customer_id"] != 1] for name in rows}, SECOND)
    record(store, [CUSTOMER_CHURN], "run-2")
    asked_again = labels(store, *asked)
    assert told(training_set(store, asked_again, [CUSTOMER_CHURN.stored()]), *FEATURES) == before
    assert before[0][:4] == (1, 90, 3, 1)
    computed = told(training_set(store, asked_again, [CUSTOMER_CHURN]), *FEATURES)
    assert computed[0][1] is None
    assert computed[1:] == before[1:]
    served = told(serving(store, CUSTOMER_CHURN.stored(), SECOND + timedelta(hours=1)), *FEATURES)
    assert [row[0] for row in served] == [1, 2, 3]
    after = labels(store, *[(row[0], SECOND + timedelta(hours=1)) for row in served])
    assert told(training_set(store, after, [CUSTOMER_CHURN.stored()]), *FEATURES) == served


def test_what_is_recorded_is_never_changed_and_a_backfill_records_what_runs_would_have(
    store: Session,
) -> None:
    for time in (*WEEK, FIRST):
        put(store, shellcorp_until(time), time)
        record(store, [CUSTOMER_CHURN], f"run {time}")
    recorded = history(store)
    assert len(recorded) == 3 * (len(WEEK) + 1)
    everything = shellcorp_until(SECOND)
    put(store, {name: rows[:2] for name, rows in everything.items()}, SECOND)
    assert backfill(store, CUSTOMER_CHURN, WEEK, "again") == [
        Recording(CUSTOMER_CHURN, time, 0) for time in WEEK
    ]
    assert history(store) == recorded
    store.sql(f"DROP TABLE {HISTORY}").collect()
    put(store, everything, SECOND)
    backfill(store, CUSTOMER_CHURN, [*WEEK, FIRST], "backfill")
    assert history(store) == recorded


def test_a_second_run_of_a_day_adds_only_who_was_not_there(store: Session) -> None:
    rows = shellcorp_until(FIRST)
    put(store, {**rows, "stg_customers": rows["stg_customers"][:2]}, FIRST)
    assert [(kept.as_of, kept.rows) for kept in record(store, [CUSTOMER_CHURN], "run-1")] == [(FIRST, 2)]
    later = FIRST + timedelta(hours=6)
    put(store, rows, later)
    assert [(kept.as_of, kept.rows) for kept in record(store, [CUSTOMER_CHURN], "run-2")] == [(later, 1)]
    ledger = store.table("OPS.FEATURE_RECORDINGS").sort("RECORDED_AT").collect()
    assert [(row["RUN_ID"], row["ROW_COUNT"], row["IS_BACKFILL"]) for row in ledger] == [
        ("run-1", 2, False),
        ("run-2", 1, False),
    ]


def test_a_stored_row_counts_after_it_was_recorded_and_up_to_its_ttl_and_null_is_not_zero(
    store: Session,
) -> None:
    put(store, shellcorp_until(FIRST), FIRST)
    record(store, [CUSTOMER_CHURN], "run-1")
    stored = CUSTOMER_CHURN.stored(ttl=timedelta(days=2))
    times = [
        FIRST,
        FIRST + timedelta(seconds=1),
        FIRST + timedelta(days=2),
        FIRST + timedelta(days=2, seconds=1),
    ]
    asked = labels(store, *((3, time) for time in times))
    answer = told(training_set(store, asked, [stored]), AS_OF, "ORDERS_90D", "DAYS_SINCE_LAST_ORDER")
    assert answer == [
        (times[0], None, None),
        (times[1], 0, None),
        (times[2], 0, None),
        (times[3], None, None),
    ]


def test_other_code_needs_another_version_and_the_old_one_stays_readable(
    store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, shellcorp_until(FIRST), FIRST)
    record(store, [CUSTOMER_CHURN], "run-1")
    recorded = history(store)
    asked = labels(store, (1, SECOND))
    known = told(training_set(store, asked, [CUSTOMER_CHURN.stored()]), *FEATURES)
    put(store, shellcorp_until(SECOND), SECOND)
    monkeypatch.setattr(declarations, "code_hash", lambda _model: "0123456789abcdef")
    refusal = r"customer_churn_features: its code has changed since version 2 .* Give it version=3"
    with pytest.raises(VersionError, match=refusal):
        record(store, [CUSTOMER_CHURN], "run-2")
    with pytest.raises(VersionError, match=refusal):
        backfill(store, CUSTOMER_CHURN, WEEK, "run-2")
    with pytest.raises(VersionError, match=refusal):
        training_set(store, asked, [CUSTOMER_CHURN.stored()])
    assert history(store) == recorded

    shorter = replace(
        customer_churn_features,
        contract=tuple(column for column in customer_churn_features.contract if column.name != "tenure_days"),
    )
    third = replace(CUSTOMER_CHURN, model=shorter, version=3)
    record(store, [third], "run-3")
    assert told(training_set(store, asked, [third.stored(version=2)]), *FEATURES) == known
    newer = training_set(store, labels(store, (1, SECOND + timedelta(hours=1))), [third.stored()])
    assert "TENURE_DAYS" not in newer.columns
    assert told(newer, "CUSTOMER_ID", "ORDERS_90D") == [(1, 4)]


def test_what_cannot_be_recorded_is_refused(store: Session) -> None:
    asked = labels(store, (1, SECOND))
    with pytest.raises(MissingTableError, match="nothing is recorded of its version 2"):
        training_set(store, asked, [CUSTOMER_CHURN.stored()])
    with pytest.raises(MissingTableError, match="customer_churn_features has no table yet"):
        record(store, [CUSTOMER_CHURN], "run-1")
    put(store, shellcorp_until(FIRST), FIRST)
    with pytest.raises(ModelError, match="2026-04-02 00:00:00 is after the end of the data, 2026-04-01"):
        backfill(store, CUSTOMER_CHURN, [SECOND], "run-1")
    with pytest.raises(ContractError, match="only what is computed for a time"):
        record(store, [replace(CUSTOMER_CHURN, at=None)], "run-1")
    with pytest.raises(ContractError, match="declares no source_clocks"):
        backfill(store, replace(CUSTOMER_CHURN, source_clocks=None), [FIRST], "run-1", by_source_clocks=True)


def test_a_developer_records_in_schemas_of_their_own_and_reads_productions_history_before(
    store: Session,
) -> None:
    ana = Namespace("ANA")
    put(store, shellcorp_until(FIRST), FIRST)
    record(store, [CUSTOMER_CHURN], "run-1")
    asked = labels(store, (1, SECOND))
    production = told(training_set(store, asked, [CUSTOMER_CHURN.stored()], namespace=ana), *FEATURES)
    assert production[0][1] == 90
    backfill(store, CUSTOMER_CHURN, WEEK, "ana-1", namespace=ana)
    assert store.table("ANA_FEATURES.CUSTOMER_CHURN_FEATURES__V2").count() == 3 * len(WEEK)
    own = training_set(store, asked, [CUSTOMER_CHURN.stored(ttl=None)], namespace=ana)
    assert told(own, "TENURE_DAYS") == [(83,)]
