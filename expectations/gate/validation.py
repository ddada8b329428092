"""Runs a suite on a table so that one that is all right costs as few queries as possible.

One pass counts what breaks the rules that can be counted. The others are asked for their verdicts, one query
each. Only what failed is asked again, for numbers and for the keys of a few rows; never for other values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import great_expectations as gx
from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
from great_expectations.datasource.fluent.interfaces import Batch
from great_expectations.expectations.expectation import (
    ColumnMapExpectation,
    ColumnPairMapExpectation,
    Expectation,
    MulticolumnMapExpectation,
)

from expectations.gate.one_pass import counted
from expectations.gate.reading import configuration_of, error_of
from expectations.rules import SAMPLE_SIZE, NoRowBreaks, Rule, Suite

VERDICTS: Final = {"result_format": "BOOLEAN_ONLY"}
COUNTS: Final = {"result_format": "BASIC"}

Results = dict[str, ExpectationValidationResult]
"""What was found of each rule, by its number in the suite."""


@dataclass(frozen=True)
class Checked:
    """The rows that a suite looks at.

    Attributes:
        whole: all of them.
        changed: those that came since all of them kept the row-local rules; None to look at all again.
    """

    whole: Batch
    changed: Batch | None = None


def validate(checked: Checked, suite: Suite, name: str) -> list[ExpectationValidationResult]:
    """The results of all rules, in the suite's order."""
    rules = {str(number): rule for number, rule in enumerate(suite.rules)}
    local = {number: rule for number, rule in rules.items() if rule.is_row_local}
    others = {number: rule for number, rule in rules.items() if not rule.is_row_local}
    if checked.changed is None:
        parts = [_Part(checked.whole, rules)]
    else:
        parts = [_Part(checked.changed, local), _Part(checked.whole, others)]
    found = [_validate_part(part, suite, name) for part in parts]
    return [next(results[number] for results in found if number in results) for number in rules]


@dataclass(frozen=True)
class _Part:
    """Rules that look at the same rows."""

    batch: Batch
    rules: Mapping[str, Rule]


def _validate_part(part: _Part, suite: Suite, name: str) -> Results:
    countable = {number: rule for number, rule in part.rules.items() if rule.aggregate is not None}
    results = _run(part.batch, name, counted(countable), COUNTS) if countable else {}
    rows = next((result.result["element_count"] for result in results.values() if result.result), None)
    expectations = _numbered(suite)
    asked = [expectations[number] for number in part.rules if number not in countable]
    verdicts = _run(part.batch, name, asked, VERDICTS)
    for number, result in verdicts.items():
        if result.success and _is_about_rows(expectations[number]):
            result.result = {"element_count": rows, "unexpected_count": 0, "unexpected_percent": 0.0}
    results |= verdicts
    unsettled = [n for n, result in results.items() if not result.success or not result.result]
    details = _run(part.batch, name, [expectations[n] for n in unsettled], _details(suite.key))
    # What was found to be broken stays so, though the second look may meet other rows.
    broken = {n for n in unsettled if not results[n].success and not error_of(results[n])}
    return results | {n: each for n, each in details.items() if n not in broken or not each.success}


def _numbered(suite: Suite) -> dict[str, Expectation]:
    """The expectations of a suite; the numbers, in `meta`, match results to rules."""
    expectations = {str(number): each for number, each in enumerate(suite.expectations())}
    for number, expectation in expectations.items():
        expectation.meta = {**(expectation.meta or {}), "rule": number}
    return expectations


def _run(
    batch: Batch, name: str, expectations: Iterable[Expectation], result_format: dict[str, Any]
) -> Results:
    copies = [expectation.copy(deep=True) for expectation in expectations]
    if not copies:
        return {}
    found: ExpectationSuiteValidationResult = batch.validate(
        gx.ExpectationSuite(name, expectations=copies), result_format=result_format
    )
    return {(configuration_of(result).meta or {})["rule"]: result for result in found.results}


def _details(key: tuple[str, ...]) -> dict[str, Any]:
    return {
        "result_format": "SUMMARY",
        "partial_unexpected_count": SAMPLE_SIZE,
        "unexpected_index_column_names": list(key),
        "exclude_unexpected_values": True,
    }


def _is_about_rows(expectation: Expectation) -> bool:
    """True where success means that no row at all broke the rule."""
    kinds = (ColumnMapExpectation, ColumnPairMapExpectation, MulticolumnMapExpectation)
    return isinstance(expectation, NoRowBreaks) or (
        isinstance(expectation, kinds) and expectation.mostly == 1
    )
