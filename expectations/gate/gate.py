"""The gate: runs a table's suite in the warehouse and says whether the table may be published."""

from __future__ import annotations

import json
import re
import threading
import time
from pathlib import Path
from types import TracebackType

from great_expectations.data_context.data_context.context_factory import set_context
from great_expectations.datasource.fluent.interfaces import Batch
from snowflake.connector.errors import Error as SnowflakeError

from deployments.connections import connect_snowflake
from deployments.settings import SnowflakeSettings
from expectations.gate.catalog import load_suite
from expectations.gate.context import open_context
from expectations.gate.contract import Contract, under_contract
from expectations.gate.data_docs import DataDocs, publish
from expectations.gate.data_docs.history import anchored
from expectations.gate.gate_runs import (
    CREATE_GATE_RUNS,
    LastGate,
    keep_gate_run,
    note_on_gate_run,
    read_last_gates,
)
from expectations.gate.needs import answerable
from expectations.gate.overrides import CREATE_OVERRIDES, Override, append_override
from expectations.gate.partition import Partition, fingerprint
from expectations.gate.reading import read_check
from expectations.gate.results import GateResult
from expectations.gate.state import (
    CREATE_GATE_STATE,
    TableState,
    forget_position,
    keep_position,
    read_state,
)
from expectations.gate.store import append_check_results, create_check_results
from expectations.gate.validation import Checked, validate
from expectations.gate.warehouse import ALL_OF, add_warehouse, close_warehouse
from expectations.report.ownership import Ownership
from expectations.rules import Suite

_LOCATION = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*){1,2}")
_ONE_AT_A_TIME = threading.Lock()  # Great Expectations has one current context a process


class Gate:
    """All gates of one run, over one connection; a context manager.

        with Gate(settings.snowflake, run_id, settings.data_docs_folder) as gate:
            verdict = gate.check("marts", "order_facts", "MARTS.ORDER_FACTS__CANDIDATE")

    Leaving the block writes the Data Docs of the run and closes the connections. Where the docs cannot be
    written, `docs_problem` says why: what was published stands, and QUALITY has all that they would show.
    """

    docs_problem: str | None = None

    def __init__(
        self,
        settings: SnowflakeSettings,
        run_id: str,
        data_docs_folder: Path,
        data_docs_stage: str | None = None,
        ownership: Ownership | None = None,
    ) -> None:
        """Connect.

        Args:
            settings: of the warehouse.
            run_id: names the run in QUALITY.
            data_docs_folder: gets the Data Docs.
            data_docs_stage: of Snowflake, gets them, too.
            ownership: whose tables are and what of them is personal; where it is not known, all is masked.

        Raises:
            ConnectionFailed: Snowflake is not reachable, or refused the login.
            ValueError: the stage's name is none.
        """
        self._run_id = run_id
        self._docs = DataDocs(data_docs_folder, data_docs_stage)
        self._connection = connect_snowflake(settings, _query_tag("gate", run_id))
        create_check_results(self._connection)
        for statement in (CREATE_GATE_RUNS, CREATE_GATE_STATE, CREATE_OVERRIDES):
            self._connection.cursor().execute(statement)
        self._context = open_context()
        self._warehouse = add_warehouse(self._context, settings, _query_tag("gate", run_id))
        self._ownership = ownership or {}
        self._read: dict[str, TableState | None] = {}  # by table, what its next look begins from
        self._has_news = False

    def check(
        self,
        layer: str,
        table: str,
        location: str | None = None,
        *,
        contract: Contract | None = None,
        since: Partition | None = None,
    ) -> GateResult:
        """Check a table with its suite and keep what was found in QUALITY.

        Args:
            layer: raw, staging, marts or features.
            table: name of the table, in any case.
            location: the candidate to check in place of the published table, such as
                MARTS.ORDER_FACTS__CANDIDATE.
            contract: of the model that made the table; what it says is checked with the suite.
            since: what row-local rules look at alone, where `position` says that all other rows keep them.

        Raises:
            SuiteMissing: there is no suite; names the file to add.
        """
        began_from = self._begin(layer, table, is_whole=since is None)
        suite = self._suite(layer, table, contract)
        where = _known(location or f"{layer}.{table}")
        began = time.perf_counter()
        with _ONE_AT_A_TIME:
            set_context(self._context)
            self._tag(_name(layer, table))
            changed = None if since is None else self._batch(suite, _known(since.location), since.rows)
            checked = Checked(self._batch(suite, where), changed)
            found = validate(checked, suite, f"{layer}.{table}".lower())
        checks = tuple(map(read_check, found, (rule.column for rule in suite.rules)))
        seconds = time.perf_counter() - began
        facts = self._ownership.get(_name(layer, table))
        owner = facts.owner if facts else None
        is_whole, rules = since is None, fingerprint(suite)
        result = GateResult(layer.upper(), table.upper(), checks, is_whole, seconds, owner, rules, began_from)
        append_check_results(self._connection, self._run_id, result)
        keep_gate_run(self._connection, self._run_id, result, anchored(self._run_id, layer, table))
        if result.failures:
            forget_position(self._connection, layer, table, self._run_id)
        self._has_news = True
        return result

    def position(self, layer: str, table: str, contract: Contract | None = None) -> int | None:
        """Up to where the gate has found every row in order under the suite of today.

        A number of whoever fills the table: of RAW an arrival, of a model a version. None asks for a look at
        the whole table: nothing is known of it, something failed, the suite changed, or the last look is old.
        """
        state = self._read[_name(layer, table)] = read_state(self._connection, layer, table)
        return state.position_under(fingerprint(self._suite(layer, table, contract))) if state else None

    def remember(self, result: GateResult, position: int) -> None:
        """Keep that every row up to a position is in order.

        Nothing is kept where any check failed, nor where another run has kept or forgotten something of the
        table since this look at it began.
        """
        if result.failures:
            return
        keep_position(
            self._connection,
            result.layer,
            result.table,
            result.suite,
            position,
            self._run_id,
            is_whole=result.is_whole,
            began_from=result.began_from,
        )

    def note(
        self, result: GateResult, *, rows_set_aside: int | None = None, is_overridden: bool | None = None
    ) -> None:
        """Add to the gate's row in QUALITY.GATE_RUNS what became of the table after its verdict."""
        note_on_gate_run(
            self._connection,
            self._run_id,
            result.layer,
            result.table,
            rows_set_aside=rows_set_aside,
            is_overridden=is_overridden,
        )

    def last_gates(self) -> dict[str, LastGate]:
        """Each table's last gate before this run, by its name, such as MARTS.ORDER_FACTS."""
        return read_last_gates(self._connection, self._run_id)

    def record(self, override: Override) -> None:
        """Keep in QUALITY.OVERRIDES that a closed gate was let through."""
        append_override(self._connection, self._run_id, override)

    def write_data_docs(self) -> Path:
        """Write the run's page and the index of all runs; gives the index page."""
        self._has_news = False
        return publish(self._connection, self._run_id, self._docs, self._ownership)

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
            if self._has_news:
                self.write_data_docs()
        except (OSError, SnowflakeError) as failed:
            self.docs_problem = (
                f"The Data Docs could not be written ({type(failed).__name__}): check "
                "PLATFORM_DATA_DOCS_FOLDER and PLATFORM_DATA_DOCS_STAGE; the next run writes the index anew"
            )
        finally:
            self.close()

    def _begin(self, layer: str, table: str, *, is_whole: bool) -> TableState | None:
        """What was kept of the table before the look at it: of a part, when its position was asked for."""
        name = _name(layer, table)
        if is_whole and name not in self._read:
            return read_state(self._connection, layer, table)
        return self._read.pop(name, None)

    def _tag(self, model: str) -> None:
        with self._warehouse.get_engine().connect() as connection:
            connection.exec_driver_sql("ALTER SESSION SET QUERY_TAG = %s", (_query_tag(model, self._run_id),))

    def _suite(self, layer: str, table: str, contract: Contract | None) -> Suite:
        suite = load_suite(layer, table)
        if contract is not None:
            suite = under_contract(suite, contract)
        return answerable(self._connection, suite)

    def _batch(self, suite: Suite, location: str, rows: str | None = None) -> Batch:
        quoted = ".".join(f'"{part}"' for part in location.split("."))
        conditions = [f"({condition})" for condition in (suite.rows, rows) if condition]
        chosen = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        name = f"{location}, what has changed" if rows else location
        if name in self._warehouse.get_asset_names():
            self._warehouse.delete_asset(name)
        asset = self._warehouse.add_query_asset(name, query=f"{ALL_OF}{quoted}{chosen}")
        return asset.add_batch_definition_whole_table("all rows").get_batch()


def _name(layer: str, table: str) -> str:
    return f"{layer}.{table}".upper()


def _known(location: str) -> str:
    """A location that is none reaches no statement."""
    if not _LOCATION.fullmatch(location):
        raise ValueError(f"{location!r} is no location of a table: write SCHEMA.TABLE.")
    return location.upper()


def _query_tag(model: str, run_id: str) -> str:
    return json.dumps({"flow": "gate", "model": model, "run": run_id})
