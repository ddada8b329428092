"""Who will leave, as `python -m snowpark_models.examples.churn --save` has learnt it."""

from __future__ import annotations

from typing import Final

from snowpark_models.trained import TrainedModel, Weight

CHURN_MODEL: Final = TrainedModel(
    name="customer_churn",
    version=1,
    code="a7a25eb76474d83e",
    trained_at="2026-11-23T02:13:52",
    features_of="customer_churn_features/2/552e68d35c98e073",
    intercept=-3.980117333,
    weights=(
        Weight("TENURE_DAYS", 0.0, 5.264492225, 0.692404307, -0.29897045),
        Weight("OPEN_ACCOUNTS", 0.0, 0.879346861, 0.293712237, 0.193559408),
        Weight("ORDERS_7D", 0.0, 0.067313696, 0.216856513, 0.056785116),
        Weight("ORDERS_30D", 0.0, 0.261965177, 0.424826102, 0.14886087),
        Weight("ORDERS_90D", 0.0, 0.593558085, 0.620026628, 0.455011163),
        Weight("CANCELLED_ORDERS_90D", 0.0, 0.055452145, 0.196907618, 0.05739431),
        Weight("DAYS_SINCE_LAST_ORDER", 3650.0, 4.814752456, 2.344280684, 0.03884468),
        Weight("SESSIONS_7D", 0.0, 0.040417376, 0.166943569, 0.015665223),
        Weight("SESSIONS_30D", 0.0, 0.165255707, 0.327486387, -0.098911695),
        Weight("SESSIONS_90D", 0.0, 0.434609117, 0.499349798, -0.09915662),
        Weight("PAGES_VIEWED_30D", 0.0, 0.643283187, 1.286264528, -0.109598115),
        Weight("SESSION_TREND", 0.0, -0.012663809, 0.409850471, 0.123367727),
        Weight("DAYS_SINCE_LAST_SESSION", 3650.0, 4.734933231, 1.850400333, 0.307138504),
        Weight("TICKETS_7D", 0.0, 0.014714802, 0.100627342, 0.256153293),
        Weight("TICKETS_30D", 0.0, 0.057365356, 0.205654825, 0.614499735),
        Weight("TICKETS_90D", 0.0, 0.134633155, 0.308817479, -0.042624233),
        Weight("OPEN_TICKETS", 0.0, 0.018756732, 0.11325454, -0.410168631),
        Weight("LOW_RATINGS_90D", 0.0, 0.038969682, 0.174520726, 0.473553736),
    ),
    evaluation=(
        "7,729 later rows, 5.8% left: "
        "the model ROC AUC 0.787, PR AUC 0.517; "
        "always the base rate ROC AUC 0.500, PR AUC 0.058; "
        "LOW_RATINGS_90D alone ROC AUC 0.705, PR AUC 0.327"
    ),
)
