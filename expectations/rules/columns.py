"""Rules about the value of one column in one row."""

from __future__ import annotations

from typing import Final

from great_expectations.expectations.core.expect_column_values_to_be_between import (
    ExpectColumnValuesToBeBetween,
)
from great_expectations.expectations.core.expect_column_values_to_be_in_set import ExpectColumnValuesToBeInSet
from great_expectations.expectations.core.expect_column_values_to_match_regex import (
    ExpectColumnValuesToMatchRegex,
)
from great_expectations.expectations.core.expect_column_values_to_not_be_null import (
    ExpectColumnValuesToNotBeNull,
)
from great_expectations.expectations.metadata_types import FailureSeverity

from expectations.rules.rule import Phrase, Rule
from expectations.severity import Severity

GREATEST: Final = 1e308
"""About the greatest that a FLOAT can be: infinity and, to Snowflake, what is no number are greater."""


def never_null(*columns: str, severity: Severity = "critical") -> Phrase:
    """Each of the columns has a value in every row."""
    return tuple(
        Rule(
            ExpectColumnValuesToNotBeNull(
                column=column, severity=FailureSeverity(severity), description=f"{column} is never NULL"
            ),
            is_row_local=True,
            breaks=f"{column} IS NULL",
        )
        for column in columns
    )


def one_of(column: str, *values: str, severity: Severity = "critical") -> Phrase:
    """The column has one of the values, or is NULL."""
    expectation = ExpectColumnValuesToBeInSet(
        column=column,
        value_set=list(values),
        severity=FailureSeverity(severity),
        description=f"{column} is one of {', '.join(values)}",
    )
    known = ", ".join(_text(value) for value in values)
    breaks = f"{column} IS NOT NULL AND {column} NOT IN ({known})"
    return (Rule(expectation, is_row_local=True, breaks=breaks),)


def between(
    column: str, low: float | None = None, high: float | None = None, severity: Severity = "critical"
) -> Phrase:
    """The column lies from `low` to `high`, both included, or is NULL; None is no limit.

    A FLOAT that is no number (NaN) or infinite breaks it whatever the limits are: Snowflake takes NaN for
    greater than all numbers (https://docs.snowflake.com/en/sql-reference/data-types-numeric).
    """
    if low is not None and high is not None:
        words = f"is from {low:,} to {high:,}"
    else:
        words = f"is at least {low:,}" if high is None else f"is at most {high:,}"
    expectation = ExpectColumnValuesToBeBetween(
        column=column,
        min_value=low,
        max_value=GREATEST if high is None else high,
        severity=FailureSeverity(severity),
        description=f"{column} {words}",
    )
    below = [] if low is None else [f"{column} < {low}"]
    beyond = " OR ".join([*below, f"{column} > {GREATEST if high is None else high}"])
    breaks = f"{column} IS NOT NULL AND ({beyond})"
    return (Rule(expectation, is_row_local=True, breaks=breaks),)


def counts(*columns: str) -> Phrase:
    """Each of the columns counts something: never below 0."""
    return tuple(rule for column in columns for rule in between(column, low=0))


def matches(column: str, pattern: str, words: str, severity: Severity = "critical") -> Phrase:
    """The whole value matches the regular expression, or is NULL; `words` say what that means.

    Write no backslash in the pattern: Snowflake reads it as an escape of the literal.
    """
    expectation = ExpectColumnValuesToMatchRegex(
        column=column,
        regex=f"^{pattern}$",
        severity=FailureSeverity(severity),
        description=f"{column} {words}",
    )
    breaks = f"{column} IS NOT NULL AND NOT RLIKE({column}, {_text(f'^{pattern}$')})"
    return (Rule(expectation, is_row_local=True, breaks=breaks),)


def _text(value: str) -> str:
    """A literal of SQL."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
