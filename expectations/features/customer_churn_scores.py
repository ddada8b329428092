"""Scores are probabilities, of customers that there are, by one model."""

from expectations.rules import (
    between,
    failing,
    has_all_of,
    refers_to,
    same_as,
    same_in_all_rows,
    suite,
    unique,
)

RANKED_OTHERWISE = """
SELECT {keys}
FROM checked
QUALIFY RISK_RANK IS DISTINCT FROM ROW_NUMBER() OVER (ORDER BY CHURN_PROBABILITY DESC, CUSTOMER_ID)
"""

SUITE = suite(
    "CUSTOMER_ID",
    between("CHURN_PROBABILITY", low=0, high=1),
    unique("RISK_RANK"),
    between("RISK_RANK", low=1),
    same_in_all_rows("AS_OF"),
    same_in_all_rows("MODEL_CODE"),
    refers_to("FEATURES.CUSTOMER_CHURN_FEATURES", "CUSTOMER_ID"),
    same_as("FEATURES.CUSTOMER_CHURN_FEATURES", "CUSTOMER_ID", "AS_OF"),
    *(same_in_all_rows(column) for column in ("MODEL_NAME", "MODEL_VERSION", "TRAINED_AT", "TRAINED_ON")),
    has_all_of("FEATURES.CUSTOMER_CHURN_FEATURES", "CUSTOMER_ID", among="OPEN_ACCOUNTS > 0"),
    failing("The likeliest to leave comes first, and no rank is left out", RANKED_OTHERWISE),
    empty="warning",
)
