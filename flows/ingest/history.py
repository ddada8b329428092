"""Histories: for each table whose policy asks for one, a view of all versions beside its mirror."""

from __future__ import annotations

from flows.ingest.context import Context
from flows.ingest.tables import HISTORY_SUFFIX
from flows.ingest.warehouse import history_sql


def keep_histories(context: Context) -> None:
    """Bring the views in line with the policies and the columns of today; DDL, so outside of transactions."""
    views = {str(row[0]) for row in context.warehouse.rows(history_sql.VIEWS_IN_RAW)}
    for table in context.tables.values():
        is_wanted = context.policies.of(table.source_label).history
        if is_wanted and not table.key:
            context.warn(f"{table.source_label} has no key, so no history of its rows can be kept.")
        elif is_wanted:
            context.warehouse.execute(history_sql.create_history(table))
        elif f"{table.name}{HISTORY_SUFFIX}" in views:
            context.warehouse.execute(history_sql.drop_history(table.name))
