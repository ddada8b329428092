"""Which of a table's capture instances it is followed with, and what of it is replicated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flows.ingest.errors import SourceError
from flows.ingest.lsn import Lsn
from flows.ingest.policies.policy import TablePolicy
from flows.ingest.source.catalog import Instance, LoggedColumn, SourceColumn, SourceTable
from flows.ingest.tables.captured import CapturedTable, Column
from flows.ingest.tables.types import SqlType


@dataclass(frozen=True)
class InUse:
    """The capture instance that the ledger has for a table, and from which LSN on it has the changes."""

    instance: str
    from_lsn: Lsn | None


def follow(source: SourceTable, in_use: InUse | None, policy: TablePolicy) -> CapturedTable:
    """The table as it is replicated.

    Args:
        in_use: what the ledger has; the table moves on to a newer instance that captures no less. A table
            that is new, or whose instance is gone, takes the one that captures most, of two the newer.

    Raises:
        SourceError: it cannot be replicated as it is.
    """
    if source.schema is None or source.table is None:
        raise SourceError(
            f"The login cannot see the table of capture instance {source.instances[0].name}: grant it SELECT "
            "on it."
        )
    wanted = {column.column_id: column for column in wanted_columns(source, policy)}
    using = next((i for i in source.instances if in_use and i.name == in_use.instance), None)
    target = _target(source, using, wanted)
    older = _older(source, using, target)
    start = target.start_lsn
    if older is not None and target is using and in_use is not None and in_use.from_lsn is not None:
        start = in_use.from_lsn  # cleanup raises an instance's own start
    captured = _captured(source, target, wanted, policy)
    _check(captured)
    return replace(
        captured,
        start_lsn=start,
        older=None if older is None else _older_part(_captured(source, older, wanted, policy), captured),
    )


def wanted_columns(source: SourceTable, policy: TablePolicy) -> list[SourceColumn]:
    """The columns of a table that can be replicated: computed ones are always NULL in change tables."""
    excluded = {name.lower() for name in policy.exclude}
    return [c for c in source.columns if not c.is_computed and c.name.lower() not in excluded]


def _target(source: SourceTable, using: Instance | None, wanted: Mapping[int, SourceColumn]) -> Instance:
    def captures(instance: Instance) -> set[int]:
        return wanted.keys() & {column.column_id for column in instance.columns}

    if using is None:
        return max(reversed(source.instances), key=lambda instance: len(captures(instance)))
    newer = source.instances[source.instances.index(using) :]
    return [instance for instance in newer if captures(instance) >= captures(using)][-1]


def _older(source: SourceTable, using: Instance | None, target: Instance) -> Instance | None:
    if using is None:
        return None
    if using is not target:
        return using
    place = source.instances.index(target)
    return source.instances[place - 1] if place else None


def _captured(
    source: SourceTable, instance: Instance, wanted: Mapping[int, SourceColumn], policy: TablePolicy
) -> CapturedTable:
    """A table by one of its instances."""
    label = source.label
    excluded = {name.lower() for name in policy.exclude}
    computed = {column.column_id for column in source.columns if column.is_computed}
    logged = [
        _logged(column, label, is_dropped=column.column_id not in wanted)
        for column in instance.columns
        if column.column_id not in computed and column.name.lower() not in excluded
    ]
    return CapturedTable(
        schema=source.schema or "",
        table=source.table or "",
        capture_instance=instance.name,
        start_lsn=instance.start_lsn,
        columns=tuple(
            Column.of(
                column.name,
                column.ordinal,
                _sql_type(label, column, wanted[column.column_id].sql_type),
                label,
            )
            for column in instance.columns
            if column.column_id in wanted
        ),
        key_names=instance.key or source.primary_key,
        logged=tuple(column for column in logged if column is not None),
    )


def _older_part(older: CapturedTable, newer: CapturedTable) -> CapturedTable:
    """An older instance's changes enter the mirror by the newer one's key; without it, only the log."""
    captured = {column.source_name for column in older.logged or ()}
    return replace(older, key_names=newer.key_names if captured.issuperset(newer.key_names) else ())


def _logged(column: LoggedColumn, label: str, *, is_dropped: bool) -> Column | None:
    if is_dropped and column.sql_type is None:
        return None
    described = Column.of(column.name, column.ordinal, _sql_type(label, column, column.sql_type), label)
    return replace(described, is_dropped=is_dropped)


def _sql_type(label: str, column: LoggedColumn, sql_type: SqlType | None) -> SqlType:
    if sql_type is None:
        raise SourceError(
            f"Column {label}.{column.name} has a CLR type, which cannot be replicated: leave it out, with "
            "exclude in the table's policy, or with a new capture instance that does not have it."
        )
    return sql_type


def _check(table: CapturedTable) -> None:
    """Hold that the table's key is captured, and that its column names stay apart in Snowflake."""
    names = [column.source_name for column in table.columns]
    missing = [name for name in table.key_names if name not in names]
    if missing:
        raise SourceError(
            f"Capture instance {table.capture_instance} of {table.source_label} leaves out the key column "
            f"{missing[0]}: make a new instance that captures it, and do not exclude it."
        )
    mirrored = [column.name for column in table.columns]
    for name in mirrored:
        if name.startswith("_") or mirrored.count(name) > 1:
            raise SourceError(
                f"Table {table.source_label}: the column name {name} is taken in the mirror (names that "
                "begin with an underscore, or differ only by case): leave it out, with exclude in the "
                "table's policy, or with a new capture instance that does not have it."
            )
