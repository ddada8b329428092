"""The phrases that suites are written with: each makes one of Great Expectations' expectations, in words.

A rule says what is always true of the rows. Critical closes the gate, warning publishes and tells, info is
only kept. Suites may use any other expectation of Great Expectations beside these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from great_expectations.core.result_format import ResultFormat
from great_expectations.execution_engine.execution_engine import ExecutionEngine
from great_expectations.expectations.core.expect_column_values_to_be_between import (
    ExpectColumnValuesToBeBetween,
)
from great_expectations.expectations.core.expect_column_values_to_be_in_set import ExpectColumnValuesToBeInSet
from great_expectations.expectations.core.expect_column_values_to_be_unique import (
    ExpectColumnValuesToBeUnique,
)
from great_expectations.expectations.core.expect_column_values_to_match_regex import (
    ExpectColumnValuesToMatchRegex,
)
from great_expectations.expectations.core.expect_column_values_to_not_be_null import (
    ExpectColumnValuesToNotBeNull,
)
from great_expectations.expectations.core.expect_table_row_count_to_be_between import (
    ExpectTableRowCountToBeBetween,
)
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.validator.validator import ValidationDependencies

from expectations.gate.results import Severity

LIVE_ROWS = "NOT COALESCE(_DELETED, FALSE)"
"""Condition on a mirror: everything but its tombstones."""

SAMPLE_SIZE = 5


@dataclass(frozen=True)
class Suite:
    """The rules of one table.

    `key` names a row in a report: no other column of a failing row is shown. `rows` is a SQL condition
    that chooses the rows to look at; all when None.
    """

    key: tuple[str, ...]
    rules: tuple[Expectation, ...]
    rows: str | None = None

    def expectations(self) -> list[Expectation]:
        """Copies of the rules, the key filled in, for one validation."""
        return [_with_key(rule.copy(deep=True), self.key) for rule in self.rules]


class NoRowBreaks(UnexpectedRowsExpectation):
    """A rule in SQL: `unexpected_rows_query` selects {keys} of the rows that break it.

    Differs from its parent in what it keeps: how many rows were checked, how many failed and the keys of a
    few. It reads rows only when asked for more than a verdict.
    """

    metric_dependencies: ClassVar[tuple[str, ...]] = (
        "unexpected_rows_query.table",
        "unexpected_rows_query.row_count",
        "table.row_count",
    )

    def get_validation_dependencies(
        self,
        execution_engine: ExecutionEngine[Any] | None = None,
        runtime_configuration: dict[str, Any] | None = None,
    ) -> ValidationDependencies:
        """The metrics to compute; no rows are fetched for a bare verdict."""
        needed: ValidationDependencies = super().get_validation_dependencies(
            execution_engine, runtime_configuration
        )
        if needed.result_format.get("result_format") == ResultFormat.BOOLEAN_ONLY:
            needed.remove_metric_configuration("unexpected_rows_query.table")
        return needed

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: ExecutionEngine[Any] | None = None,  # noqa: ARG002 - the parent's signature
    ) -> dict[str, Any]:
        failing, checked = metrics["unexpected_rows_query.row_count"], metrics["table.row_count"]
        result_format = self._get_result_format(runtime_configuration=runtime_configuration)
        if not isinstance(result_format, dict) or result_format["result_format"] == ResultFormat.BOOLEAN_ONLY:
            return {"success": failing == 0}
        rows = metrics["unexpected_rows_query.table"][:SAMPLE_SIZE]
        return {
            "success": failing == 0,
            "result": {
                "observed_value": failing,
                "element_count": checked,
                "unexpected_count": failing,
                "unexpected_percent": 100 * failing / checked if checked else 0.0,
                "partial_unexpected_index_list": [
                    {name.upper(): value for name, value in row.items()} for row in rows
                ],
            },
        }


def never_null(*columns: str, severity: Severity = "critical") -> tuple[Expectation, ...]:
    """Each of the columns has a value in every row."""
    return tuple(
        ExpectColumnValuesToNotBeNull(
            column=column, severity=FailureSeverity(severity), description=f"{column} is never NULL"
        )
        for column in columns
    )


def unique(*columns: str, severity: Severity = "critical") -> tuple[Expectation, ...]:
    """No two rows have the same values in all the columns together; rows with a NULL are left out."""
    names = ", ".join(columns)
    if len(columns) == 1:
        return (
            ExpectColumnValuesToBeUnique(
                column=names, severity=FailureSeverity(severity), description=f"{names} is unique"
            ),
        )
    known = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    return failing(
        f"{names} are unique together",
        f"SELECT {{keys}} FROM checked WHERE {known} QUALIFY COUNT(*) OVER (PARTITION BY {names}) > 1",
        severity,
    )


def one_of(column: str, *values: str, severity: Severity = "critical") -> tuple[Expectation, ...]:
    """The column has one of the values, or is NULL."""
    return (
        ExpectColumnValuesToBeInSet(
            column=column,
            value_set=list(values),
            severity=FailureSeverity(severity),
            description=f"{column} is one of {', '.join(values)}",
        ),
    )


def between(
    column: str, low: float | None = None, high: float | None = None, severity: Severity = "critical"
) -> tuple[Expectation, ...]:
    """The column lies from `low` to `high`, both included, or is NULL; None is no limit."""
    if low is not None and high is not None:
        words = f"is from {low:,} to {high:,}"
    else:
        words = f"is at least {low:,}" if high is None else f"is at most {high:,}"
    return (
        ExpectColumnValuesToBeBetween(
            column=column,
            min_value=low,
            max_value=high,
            severity=FailureSeverity(severity),
            description=f"{column} {words}",
        ),
    )


def matches(
    column: str, pattern: str, words: str, severity: Severity = "critical"
) -> tuple[Expectation, ...]:
    """The whole value matches the regular expression, or is NULL; `words` say what that means.

    Write no backslash in the pattern: Snowflake reads it as an escape of the literal.
    """
    return (
        ExpectColumnValuesToMatchRegex(
            column=column,
            regex=f"^{pattern}$",
            severity=FailureSeverity(severity),
            description=f"{column} {words}",
        ),
    )


def always(
    sentence: str, condition: str, severity: Severity = "critical", column: str | None = None
) -> tuple[Expectation, ...]:
    """A SQL condition on the columns of one row that holds in every row; unknown (NULL) counts as broken."""
    return failing(
        sentence, f"SELECT {{keys}} FROM checked WHERE NOT COALESCE(({condition}), FALSE)", severity, column
    )


def refers_to(
    parent: str, *columns: str, among: str | None = None, severity: Severity = "critical"
) -> tuple[Expectation, ...]:
    """The columns, where they have values, are found under the same names in the table `parent`.

    `among` is a SQL condition that chooses the parent's rows.
    """
    names = ", ".join(columns)
    chosen = f" WHERE {among}" if among else ""
    same = " AND ".join(f"parent.{column} = checked.{column}" for column in columns)
    known = " AND ".join(f"checked.{column} IS NOT NULL" for column in columns)
    return failing(
        f"{names} exists in {parent}" if len(columns) == 1 else f"{names} exist together in {parent}",
        f"SELECT {{keys}} FROM checked WHERE {known} AND NOT EXISTS "
        f"(SELECT 1 FROM (SELECT {names} FROM {parent}{chosen}) AS parent WHERE {same})",
        severity,
        columns[0] if len(columns) == 1 else None,
    )


def has_all_of(
    parent: str, *columns: str, among: str | None = None, severity: Severity = "critical"
) -> tuple[Expectation, ...]:
    """No row of the table `parent` is missing here, told by the columns, which make up the suite's key."""
    names = ", ".join(columns)
    chosen = f" WHERE {among}" if among else ""
    same = " AND ".join(f"checked.{column} = parent.{column}" for column in columns)
    return failing(
        f"No {names} of {parent} is missing",
        f"SELECT {{keys}} FROM (SELECT DISTINCT {names} FROM {parent}{chosen}) AS parent "
        f"WHERE NOT EXISTS (SELECT 1 FROM checked WHERE {same})",
        severity,
    )


def same_in_all_rows(column: str, severity: Severity = "critical") -> tuple[Expectation, ...]:
    """All rows have the same value in the column."""
    return failing(
        f"{column} is the same in all rows",
        f"SELECT {{keys}} FROM checked WHERE {column} IS DISTINCT FROM (SELECT MAX({column}) FROM checked)",
        severity,
        column,
    )


def failing(
    sentence: str, query: str, severity: Severity = "critical", column: str | None = None
) -> tuple[Expectation, ...]:
    """A rule in SQL of any kind: `query` selects {keys} of the rows of `checked` that break it.

    `checked` is the table under the gate: the candidate, or the published table.
    """
    return (
        NoRowBreaks(
            unexpected_rows_query=f"WITH checked AS (SELECT * FROM {{batch}}) {query}",
            severity=FailureSeverity(severity),
            description=sentence,
            meta={"column": column},
        ),
    )


def counts(*columns: str) -> tuple[Expectation, ...]:
    """Each of the columns counts something: never below 0."""
    return tuple(rule for column in columns for rule in between(column, low=0))


def has_rows(severity: Severity = "critical") -> tuple[Expectation, ...]:
    """The table is not empty."""
    return (
        ExpectTableRowCountToBeBetween(
            min_value=1, severity=FailureSeverity(severity), description="The table has at least one row"
        ),
    )


def suite(key: str | tuple[str, ...], *rules: tuple[Expectation, ...], empty: Severity = "critical") -> Suite:
    """The suite of a staging table, a mart or a feature table: its grain first, then its own rules.

    `empty` is how grave it is that the table has no rows.
    """
    columns = (key,) if isinstance(key, str) else key
    grain = (*has_rows(empty), *never_null(*columns), *unique(*columns))
    return Suite(columns, (*grain, *(rule for phrase in rules for rule in phrase)))


def mirror(key: str | tuple[str, ...], *rules: tuple[Expectation, ...]) -> Suite:
    """The suite of a mirror in RAW: its live rows, its grain and the platform's columns."""
    own = suite(key, *rules, empty="warning")
    platform = (
        *never_null("_POSITION", "_COMMITTED_AT", "_DELETED"),
        *matches("_POSITION", "[0-9A-F]{50}", "is a position: 50 digits of upper-case hex"),
        *always(
            "_COMMITTED_AT is not in the future",
            "_COMMITTED_AT <= DATEADD(minute, 5, SYSDATE())",
            severity="warning",
            column="_COMMITTED_AT",
        ),
    )
    return Suite(own.key, (*own.rules, *platform), rows=LIVE_ROWS)


def _with_key(rule: Expectation, key: tuple[str, ...]) -> Expectation:
    if isinstance(rule, NoRowBreaks):
        rule.unexpected_rows_query = str(rule.unexpected_rows_query).replace("{keys}", ", ".join(key))
    return rule
