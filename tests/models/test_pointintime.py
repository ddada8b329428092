"""Training sets: both forms of the join against two other engines, and the same rows as are served."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pandas as pd
import pytest
from snowflake.snowpark import DataFrame, Session

from snowpark_models import Column, Model
from snowpark_models.errors import ContractError, MissingTableError, ModelError
from snowpark_models.features._views import CUSTOMER, CUSTOMER_CHURN
from snowpark_models.features.customer_churn_features import customer_churn_features
from snowpark_models.pointintime import AS_OF, FeatureView, asof_join, rank_join, serving, training_set
from snowpark_models.pointintime.joining import Join
from snowpark_models.runner.code import code_hash
from tests.models.given import Types, Value, contract_types, publish

TTL = timedelta(hours=30)
BEGIN = datetime(2026, 1, 1)
Rows = list[dict[str, Value]]


def credit_scores(stg_accounts: DataFrame) -> DataFrame:
    """It keeps a row for each time at which a score became known."""
    return stg_accounts


CREDIT_SCORES = Model(
    function=credit_scores,
    layer="features",
    key=("customer_id", "available_ts"),
    contract=(
        Column("customer_id", "NUMBER(10,0)", "Who."),
        Column("event_ts", "TIMESTAMP_NTZ", "What of.", nullable=True),
        Column("available_ts", "TIMESTAMP_NTZ", "Known from then on."),
        Column("score", "NUMBER(10,0)", "A score.", nullable=True),
    ),
    owner="data-science@shellcorp.example",
    description="Scores.",
    grain="one row a score",
)
LABEL_TYPES: Types = {
    "CUSTOMER_ID": ("NUMBER(10,0)", True),
    AS_OF: ("TIMESTAMP_NTZ", True),
    "LABEL": ("NUMBER(10,0)", True),
}
SCORE_TYPES: Types = {name: (kind, True) for name, (kind, _) in contract_types(CREDIT_SCORES).items()}


def scored(ttl: timedelta | None = None) -> FeatureView:
    return FeatureView(CREDIT_SCORES, CUSTOMER, version=1, ttl=ttl)


class Chance:
    """Rows on few hours and of few customers, so that times meet; one in ten values is NULL."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def or_null(self, value: Value) -> Value:
        return None if self.random.random() < 0.1 else value

    def hour(self) -> Value:
        return self.or_null(str(BEGIN + timedelta(hours=self.random.randrange(96))))

    def scores(self, count: int) -> Rows:
        return [
            {
                "customer_id": self.or_null(self.random.randint(1, 6)),
                "event_ts": self.hour(),
                "available_ts": self.hour(),
                "score": self.or_null(number),
            }
            for number in range(count)
        ]

    def labels(self, count: int) -> Rows:
        return [
            {"customer_id": self.or_null(self.random.randint(1, 7)), "as_of": self.hour(), "label": number}
            for number in range(count)
        ]


def labels_of(store: Session, rows: Rows) -> DataFrame:
    return publish(store, "FEATURES.LABELS", LABEL_TYPES, rows)


def told(frame: DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return sorted((tuple(row) for row in frame.select(*columns).collect()), key=repr)


TOLD = ("LABEL", "CREDIT_SCORES__EVENT_TS", "CREDIT_SCORES__AVAILABLE_TS", "SCORE")


@pytest.mark.parametrize(("seed", "ttl"), [(1, None), (2, TTL)])
def test_both_joins_agree_with_pandas_and_with_duckdb(
    store: Session, seed: int, ttl: timedelta | None
) -> None:
    chance = Chance(seed)
    scores, labels = chance.scores(150), chance.labels(120)
    publish(store, "FEATURES.CREDIT_SCORES", SCORE_TYPES, scores)
    answers = [
        told(training_set(store, labels_of(store, labels), [scored(ttl)], join=join), *TOLD)
        for join in (asof_join, rank_join)
    ]
    assert answers[0] == answers[1]
    assert len(answers[0]) == len(labels)
    assert answers[0] == by_pandas(scores, labels, ttl)
    assert answers[0] == by_duckdb(scores, labels, ttl)
    found = [row for row in answers[0] if row[2] is not None]
    assert 20 < len(found) < len(labels)
    assert any(row[3] is None for row in found)


def frame_of(rows: Rows, *times: str) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    for time in times:
        frame[time] = pd.to_datetime(frame[time])
    return frame


def one_a_time(scores: Rows) -> pd.DataFrame:
    """Of the scores known from one instant on, the one that happened last; of the same, the higher score."""
    known = frame_of(scores, "event_ts", "available_ts").dropna(subset=["customer_id", "available_ts"])
    ordered = known.sort_values(["available_ts", "event_ts", "score"], na_position="first")
    return ordered.drop_duplicates(["customer_id", "available_ts"], keep="last")


def rows_from(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    chosen = frame[["label", "event_ts", "available_ts", "score"]].astype(object)
    cleaned = chosen.where(chosen.notna(), None)
    return sorted(
        (
            (
                int(label),
                event and event.to_pydatetime(),
                known and known.to_pydatetime(),
                None if score is None else int(score),
            )
            for label, event, known, score in cleaned.itertuples(index=False)
        ),
        key=repr,
    )


def by_pandas(scores: Rows, labels: Rows, ttl: timedelta | None) -> list[tuple[Any, ...]]:
    asked = frame_of(labels, "as_of")
    whole = asked.dropna(subset=["customer_id", "as_of"]).sort_values("as_of")
    joined = pd.merge_asof(
        whole,
        one_a_time(scores),
        left_on="as_of",
        right_on="available_ts",
        by="customer_id",
        allow_exact_matches=False,
        tolerance=None if ttl is None else pd.Timedelta(ttl),
    )
    return rows_from(asked[["label"]].merge(joined.drop(columns="customer_id"), on="label", how="left"))


def by_duckdb(scores: Rows, labels: Rows, ttl: timedelta | None) -> list[tuple[Any, ...]]:
    tables = {"asked": frame_of(labels, "as_of"), "known": one_a_time(scores)}
    with duckdb.connect() as engine:
        for name, frame in tables.items():
            engine.register(name, frame)
        joined = engine.sql(
            """
            SELECT asked.label, asked.as_of, known.event_ts, known.available_ts, known.score
            FROM asked ASOF LEFT JOIN known
            ON asked.customer_id = known.customer_id AND asked.as_of > known.available_ts
            """
        ).df()
    if ttl is not None:
        stale = joined["available_ts"] < joined["as_of"] - ttl
        joined.loc[stale, ["event_ts", "available_ts", "score"]] = None
    return rows_from(joined)


JOINS = pytest.mark.parametrize("join", [asof_join, rank_join])
SCORE = {"customer_id": 1, "event_ts": "2026-01-01", "available_ts": "2026-01-02 06:00", "score": 0}


@JOINS
def test_a_row_counts_after_it_was_known_and_up_to_its_ttl(store: Session, join: Join) -> None:
    publish(store, "FEATURES.CREDIT_SCORES", SCORE_TYPES, [SCORE])
    expected = {
        "2026-01-02 06:00:00.000000": None,
        "2026-01-02 06:00:00.000001": 0,
        "2026-01-03 12:00:00.000000": 0,
        "2026-01-03 12:00:00.000001": None,
    }
    labels = labels_of(store, [{"customer_id": 1, "as_of": as_of} for as_of in expected])
    answer = told(training_set(store, labels, [scored(TTL)], join=join), AS_OF, "SCORE")
    assert answer == sorted((datetime.fromisoformat(as_of), score) for as_of, score in expected.items())


@JOINS
def test_what_is_served_at_a_time_is_what_a_training_set_tells_for_it_later(
    store: Session, join: Join
) -> None:
    scores = Chance(3).scores(100)
    now = BEGIN + timedelta(hours=48)
    columns = ("CUSTOMER_ID", "EVENT_TS", "AVAILABLE_TS", "SCORE")
    known = [row for row in scores if row["available_ts"] is not None and str(row["available_ts"]) < str(now)]
    publish(store, "FEATURES.CREDIT_SCORES", SCORE_TYPES, known)
    served = told(serving(store, scored(TTL), now, join=join), *columns)
    publish(store, "FEATURES.CREDIT_SCORES", SCORE_TYPES, scores)
    labels = labels_of(store, [{"customer_id": customer, "as_of": str(now)} for customer in range(1, 8)])
    later = training_set(store, labels, [scored(TTL)], join=join)
    assert served
    assert served == [row for row in told(later, "CUSTOMER_ID", *TOLD[1:]) if row[2] is not None]


def test_as_of_is_utc_without_a_zone(store: Session) -> None:
    publish(store, "FEATURES.CREDIT_SCORES", SCORE_TYPES, [SCORE])
    types: Types = {"CUSTOMER_ID": ("NUMBER(10,0)", True), "AT": ("TIMESTAMP_TZ", True)}
    publish(store, "FEATURES.ZONED", types, [{"customer_id": 1, "at": "2026-01-02 07:00:00 +02:00"}])

    def asked(as_of: str) -> DataFrame:
        labels = store.sql(f"SELECT CUSTOMER_ID, {as_of} AS AS_OF FROM FEATURES.ZONED")
        return training_set(store, labels, [scored()])

    zoned = r"AS_OF is TIMESTAMP_TZ, .* write CONVERT_TIMEZONE\('UTC', AS_OF\)::TIMESTAMP_NTZ"
    with pytest.raises(ModelError, match=zoned):
        asked("AT")
    with pytest.raises(ModelError, match=r"AS_OF is no TIMESTAMP_NTZ: write AS_OF::TIMESTAMP_NTZ, in UTC"):
        asked("'2026-01-02 07:00:00'")
    converted = asked("CONVERT_TIMEZONE('UTC', AT)::TIMESTAMP_NTZ")
    assert told(converted, AS_OF, "SCORE") == [(datetime(2026, 1, 2, 5), None)]
    assert told(asked("'2026-01-03'::DATE"), AS_OF, "SCORE") == [(datetime(2026, 1, 3), 0)]


def test_labels_are_evaluated_once(store: Session) -> None:
    scores = [{**SCORE, "customer_id": customer} for customer in range(60)]
    publish(store, "FEATURES.CREDIT_SCORES", SCORE_TYPES, scores)
    labels = labels_of(store, [{"customer_id": customer, "as_of": "2026-01-03"} for customer in range(60)])
    chosen = told(training_set(store, labels.sample(frac=0.5), [scored()]), "CUSTOMER_ID", "SCORE")
    assert 0 < len(chosen) < 60
    assert {score for _, score in chosen} == {0}


def test_labels_and_views_that_do_not_fit_are_refused(store: Session) -> None:
    publish(store, "FEATURES.CREDIT_SCORES", SCORE_TYPES, [SCORE])
    labels = labels_of(store, [{"customer_id": 1, "as_of": "2026-01-01", "label": 1}])
    with pytest.raises(ModelError, match="no column AS_OF: credit_scores is joined by it"):
        training_set(store, labels.drop(AS_OF), [scored()])
    with pytest.raises(ModelError, match="2 columns of the training set would be called SCORE"):
        training_set(store, labels.with_column_renamed("LABEL", "SCORE"), [scored()])
    with pytest.raises(MissingTableError, match="stg_customers has no table yet"):
        training_set(store, labels, [CUSTOMER_CHURN])
    with pytest.raises(ContractError, match="credit_scores: its contract has no column KNOWN_TS"):
        FeatureView(CREDIT_SCORES, CUSTOMER, version=1, available_ts="KNOWN_TS")
    with pytest.raises(ContractError, match="ttl is not a positive number of seconds"):
        scored(timedelta(milliseconds=1))


def test_a_view_is_known_by_its_version_and_its_code() -> None:
    assert CUSTOMER_CHURN.identity == f"customer_churn_features/2/{CUSTOMER_CHURN.code}"
    others = {code_hash(customer_churn_features), replace(CUSTOMER_CHURN, source_clocks=None).code}
    assert CUSTOMER_CHURN.code not in others
    assert CUSTOMER_CHURN.features[:2] == ("TENURE_DAYS", "OPEN_ACCOUNTS")
    assert not {"CUSTOMER_ID", "AS_OF", "EVENT_TS", "AVAILABLE_TS"} & set(CUSTOMER_CHURN.features)
