"""A rule in SQL as an expectation of Great Expectations."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from great_expectations.core.result_format import ResultFormat
from great_expectations.execution_engine.execution_engine import ExecutionEngine
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation
from great_expectations.validator.validator import ValidationDependencies

SAMPLE_SIZE: Final = 5
"""Failing rows whose keys are kept."""


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
        """The metrics to compute; for a bare verdict no rows are fetched, and the table's are not counted."""
        needed: ValidationDependencies = super().get_validation_dependencies(
            execution_engine, runtime_configuration
        )
        if needed.result_format.get("result_format") == ResultFormat.BOOLEAN_ONLY:
            needed.remove_metric_configuration("unexpected_rows_query.table")
            needed.remove_metric_configuration("table.row_count")
        return needed

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: ExecutionEngine[Any] | None = None,  # noqa: ARG002 - the parent's signature
    ) -> dict[str, Any]:
        failing = metrics["unexpected_rows_query.row_count"]
        result_format = self._get_result_format(runtime_configuration=runtime_configuration)
        if not isinstance(result_format, dict) or result_format["result_format"] == ResultFormat.BOOLEAN_ONLY:
            return {"success": failing == 0}
        checked = metrics["table.row_count"]
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
