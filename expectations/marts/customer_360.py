"""Each customer once, with what the other tables add up to."""

from expectations.rules import (
    always,
    between,
    counts,
    failing,
    has_all_of,
    matches,
    one_of,
    refers_to,
    same_in_all_rows,
    suite,
)
from expectations.vocabulary import COUNTRIES, EMAIL, SEGMENTS

ORDERS_ADD_UP_TO_SOMETHING_ELSE = """
SELECT {keys}
FROM checked
LEFT JOIN (
    SELECT
        CUSTOMER_ID AS ID,
        COUNT(*) AS FACTS,
        SUM(IFF(STATUS IN ('paid', 'shipped'), TOTAL_AMOUNT, 0)) AS FACTS_REVENUE
    FROM MARTS.ORDER_FACTS
    GROUP BY CUSTOMER_ID
) AS facts ON facts.ID = checked.CUSTOMER_ID
WHERE
    ORDERS + CANCELLED_ORDERS <> COALESCE(FACTS, 0)
    OR REVENUE_EUR + REVENUE_USD + REVENUE_GBP + REVENUE_DKK + REVENUE_SEK <> COALESCE(FACTS_REVENUE, 0)
"""

ACCOUNTS_ADD_UP_TO_ANOTHER_BALANCE = """
SELECT {keys}
FROM checked
LEFT JOIN (
    SELECT CUSTOMER_ID AS ID, COUNT(*) AS STAGED_ACCOUNTS, SUM(BALANCE) AS STAGED_BALANCE
    FROM STAGING.STG_ACCOUNTS
    GROUP BY CUSTOMER_ID
) AS staged ON staged.ID = checked.CUSTOMER_ID
WHERE ACCOUNTS <> COALESCE(STAGED_ACCOUNTS, 0) OR BALANCE <> COALESCE(STAGED_BALANCE, 0)
"""

SUITE = suite(
    "CUSTOMER_ID",
    one_of("COUNTRY_CODE", *COUNTRIES),
    one_of("SEGMENT", *SEGMENTS),
    matches("EMAIL", EMAIL, "has the form something@something", severity="warning"),
    counts("OPEN_ACCOUNTS", "UNPAID_ORDERS", "TICKETS", "OPEN_TICKETS", "OPEN_ACTIVITIES", "RECENT_SESSIONS"),
    between("DAYS_SINCE_LAST_ORDER", low=0, severity="warning"),
    between("AVERAGE_SATISFACTION", 1, 5, severity="warning"),
    same_in_all_rows("AS_OF"),
    has_all_of("STAGING.STG_CUSTOMERS", "CUSTOMER_ID"),
    refers_to("STAGING.STG_CUSTOMERS", "CUSTOMER_ID"),
    failing("Orders and revenue are what ORDER_FACTS adds up to", ORDERS_ADD_UP_TO_SOMETHING_ELSE),
    failing(
        "Accounts and balance are what STG_ACCOUNTS adds up to",
        ACCOUNTS_ADD_UP_TO_ANOTHER_BALANCE,
        column="BALANCE",
    ),
    always(
        "A part is no more than its whole",
        "OPEN_ACCOUNTS <= ACCOUNTS AND UNPAID_ORDERS <= ORDERS AND OPEN_TICKETS <= TICKETS "
        "AND RECENT_SESSIONS <= SESSIONS",
    ),
    always(
        "Customers with orders, and no others, have a first and a last one, in that order",
        "IFF(ORDERS = 0, FIRST_ORDER_AT IS NULL AND LAST_ORDER_AT IS NULL, FIRST_ORDER_AT <= LAST_ORDER_AT)",
    ),
)
