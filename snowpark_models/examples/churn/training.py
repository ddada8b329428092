"""Fit a logistic regression with scikit-learn, on the data scientist's side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from snowpark_models.examples.churn.labels import HORIZON
from snowpark_models.runner.code import modules_hash
from snowpark_models.trained import TrainedModel, Weight

NAME: Final = "customer_churn"
VERSION: Final = 1
LONG_AGO: Final = 3_650.0
"""Days that stand for never: NULL in a recency is not 0, which is today."""


@dataclass(frozen=True)
class Split:
    """Rows to train on, and later ones to evaluate on.

    The last label of the training is known when the first row of the evaluation is asked: in between lies a
    horizon, so nothing of one is in the other.
    """

    train: pd.DataFrame
    test: pd.DataFrame


def split_by_time(training: pd.DataFrame, test_times: int = 3) -> Split:
    """The last times for the evaluation, and those at least a horizon before them for the training.

    Raises:
        ValueError: too few times, or too few of either label.
    """
    times = sorted(training["AS_OF"].unique())
    tested = times[-test_times:]
    trained = [time for time in times if pd.Timestamp(time) + HORIZON <= pd.Timestamp(tested[0])]
    split = Split(training[training["AS_OF"].isin(trained)], training[training["AS_OF"].isin(tested)])
    for name, rows in (("train on", split.train), ("evaluate on", split.test)):
        if rows["LABEL"].nunique() < 2:
            raise ValueError(
                f"nothing to {name}: {len(rows)} rows, {int(rows['LABEL'].sum())} of them with label 1"
            )
    return split


def fit(train: pd.DataFrame, features: Sequence[str], features_of: str) -> TrainedModel:
    """A model of LABEL.

    Args:
        train: rows of features and LABEL.
        features: the columns to learn from.
        features_of: identity of the view that they are of.
    """
    values = compressed(train, features)
    scaler = StandardScaler().fit(values)
    regression = LogisticRegression(C=0.1, max_iter=1_000).fit(scaler.transform(values), train["LABEL"])
    numbers = zip(features, scaler.mean_, scaler.scale_, regression.coef_[0], strict=True)
    return TrainedModel(
        name=NAME,
        version=VERSION,
        code=modules_hash(__name__, "snowpark_models.trained"),
        trained_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}",
        features_of=features_of,
        intercept=float(regression.intercept_[0]),
        weights=tuple(
            Weight(feature, missing(feature), float(mean), float(scale), float(coefficient))
            for feature, mean, scale, coefficient in numbers
        ),
        evaluation="",
    )


def probabilities(model: TrainedModel, rows: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    """What the model says of some rows; the warehouse says the same (`TrainedModel.probability`)."""
    values = compressed(rows, [weight.feature for weight in model.weights])
    shares = [
        (values[:, place] - weight.mean) * weight.coefficient / weight.scale
        for place, weight in enumerate(model.weights)
    ]
    told: np.ndarray[Any, np.dtype[np.float64]] = 1 / (1 + np.exp(-(model.intercept + sum(shares))))
    return told


def compressed(rows: pd.DataFrame, features: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Features with few large values brought nearer: sign(x) · ln(1 + |x|)."""
    filled = [rows[name].astype(float).fillna(missing(name)).to_numpy() for name in features]
    values = np.column_stack(filled)
    told: np.ndarray[Any, np.dtype[np.float64]] = np.sign(values) * np.log1p(np.abs(values))
    return told


def missing(feature: str) -> float:
    """What stands for NULL."""
    return LONG_AGO if feature.startswith("DAYS_SINCE_") else 0.0
