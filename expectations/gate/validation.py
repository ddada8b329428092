"""Runs a suite on a batch in two passes, so that a table that is all right costs as few queries as possible.

The first pass asks for verdicts: Great Expectations counts for all column rules in one query. Only what
failed is asked again, for numbers and for the keys of a few rows; never for other values.
"""

from __future__ import annotations

from collections.abc import Iterable
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

from expectations.gate.reading import configuration_of
from expectations.rules import SAMPLE_SIZE, NoRowBreaks, Suite

VERDICTS: Final = {"result_format": "BOOLEAN_ONLY"}
ROW_COUNT: Final = "expect_table_row_count_to_be_between"


def validate(batch: Batch, suite: Suite, name: str) -> ExpectationSuiteValidationResult:
    """The results of all rules, in the suite's order."""
    rules = {str(number): rule for number, rule in enumerate(suite.expectations())}
    for number, rule in rules.items():
        rule.meta = {**(rule.meta or {}), "rule": number}
    found = _run(batch, name, list(rules.values()), VERDICTS)
    results = _by_rule(found)
    settled = {n for n, rule in rules.items() if results[n].success and _is_about_rows(rule)}
    unsettled = [rule for number, rule in rules.items() if number not in settled]
    if unsettled:
        results |= _by_rule(_run(batch, name, unsettled, _details(suite.key)))
    rows = _row_count(results.values())
    for number in settled:
        results[number].result = {"element_count": rows, "unexpected_count": 0, "unexpected_percent": 0.0}
    return _with_results(found, [results[number] for number in rules])


def _run(
    batch: Batch, name: str, rules: list[Expectation], result_format: dict[str, Any]
) -> ExpectationSuiteValidationResult:
    suite = gx.ExpectationSuite(name, expectations=[rule.copy(deep=True) for rule in rules])
    return batch.validate(suite, result_format=result_format)


def _details(key: tuple[str, ...]) -> dict[str, Any]:
    return {
        "result_format": "SUMMARY",
        "partial_unexpected_count": SAMPLE_SIZE,
        "unexpected_index_column_names": list(key),
        "exclude_unexpected_values": True,
    }


def _by_rule(found: ExpectationSuiteValidationResult) -> dict[str, ExpectationValidationResult]:
    return {(configuration_of(result).meta or {})["rule"]: result for result in found.results}


def _row_count(results: Iterable[ExpectationValidationResult]) -> int | None:
    """Rows that were checked, from whichever rule counted them."""
    for result in results:
        counted = "observed_value" if configuration_of(result).type == ROW_COUNT else "element_count"
        if (result.result or {}).get(counted) is not None:
            return int(result.result[counted])
    return None


def _is_about_rows(rule: Expectation) -> bool:
    """True where success means that no row at all broke the rule."""
    kinds = (ColumnMapExpectation, ColumnPairMapExpectation, MulticolumnMapExpectation)
    return isinstance(rule, NoRowBreaks) or (isinstance(rule, kinds) and rule.mostly == 1)


def _with_results(
    found: ExpectationSuiteValidationResult, results: list[ExpectationValidationResult]
) -> ExpectationSuiteValidationResult:
    passed = sum(bool(result.success) for result in results)
    found.results = results
    found.success = passed == len(results)
    found.statistics = {
        "evaluated_expectations": len(results),
        "successful_expectations": passed,
        "unsuccessful_expectations": len(results) - passed,
        "success_percent": 100 * passed / len(results),
    }
    return found
