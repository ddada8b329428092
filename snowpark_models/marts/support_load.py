"""How much the support has to do, and how fast it is."""

from __future__ import annotations

from snowflake.snowpark import DataFrame, Window
from snowflake.snowpark.functions import avg, col, lit, median
from snowflake.snowpark.functions import sum as sum_

from snowpark_models import Column, model
from snowpark_models.sums import COUNT, count_or_zero, rows, rows_where


@model(
    key=["day", "priority"],
    grain="one row a day on which any ticket was opened or closed, and a priority",
    owner="support-analytics@shellcorp.example",
    description="""Tickets opened and closed on a day, and what was left at its end. The backlog counts the
        tickets that the source has now: one that was deleted has never been there.""",
    contract=[
        Column("day", "DATE", "Day, UTC."),
        Column("priority", "NUMBER(3,0)", "From 1, urgent, to 4."),
        Column("opened", COUNT, "Tickets opened on the day."),
        Column("closed", COUNT, "Tickets closed on the day."),
        Column("backlog", COUNT, "Tickets opened and not closed by the end of the day."),
        Column("median_hours_to_close", "NUMBER(12,2)", "Of the tickets closed on the day.", nullable=True),
        Column("average_satisfaction", "NUMBER(9,2)", "Of those among them that were rated.", nullable=True),
        Column("low_ratings", COUNT, "Those among them rated 2 or lower."),
    ],
)
def support_load(stg_support_tickets: DataFrame) -> DataFrame:
    """Put opening and closing on one calendar; the backlog is what they add up to."""
    opened = _opened_by_day(stg_support_tickets)
    closed = _closed_by_day(stg_support_tickets)
    days = opened.select("DAY").union(closed.select("DAY"))
    priorities = stg_support_tickets.select("PRIORITY").distinct()
    calendar = (
        days.cross_join(priorities)
        .join(opened, on=["DAY", "PRIORITY"], how="left")
        .join(closed, on=["DAY", "PRIORITY"], how="left")
        .select(
            "DAY",
            "PRIORITY",
            count_or_zero("OPENED"),
            count_or_zero("CLOSED"),
            "MEDIAN_HOURS_TO_CLOSE",
            "AVERAGE_SATISFACTION",
            count_or_zero("LOW_RATINGS"),
        )
    )
    until_now = (
        Window.partition_by("PRIORITY")
        .order_by("DAY")
        .rows_between(Window.UNBOUNDED_PRECEDING, Window.CURRENT_ROW)
    )
    return calendar.with_column("BACKLOG", sum_(col("OPENED") - col("CLOSED")).over(until_now).cast(COUNT))


def _opened_by_day(tickets: DataFrame) -> DataFrame:
    by_day = tickets.select(col("OPENED_ON").alias("DAY"), "PRIORITY")
    return by_day.group_by("DAY", "PRIORITY").agg(rows().alias("OPENED"))


def _closed_by_day(tickets: DataFrame) -> DataFrame:
    closed = tickets.filter(col("CLOSED_ON").is_not_null())
    by_day = closed.select(col("CLOSED_ON").alias("DAY"), "PRIORITY", "HOURS_TO_CLOSE", "SATISFACTION")
    return by_day.group_by("DAY", "PRIORITY").agg(
        rows().alias("CLOSED"),
        median(col("HOURS_TO_CLOSE")).cast("NUMBER(12,2)").alias("MEDIAN_HOURS_TO_CLOSE"),
        avg(col("SATISFACTION")).cast("NUMBER(9,2)").alias("AVERAGE_SATISFACTION"),
        rows_where(col("SATISFACTION") <= lit(2)).alias("LOW_RATINGS"),
    )
