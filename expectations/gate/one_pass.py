"""One SELECT over a table that counts, for all rules that can be counted, how often they are broken.

Great Expectations bundles what its own column rules count into one query, and sends a query for each other
rule. As a metric of its own, the counts of all rules are one query, and one scan.
"""

from __future__ import annotations

from typing import Any, ClassVar

import sqlalchemy as sa
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.execution_engine.execution_engine import ExecutionEngine
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from expectations.rules import Rule

METRIC = "gate.one_pass"


class OnePass(TableMetricProvider):
    """The rows of a batch, then each of some aggregates over it, in one query."""

    metric_name = METRIC
    value_keys = ("aggregates",)

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(
        cls,  # noqa: N805 - as Great Expectations calls it
        execution_engine: SqlAlchemyExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],  # noqa: ARG002 - Great Expectations' signature
        runtime_configuration: dict[str, Any],  # noqa: ARG002 - Great Expectations' signature
    ) -> list[int]:
        checked, _, _ = execution_engine.get_compute_domain(
            metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE
        )
        wanted = ["COUNT(*)", *metric_value_kwargs["aggregates"]]
        columns: list[sa.Label[Any]] = [
            sa.literal_column(sql).label(f"N{place}") for place, sql in enumerate(wanted)
        ]
        (row,) = execution_engine.execute_query(sa.select(*columns).select_from(checked)).fetchall()
        return [int(count or 0) for count in row]


class IsNeverBroken(BatchExpectation):
    """The aggregate at a place among those of one pass is 0."""

    aggregates: list[str]
    place: int
    metric_dependencies: ClassVar[tuple[str, ...]] = (METRIC,)
    success_keys: ClassVar[tuple[str, ...]] = ("aggregates", "place")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002 - the parent's signature
        execution_engine: ExecutionEngine[Any] | None = None,  # noqa: ARG002 - the parent's signature
    ) -> dict[str, Any]:
        checked, *broken = metrics[METRIC]
        failing = broken[self.place]
        return {
            "success": failing == 0,
            "result": {"element_count": checked, "unexpected_count": failing},
        }


def counted(rules: dict[str, Rule]) -> list[IsNeverBroken]:
    """The rules as expectations that one pass over a table decides; all of them have an aggregate."""
    aggregates = [str(rule.aggregate) for rule in rules.values()]
    return [
        IsNeverBroken(
            aggregates=aggregates,
            place=place,
            severity=FailureSeverity(rule.severity),
            description=rule.sentence,
            meta={"rule": number},
        )
        for place, (number, rule) in enumerate(rules.items())
    ]
