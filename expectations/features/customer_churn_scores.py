"""Scores are probabilities, of customers that there are, by one model."""

from expectations.rules import between, refers_to, same_in_all_rows, suite, unique

SUITE = suite(
    "CUSTOMER_ID",
    between("CHURN_PROBABILITY", low=0, high=1),
    unique("RISK_RANK"),
    between("RISK_RANK", low=1),
    same_in_all_rows("AS_OF"),
    same_in_all_rows("MODEL_CODE"),
    refers_to("FEATURES.CUSTOMER_CHURN_FEATURES", "CUSTOMER_ID"),
    empty="warning",
)
