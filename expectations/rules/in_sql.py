"""Rules in SQL: of one row (`always`) and of any kind (`failing`)."""

from __future__ import annotations

from great_expectations.expectations.metadata_types import FailureSeverity

from expectations.rules.rule import Phrase, Rule
from expectations.rules.unexpected_rows import NoRowBreaks
from expectations.severity import Severity


def always(
    sentence: str, condition: str, severity: Severity = "critical", column: str | None = None
) -> Phrase:
    """A SQL condition on the columns of one row that holds in every row; unknown (NULL) counts as broken."""
    breaks = f"NOT COALESCE(({condition}), FALSE)"
    broken = _no_row(sentence, f"SELECT {{keys}} FROM checked WHERE {breaks}", severity)
    return (Rule(broken, is_row_local=True, breaks=breaks, about=column),)


def computed(column: str, formula: str, words: str | None = None, severity: Severity = "critical") -> Phrase:
    """The column is what a SQL formula over the other columns of its row gives, NULL included.

    `words` say what that is; the formula itself, where that is short enough to be read.
    """
    told = f"{column} is {words or formula}"
    return always(told, f"{column} IS NOT DISTINCT FROM ({formula})", severity, column)


def failing(
    sentence: str,
    query: str,
    severity: Severity = "critical",
    column: str | None = None,
    counted: str | None = None,
) -> Phrase:
    """A rule in SQL of any kind: `query` selects {keys} of the rows of `checked` that break it.

    `checked` is the table under the gate: the candidate, or the published table. `counted` is that of `Rule`.
    """
    return (Rule(_no_row(sentence, query, severity), is_row_local=False, about=column, counted=counted),)


def _no_row(sentence: str, query: str, severity: Severity) -> NoRowBreaks:
    return NoRowBreaks(
        unexpected_rows_query=f"WITH checked AS (SELECT * FROM {{batch}}) {query}",
        severity=FailureSeverity(severity),
        description=sentence,
    )
