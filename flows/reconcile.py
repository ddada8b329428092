"""The flow `reconcile`: prove that each mirror is what its source was at one LSN, also under traffic.

`python -m flows.reconcile [--table dbo.orders …] [--repair]` runs it in this process.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.failures import TaskFailedError, fails_in_one_line, result_of
from flows.ingest.context import Limits
from flows.ingest.reconcile.compare import chosen_tables, reconcile_tables
from flows.ingest.reconcile.repairing import repair_table
from flows.ingest.reconcile.results import TableReconciliation, record
from flows.progress import PrefectProgress
from flows.prove import replicate_up_to_now
from flows.replicate import ANOTHER_RUN_IS_FASTER
from flows.run import name_this_run, this_run_id
from flows.sessions import replication_context
from flows.shown import show_table

REPAIRS = 3
"""How often keys are repaired at most: those that somebody writes just then wait for the next time."""


@flow(name="reconcile")
def reconcile(tables: Sequence[str] = (), repair: bool = False) -> State[Any]:
    """Compare mirrors with their sources by hash, at one LSN each; differences end the flow as failed.

    A table that stands is not compared, and fails a flow of all tables, too.

    Args:
        tables: source tables such as `dbo.orders`; all that are replicated, when left out.
        repair: read the rows that differ anew, and compare again.
    """
    run_id = this_run_id()
    try:
        standing, found = compare_now(run_id, list(tables) or None)
        for _ in range(REPAIRS if repair else 0):
            broken = [table for table in found if table.can_be_repaired]
            if not broken:
                break
            result_of(repair_tables(run_id, broken, return_state=True))
            standing, again = compare_now(run_id, [table.source for table in broken])
            found = sorted([*(t for t in found if t not in broken), *again], key=lambda table: table.table)
    except TaskFailedError as failure:
        return failure.as_state()
    publish_table(found)
    return verdict(found, None if tables else standing)


def compare_now(run_id: str, tables: list[str] | None) -> tuple[str | None, list[TableReconciliation]]:
    """Bring the mirrors up to what CDC has harvested, and compare them; what stands comes first."""
    standing = replicate_up_to_now(run_id)
    found: list[TableReconciliation] = result_of(compare(run_id, tables, return_state=True))
    return standing, found


@task(task_run_name="compare by hash", cache_policy=NO_CACHE, **ANOTHER_RUN_IS_FASTER)
@fails_in_one_line
def compare(run_id: str, tables: list[str] | None) -> list[TableReconciliation]:
    """Compare tables with their mirrors, and write what was found to OPS.RECONCILIATIONS."""
    with replication_context("reconcile", run_id, Limits(), PrefectProgress()) as context:
        found = reconcile_tables(context, chosen_tables(context, tables))
        record(context, found)
        for table in found:
            get_run_logger().info(str(table))
        return found


@task(task_run_name="repair", cache_policy=NO_CACHE, **ANOTHER_RUN_IS_FASTER)
@fails_in_one_line
def repair_tables(run_id: str, broken: list[TableReconciliation]) -> None:
    """Replace the rows of keys that differ by what the source has."""
    with replication_context("reconcile", run_id, Limits(), PrefectProgress()) as context:
        for table in broken:
            repair_table(context, table)


def publish_table(found: Sequence[TableReconciliation]) -> None:
    """What was compared, what differs and what it cost, in Prefect's UI."""
    rows = [
        {
            "table": table.table,
            "outcome": table.outcome,
            "LSN": table.lsn,
            "source rows": table.source_rows,
            "mirror rows": table.mirror_rows,
            "parts": table.parts,
            "differing": table.parts_differing,
            "missing": len(table.verdict.missing),
            "surplus": len(table.verdict.surplus),
            "other values": len(table.verdict.different),
            "some keys": "; ".join(table.sample_keys),
            "not hashed": "; ".join(table.not_hashed),
            "source queries": table.effort.source_queries,
            "source rows read": table.effort.source_rows,
            "source ms": table.effort.source_milliseconds,
            "Snowflake statements": table.effort.warehouse_statements,
        }
        for table in found
    ]
    show_table("reconciliation", rows, "Source against mirror, by hash, at one LSN a table.")


def verdict(found: Sequence[TableReconciliation], standing: str | None) -> State[Any]:
    """Completed when nothing differs, and no table stands; what could not be told is said."""
    differing = [str(table) for table in found if table.differs]
    if differing:
        name_this_run(f"{len(differing)} of {len(found)} tables differ")
        return Failed(message=". ".join([*differing, *_remedy(found), *filter(None, [standing])]))
    rows = sum(table.mirror_rows for table in found)
    left = [str(table) for table in found if table.outcome in ("not compared", "undecided")]
    said = "; ".join([f"{rows:,} rows of {len(found) - len(left)} tables, 0 differences", *left])
    if standing:
        name_this_run("tables stand")
        return Failed(message=f"{said}. {standing}")
    name_this_run(f"{rows:,} rows, 0 differences")
    return Completed(message=said, data=tuple(found))


def _remedy(found: Sequence[TableReconciliation]) -> list[str]:
    tables = " ".join(f"--table {table.source}" for table in found if table.can_be_repaired)
    return [f"Mend them with: python -m flows.reconcile {tables} --repair"] if tables else []


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the flow; the exit code is 0 when nothing differs."""
    parser = argparse.ArgumentParser(prog="flows.reconcile", description=__doc__)
    parser.add_argument("--table", action="append", help="a source table such as dbo.orders; may be repeated")
    parser.add_argument("--repair", action="store_true", help="read the rows that differ anew")
    chosen = parser.parse_args(arguments)
    state = reconcile(chosen.table or (), chosen.repair, return_state=True)
    print(state.message, file=sys.stderr)  # noqa: T201 - the one line of the verdict
    return 0 if state.is_completed() else 1


if __name__ == "__main__":
    sys.exit(main())
