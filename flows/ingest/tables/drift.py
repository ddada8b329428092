"""Schema drift: what a source table has that its mirror has not, and what its policy says to that."""

from __future__ import annotations

import re

from flows.ingest.context import Context, utc_now
from flows.ingest.errors import SourceError, TableError
from flows.ingest.source import statements
from flows.ingest.source.catalog import MOST_INSTANCES, Instance, SourceColumn, SourceTable
from flows.ingest.source.following import wanted_columns
from flows.ingest.source.statements import NewInstance
from flows.ingest.tables.captured import CapturedTable, change_log_name
from flows.ingest.tables.types import is_mapped
from flows.ingest.warehouse.evolution import Evolution, fitted, plan, undone, unfit
from flows.ingest.warehouse.ledger import FILLING, ReplicatedTable

LONGEST_INSTANCE_NAME = 100
"""Characters (error 22927 of sys.sp_cdc_enable_table)."""


def capture_added_columns(context: Context) -> None:
    """Have columns captured that no instance has, where the login may do that; else say what to run.

    Only an owner of the database may make one, and only for a table whose policy is to evolve and allows it.
    """
    made = False
    for name, table in context.discovered.tables.items():
        source = context.discovered.catalog[name]
        policy = context.policies.of(source.label)
        if policy.on_drift != "evolve" or name not in context.raw:
            continue
        missing = uncaptured(context, table, source)
        if missing:
            made |= _capture(context, table, source, missing)
    if made:
        context.discover()


def evolve(context: Context, name: str, known: ReplicatedTable | None) -> None:
    """Bring a table's change log and mirror to what the source's table is; mark it where that takes its rows.

    Raises:
        TableError: the table's policy is to stop, or the change is not in CDC's change table yet.
    """
    table = context.discovered.tables[name]
    policy = context.policies.of(table.source_label)
    if known is not None and policy.on_drift == "discard":
        table = _kept_only(context, table)
    planned = plan(table, context.raw)
    if known is not None and policy.on_drift == "freeze":
        _refuse_drift(context, table, planned)
    _wait_for_change_table(table, planned)
    if known is not None and (planned.is_read_anew or _is_new_to_its_instance(table, known)):
        context.ledger.set_state(name, FILLING, utc_now())  # first: a run that dies in between leaves it
    for statement in planned.statements:
        context.warehouse.execute(statement)
    if known is not None and planned.changes:
        context.warn(f"{table.source_label}: {'; '.join(planned.changes)}; its mirror follows.")
    context.raw |= {change_log_name(name): planned.log, name: planned.mirror}
    context.tables[name] = fitted(table, planned.log, planned.mirror)


def uncaptured(context: Context, table: CapturedTable, source: SourceTable) -> list[SourceColumn]:
    """The columns of a source's table that could be replicated and are not in its capture instance."""
    policy = context.policies.of(source.label)
    captured = {column.source_name for column in table.columns}
    return [c for c in wanted_columns(source, policy) if c.name not in captured and _is_replicable(c)]


def _capture(
    context: Context, table: CapturedTable, source: SourceTable, missing: list[SourceColumn]
) -> bool:
    """Have columns captured, or say how; True when an instance was made."""
    names = ", ".join(f"{c.name} ({c.sql_type.declaration})" for c in missing if c.sql_type)
    told = f"{source.label}: no capture instance has the column {names}"
    if len(source.instances) >= MOST_INSTANCES:
        unused = next(i.name for i in source.instances if i.name != table.capture_instance)
        disable = statements.disable_instance(table.schema, table.table, unused)
        context.warn(
            f"{told}, and both instances that SQL Server allows are in use. When nobody else reads {unused}, "
            f"and the cursor has passed {table.start_lsn}: {disable}; then, for the column: "
            f"{statements.enable_instance(_new_instance(context, table, source))}."
        )
        return False
    statement = statements.enable_instance(_new_instance(context, table, source))
    remedy = f"somebody with db_owner runs: {statement}; the next run takes it up, and no value is lost"
    if not context.policies.of(source.label).second_instance or not context.source.scalar(
        statements.IS_OWNER
    ):
        context.warn(f"{told}; {remedy}.")
        return False
    try:
        context.source.change(statement)
    except SourceError as error:
        context.warn(f"{told}, and none could be made ({error}); {remedy}.")
        return False
    finally:
        if context.database.allows_snapshot_isolation:
            context.source.use_snapshot_isolation()
    context.warn(f"{told}; a second one was made: {statement}.")
    return True


def _new_instance(context: Context, table: CapturedTable, source: SourceTable) -> NewInstance:
    model = next(i for i in source.instances if i.name == table.capture_instance)
    wanted = [c for c in wanted_columns(source, context.policies.of(source.label)) if _is_replicable(c)]
    return NewInstance(
        schema=table.schema,
        table=table.table,
        name=_free_name(model.name, source.instances),
        role=model.role,
        supports_net_changes=model.supports_net_changes,
        index=model.index if model.key and model.key != source.primary_key else None,
        columns=[c.name for c in wanted] if len(wanted) < len(source.columns) else None,
    )


def _free_name(model: str, instances: tuple[Instance, ...]) -> str:
    """`dbo_orders` → `dbo_orders_v2` → `dbo_orders_v3`."""
    stem, number = re.fullmatch(r"(.*?)(?:_v(\d+))?", model, re.DOTALL).groups()  # type: ignore[union-attr]
    taken = {instance.name.lower() for instance in instances}
    version = int(number or 1) + 1
    while (name := f"{stem[: LONGEST_INSTANCE_NAME - 6]}_v{version}").lower() in taken:
        version += 1
    return name


def _is_replicable(column: SourceColumn) -> bool:
    return column.sql_type is not None and is_mapped(column.sql_type) and not column.name.startswith("_")


def _kept_only(context: Context, table: CapturedTable) -> CapturedTable:
    """Discard: only the columns that the mirror has, and can keep as they are now."""
    kept = fitted(table, context.raw.get(change_log_name(table.name)), context.raw.get(table.name))
    names = {column.source_name for column in kept.columns if column.kept_as is None}
    left_out = [column.source_name for column in table.columns if column.source_name not in names]
    if left_out:
        context.warn(
            f"{table.source_label}: {', '.join(left_out)} is discarded by the table's policy: the "
            "mirror keeps the columns that it has."
        )
    key = [name for name in table.key_names if name not in names]
    if key:
        raise TableError(
            f"Table {table.source_label}: {key[0]} is of its key, so it cannot be discarded; "
            f'RAW.{table.name} stands still: set on_drift = "evolve" for it in replication.toml.'
        )
    return table.with_columns(lambda c: c if c.source_name in names or c.is_dropped else None)


def _refuse_drift(context: Context, table: CapturedTable, planned: Evolution) -> None:
    source = context.discovered.catalog[table.name]
    changes = list(planned.changes)
    changes += [f"column {c.name} was added" for c in uncaptured(context, table, source)]
    changes += [f"column {name} was dropped" for name in undone(table, context.raw)]
    if changes:
        raise TableError(
            f"Table {table.source_label} is frozen, and {'; '.join(changes)}: RAW.{table.name} stands "
            "where it is, and nothing is lost while CDC keeps its changes. Undo the change, or set on_drift "
            'to "evolve" or "discard" for it in replication.toml.'
        )


def _is_new_to_its_instance(table: CapturedTable, known: ReplicatedTable) -> bool:
    """Whether the mirror moves on to an instance with columns that the one before did not capture."""
    if known.capture_instance == table.capture_instance:
        return False
    before = table.older.logged or table.older.columns if table.older is not None else ()
    captured = {column.source_name for column in before if not column.is_dropped}
    return not captured.issuperset(column.source_name for column in table.columns)


def _wait_for_change_table(table: CapturedTable, planned: Evolution) -> None:
    waiting = unfit(table, planned)
    if waiting:
        raise TableError(
            f"Table {table.source_label}: the new type of {waiting[0].source_name} is not in CDC's change "
            f"table yet, so RAW.{table.name} stands where it is: run again when the capture job has read the "
            "ALTER TABLE; if it does not, sys.dm_cdc_errors says why."
        )
