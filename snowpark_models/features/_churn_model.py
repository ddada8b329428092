"""Who will leave, as `python -m snowpark_models.examples.churn --save` has learnt it."""

from __future__ import annotations

from typing import Final

from snowpark_models.trained import TrainedModel, Weight

CHURN_MODEL: Final = TrainedModel(
    name="customer_churn",
    version=1,
    code="3095d0552b58ee89",
    trained_at="2026-11-23T04:53:29",
    features_of="customer_churn_features/2/9595ed37a338d9ec",
    intercept=-3.846283938,
    weights=(
        Weight("TENURE_DAYS", 0.0, 5.264492225, 0.692404307, -0.300642095),
        Weight("OPEN_ACCOUNTS", 0.0, 0.879346861, 0.293712237, 0.152519579),
        Weight("ORDERS_7D", 0.0, 0.067313696, 0.216856513, 0.062429756),
        Weight("ORDERS_30D", 0.0, 0.261965177, 0.424826102, 0.135441669),
        Weight("ORDERS_90D", 0.0, 0.593528978, 0.619977056, 0.438815868),
        Weight("CANCELLED_ORDERS_90D", 0.0, 0.055345194, 0.196749402, 0.055153616),
        Weight("DAYS_SINCE_LAST_ORDER", 3650.0, 4.814752456, 2.344280684, 0.066289584),
        Weight("SESSIONS_7D", 0.0, 0.040417376, 0.166943569, 0.024046038),
        Weight("SESSIONS_30D", 0.0, 0.165255707, 0.327486387, -0.093132351),
        Weight("SESSIONS_90D", 0.0, 0.434609117, 0.499349798, -0.072042811),
        Weight("PAGES_VIEWED_30D", 0.0, 0.643283187, 1.286264528, -0.126997371),
        Weight("SESSION_TREND", 0.0, -0.012663809, 0.409850471, 0.125069008),
        Weight("DAYS_SINCE_LAST_SESSION", 3650.0, 4.734933231, 1.850400333, 0.288080252),
        Weight("TICKETS_7D", 0.0, 0.014714802, 0.100627342, 0.252085567),
        Weight("TICKETS_30D", 0.0, 0.057365356, 0.205654825, 0.597653846),
        Weight("TICKETS_90D", 0.0, 0.134633155, 0.308817479, -0.049329419),
        Weight("OPEN_TICKETS", 0.0, 0.018832402, 0.113321802, -0.405481982),
        Weight("LOW_RATINGS_90D", 0.0, 0.038969682, 0.174520726, 0.462691379),
    ),
    evaluation=(
        "7,729 later rows, 5.8% left: "
        "the model ROC AUC 0.788, PR AUC 0.521; "
        "always the base rate ROC AUC 0.500, PR AUC 0.058; "
        "LOW_RATINGS_90D alone ROC AUC 0.705, PR AUC 0.327"
    ),
)
