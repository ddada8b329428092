"""Incremental equals full rebuild, for every incremental model, whatever arrives in whatever order."""

from __future__ import annotations

import random

import pytest
from snowflake.snowpark import Session

from deployments.settings import SnowflakeSettings
from snowpark_models import Model
from snowpark_models.runner import ModelOutcome, Options, materialise, plan
from snowpark_models.runner.names import Namespace
from tests.models.replica import Replica, database, open_gate
from tests.models.shellcorp import Shellcorp

FULL = Namespace("FULL")
INCREMENTAL = [model for model in plan() if model.materialized == "incremental"]
STEPS = 3


def run(session: Session, number: int) -> dict[str, ModelOutcome]:
    outcomes = materialise(session, INCREMENTAL, open_gate, f"run-{number}")
    assert {outcome.reason for outcome in outcomes if not outcome.is_published} == set()
    return {outcome.model.name: outcome for outcome in outcomes}


def rebuild(session: Session) -> None:
    """All of them anew, from the mirrors, beside the ones that were kept up to date."""
    options = Options(namespace=FULL, rebuilt=[model.name for model in INCREMENTAL])
    outcomes = materialise(session, INCREMENTAL, open_gate, "full", options=options)
    assert {outcome.outcome for outcome in outcomes} == {"published"}


def differing(session: Session, model: Model) -> list[tuple[object, ...]]:
    """Rows that one of the two has, and how often."""
    columns = ", ".join(column.name for column in model.contract)
    kept, full = (f"{namespace.schema(model.layer)}.{model.table}" for namespace in (Namespace(), FULL))
    query = f"""
        SELECT SUM(N) AS N, {columns}
        FROM (SELECT 1 AS N, {columns} FROM {kept} UNION ALL SELECT -1 AS N, {columns} FROM {full}) AS BOTH
        GROUP BY {columns} HAVING SUM(N) <> 0
    """
    return [tuple(row) for row in session.sql(query).collect()]


@pytest.mark.parametrize("seed", [1, 2])
def test_incremental_is_what_a_rebuild_is(session: Session, snowflake: SnowflakeSettings, seed: int) -> None:
    """Splits at random, with duplicates, deletes, rows that arrive late, and runs with nothing new."""
    chance = random.Random(seed)
    source_rows = Shellcorp(seed)
    modes = set()
    with database(session, snowflake) as opened:
        replica = Replica(opened)
        for name, rows in source_rows.rows().items():
            replica.deliver(name, rows[: len(rows) // 2])
        run(opened, 0)
        for step in range(1, STEPS + 1):
            late = replica.position()
            for name in chance.sample(sorted(source_rows.rows()), k=chance.randint(1, 5)):
                rows = source_rows.any_rows(name, chance.randint(1, 4))
                replica.deliver(name, rows)
                if chance.random() < 1 / 3:
                    replica.deliver(name, rows)
                if chance.random() < 1 / 3:
                    replica.deliver(name, source_rows.any_rows(name, 3), position=late)
            modes |= {outcome.decision.mode for outcome in run(opened, step).values()}
        rebuild(opened)
        found = {model.name: differing(opened, model) for model in INCREMENTAL}
        assert {name: rows for name, rows in found.items() if rows} == {}, f"seed {seed}"
    assert modes == {"incremental", "nothing"}, "no incremental model was rebuilt"
