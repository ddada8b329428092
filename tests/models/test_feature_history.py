"""What was known is kept as it was: deletes, later changes and other code do not reach it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from snowflake.snowpark import DataFrame, Session

from snowpark_models.errors import ContractError, MissingTableError, ModelError, VersionError
from snowpark_models.features._views import CUSTOMER_CHURN
from snowpark_models.features.customer_churn_features import customer_churn_features
from snowpark_models.pointintime import (
    AS_OF,
    Recording,
    backfill,
    changed_without_version,
    record,
    serving,
    training_set,
)
from snowpark_models.pointintime import declaration as declarations
from snowpark_models.runner import Options, materialise, plan
from snowpark_models.runner.names import Namespace
from tests.models.given import Types, publish
from tests.models.replica import Replica, open_gate
from tests.models.shellcorp import Row
from tests.models.staged import FIRST, SECOND, WEEKS_BEFORE, put, shellcorp_until

LABEL_TYPES: Types = {"CUSTOMER_ID": ("NUMBER(10,0)", True), AS_OF: ("TIMESTAMP_NTZ", True)}
HISTORY = "FEATURES.CUSTOMER_CHURN_FEATURES__V2"


def history(own_store: Session) -> list[tuple[Any, ...]]:
    """Everything that is recorded but by whom."""
    rows = own_store.table(HISTORY).drop("RUN_ID").collect()
    return sorted((tuple(row) for row in rows), key=repr)


def labels(own_store: Session, *points: tuple[int, datetime]) -> DataFrame:
    rows: Sequence[Row] = [{"customer_id": customer, "as_of": str(as_of)} for customer, as_of in points]
    return publish(own_store, "FEATURES.LABELS", LABEL_TYPES, rows)


def told(frame: DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return sorted((tuple(row) for row in frame.select(*columns).collect()), key=repr)


FEATURES = ("CUSTOMER_ID", *CUSTOMER_CHURN.features)


def test_who_is_deleted_later_is_still_in_the_training_set_as_it_was_known(own_store: Session) -> None:
    put(own_store, shellcorp_until(FIRST), FIRST)
    record(own_store, [CUSTOMER_CHURN], "run-1")
    asked = [(customer, FIRST + timedelta(hours=1)) for customer in (1, 2, 3)]
    before = told(training_set(own_store, labels(own_store, *asked), [CUSTOMER_CHURN.stored()]), *FEATURES)
    rows = shellcorp_until(SECOND)
    put(own_store, {name: [row for row in rows[name] if row["customer_id"] != 1] for name in rows}, SECOND)
    record(own_store, [CUSTOMER_CHURN], "run-2")
    asked_again = labels(own_store, *asked)
    assert told(training_set(own_store, asked_again, [CUSTOMER_CHURN.stored()]), *FEATURES) == before
    assert before[0][:4] == (1, 90, 3, 1)
    computed = told(training_set(own_store, asked_again, [CUSTOMER_CHURN]), *FEATURES)
    assert computed[0][1] is None
    assert computed[1:] == before[1:]
    served = told(serving(own_store, CUSTOMER_CHURN.stored(), SECOND + timedelta(hours=1)), *FEATURES)
    assert [row[0] for row in served] == [1, 2, 3]
    after = labels(own_store, *[(row[0], SECOND + timedelta(hours=1)) for row in served])
    assert told(training_set(own_store, after, [CUSTOMER_CHURN.stored()]), *FEATURES) == served


def test_what_is_recorded_is_never_changed_and_a_backfill_records_what_runs_would_have(
    own_store: Session,
) -> None:
    for time in (*WEEKS_BEFORE, FIRST):
        put(own_store, shellcorp_until(time), time)
        record(own_store, [CUSTOMER_CHURN], f"run {time}")
    recorded = history(own_store)
    assert len(recorded) == 3 * (len(WEEKS_BEFORE) + 1)
    everything = shellcorp_until(SECOND)
    put(own_store, {name: rows[:2] for name, rows in everything.items()}, SECOND)
    assert backfill(own_store, CUSTOMER_CHURN, WEEKS_BEFORE, "again") == [
        Recording(CUSTOMER_CHURN, time, 0) for time in WEEKS_BEFORE
    ]
    assert history(own_store) == recorded
    own_store.sql(f"DROP TABLE {HISTORY}").collect()
    put(own_store, everything, SECOND)
    backfill(own_store, CUSTOMER_CHURN, [*WEEKS_BEFORE, FIRST], "backfill")
    assert history(own_store) == recorded


def test_times_with_a_zone_are_the_same_instants_in_utc(own_store: Session) -> None:
    put(own_store, shellcorp_until(FIRST), FIRST)
    day_before = FIRST - timedelta(days=1)
    zoned = (day_before + timedelta(hours=2)).replace(tzinfo=timezone(timedelta(hours=2)))
    assert backfill(own_store, CUSTOMER_CHURN, [zoned], "run-1") == [Recording(CUSTOMER_CHURN, day_before, 3)]
    assert told(own_store.table(HISTORY), "AVAILABLE_TS") == [(day_before,)] * 3
    assert told(serving(own_store, CUSTOMER_CHURN, zoned), AS_OF) == [(day_before,)] * 3


def test_after_the_end_of_the_data_nothing_is_known(own_store: Session) -> None:
    put(own_store, shellcorp_until(FIRST), FIRST)
    end = FIRST - timedelta(hours=5) + timedelta(milliseconds=1)
    after = end + timedelta(microseconds=1)
    rows: Sequence[Row] = [
        {"customer_id": 1, "as_of": str(end)},
        {"customer_id": 2, "as_of": str(after)},
        {"customer_id": 3, "as_of": None},
        {"customer_id": None, "as_of": str(end)},
    ]
    asked = publish(own_store, "FEATURES.LABELS", LABEL_TYPES, rows)
    answer = told(training_set(own_store, asked, [CUSTOMER_CHURN]), "CUSTOMER_ID", AS_OF, "TENURE_DAYS")
    assert answer == [(1, end, 89), (2, after, None), (3, None, None), (None, end, None)]
    assert serving(own_store, CUSTOMER_CHURN, end).count() == 3
    with pytest.raises(ModelError, match=rf"{after} is after the end of the data, {end}"):
        serving(own_store, CUSTOMER_CHURN, after)


def test_a_second_run_of_a_day_adds_only_who_was_not_there(own_store: Session) -> None:
    rows = shellcorp_until(FIRST)
    put(own_store, {**rows, "stg_customers": rows["stg_customers"][:2]}, FIRST)
    assert [(kept.as_of, kept.rows) for kept in record(own_store, [CUSTOMER_CHURN], "run-1")] == [(FIRST, 2)]
    later = FIRST + timedelta(hours=6)
    put(own_store, rows, later)
    assert [(kept.as_of, kept.rows) for kept in record(own_store, [CUSTOMER_CHURN], "run-2")] == [(later, 1)]
    ledger = own_store.table("OPS.FEATURE_RECORDINGS").sort("RECORDED_AT").collect()
    assert [(row["RUN_ID"], row["AS_OF"], row["IS_BACKFILL"]) for row in ledger] == [
        ("run-1", FIRST, False),
        ("run-2", later, False),
    ]


def test_a_stored_row_counts_after_it_was_recorded_and_up_to_its_ttl_and_null_is_not_zero(
    own_store: Session,
) -> None:
    put(own_store, shellcorp_until(FIRST), FIRST)
    record(own_store, [CUSTOMER_CHURN], "run-1")
    stored = CUSTOMER_CHURN.stored(ttl=timedelta(days=2))
    times = [
        FIRST,
        FIRST + timedelta(seconds=1),
        FIRST + timedelta(days=2),
        FIRST + timedelta(days=2, seconds=1),
    ]
    asked = labels(own_store, *((3, time) for time in times))
    answer = told(training_set(own_store, asked, [stored]), AS_OF, "ORDERS_90D", "DAYS_SINCE_LAST_ORDER")
    assert answer == [
        (times[0], None, None),
        (times[1], 0, None),
        (times[2], 0, None),
        (times[3], None, None),
    ]


def test_other_code_needs_another_version_and_the_old_one_stays_readable(
    own_store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(own_store, shellcorp_until(FIRST), FIRST)
    record(own_store, [CUSTOMER_CHURN], "run-1")
    recorded = history(own_store)
    asked = labels(own_store, (1, SECOND))
    known = told(training_set(own_store, asked, [CUSTOMER_CHURN.stored()]), *FEATURES)
    put(own_store, shellcorp_until(SECOND), SECOND)
    monkeypatch.setattr(declarations, "code_hash", lambda _model: "0123456789abcdef")
    refusal = r"customer_churn_features: its code has changed since version 2 .* Give it version=3"
    with pytest.raises(VersionError, match=refusal):
        record(own_store, [CUSTOMER_CHURN], "run-2")
    with pytest.raises(VersionError, match=refusal):
        backfill(own_store, CUSTOMER_CHURN, WEEKS_BEFORE, "run-2")
    with pytest.raises(VersionError, match=refusal):
        training_set(own_store, asked, [CUSTOMER_CHURN.stored()])
    assert history(own_store) == recorded
    (reason,) = changed_without_version(own_store, [CUSTOMER_CHURN]).values()
    assert "Give it version=3" in reason
    assert changed_without_version(own_store, [replace(CUSTOMER_CHURN, version=3)]) == {}

    shorter = replace(
        customer_churn_features,
        contract=tuple(column for column in customer_churn_features.contract if column.name != "tenure_days"),
    )
    third = replace(CUSTOMER_CHURN, model=shorter, version=3)
    record(own_store, [third], "run-3")
    assert told(training_set(own_store, asked, [third.stored(version=2)]), *FEATURES) == known
    newer = training_set(own_store, labels(own_store, (1, SECOND + timedelta(hours=1))), [third.stored()])
    assert "TENURE_DAYS" not in newer.columns
    assert told(newer, "CUSTOMER_ID", "ORDERS_90D") == [(1, 4)]


def test_what_is_refused_is_not_built_and_neither_is_what_reads_it(own_store: Session) -> None:
    replica = Replica(own_store, ["raw_portal_sessions"])
    replica.deliver("raw_portal_sessions", [{"session_id": 1, "customer_id": 7}])
    refused = Options(refused={"stg_portal_sessions": "give it another version"})
    outcomes = materialise(own_store, plan(["+portal_engagement"]), open_gate, "run-1", options=refused)
    assert [(outcome.outcome, outcome.reason) for outcome in outcomes] == [
        ("contract broken", "give it another version"),
        ("upstream closed", "not built, because stg_portal_sessions did not pass"),
    ]


def test_what_cannot_be_recorded_is_refused(own_store: Session) -> None:
    asked = labels(own_store, (1, SECOND))
    with pytest.raises(MissingTableError, match="nothing is recorded of its version 2"):
        training_set(own_store, asked, [CUSTOMER_CHURN.stored()])
    with pytest.raises(MissingTableError, match="customer_churn_features has no table yet"):
        record(own_store, [CUSTOMER_CHURN], "run-1")
    put(own_store, shellcorp_until(FIRST), FIRST)
    with pytest.raises(ModelError, match="2026-04-02 00:00:00 is after the end of the data, 2026-04-01"):
        backfill(own_store, CUSTOMER_CHURN, [SECOND], "run-1")
    with pytest.raises(ContractError, match="only what is computed for a time"):
        record(own_store, [replace(CUSTOMER_CHURN, at=None)], "run-1")
    clockless = replace(CUSTOMER_CHURN, source_clocks=None)
    with pytest.raises(ContractError, match="declares no source_clocks"):
        backfill(own_store, clockless, [FIRST], "run-1", by_source_clocks=True)


def test_a_developer_records_in_schemas_of_their_own_and_reads_productions_history_before(
    own_store: Session,
) -> None:
    ana = Namespace("ANA")
    put(own_store, shellcorp_until(FIRST), FIRST)
    record(own_store, [CUSTOMER_CHURN], "run-1")
    asked = labels(own_store, (1, SECOND))
    production = told(training_set(own_store, asked, [CUSTOMER_CHURN.stored()], namespace=ana), *FEATURES)
    assert production[0][1] == 90
    backfill(own_store, CUSTOMER_CHURN, WEEKS_BEFORE, "ana-1", namespace=ana)
    assert own_store.table("ANA_FEATURES.CUSTOMER_CHURN_FEATURES__V2").count() == 3 * len(WEEKS_BEFORE)
    own = training_set(own_store, asked, [CUSTOMER_CHURN.stored(ttl=None)], namespace=ana)
    assert told(own, "TENURE_DAYS") == [(83,)]
