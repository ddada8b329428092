"""Writes the page of a run and the index of the last ones."""

from __future__ import annotations

from pathlib import Path

from snowflake.connector import SnowflakeConnection

from expectations.gate.data_docs.history import read_history
from expectations.gate.data_docs.pages import index_page, run_page
from expectations.gate.data_docs.places import DataDocs
from expectations.gate.store import read_check_results
from expectations.report.ownership import Ownership


def publish(connection: SnowflakeConnection, run_id: str, docs: DataDocs, ownership: Ownership) -> Path:
    """Write the page of a run and the index, and remove the pages of runs that are too old; gives the index.

    All is read from QUALITY, so a worker that begins with an empty folder writes the whole index.

    Args:
        connection: a session in the database.
        run_id: which run.
        docs: where the pages lie.
        ownership: what is personal; of a table that is not in it, all values are masked.
    """
    runs = read_history(connection)
    pages = {
        run.page: run_page(run, read_check_results(connection, run_id), ownership)
        for run in runs
        if run.run_id == run_id
    }
    docs.write(connection, pages | {"index.html": index_page(runs)})
    docs.remove_others(connection, [each.page for each in runs])
    return docs.index
