"""The entities, and the feature views that training sets are made of."""

from __future__ import annotations

from typing import Final

from snowpark_models.features.customer_churn_features import customer_churn_features, features_at
from snowpark_models.pointintime import Entity, FeatureView

CUSTOMER: Final = Entity("customer", keys=("CUSTOMER_ID",))

CUSTOMER_CHURN: Final = FeatureView(customer_churn_features, CUSTOMER, version=1, at=features_at)
