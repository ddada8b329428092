"""How models add up: exact money, and 0 where there is nothing."""

from __future__ import annotations

from typing import Final

from snowflake.snowpark import Column as Expression
from snowflake.snowpark.functions import coalesce, col, count, iff, lit

MONEY: Final = "NUMBER(38,4)"
COUNT: Final = "NUMBER(18,0)"


def rows() -> Expression:
    """How many rows a group has."""
    return count(lit(1))


def rows_where(condition: Expression) -> Expression:
    """How many rows of a group meet a condition."""
    return count(iff(condition, lit(1), lit(None)))


def money_or_zero(name: str) -> Expression:
    """A sum of money, 0 where there was nothing to add up."""
    return coalesce(col(name), lit(0)).cast(MONEY).alias(name)


def count_or_zero(name: str) -> Expression:
    """A count, 0 where there was nothing to count."""
    return coalesce(col(name), lit(0)).cast(COUNT).alias(name)
