"""How good a model is on later data, beside what needs no model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

Numbers = np.ndarray[Any, np.dtype[np.float64]]
BANDS = 10


@dataclass(frozen=True)
class Quality:
    """How well scores tell who leaves.

    Attributes:
        roc_auc: chance that one who leaves has a higher score than one who stays; 0.5 knows nothing.
        pr_auc: average precision; the share of those who leave knows nothing.
    """

    name: str
    roc_auc: float
    pr_auc: float


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found.

    Attributes:
        rows: how many were evaluated.
        share: of those who left.
        qualities: the model's first, then the baselines'.
        brier: mean squared error of the probabilities, and that of always saying `share`.
        bands: a row a tenth of the customers, highest scores first: ROWS, EXPECTED and LEFT (shares), LIFT.
    """

    rows: int
    share: float
    qualities: tuple[Quality, ...]
    brier: tuple[float, float]
    bands: pd.DataFrame

    def __str__(self) -> str:
        """For people: tables of text."""
        lines = [f"{self.rows:,} rows, {self.share:.1%} left", f"{'':32}ROC AUC  PR AUC"]
        lines += [f"{each.name:32}{each.roc_auc:7.3f} {each.pr_auc:7.3f}" for each in self.qualities]
        lines += [f"Brier score {self.brier[0]:.4f}; of the base rate {self.brier[1]:.4f}", ""]
        lines += ["tenth   rows  expected    left  lift"]
        lines += [
            f"{row.Index:5} {row.ROWS:6,} {row.EXPECTED:9.1%} {row.LEFT:7.1%} {row.LIFT:5.1f}"
            for row in self.bands.itertuples()
        ]
        return "\n".join(lines)

    @property
    def summary(self) -> str:
        """In one line."""
        model, *others = (
            f"{each.name} ROC AUC {each.roc_auc:.3f}, PR AUC {each.pr_auc:.3f}" for each in self.qualities
        )
        return f"{self.rows:,} later rows, {self.share:.1%} left: {model}; {'; '.join(others)}"


def evaluate(test: pd.DataFrame, scores: Numbers, rules: tuple[str, ...] = ()) -> Evaluation:
    """Hold scores against what came.

    Args:
        test: rows with LABEL.
        scores: probabilities of LABEL = 1.
        rules: features that are baselines by themselves: more of it, likelier to leave.
    """
    labels = test["LABEL"].to_numpy(dtype=float)
    share = float(labels.mean())
    baselines = [("always the base rate", np.full(len(labels), share))]
    baselines += [(f"{rule} alone", test[rule].astype(float).fillna(0).to_numpy()) for rule in rules]
    qualities = [_quality(name, labels, told) for name, told in (("the model", scores), *baselines)]
    brier = float(brier_score_loss(labels, scores)), float(brier_score_loss(labels, baselines[0][1]))
    return Evaluation(len(labels), share, tuple(qualities), brier, _bands(labels, scores, share))


def _quality(name: str, labels: Numbers, scores: Numbers) -> Quality:
    return Quality(name, float(roc_auc_score(labels, scores)), float(average_precision_score(labels, scores)))


def _bands(labels: Numbers, scores: Numbers, share: float) -> pd.DataFrame:
    order = np.argsort(-scores, kind="stable")
    parts = np.array_split(order, BANDS)
    rows = [
        {
            "ROWS": len(part),
            "EXPECTED": float(scores[part].mean()),
            "LEFT": float(labels[part].mean()),
            "LIFT": float(labels[part].mean()) / share,
        }
        for part in parts
        if len(part)
    ]
    return pd.DataFrame(rows, index=range(1, len(rows) + 1))
