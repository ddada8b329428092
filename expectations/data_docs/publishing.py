"""Writes the page of a run and the index of the last ones."""

from __future__ import annotations

from pathlib import Path

from snowflake.connector import SnowflakeConnection

from expectations.data_docs.history import read_history
from expectations.data_docs.pages import index_page, run_page
from expectations.data_docs.places import DataDocs
from expectations.gate.store import read_check_results


def publish(connection: SnowflakeConnection, run_id: str, docs: DataDocs) -> Path:
    """Write the page of a run and the index, and remove the pages of runs that are too old; gives the index.

    All is read from QUALITY, so a worker that begins with an empty folder writes the whole index.
    """
    runs = read_history(connection)
    pages = {"index.html": index_page(runs)}
    run = next((each for each in runs if each.run_id == run_id), None)
    if run is not None:
        pages[run.page] = run_page(run, read_check_results(connection, run_id))
    docs.write(connection, pages)
    docs.remove_others(connection, [each.page for each in runs])
    return docs.index
