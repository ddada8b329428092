"""The entities, and the feature views that training sets are made of."""

from __future__ import annotations

from typing import Final

from snowpark_models.features._source_clocks import as_the_source_tells
from snowpark_models.features.customer_churn_features import customer_churn_features, features_at
from snowpark_models.pointintime import Entity, FeatureView

CUSTOMER: Final = Entity("customer", keys=("CUSTOMER_ID",))

CUSTOMER_CHURN: Final = FeatureView(
    customer_churn_features, CUSTOMER, version=2, at=features_at, source_clocks=as_the_source_tells
)
"""What was known of a customer just before a time, to tell who may leave."""

VIEWS: Final = (CUSTOMER_CHURN,)
"""The views that the flow transform records; one without `at` has its history in its own table."""
