"""No feature knows the future: whatever happens or is committed from a time on, it stays the same there."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from snowflake.snowpark import DataFrame, Session

from snowpark_models.features._views import CUSTOMER_CHURN
from snowpark_models.features.customer_churn_features import customer_churn_features
from snowpark_models.pointintime import AS_OF, training_set
from tests.models.given import Types, contract_types, publish
from tests.models.shellcorp import Row, Rows, Shellcorp
from tests.models.staged import HAPPENS, MODELS, READ, Staging

T = "2026-04-01 00:00:00"


def staging(seed: int) -> Staging:
    """Rows of what the features read, half of them with an event or a commit from T on."""
    shellcorp = Shellcorp(seed)
    raw = shellcorp.rows()
    return {
        name: [staged(shellcorp, row, HAPPENS[name]) for row in raw[model.upstreams[0]]]
        for name, model in MODELS.items()
    }


def staged(shellcorp: Shellcorp, row: Row, happens: str) -> Row:
    at = row.get(happens) or shellcorp.moment()
    committed = shellcorp.chance.choice((at, at, shellcorp.moment()))
    return {**row, happens: at, "committed_at": committed, **telling(shellcorp.chance)}


def telling(chance: random.Random) -> Row:
    """What else the features are counted from."""
    return {
        "is_cancelled": chance.random() < 0.5,
        "is_closed": chance.random() < 0.5,
        "satisfaction": chance.randint(1, 5),
        "pages_viewed": chance.randint(1, 9),
    }


def is_before(name: str, row: Row) -> bool:
    return str(row[HAPPENS[name]]) < T and str(row["committed_at"]) < T


def put(store: Session, rows: Staging) -> None:
    for name, model in MODELS.items():
        publish(store, f"STAGING.{model.table}", contract_types(model), rows[name])


def features_of(store: Session, points: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    rows: Rows = [{"customer_id": customer, "as_of": str(as_of)} for customer, as_of in points]
    types: Types = {"CUSTOMER_ID": ("NUMBER(10,0)", True), AS_OF: ("TIMESTAMP_NTZ", True)}
    labels = publish(store, "FEATURES.LABELS", types, rows)
    return collected(training_set(store, labels, [CUSTOMER_CHURN]))


def collected(frame: DataFrame) -> list[tuple[Any, ...]]:
    chosen = frame.select("CUSTOMER_ID", AS_OF, *CUSTOMER_CHURN.features)
    return sorted((tuple(row) for row in chosen.collect()), key=lambda row: row[0])


AT_T = [(customer, T) for customer in range(1, 14)]


def test_the_future_may_change_or_vanish_and_features_stay_the_same(store: Session) -> None:
    rows = staging(5)
    put(store, rows)
    before = features_of(store, AT_T)
    put(store, {name: changed(random.Random(5), name, rows[name]) for name in rows})
    assert features_of(store, AT_T) == before
    put(store, {name: another_past(name, rows[name]) for name in rows})
    assert features_of(store, AT_T) != before


def changed(chance: random.Random, name: str, rows: Rows) -> Rows:
    """What is before T; of the rest half is gone, and half is changed at T or later."""
    future = [row for row in rows if not is_before(name, row)]
    other: Rows = [
        {
            **row,
            **telling(chance),
            "customer_id": chance.randint(1, 12),
            "committed_at": chance.choice((T, "2027-01-01")),
        }
        for row in chance.sample(future, k=len(future) // 2)
    ]
    return [row for row in rows if is_before(name, row)] + other


def another_past(name: str, rows: Rows) -> Rows:
    """The rows without the first one before T."""
    first = next(row for row in rows if is_before(name, row))
    return [row for row in rows if row is not first]


def test_what_was_served_is_what_a_training_set_tells_for_that_time_later(store: Session) -> None:
    rows = staging(7)
    known = {name: [row for row in rows[name] if str(row["committed_at"]) < T] for name in rows}
    put(store, known)
    published = customer_churn_features(*(store.table(f"STAGING.{model.table}") for model in READ))
    served = collected(published)
    put(store, rows)
    told = features_of(store, [(row[0], row[1]) for row in served])
    assert len(served) > 3
    assert isinstance(served[0][1], datetime)
    assert told == served


def test_a_row_changed_after_a_time_is_missing_there_and_not_seen_with_later_values(store: Session) -> None:
    customer: Row = {"customer_id": 1, "created_at": "2026-01-01", "committed_at": "2026-01-01"}
    order: Row = {"customer_id": 1, "placed_at": "2026-03-01"}
    orders: Rows = [{**order, "committed_at": "2026-03-01"}, {**order, "committed_at": T}]
    later: Staging = {name: [{"committed_at": T}] for name in MODELS}
    put(store, {**later, "stg_customers": [customer], "stg_orders": orders})
    ((_, _, *features),) = features_of(store, [(1, T)])
    assert features[CUSTOMER_CHURN.features.index("ORDERS_90D")] == 1
