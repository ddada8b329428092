"""Great Expectations' context of a run: it keeps nothing on disk, no connection and no secret."""

from __future__ import annotations

import logging

import great_expectations as gx
from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
from great_expectations.data_context.types.base import DataContextConfig, ProgressBarsConfig


def open_context() -> EphemeralDataContext:
    """A context without stores on disk, and without pages: expectations/gate/data_docs writes them."""
    for noisy in ("great_expectations", "snowflake.connector", "snowflake.sqlalchemy"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
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
                "validation_results_store": {"class_name": "ValidationResultsStore"},
            },
            data_docs_sites={},
        ),
    )
