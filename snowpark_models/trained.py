"""A model that somebody has trained, in numbers that a reviewer can read and the warehouse can score with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from snowflake.snowpark import Column as Expression
from snowflake.snowpark.functions import abs as abs_
from snowflake.snowpark.functions import coalesce, col, exp, lit, ln, sign


@dataclass(frozen=True)
class Weight:
    """What one feature adds to the logit: coefficient × (compressed(value) − mean) / scale.

    Attributes:
        feature: column of the feature view.
        missing: what stands for NULL; not 0 where 0 means something else.
        mean: of the compressed values that it was trained on.
        scale: their standard deviation.
        coefficient: above 0 where more of it makes the outcome likelier.
    """

    feature: str
    missing: float
    mean: float
    scale: float
    coefficient: float


@dataclass(frozen=True)
class TrainedModel:
    """A logistic regression over compressed and standardised features.

    Attributes:
        name: what it predicts.
        version: grows when it comes to mean something else.
        code: hash of the code that trained it.
        trained_at: when, UTC, to the second: 2026-01-31T12:00:00.
        features_of: identity of the feature view that it was trained on: name/version/code.
        evaluation: how it did on later data than it was trained on, for people.
    """

    name: str
    version: int
    code: str
    trained_at: str
    features_of: str
    intercept: float
    weights: tuple[Weight, ...]
    evaluation: str

    @property
    def identity(self) -> str:
        """Name, version, hash of the code, and moment of training."""
        return f"{self.name}/{self.version}/{self.code}/{self.trained_at}"

    def is_for(self, view: str, version: int) -> bool:
        """True when it was trained on a version of a feature view."""
        return self.features_of.split("/")[:2] == [view, str(version)]

    def probability(self) -> Expression:
        """The probability of the outcome, from the columns of the feature view."""
        logit = reduce(lambda sum_, weight: sum_ + _share(weight), self.weights, lit(self.intercept))
        return lit(1.0) / (lit(1.0) + exp(-logit))


def _share(weight: Weight) -> Expression:
    value = coalesce(col(weight.feature).cast("FLOAT"), lit(weight.missing))
    compressed = sign(value) * ln(lit(1.0) + abs_(value))
    return (compressed - lit(weight.mean)) * lit(weight.coefficient / weight.scale)
