"""Each attempt to pay once, numbered on its order."""

from expectations.rules import (
    always,
    between,
    failing,
    has_all_of,
    one_of,
    refers_to,
    same_as,
    suite,
)
from expectations.vocabulary import CURRENCIES, PAYMENT_METHODS, PAYMENT_STATUSES

ATTEMPTS_ARE_NOT_COUNTED_THROUGH = """
SELECT {keys}
FROM checked
QUALIFY ATTEMPT <> ROW_NUMBER() OVER (PARTITION BY ORDER_ID ORDER BY PAID_AT, PAYMENT_ID)
"""

FOLLOWS_SOMETHING_ELSE = """
SELECT {keys}
FROM checked
QUALIFY FOLLOWS_A_FAILURE IS DISTINCT FROM COALESCE(
    LAG(STATUS) OVER (PARTITION BY ORDER_ID ORDER BY PAID_AT, PAYMENT_ID) = 'failed', FALSE
)
"""

UNLIKE_ITS_ORDER = """
SELECT {keys}
FROM checked
LEFT JOIN (
    SELECT ORDER_ID AS ID, CUSTOMER_ID AS BUYER_ID, CURRENCY_CODE AS CURRENCY, PLACED_AT
    FROM STAGING.STG_ORDERS
) AS orders ON orders.ID = checked.ORDER_ID
WHERE
    CUSTOMER_ID IS DISTINCT FROM BUYER_ID
    OR CURRENCY_IS_THE_ORDERS IS DISTINCT FROM COALESCE(CURRENCY = CURRENCY_CODE, FALSE)
    OR HOURS_SINCE_ORDER IS DISTINCT FROM (DATEDIFF(second, PLACED_AT, PAID_AT) / 3600)::NUMBER(12, 2)
"""

SUITE = suite(
    "PAYMENT_ID",
    one_of("METHOD", *PAYMENT_METHODS),
    one_of("STATUS", *PAYMENT_STATUSES),
    one_of("CURRENCY_CODE", *CURRENCIES),
    has_all_of("STAGING.STG_PAYMENTS", "PAYMENT_ID"),
    refers_to("STAGING.STG_PAYMENTS", "PAYMENT_ID"),
    refers_to("STAGING.STG_ORDERS", "ORDER_ID", severity="warning"),
    failing("Attempts are numbered from 1 in the order of time", ATTEMPTS_ARE_NOT_COUNTED_THROUGH),
    always("The first attempt follows no failure", "ATTEMPT > 1 OR NOT FOLLOWS_A_FAILURE"),
    always(
        "A payment has its order's currency",
        "CURRENCY_IS_THE_ORDERS",
        severity="warning",
        column="CURRENCY_CODE",
    ),
    between("HOURS_SINCE_ORDER", low=0, severity="warning"),
    same_as(
        "STAGING.STG_PAYMENTS",
        "PAYMENT_ID",
        *("ORDER_ID", "METHOD", "STATUS", "IS_CAPTURED", "AMOUNT", "CURRENCY_CODE", "PAID_AT", "PAID_ON"),
    ),
    failing("Customer, currency and hours fit the order", UNLIKE_ITS_ORDER),
    failing("A payment follows a failure exactly if the attempt before it failed", FOLLOWS_SOMETHING_ELSE),
)
