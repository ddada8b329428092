"""Reads Great Expectations' results into a gate's own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from great_expectations.core import ExpectationValidationResult
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from deployments.messages import without_values
from expectations.gate.results import CheckResult
from expectations.rules import SAMPLE_SIZE

ERROR_LENGTH = 300
_DRIVER_PREFIX = re.compile(r"^\(snowflake\.connector\.errors\.\w+\) ")


def read_check(result: ExpectationValidationResult, column: str | None) -> CheckResult:
    """The result of a rule that is about a column, or none; what could not be evaluated has failed."""
    configuration = configuration_of(result)
    found: Mapping[str, Any] = result.result or {}
    error = error_of(result)
    return CheckResult(
        expectation=configuration.description or _sentence(configuration.type),
        column=column,
        severity=configuration.severity.value,
        success=bool(result.success) and error is None,
        failing_rows=_whole(found.get("unexpected_count")),
        checked_rows=_whole(found.get("element_count")),
        sample_keys=sample_keys(found.get("partial_unexpected_index_list") or []),
        error=error,
    )


def configuration_of(result: ExpectationValidationResult) -> ExpectationConfiguration:
    """The expectation that a result is of."""
    configuration = result.expectation_config
    if configuration is None:
        raise ValueError("Great Expectations gave a result that names no expectation.")
    return configuration


def error_of(result: ExpectationValidationResult) -> str | None:
    """First line of what went wrong while an expectation was evaluated; None if nothing did.

    Great Expectations gives one exception an expectation, or one a metric under the metric's name.
    """
    info: Mapping[str, Any] = result.exception_info or {}
    exceptions = [info] if "raised_exception" in info else list(info.values())
    raised = next((each for each in exceptions if each.get("raised_exception")), None)
    if raised is None:
        return None
    lines = str(raised.get("exception_message") or "").strip().splitlines() or ["unknown error"]
    return without_values(_DRIVER_PREFIX.sub("", lines[0]))[:ERROR_LENGTH]


def sample_keys(index_list: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Keys of failing rows as text, such as `ORDER_ID=7, LINE_NUMBER=2`.

    Takes what Great Expectations gives, one mapping with a list a column, or one mapping a row.
    """
    rows: list[dict[str, Any]] = []
    for each in index_list:
        if each and all(isinstance(value, (list, tuple)) for value in each.values()):
            rows += [dict(zip(each, values, strict=True)) for values in zip(*each.values(), strict=True)]
        else:
            rows.append(dict(each))
    named = (", ".join(f"{name}={_text(value)}" for name, value in row.items()) for row in rows)
    return tuple(dict.fromkeys(named))[:SAMPLE_SIZE]


def _text(value: object) -> str:
    return "NULL" if value is None else str(value)


def _whole(count: float | None) -> int | None:
    return None if count is None else int(count)


def _sentence(expectation_type: str) -> str:
    return re.sub(r"^expect ", "", expectation_type.replace("_", " "))
