"""A policy that changed, in the warehouse: values that may not be there go, and comments say what is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flows.ingest.context import Context, utc_now
from flows.ingest.policies.columns import comment_of
from flows.ingest.policies.history import keep_history_without
from flows.ingest.tables.captured import CHANGE_LOG_SUFFIX, CapturedTable, Column
from flows.ingest.warehouse import privacy_sql, raw_sql
from flows.ingest.warehouse.evolution import read_raw
from flows.ingest.warehouse.ledger import FILLING, ReplicatedTable

Salts = dict[str, dict[str, str]]
"""The fingerprint of the salt by which each column of RAW is hashed, by table and column."""


def read_salts(context: Context) -> Salts:
    """How the columns of RAW are hashed."""
    salts: Salts = {}
    for table, column, fingerprint in context.warehouse.rows(privacy_sql.READ_HASHED):
        salts.setdefault(table, {})[column] = fingerprint
    return salts


def enforce(context: Context, name: str, known: ReplicatedTable | None, salts: Salts) -> None:
    """Remove from change log and mirror what their table's policy no longer lets be there.

    Excluded columns are dropped, with all versions of them that are kept. Where hashing began, ended, or has
    another salt, the column is dropped, too, made anew and filled from the source. It is DDL, each statement
    a transaction; what was decided is written last, so that a run which dies is gone on with.
    """
    table = context.discovered.tables[name]
    policy = context.policies.of(table.source_label)
    before = salts.get(name, {})
    now = {column.name: column.hasher.fingerprint for column in table.columns if column.hasher}
    excluded = {column.upper() for column in policy.exclude}
    rehashed = {column for column in before.keys() | now.keys() if before.get(column) != now.get(column)}
    gone = {raw: _named(context, raw, excluded | rehashed) for raw in (f"{name}{CHANGE_LOG_SUFFIX}", name)}
    if any(gone.values()):
        by_name = {column.name: column for column in table.columns}
        anew = [by_name[column] for column in sorted(rehashed - excluded) if column in by_name]
        if known is not None and anew:
            context.ledger.set_state(name, FILLING, utc_now())
        keep_history_without(context, name, {column for columns in gone.values() for column in columns})
        for raw, columns in gone.items():
            _remove(context, raw, columns, anew)
        context.raw.update(read_raw(context.warehouse))
        went = {column for columns in gone.values() for column in columns}
        _tell(context, table, _decided(excluded & went, rehashed & went - excluded, before, now))
    if before != now:
        rows = [(name, column, fingerprint, utc_now()) for column, fingerprint in now.items()]
        with context.warehouse.transaction():
            context.warehouse.execute(privacy_sql.DELETE_HASHED, (name,))
            context.warehouse.execute_many(privacy_sql.INSERT_HASHED, rows)


def comment_columns(context: Context) -> None:
    """Say in Snowflake which columns are personal or hashed."""
    rows = context.warehouse.rows(privacy_sql.READ_COMMENTS)
    told = {(table, column): comment or "" for table, column, comment in rows}
    for table in context.tables.values():
        policy = context.policies.of(table.source_label)
        for column in table.columns:
            for raw in (f"{table.name}{CHANGE_LOG_SUFFIX}", table.name):
                comment = comment_of(column, policy)
                if told.get((raw, column.name), comment) != comment:
                    context.warehouse.execute(privacy_sql.comment_on(raw, column.name, comment))


def _named(context: Context, raw: str, names: set[str]) -> list[str]:
    """The columns of a table of RAW that have one of some names, or keep an older version of it."""
    columns = context.raw[raw].columns if raw in context.raw else {}
    return [column for column in columns if re.sub(r"__V\d+$", "", column) in names or column in names]


def _remove(context: Context, raw: str, columns: list[str], anew: list[Column]) -> None:
    for column in columns:
        context.warehouse.execute(privacy_sql.drop_column(raw, column))
    for added in anew if raw in context.raw else ():
        context.warehouse.execute(raw_sql.add_column(raw, added))


def _decided(
    excluded: set[str], rehashed: set[str], before: dict[str, str], now: dict[str, str]
) -> Iterator[str]:
    """What a policy has of columns now, in words."""
    words = {
        "is excluded now": excluded,
        "is hashed now, and read anew": {c for c in rehashed if c in now and c not in before},
        "is hashed with another salt now, and read anew": {c for c in rehashed if c in now and c in before},
        "is no longer hashed, and read anew": rehashed - now.keys(),
    }
    for said, columns in words.items():
        if columns:
            yield f"{', '.join(sorted(columns))} {said}"


def _tell(context: Context, table: CapturedTable, decided: Iterator[str]) -> None:
    context.warn(
        f"{table.source_label}: {'; '.join(decided)}. What was there before was removed from "
        f"RAW.{table.name}, its change log and its history; Snowflake's Time Travel and Fail-safe keep it "
        "for their days, and tables made from it until they are made anew."
    )
