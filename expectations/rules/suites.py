"""The suite of a table: its grain, its own rules, and of a mirror those about the platform's columns."""

from __future__ import annotations

from dataclasses import dataclass

from great_expectations.expectations.expectation import Expectation

from expectations.rules.columns import matches, never_null
from expectations.rules.in_sql import always
from expectations.rules.mirrors import LIVE_ROWS
from expectations.rules.rule import Phrase, Rule
from expectations.rules.tables import has_rows, unique
from expectations.rules.unexpected_rows import NoRowBreaks
from expectations.severity import Severity


@dataclass(frozen=True)
class Suite:
    """The rules of one table.

    `key` names a row in a report: no other column of a failing row is shown. `rows` is a SQL condition
    that chooses the rows to look at; all when None.
    """

    key: tuple[str, ...]
    rules: tuple[Rule, ...]
    rows: str | None = None

    def expectations(self) -> list[Expectation]:
        """Copies of the rules' expectations, the key filled in, for one validation."""
        return [_with_key(rule.expectation.copy(deep=True), self.key) for rule in self.rules]


def suite(key: str | tuple[str, ...], *rules: Phrase, empty: Severity = "critical") -> Suite:
    """The suite of a staging table, a mart or a feature table: its grain first, then its own rules.

    `empty` is how grave it is that the table has no rows.
    """
    columns = (key,) if isinstance(key, str) else key
    grain = (*has_rows(empty), *never_null(*columns), *unique(*columns))
    return Suite(columns, (*grain, *(rule for phrase in rules for rule in phrase)))


def mirror(key: str | tuple[str, ...], *rules: Phrase) -> Suite:
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


def _with_key(expectation: Expectation, key: tuple[str, ...]) -> Expectation:
    if isinstance(expectation, NoRowBreaks):
        expectation.unexpected_rows_query = str(expectation.unexpected_rows_query).replace(
            "{keys}", ", ".join(key)
        )
    return expectation
