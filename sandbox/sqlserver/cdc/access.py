"""Who may read a capture instance's changes.

Source: "Security model" in Microsoft's page "About change data capture": SELECT on all captured columns of
the source table and, where the instance has one, membership of its gating role; sysadmin and db_owner always.
"""

from __future__ import annotations

from typing import Protocol

from duckdb import DuckDBPyConnection

from sandbox.sqlserver.cdc.quoting import identifier
from sandbox.sqlserver.engine.catalog import Catalog
from sandbox.sqlserver.engine.model import TableDef


class Reader(Protocol):
    """What is asked of the login; `procedures.ProcedureContext` is one."""

    @property
    def connection(self) -> DuckDBPyConnection:
        """A connection that has the database attached."""

    @property
    def database(self) -> str:
        """The database."""

    @property
    def is_owner(self) -> bool:
        """True for members of db_owner (and sysadmin)."""

    def is_member(self, role: str) -> bool:
        """Whether the login is a member of a role of the database."""

    def selectable(self, object_id: int) -> set[int]:
        """The numbers of a table's columns that the login may SELECT."""


def readable_instances(reader: Reader) -> set[str]:
    """The capture instances whose changes the login may read, by lower-case name."""
    db = identifier(reader.database)
    rows = reader.connection.execute(
        f"""
        SELECT lower(t.capture_instance), t.source_object_id, t.role_name, list(c.column_id)
        FROM {db}.cdc.change_tables AS t
        INNER JOIN {db}.cdc.captured_columns AS c ON c.object_id = t.object_id
        GROUP BY ALL
        """
    ).fetchall()
    return {
        instance
        for instance, source, role, columns in rows
        if reader.is_owner
        or ((role is None or reader.is_member(role)) and _may_select(reader, source, set(columns)))
    }


def _may_select(reader: Reader, source: int, columns: set[int]) -> bool:
    """Whether the login may SELECT captured columns of a table: those that it still has."""
    missing = columns - reader.selectable(source)
    if not missing:
        return True
    table = Catalog(reader.connection, reader.database).by_id(source)
    return table is not None and missing.isdisjoint(column.column_id for column in table.columns)


def may_read(reader: Reader, capture_instance: str) -> bool:
    """Whether the login may read the changes of one instance."""
    return reader.is_owner or capture_instance.lower() in readable_instances(reader)


def instance_of_function(function: TableDef) -> str | None:
    """The capture instance of `cdc.fn_cdc_get_all_changes_<instance>` or its like; None for others."""
    for prefix in ("fn_cdc_get_all_changes_", "fn_cdc_get_net_changes_"):
        if function.schema.lower() == "cdc" and function.name.lower().startswith(prefix):
            return function.name[len(prefix) :]
    return None
