"""Histories: for each table whose policy asks for one, a view of all versions beside its mirror."""

from __future__ import annotations

from flows.ingest.context import Context
from flows.ingest.policies.columns import comment_of
from flows.ingest.tables.captured import HISTORY_SUFFIX
from flows.ingest.warehouse import history_sql


def keep_history_without(context: Context, name: str, columns: set[str]) -> None:
    """Take columns out of a table's history, if it has one, before they go from the change log."""
    if name not in context.tables or f"{name}{HISTORY_SUFFIX}" not in context.raw:
        return
    table = context.tables[name].with_columns(lambda column: None if column.name in columns else column)
    context.warehouse.execute(history_sql.create_history(table))


def keep_histories(context: Context) -> None:
    """Bring the views in line with the policies and the columns of today; DDL, so outside of transactions."""
    views = {str(row[0]) for row in context.warehouse.rows(history_sql.VIEWS_IN_RAW)}
    for table in context.tables.values():
        policy = context.policies.of(table.source_label)
        is_wanted = policy.history
        comments = {column.name: comment_of(column, policy) for column in table.columns}
        if is_wanted and not table.key:
            context.warn(f"{table.source_label} has no key, so no history of its rows can be kept.")
        elif is_wanted:
            context.warehouse.execute(history_sql.create_history(table, comments))
        elif f"{table.name}{HISTORY_SUFFIX}" in views:
            context.warehouse.execute(history_sql.drop_history(table.name))
