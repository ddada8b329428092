"""Statements on what is recorded of feature views. Tables are given quoted."""

from __future__ import annotations

from snowpark_models.pointintime.declaration import FeatureView, StoredView
from snowpark_models.runner.names import identifier, listed, literal, qualified
from snowpark_models.runner.sql.tables import tag_clause, typed_column

VERSIONS = "FEATURE_VERSIONS"
RECORDINGS = "FEATURE_RECORDINGS"


def create_versions(ops: str) -> str:
    """OPS.FEATURE_VERSIONS, unless it is there: one row a view and version."""
    return f"""
        CREATE TABLE IF NOT EXISTS {qualified(ops, VERSIONS)} (
            FEATURE_VIEW VARCHAR NOT NULL,
            VERSION NUMBER(9,0) NOT NULL,
            CODE VARCHAR NOT NULL,
            FEATURES VARCHAR NOT NULL,
            LOCATION VARCHAR NOT NULL,
            RECORDED_SINCE TIMESTAMP_NTZ NOT NULL
        )"""


def create_recordings(ops: str) -> str:
    """OPS.FEATURE_RECORDINGS, unless it is there: one row a recording of a view."""
    return f"""
        CREATE TABLE IF NOT EXISTS {qualified(ops, RECORDINGS)} (
            RUN_ID VARCHAR NOT NULL,
            FEATURE_VIEW VARCHAR NOT NULL,
            VERSION NUMBER(9,0) NOT NULL,
            CODE VARCHAR NOT NULL,
            AS_OF TIMESTAMP_NTZ NOT NULL,
            IS_BACKFILL BOOLEAN NOT NULL,
            RECORDED_AT TIMESTAMP_NTZ NOT NULL
        )"""


def create_history(stored: StoredView, table: str, tag: str | None) -> str:
    """The table of a version's rows, unless it is there."""
    view = stored.view
    types = {column.name.upper(): column for column in view.model.contract}
    named = [types[key] for key in view.entity.keys] + [types[name] for name in view.features]
    tagged = tag_clause(tag)
    columns = "".join(f"{typed_column(column, tag)},\n            " for column in named)
    comment = f"{view.name}, version {view.version}, as runs have recorded it. Rows are never changed."
    return f"""
        CREATE TABLE IF NOT EXISTS {table} (
            {columns}EVENT_TS TIMESTAMP_NTZ{tagged} COMMENT 'Last event counted, UTC.',
            AVAILABLE_TS TIMESTAMP_NTZ NOT NULL{tagged} COMMENT 'The row tells what was known before; UTC.',
            RUN_ID VARCHAR NOT NULL{tagged} COMMENT 'The run that recorded it, see OPS.FEATURE_RECORDINGS.'
        ) COMMENT = {literal(comment)}"""


def read_versions(ops: str) -> str:
    """All rows of OPS.FEATURE_VERSIONS."""
    return f"""
        SELECT FEATURE_VIEW, VERSION, CODE, FEATURES, LOCATION, RECORDED_SINCE
        FROM {qualified(ops, VERSIONS)}"""


def note_version(ops: str, view: FeatureView, features: str, location: str) -> str:
    """A version is recorded for the first time; a known one stays as it is."""
    return f"""
        MERGE INTO {qualified(ops, VERSIONS)} AS v
        USING (SELECT {literal(view.name)} AS FEATURE_VIEW, {view.version} AS VERSION) AS n
        ON v.FEATURE_VIEW = n.FEATURE_VIEW AND v.VERSION = n.VERSION
        WHEN NOT MATCHED THEN INSERT (FEATURE_VIEW, VERSION, CODE, FEATURES, LOCATION, RECORDED_SINCE)
        VALUES (n.FEATURE_VIEW, n.VERSION, {literal(view.code)}, {literal(features)}, {literal(location)},
            CURRENT_TIMESTAMP()::TIMESTAMP_NTZ)"""


def note_recording(ops: str, view: FeatureView, run_id: str, as_of: str, *, is_backfill: bool) -> str:
    """What a run has recorded of a view."""
    return f"""
        INSERT INTO {qualified(ops, RECORDINGS)}
        SELECT {literal(run_id)}, {literal(view.name)}, {view.version}, {literal(view.code)},
            {literal(as_of)}::TIMESTAMP_NTZ, {str(is_backfill).upper()},
            CURRENT_TIMESTAMP()::TIMESTAMP_NTZ"""


def add_rows(view: FeatureView, table: str, query: str, as_of: str, run_id: str) -> str:
    """Add what was known of entities before a time, unless a row of the same day has it already.

    Args:
        view: the version.
        table: its history.
        query: rows of the keys, EVENT_TS and the features.
        as_of: the time, as a text.
        run_id: who records.
    """
    names = listed((*view.entity.keys, *view.features))
    same = " AND ".join(f"h.{identifier(key)} = n.{identifier(key)}" for key in view.entity.keys)
    types = {column.name.upper(): column.type for column in view.model.contract}
    cast = ", ".join(
        f"{identifier(name)}::{types[name]} AS {identifier(name)}"
        for name in (*view.entity.keys, *view.features)
    )
    at = f"{literal(as_of)}::TIMESTAMP_NTZ"
    day = f"{literal(as_of[:10])}::TIMESTAMP_NTZ"
    return f"""
        MERGE INTO {table} AS h
        USING (SELECT {cast}, {identifier(view.event_ts)} AS EVENT_TS FROM ({query}) AS R) AS n
        ON {same} AND h.AVAILABLE_TS >= {day} AND h.AVAILABLE_TS < DATEADD('day', 1, {day})
        WHEN NOT MATCHED THEN INSERT ({names}, EVENT_TS, AVAILABLE_TS, RUN_ID)
        VALUES ({listed((*view.entity.keys, *view.features), "n")}, n.EVENT_TS, {at}, {literal(run_id)})"""


def times_of(table: str) -> str:
    """The times, AS_OF, of which a published table tells."""
    return f"SELECT DISTINCT AS_OF AS AS_OF FROM {table} WHERE AS_OF IS NOT NULL ORDER BY AS_OF"


def rows_at(table: str, as_of: str) -> str:
    """The rows of a published table that tell of a time."""
    return f"SELECT * FROM {table} WHERE AS_OF = {literal(as_of)}::TIMESTAMP_NTZ"
