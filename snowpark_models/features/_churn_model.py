"""Placeholder until trained."""

from typing import Final

from snowpark_models.trained import TrainedModel

CHURN_MODEL: Final = TrainedModel("customer_churn", 1, "0", "2026-11-23T00:00:00", "customer_churn_features/2/0", 0.0, (), "a: b")
