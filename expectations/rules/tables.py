"""Rules about the rows of one table together."""

from __future__ import annotations

from great_expectations.expectations.core.expect_column_values_to_be_unique import (
    ExpectColumnValuesToBeUnique,
)
from great_expectations.expectations.core.expect_table_row_count_to_be_between import (
    ExpectTableRowCountToBeBetween,
)
from great_expectations.expectations.metadata_types import FailureSeverity

from expectations.rules.in_sql import failing
from expectations.rules.rule import Phrase, Rule
from expectations.severity import Severity


def has_rows(severity: Severity = "critical") -> Phrase:
    """The table is not empty."""
    expectation = ExpectTableRowCountToBeBetween(
        min_value=1, severity=FailureSeverity(severity), description="The table has at least one row"
    )
    return (Rule(expectation, is_row_local=False, counted="IFF(COUNT(*) > 0, 0, 1)"),)


def unique(*columns: str, severity: Severity = "critical") -> Phrase:
    """No two rows have the same values in all the columns together; rows with a NULL are left out."""
    names = ", ".join(columns)
    known = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    repeated = f"COUNT_IF({known}) - COUNT(DISTINCT {names})"  # a DISTINCT leaves out rows with a NULL
    if len(columns) == 1:
        expectation = ExpectColumnValuesToBeUnique(
            column=names, severity=FailureSeverity(severity), description=f"{names} is unique"
        )
        return (Rule(expectation, is_row_local=False, counted=repeated),)
    return failing(
        f"{names} are unique together",
        f"SELECT {{keys}} FROM checked WHERE {known} QUALIFY COUNT(*) OVER (PARTITION BY {names}) > 1",
        severity,
        counted=repeated,
    )


def same_in_all_rows(column: str, severity: Severity = "critical") -> Phrase:
    """All rows have the same value in the column."""
    return failing(
        f"{column} is the same in all rows",
        f"SELECT {{keys}} FROM checked WHERE {column} IS DISTINCT FROM (SELECT MAX({column}) FROM checked)",
        severity,
        column,
        counted=f"GREATEST(COUNT(DISTINCT {column}) + IFF(COUNT({column}) < COUNT(*), 1, 0) - 1, 0)",
    )
