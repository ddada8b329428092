"""The example: labels that tell of the sixty days after a time only, and a model that has learnt."""

from __future__ import annotations

import runpy
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from snowflake.snowpark import Session

from deployments.connections import connect_snowflake, snowpark_session
from deployments.settings import SnowflakeSettings
from snowpark_models.errors import ContractError
from snowpark_models.examples.churn.__main__ import labelled, train
from snowpark_models.examples.churn.evaluation import evaluate
from snowpark_models.examples.churn.labels import churn_labels, months_before
from snowpark_models.examples.churn.saving import saved
from snowpark_models.examples.churn.training import fit, probabilities, split_by_time
from snowpark_models.features import customer_churn_scores as scores_module
from snowpark_models.features._churn_model import CHURN_MODEL
from snowpark_models.features._views import CUSTOMER_CHURN
from snowpark_models.features.customer_churn_features import customer_churn_features
from snowpark_models.features.customer_churn_scores import customer_churn_scores
from snowpark_models.pointintime import AS_OF
from snowpark_models.runner.names import Namespace
from snowpark_models.staging.stg_accounts import stg_accounts
from tests.models.business import NOW, Business
from tests.models.given import Types, contract_types, given, publish, rows_of
from tests.models.shellcorp import Row, Rows
from tests.models.staged import MODELS, Staging

T = datetime(2026, 1, 1)
POINTS: Types = {"CUSTOMER_ID": ("NUMBER(10,0)", True), AS_OF: ("TIMESTAMP_NTZ", True)}
RECORDED: Types = {
    "CUSTOMER_ID": ("NUMBER(10,0)", True),
    "AVAILABLE_TS": ("TIMESTAMP_NTZ", True),
    "OPEN_ACCOUNTS": ("NUMBER(18,0)", True),
}


def labels(session: Session, accounts: Rows, recorded: Rows, *customers: int) -> dict[int, int]:
    """The label of each customer at T."""
    points = session.sql(
        " UNION ALL ".join(
            f"SELECT {n}::NUMBER(10,0) AS CUSTOMER_ID, '{T}'::TIMESTAMP_NTZ AS AS_OF" for n in customers
        )
    )
    numbered: Rows = [{"account_number": str(number), **row} for number, row in enumerate(accounts)]
    history = " UNION ALL ".join(
        f"SELECT {row['customer_id']}::NUMBER(10,0) AS CUSTOMER_ID, "
        f"'{row['available_ts']}'::TIMESTAMP_NTZ AS AVAILABLE_TS, {row['open_accounts']} AS OPEN_ACCOUNTS"
        for row in recorded
    )
    told = churn_labels(points, given(session, stg_accounts, *numbered), session.sql(history))
    return {int(row["CUSTOMER_ID"]): int(row["LABEL"]) for row in told.collect()}


def closed(customer: int, on: str | None) -> Row:
    return {"customer_id": customer, "opened_on": "2025-01-01", "closed_on": on, "is_closed": on is not None}


NOTHING: Rows = [{"customer_id": 99, "available_ts": T, "open_accounts": 1}]


def test_who_closes_the_last_account_within_sixty_days_has_left(session: Session) -> None:
    accounts = [
        closed(1, None),
        closed(2, "2026-03-02"),
        closed(3, "2026-03-03"),
        closed(4, "2026-02-01"),
        closed(4, None),
        closed(5, "2026-02-01"),
        {**closed(5, None), "opened_on": "2026-03-03"},
    ]
    assert (T + timedelta(days=60)).date() == date(2026, 3, 2)
    assert labels(session, accounts, NOTHING, 1, 2, 3, 4, 5) == {1: 0, 2: 1, 3: 0, 4: 0, 5: 1}


def test_who_is_deleted_has_left_unless_the_history_saw_them_on_the_last_day(session: Session) -> None:
    seen = [
        {"customer_id": 1, "available_ts": "2026-03-01 23:59:59", "open_accounts": 1},
        {"customer_id": 2, "available_ts": "2026-03-02", "open_accounts": 1},
        {"customer_id": 3, "available_ts": "2026-03-02", "open_accounts": 0},
        {"customer_id": 4, "available_ts": "2026-03-02 23:59:59", "open_accounts": 2},
        {"customer_id": 5, "available_ts": "2026-03-02", "open_accounts": 1},
    ]
    accounts = [closed(5, "2026-03-02"), closed(9, None)]
    assert labels(session, accounts, seen, 1, 2, 3, 4, 5) == {1: 1, 2: 0, 3: 1, 4: 0, 5: 1}


def test_what_happens_after_the_sixty_days_changes_no_label(session: Session) -> None:
    before = [closed(1, None), closed(2, "2026-02-01"), closed(3, None)]
    after = [closed(1, "2026-03-03"), closed(2, "2026-02-01"), {**closed(2, None), "opened_on": "2026-03-05"}]
    deleted_later: Row = {"customer_id": 3, "available_ts": "2026-03-02", "open_accounts": 1}
    back_again: Row = {"customer_id": 2, "available_ts": "2026-03-06", "open_accounts": 1}
    assert (
        labels(session, after, [deleted_later, back_again], 1, 2, 3)
        == labels(session, before, [deleted_later], 1, 2, 3)
        == {1: 0, 2: 1, 3: 0}
    )


def test_months_end_where_labels_are_known() -> None:
    assert months_before(datetime(2026, 6, 15, 9), 4) == [
        datetime(2026, 1, 1), datetime(2026, 2, 1), datetime(2026, 3, 1), datetime(2026, 4, 1),
    ]  # fmt: skip
    assert months_before(datetime(2026, 3, 1), 2)[-1] == datetime(2025, 12, 1)


def by_month(months: int, label: int = 1) -> pd.DataFrame:
    times = months_before(NOW, months)
    return pd.DataFrame([{"AS_OF": time, "LABEL": which} for time in times for which in (0, label)])


def test_training_ends_where_its_labels_are_known_before_the_evaluation_begins() -> None:
    split = split_by_time(by_month(8), test_times=2)
    assert split.test["AS_OF"].min() == pd.Timestamp("2026-03-01")
    assert split.train["AS_OF"].max() + timedelta(days=60) <= split.test["AS_OF"].min()
    assert split.train["AS_OF"].nunique() == 4
    with pytest.raises(ValueError, match=r"nothing to train on: .* 0 of them with label 1"):
        split_by_time(by_month(8, label=0))


def test_the_evaluation_says_what_pairs_and_ranks_counted_by_hand_say() -> None:
    chance = np.random.default_rng(4)
    told = pd.DataFrame({"LABEL": chance.integers(0, 2, 200), "RULE": chance.integers(0, 5, 200)})
    scores = np.clip(told["LABEL"] * 0.2 + chance.random(200) * 0.7, 0, 1).to_numpy()
    found = evaluate(told, scores, ("RULE",))
    left, stayed = (scores[(told["LABEL"] == label).to_numpy()] for label in (1, 0))
    pairs = [1.0 if high > low else 0.5 if high == low else 0.0 for high, low in product(left, stayed)]
    assert found.qualities[0].roc_auc == pytest.approx(np.mean(pairs))
    ranked = told["LABEL"].to_numpy()[np.argsort(-scores)]
    precision = np.cumsum(ranked) / np.arange(1, 201)
    assert found.qualities[0].pr_auc == pytest.approx(precision[ranked == 1].mean())
    assert (found.qualities[1].roc_auc, found.qualities[1].pr_auc) == (0.5, pytest.approx(found.share))
    assert found.bands["LEFT"].iloc[0] == pytest.approx(ranked[:20].mean())
    assert found.bands["LIFT"].iloc[0] == pytest.approx(ranked[:20].mean() / found.share)
    assert "RULE alone" in str(found)


@pytest.fixture(scope="module")
def business(session: Session, snowflake: SnowflakeSettings) -> Iterator[Session]:
    """A session in a database whose staging a first snapshot has filled, and whose features are published."""
    database = f"CHURN_{uuid.uuid4().hex[:12].upper()}"
    session.sql(f"CREATE DATABASE {database}").collect()
    with connect_snowflake(snowflake.model_copy(update={"database": database}), "churn") as connection:
        opened = snowpark_session(connection)
        for schema in ("STAGING", "FEATURES"):
            opened.sql(f"CREATE SCHEMA {schema}").collect()
        rows: Staging = Business(1, 500).rows
        for name, model in MODELS.items():
            publish(opened, f"STAGING.{model.table}", contract_types(model), rows[name])
        features = customer_churn_features(
            *(opened.table(f"STAGING.{model.table}") for model in MODELS.values())
        )
        features.write.save_as_table(["FEATURES", "CUSTOMER_CHURN_FEATURES"])
        yield opened


@pytest.fixture(scope="module")
def training(business: Session) -> pd.DataFrame:
    return labelled(business, Namespace("ANA"), 10)


def test_the_model_beats_what_needs_no_model_on_later_months(training: pd.DataFrame) -> None:
    model, evaluation = train(training)
    learnt, base_rate, rule = evaluation.qualities
    assert learnt.roc_auc > 0.6 > base_rate.roc_auc == 0.5
    assert learnt.pr_auc > 1.5 * base_rate.pr_auc
    assert learnt.pr_auc > rule.pr_auc > base_rate.pr_auc
    assert evaluation.brier[0] < evaluation.brier[1]
    assert model.features_of == CUSTOMER_CHURN.identity
    assert evaluation.summary == model.evaluation


def test_nothing_is_learnt_of_labels_that_mean_nothing(training: pd.DataFrame) -> None:
    shuffled = training.assign(LABEL=np.random.default_rng(1).permutation(training["LABEL"]))
    _, evaluation = train(shuffled)
    assert 0.38 < evaluation.qualities[0].roc_auc < 0.62


def test_each_row_of_the_training_set_was_known_the_evening_before(training: pd.DataFrame) -> None:
    known = training["CUSTOMER_CHURN_FEATURES__AVAILABLE_TS"]
    assert (training["AS_OF"] - known == timedelta(hours=1)).all()
    assert (training["OPEN_ACCOUNTS"] > 0).all()
    assert training["AS_OF"].nunique() == 10
    assert training["DAYS_SINCE_LAST_SESSION"].isna().any()
    assert not training.duplicated(["CUSTOMER_ID", "AS_OF"]).any()


def test_the_warehouse_scores_as_scikit_learn_does(
    business: Session, training: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fit(training, CUSTOMER_CHURN.features, CUSTOMER_CHURN.identity)
    monkeypatch.setattr(scores_module, "CHURN_MODEL", model)
    features = business.table("FEATURES.CUSTOMER_CHURN_FEATURES")
    scored = customer_churn_scores(features).to_pandas().set_index("CUSTOMER_ID")
    expected = features.to_pandas().query("OPEN_ACCOUNTS > 0").set_index("CUSTOMER_ID")
    told = pd.Series(probabilities(model, expected), index=expected.index)
    assert len(scored) == len(told) > 200
    assert (scored["CHURN_PROBABILITY"].astype(float) - told).abs().max() < 1e-6
    assert sorted(scored["RISK_RANK"]) == list(range(1, len(scored) + 1))
    assert scored.sort_values("RISK_RANK")["CHURN_PROBABILITY"].is_monotonic_decreasing
    assert set(scored["MODEL_CODE"]) == {model.code}


def test_the_saved_text_is_the_model(training: pd.DataFrame, tmp_path: Path) -> None:
    model, _ = train(training)
    file = tmp_path / "_churn_model.py"
    file.write_text(saved(model), encoding="utf-8")
    again = runpy.run_path(str(file))["CHURN_MODEL"]
    assert replace(again, weights=(), intercept=0) == replace(model, weights=(), intercept=0)
    assert probabilities(again, training) == pytest.approx(probabilities(model, training), abs=1e-6)


def test_the_model_of_the_repository_is_for_todays_features(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert CHURN_MODEL.is_for(CUSTOMER_CHURN.name, CUSTOMER_CHURN.version)
    assert {weight.feature for weight in CHURN_MODEL.weights} <= set(CUSTOMER_CHURN.features)
    rows = ({"customer_id": 1, "open_accounts": 1}, {"customer_id": 2, "open_accounts": 0})
    features = given(session, customer_churn_features, *rows)
    assert rows_of(customer_churn_scores(features), "customer_id", "risk_rank") == [(1, 1)]
    monkeypatch.setattr(scores_module, "CUSTOMER_CHURN", replace(CUSTOMER_CHURN, version=3))
    with pytest.raises(ContractError, match="and the features are customer_churn_features/3 now: train it"):
        customer_churn_scores(features)
