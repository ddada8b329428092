"""What is still to be paid, and since when."""

from __future__ import annotations

from typing import Final

from snowflake.snowpark import Column as Expression
from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, datediff, iff, lit, to_date
from snowflake.snowpark.functions import max as max_
from snowflake.snowpark.functions import min as min_
from snowflake.snowpark.functions import sum as sum_

from snowpark_models import Column, model
from snowpark_models.clock import as_of
from snowpark_models.sums import COUNT, MONEY, money_or_zero, rows

BUCKETS: Final = {
    "DUE_0_TO_30_DAYS": (None, 30),
    "DUE_31_TO_60_DAYS": (31, 60),
    "DUE_61_TO_90_DAYS": (61, 90),
    "DUE_OVER_90_DAYS": (91, None),
}
"""The youngest and the oldest age in days of each bucket; None: however young or old."""


@model(
    key=["customer_id", "currency_code"],
    grain="one row a customer and a currency in which that customer owes something",
    owner="sales-analytics@shellcorp.example",
    description="""What customers owe, in buckets of age. The source knows no due dates: an order is so many
        days old as have passed from the day on which it was placed to the day of as_of. What was paid too
        much on one order does not make another one smaller: customer_revenue has it as overpaid_amount.""",
    contract=[
        Column("customer_id", "NUMBER(10,0)", "Who owes."),
        Column("currency_code", "VARCHAR(3)", "Currency of all amounts of the row."),
        Column("unpaid_orders", COUNT, "Orders of which something is still to be paid."),
        Column("receivable_amount", MONEY, "What is still to be paid: its buckets add up to it."),
        Column("due_0_to_30_days", MONEY, "Of orders up to 30 days old, or of a day still to come."),
        Column("due_31_to_60_days", MONEY, "Of orders 31 to 60 days old."),
        Column("due_61_to_90_days", MONEY, "Of orders 61 to 90 days old."),
        Column("due_over_90_days", MONEY, "Of older orders."),
        Column("oldest_placed_on", "DATE", "Day of the oldest unpaid order."),
        Column("oldest_days", "NUMBER(9,0)", "How old that is, in days."),
        Column("as_of", "TIMESTAMP_NTZ", "The time for which ages are told, UTC."),
    ],
)
def receivables_ageing(order_facts: DataFrame) -> DataFrame:
    """Add up what is owed by age."""
    owed = order_facts.filter(col("OUTSTANDING_AMOUNT") > 0).cross_join(as_of(order_facts))
    aged = owed.with_column("AGE", datediff("day", col("PLACED_ON"), to_date(col("AS_OF"))))
    summed = aged.group_by("CUSTOMER_ID", "CURRENCY_CODE", "AS_OF").agg(
        rows().alias("UNPAID_ORDERS"),
        sum_("OUTSTANDING_AMOUNT").alias("RECEIVABLE_AMOUNT"),
        *(sum_(_of_age(*ages)).alias(bucket) for bucket, ages in BUCKETS.items()),
        min_("PLACED_ON").alias("OLDEST_PLACED_ON"),
        max_("AGE").cast("NUMBER(9,0)").alias("OLDEST_DAYS"),
    )
    return summed.select(
        *("CUSTOMER_ID", "CURRENCY_CODE", "UNPAID_ORDERS"),
        *map(money_or_zero, ("RECEIVABLE_AMOUNT", *BUCKETS)),
        *("OLDEST_PLACED_ON", "OLDEST_DAYS", "AS_OF"),
    )


def _of_age(youngest: int | None, oldest: int | None) -> Expression:
    """What is owed of an order of that age."""
    is_of_age = lit(True)
    if youngest is not None:
        is_of_age = is_of_age & (col("AGE") >= youngest)
    if oldest is not None:
        is_of_age = is_of_age & (col("AGE") <= oldest)
    return iff(is_of_age, col("OUTSTANDING_AMOUNT"), lit(None))
