"""The gate: runs a table's suite in the warehouse and says whether the table may be published."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from types import TracebackType

from great_expectations.data_context.data_context.context_factory import set_context
from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier
from great_expectations.datasource.fluent.interfaces import Batch

from deployments.connections import connect_snowflake
from deployments.settings import SnowflakeSettings
from expectations.gate.catalog import load_suite
from expectations.gate.contract import Contract, under_contract
from expectations.gate.data_docs import keep_result, open_context, write_pages
from expectations.gate.reading import read_check
from expectations.gate.results import GateResult
from expectations.gate.store import append_check_results, create_check_results
from expectations.gate.validation import validate
from expectations.gate.warehouse import ALL_OF, add_warehouse, close_warehouse
from expectations.rules import Suite

_LOCATION = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*){1,2}")
_ONE_AT_A_TIME = threading.Lock()  # Great Expectations has one current context a process


class Gate:
    """All gates of one run, over one connection; a context manager.

        with Gate(settings.snowflake, run_id, settings.data_docs_folder) as gate:
            verdict = gate.check("marts", "order_facts", "MARTS.ORDER_FACTS__CANDIDATE")

    Leaving the block writes the Data Docs of the run and closes the connections.
    """

    def __init__(self, settings: SnowflakeSettings, run_id: str, data_docs_folder: Path) -> None:
        """Connect.

        Raises:
            ConnectionFailed: Snowflake is not reachable, or refused the login.
        """
        self._run_id = run_id
        self._connection = connect_snowflake(settings, _query_tag("gate", run_id))
        create_check_results(self._connection)
        self._context = open_context(data_docs_folder)
        self._warehouse = add_warehouse(self._context, settings, _query_tag("gate", run_id))
        self._kept: list[ValidationResultIdentifier] = []
        self._index = data_docs_folder / "index.html"

    def check(
        self, layer: str, table: str, location: str | None = None, *, contract: Contract | None = None
    ) -> GateResult:
        """Check a table with its suite and keep what was found in QUALITY.CHECK_RESULTS.

        Args:
            layer: raw, staging, marts or features.
            table: name of the table, in any case.
            location: the candidate to check in place of the published table, such as
                MARTS.ORDER_FACTS__CANDIDATE.
            contract: of the model that made the table; what it says is checked with the suite.

        Raises:
            SuiteMissing: there is no suite; names the file to add.
        """
        suite = load_suite(layer, table)
        if contract is not None:
            suite = under_contract(suite, contract)
        where = location or f"{layer}.{table}"
        if not _LOCATION.fullmatch(where):
            raise ValueError(f"{where!r} is no location of a table: write SCHEMA.TABLE.")
        with _ONE_AT_A_TIME:
            set_context(self._context)
            self._tag(f"{layer}.{table}".upper())
            found = validate(self._batch(suite, where.upper()), suite, f"{layer}.{table}".lower())
            self._kept.append(
                keep_result(self._context, self._run_id, f"{layer}.{table}".lower(), where.upper(), found)
            )
        checks = tuple(map(read_check, found.results, (rule.column for rule in suite.rules)))
        result = GateResult(layer.upper(), table.upper(), checks)
        append_check_results(self._connection, self._run_id, result)
        return result

    def write_data_docs(self) -> Path:
        """Write the pages of all tables checked since the last call; gives the index page."""
        with _ONE_AT_A_TIME:
            set_context(self._context)
            write_pages(self._context, self._kept)
        self._kept = []
        return self._index

    def close(self) -> None:
        """Close the connections."""
        close_warehouse(self._warehouse)
        self._connection.close()

    def __enter__(self) -> Gate:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._kept:
                self.write_data_docs()
        finally:
            self.close()

    def _tag(self, model: str) -> None:
        with self._warehouse.get_engine().connect() as connection:
            connection.exec_driver_sql("ALTER SESSION SET QUERY_TAG = %s", (_query_tag(model, self._run_id),))

    def _batch(self, suite: Suite, location: str) -> Batch:
        quoted = ".".join(f'"{part}"' for part in location.split("."))
        chosen = f" WHERE {suite.rows}" if suite.rows else ""
        if location in self._warehouse.get_asset_names():
            self._warehouse.delete_asset(location)
        asset = self._warehouse.add_query_asset(location, query=f"{ALL_OF}{quoted}{chosen}")
        return asset.add_batch_definition_whole_table("all rows").get_batch()


def _query_tag(model: str, run_id: str) -> str:
    return json.dumps({"flow": "gate", "model": model, "run": run_id})
