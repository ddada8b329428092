"""The flow `prove`: replicate up to now, then compare every source table with its mirror, row by row.

Meant for quiet hours: `python -m flows.prove` runs it in this process.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.failures import TaskFailedError, fails_in_one_line, only_tables_stand, result_of
from flows.ingest.context import Limits
from flows.ingest.health.proof import TableProof, compare_table, provable_tables, record_proofs
from flows.replicate import catch_up, register_tables
from flows.run import name_this_run, this_run_id
from flows.sessions import replication_context
from flows.shown import ProgressBar, show_table

POLL_SECONDS = 2.0


@flow(name="prove")
def prove(patience_seconds: float = 30.0) -> State[Any]:
    """Prove that the mirrors equal the source; any difference ends the flow as failed.

    The capture job harvests commits some seconds after they happen. So a difference counts only when it is
    still there after `patience_seconds` of replicating on; with traffic going on, it always is.
    A table that stands is not compared, and fails the flow, too.

    Args:
        patience_seconds: how long a table that differs is replicated on and compared again.
    """
    run_id = this_run_id()
    deadline = time.monotonic() + patience_seconds
    try:
        standing = replicate_up_to_now(run_id)
        proofs = {proof.table: proof for proof in compare(run_id, None)}
        while (differing := differing_tables(proofs)) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            standing = replicate_up_to_now(run_id)
            proofs |= {proof.table: proof for proof in compare(run_id, differing)}
        result_of(record(run_id, list(proofs.values()), return_state=True))
    except TaskFailedError as failure:
        return failure.as_state()
    publish_table(list(proofs.values()))
    return verdict(list(proofs.values()), standing)


def replicate_up_to_now(run_id: str) -> str | None:
    """Bring the mirrors up to what CDC has harvested; returns what is to be done for tables that stand."""
    limits = Limits()
    result_of(register_tables(run_id, limits, return_state=True))
    state = catch_up(run_id, limits, return_state=True)
    if only_tables_stand(state):
        return str(state.message)
    result_of(state)
    return None


def compare(run_id: str, only: list[str] | None) -> list[TableProof]:
    """Compare tables with their mirrors; all that are followed and have a key, without `only`."""
    proofs: list[TableProof] = result_of(compare_tables(run_id, only, return_state=True))
    return proofs


@task(task_run_name="compare row by row", cache_policy=NO_CACHE)
@fails_in_one_line
def compare_tables(run_id: str, only: list[str] | None) -> list[TableProof]:
    """Compare tables with their mirrors; all that are followed and have a key, without `only`."""
    with replication_context("prove", run_id) as context:
        proofs, bar = [], ProgressBar("tables-compared")
        names = [name for name in provable_tables(context) if only is None or name in only]
        for name in names:
            proofs.append(compare_table(context, name))
            get_run_logger().info(str(proofs[-1]))
            bar.move(len(proofs), len(names), f"{len(proofs)} of {len(names)} tables, last {name}.")
        return proofs


@task(task_run_name="record the proofs", cache_policy=NO_CACHE)
@fails_in_one_line
def record(run_id: str, proofs: list[TableProof]) -> None:
    """Write the proofs to OPS.PROOFS."""
    with replication_context("prove", run_id) as context:
        record_proofs(context, proofs)


def differing_tables(proofs: dict[str, TableProof]) -> list[str]:
    """The tables that differ."""
    return [name for name, proof in proofs.items() if proof.differences]


def publish_table(proofs: list[TableProof]) -> None:
    """The proof of each table, in Prefect's UI."""
    rows = [
        {
            "table": proof.table,
            "source rows": proof.source_rows,
            "mirror rows": proof.mirror_rows,
            "differences": proof.differences,
            "some keys": "; ".join(proof.sample_keys),
        }
        for proof in proofs
    ]
    show_table("proof", rows, "Source against mirror, row by row.")


def verdict(proofs: list[TableProof], standing: str | None) -> State[Any]:
    """Completed when nothing differs, and no table stands."""
    rows = sum(proof.source_rows for proof in proofs)
    differing = [str(proof) for proof in proofs if proof.differences]
    if differing:
        name_this_run(f"{len(differing)} of {len(proofs)} tables differ")
        return Failed(message="; ".join([*differing, *filter(None, [standing])]))
    said = f"{rows:,} rows of {len(proofs)} tables, 0 differences"
    if standing:
        name_this_run("tables stand")
        return Failed(message=f"{said}; but {standing}")
    name_this_run(f"{rows:,} rows, 0 differences")
    return Completed(message=said, data=tuple(proofs))


if __name__ == "__main__":
    state = prove(return_state=True)
    print(state.message, file=sys.stderr)  # noqa: T201 - the one line of the proof
    sys.exit(0 if state.is_completed() else 1)
