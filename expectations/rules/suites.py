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
class Limit:
    """How many rows may be set aside: more than `rows`, and more than `share` of all, close the gate."""

    rows: int = 10
    share: float = 0.01


@dataclass(frozen=True)
class Suite:
    """The rules of one table.

    `key` names a row in a report: no other column of a failing row is shown. `rows` is a SQL condition
    that chooses the rows to look at; all when None. `limit` says how many rows may be set aside.
    """

    key: tuple[str, ...]
    rules: tuple[Rule, ...]
    rows: str | None = None
    limit: Limit = Limit()

    def expectations(self) -> list[Expectation]:
        """Copies of the rules' expectations, the key filled in, for one validation."""
        return [_with_key(rule.expectation.copy(deep=True), self.key) for rule in self.rules]


def suite(
    key: str | tuple[str, ...],
    *rules: Phrase,
    empty: Severity = "critical",
    limit: Limit = Limit(),
) -> Suite:
    """The suite of a staging table, a mart or a feature table: its grain first, then its own rules.

    `empty` is how grave it is that the table has no rows; `limit` says how many rows may be set aside.
    """
    columns = (key,) if isinstance(key, str) else key
    grain = (*has_rows(empty), *never_null(*columns), *unique(*columns))
    return Suite(columns, (*grain, *(rule for phrase in rules for rule in phrase)), limit=limit)


def mirror(key: str | tuple[str, ...], *rules: Phrase) -> Suite:
    """The suite of a mirror in RAW: its live rows, its grain and the platform's columns.

    Raises:
        ValueError: a rule sets rows aside; a mirror is what its source is, and is built by no model.
    """
    own = suite(key, *rules, empty="warning")
    if aside := [rule.sentence for rule in own.rules if rule.sets_aside]:
        raise ValueError(
            f"{aside[0]}: no row of a mirror can be set aside; do it in the suite of the staging model"
        )
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
