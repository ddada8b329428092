"""The runner's ledger in OPS: what is published, of what and by which code, and what every run did."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from snowpark_models.errors import ConcurrentRunError
from snowpark_models.model import Model
from snowpark_models.runner.locations import has_change_log
from snowpark_models.runner.names import OPS, literal
from snowpark_models.runner.sql import ledger as sql
from snowpark_models.runner.state import ModelState, Versions
from snowpark_models.runner.warehouse import Warehouse, text_or_null

KEPT_VERSIONS = 1_000
"""As far back as change logs of models reach: who has not read for longer is rebuilt."""


@dataclass(frozen=True)
class RunRecord:
    """What a run did with a model: a row of OPS.MODEL_RUNS."""

    outcome: str
    mode: str
    reason: str
    row_count: int | None
    rows_changed: int | None
    rows_set_aside: int | None = None


@dataclass(frozen=True)
class Ledger:
    """Reads and writes OPS for one run.

    Attributes:
        token: tells the run from all others, also from an earlier try of its own; 8 hex digits.
    """

    warehouse: Warehouse
    run_id: str
    token: str = field(default_factory=lambda: secrets.token_hex(4).upper())

    @property
    def claimant(self) -> str:
        """What the run signs with in the ledger."""
        return f"{self.run_id}#{self.token}"

    @property
    def _ops(self) -> str:
        return self.warehouse.namespace.ops

    def prepare(self) -> None:
        """Make the ledger where it is missing, and bring one of an earlier version up to date."""
        self.warehouse.run(sql.create_runs(self._ops))
        self.warehouse.run(sql.create_states(self._ops))
        for table, columns in sql.COLUMNS_SINCE.items():
            known = {row["COLUMN_NAME"] for row in self.warehouse.rows(sql.columns_of(self._ops, table))}
            for column in (name for name in columns if name not in known):
                self.warehouse.run(sql.add_column(self._ops, table, column))

    def states(self) -> dict[str, ModelState]:
        """What is published in the run's namespace, by SCHEMA.TABLE."""
        return read_states(self.warehouse, self._ops)

    def claim(self, model: Model, state: ModelState) -> None:
        """From now on no run that began to build the model earlier can publish it.

        Raises:
            ConcurrentRunError: another run has published it, or is publishing it, since it was looked up.
        """
        location = self.warehouse.namespace.location(model)
        statement = sql.claim(
            self._ops, model.name, state.version, state.is_rebuilding, location, self.claimant
        )
        self._expect_one(self.warehouse.run(statement), model)

    def begin_swap(self, model: Model, state: ModelState) -> None:
        """Note that a rebuild is being published: if the run dies in it, the next one rebuilds.

        Raises:
            ConcurrentRunError: another run has begun to build the model.
        """
        location = self.warehouse.namespace.location(model)
        statement = sql.begin_swap(self._ops, model.name, location, state.version, self.claimant)
        self._expect_one(self.warehouse.run(statement), model)

    def set_published(self, model: Model, state: ModelState, published: ModelState) -> None:
        """Compare and set what is published: `published`, where `state` was.

        Raises:
            ConcurrentRunError: another run has begun to build the model, or has published it.
        """
        statement = sql.set_state(
            self._ops,
            model.name,
            self.warehouse.namespace.location(model),
            state.version,
            self.claimant,
            published.version,
            published.log_from,
            published.code,
            json.dumps(dict(published.inputs), sort_keys=True),
            published.is_probed,
            published.sieve,
        )
        self._expect_one(self.warehouse.run(statement), model)

    def distrust(self, model: Model) -> None:
        """Let the next run rebuild it: what is published may be of a run that had lost its claim."""
        self.warehouse.run(sql.distrust(self._ops, model.name, self.warehouse.namespace.location(model)))

    def check_claim(self, model: Model) -> None:
        """Hold that no other run has begun to build the model since this one did.

        Raises:
            ConcurrentRunError: one has.
        """
        location = self.warehouse.namespace.location(model)
        self._expect_one(self.warehouse.number(sql.count_claims(self._ops, location, self.claimant)), model)

    def record(
        self, model: Model, record: RunRecord, code: str, inputs: Versions, started_at: datetime
    ) -> None:
        """Write what became of a model, ended now."""
        started, ended = (
            moment.astimezone(UTC).replace(tzinfo=None).isoformat() for moment in (started_at, now())
        )
        values = [
            *map(literal, (self.run_id, model.layer, model.name, record.outcome)),
            text_or_null(record.row_count, "NUMBER(19,0)"),
            f"{literal(started)}::TIMESTAMP_NTZ",
            f"{literal(ended)}::TIMESTAMP_NTZ",
            *map(literal, (record.mode, record.reason)),
            text_or_null(record.rows_changed, "NUMBER(19,0)"),
            *map(literal, (code, json.dumps(dict(inputs), sort_keys=True))),
            text_or_null(record.rows_set_aside, "NUMBER(19,0)"),
        ]
        self.warehouse.run(sql.insert_run(self._ops, values))

    def _expect_one(self, changed: int, model: Model) -> None:
        if changed != 1:
            raise ConcurrentRunError(
                f"model {model.name}: another run has begun to build it since; this one published nothing "
                "of it. Let the other one finish, then run again."
            )


def read_states(warehouse: Warehouse, ops: str) -> dict[str, ModelState]:
    """What is published in a namespace, by SCHEMA.TABLE."""
    return {
        row["LOCATION"]: ModelState(
            row["MODEL"],
            int(row["VERSION"]),
            None if row["LOG_FROM"] is None else int(row["LOG_FROM"]),
            row["CODE"],
            _versions(row["INPUTS"]),
            row["IS_REBUILDING"],
            row.get("IS_PROBED") is not False,
            row.get("SIEVE") or "",
        )
        for row in (found.as_dict() for found in warehouse.rows(sql.read_states(ops)))
    }


def read_known_states(warehouse: Warehouse, kinds: Collection[tuple[str, str]]) -> dict[str, ModelState]:
    """What is published in production and where the run writes; nothing where there is no ledger yet.

    Args:
        warehouse: with the run's namespace.
        kinds: the tables there are, by schema and name.
    """
    ledgers = [ops for ops in dict.fromkeys((OPS, warehouse.namespace.ops)) if (ops, "MODEL_STATES") in kinds]
    states = {location: state for ops in ledgers for location, state in read_states(warehouse, ops).items()}
    return {
        location: state if has_change_log(location, kinds) else replace(state, log_from=None)
        for location, state in states.items()
    }


def now() -> datetime:
    """The present, for the ledger only: models know no clock but the data's."""
    return datetime.now(UTC)


def _versions(text: str) -> Versions:
    versions: dict[str, int | None] = json.loads(text)
    return versions
