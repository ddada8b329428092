"""Great Expectations' context of a run, and the pages (Data Docs) that it writes for people."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import great_expectations as gx
from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
from great_expectations.data_context.types.base import DataContextConfig, ProgressBarsConfig
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)

INDEXED_RESULTS = 500
"""Newest results that the index lists; older pages stay where they are."""


def open_context(folder: Path) -> EphemeralDataContext:
    """A context whose results and pages lie in `folder`; it keeps no connection and no secret there."""
    for noisy in ("great_expectations", "snowflake.connector", "snowflake.sqlalchemy"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    folder.mkdir(parents=True, exist_ok=True)
    files = {"class_name": "TupleFilesystemStoreBackend"}
    return gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
            expectations_store_name="expectations_store",
            validation_results_store_name="validation_results_store",
            checkpoint_store_name="checkpoint_store",
            stores={
                "expectations_store": {"class_name": "ExpectationsStore"},
                "checkpoint_store": {"class_name": "CheckpointStore"},
                "validation_definition_store": {"class_name": "ValidationDefinitionStore"},
                "validation_results_store": {
                    "class_name": "ValidationResultsStore",
                    "store_backend": {**files, "base_directory": str(folder.resolve() / ".results")},
                },
            },
            data_docs_sites={
                "data_docs": {
                    "class_name": "SiteBuilder",
                    "show_how_to_buttons": False,
                    "store_backend": {**files, "base_directory": str(folder.resolve())},
                    "site_index_builder": {
                        "class_name": "DefaultSiteIndexBuilder",
                        "validation_results_limit": INDEXED_RESULTS,
                    },
                }
            },
        ),
    )


def keep_result(
    context: EphemeralDataContext,
    run_id: str,
    suite: str,
    asset: str,
    result: ExpectationSuiteValidationResult,
) -> ValidationResultIdentifier:
    """Keep a table's results with the history."""
    key = ValidationResultIdentifier(
        expectation_suite_identifier=ExpectationSuiteIdentifier(suite),
        run_id=RunIdentifier(run_name=run_id, run_time=datetime.now(UTC)),
        batch_identifier=asset,
    )
    result.meta["run_id"] = key.run_id
    result.meta["validation_time"] = key.run_id.run_time
    context.validation_results_store.store_validation_results(
        suite_validation_result=result, suite_validation_result_identifier=key
    )
    return key


def write_pages(context: EphemeralDataContext, results: list[ValidationResultIdentifier]) -> None:
    """Write a page for each of the results, and the index of all."""
    context.build_data_docs(resource_identifiers=list(results))
