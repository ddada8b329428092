"""Who will leave, as `python -m snowpark_models.examples.churn --save` has learnt it."""

from __future__ import annotations

from typing import Final

from snowpark_models.trained import TrainedModel, Weight

CHURN_MODEL: Final = TrainedModel(
    name="customer_churn",
    version=1,
    code="d84313d00d3e07ad",
    trained_at="2026-11-23T06:08:18",
    features_of="customer_churn_features/2/774898f1d9d44a8a",
    intercept=-3.842225846,
    weights=(
        Weight("TENURE_DAYS", 0.0, 5.264492225, 0.692404307, -0.299796459),
        Weight("OPEN_ACCOUNTS", 0.0, 0.879346861, 0.293712237, 0.154736356),
        Weight("ORDERS_7D", 0.0, 0.067313696, 0.216856513, 0.066825138),
        Weight("ORDERS_30D", 0.0, 0.261965177, 0.424826102, 0.133171307),
        Weight("ORDERS_90D", 0.0, 0.593558085, 0.620026628, 0.437465326),
        Weight("CANCELLED_ORDERS_90D", 0.0, 0.055452145, 0.196907618, 0.056977271),
        Weight("DAYS_SINCE_LAST_ORDER", 3650.0, 4.814752456, 2.344280684, 0.071799581),
        Weight("SESSIONS_7D", 0.0, 0.040417376, 0.166943569, 0.02070837),
        Weight("SESSIONS_30D", 0.0, 0.165255707, 0.327486387, -0.097707519),
        Weight("SESSIONS_90D", 0.0, 0.434609117, 0.499349798, -0.050628377),
        Weight("PAGES_VIEWED_30D", 0.0, 0.643283187, 1.286264528, -0.159578593),
        Weight("SESSION_TREND", 0.0, -0.012663809, 0.409850471, 0.152809193),
        Weight("DAYS_SINCE_LAST_SESSION", 3650.0, 4.734933231, 1.850400333, 0.285663126),
        Weight("TICKETS_7D", 0.0, 0.014714802, 0.100627342, 0.251389546),
        Weight("TICKETS_30D", 0.0, 0.057365356, 0.205654825, 0.595806939),
        Weight("TICKETS_90D", 0.0, 0.134633155, 0.308817479, -0.050626024),
        Weight("OPEN_TICKETS", 0.0, 0.019558862, 0.115550209, -0.395551734),
        Weight("LOW_RATINGS_90D", 0.0, 0.03864883, 0.173740777, 0.463982206),
    ),
    evaluation=(
        "7,729 later rows, 5.8% left: "
        "the model ROC AUC 0.789, PR AUC 0.521; "
        "always the base rate ROC AUC 0.500, PR AUC 0.058; "
        "LOW_RATINGS_90D alone ROC AUC 0.705, PR AUC 0.327"
    ),
)
