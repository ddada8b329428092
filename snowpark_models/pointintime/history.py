"""What was known of entities: rows are added, at most one an entity and day, and never changed.

Mirrors hold the newest version of each row, so what is computed for a time in the past misses what was
changed or deleted since. What is recorded here does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import col

from snowpark_models.errors import ContractError, ModelError
from snowpark_models.pointintime import sql
from snowpark_models.pointintime.declaration import AS_OF, FeatureView
from snowpark_models.pointintime.sets import PRODUCTION, end_of_data, locations
from snowpark_models.pointintime.times import moment, text, utc
from snowpark_models.pointintime.versions import note_version
from snowpark_models.runner.code import code_hash
from snowpark_models.runner.ledger import read_known_states
from snowpark_models.runner.names import Namespace, qualified
from snowpark_models.runner.run import failures
from snowpark_models.runner.sql.tables import create_schema
from snowpark_models.runner.warehouse import Warehouse


@dataclass(frozen=True)
class Recording:
    """What was recorded of a view for a time; `rows` is 0 where all of it was there already."""

    view: FeatureView
    as_of: datetime
    rows: int


def record(
    session: Session, views: Iterable[FeatureView], run_id: str, *, namespace: Namespace = PRODUCTION
) -> list[Recording]:
    """Keep what the published tables of some views tell now; each row as of the table's AS_OF.

    Args:
        session: in the database with the models.
        views: those with `at`; a view without it has its history in its own table.
        run_id: of OPS.MODEL_RUNS.
        namespace: whose tables are read and whose history grows.

    Raises:
        BuildError: the warehouse failed; what was recorded before stands.
        MissingTableError: a view's table is not built yet.
        ModelError: a view's table was built by other code than today's.
        VersionError: a view's version stands for other code; nothing is recorded of it.
    """
    warehouse = Warehouse(session, namespace)
    recordings = []
    for view in views:
        table = _published(warehouse, view)
        for row in warehouse.rows(sql.times_of(table)):
            as_of: datetime = row[AS_OF]
            query = sql.rows_at(table, text(as_of))
            recordings += _add(warehouse, view, [(as_of, query)], run_id, is_backfill=False)
    return recordings


def backfill(
    session: Session,
    view: FeatureView,
    times: Sequence[datetime],
    run_id: str,
    *,
    namespace: Namespace = PRODUCTION,
    by_source_clocks: bool = False,
) -> list[Recording]:
    """Record what a run would have recorded at times in the past, of the entities that there are now.

    What is recorded already stays. Where no row was changed or deleted since, this is what a run then would
    have recorded; what was, is missing.

    Args:
        session: in the database with the models.
        view: one with `at`.
        times: not after the end of the data; UTC, where they have no zone.
        run_id: to find the rows by.
        namespace: whose history grows; what is not built there is read in production.
        by_source_clocks: trust the times that the source itself keeps, for what was before replication
            began: the first snapshot tells no commit times.

    Raises:
        BuildError: the warehouse failed; what was recorded before stands.
        ContractError: the view is not computed, or knows no source clocks.
        MissingTableError: a table that the view reads is not built yet.
        ModelError: a time is after the end of the data.
        VersionError: the view's version stands for other code; nothing is recorded.
    """
    warehouse = Warehouse(session, namespace)
    table = _published(warehouse, view)
    end = end_of_data(session, view, namespace=namespace)
    times = [utc(time) for time in times]
    for time in times:
        if time > end:
            raise ModelError(f"feature view {view.name}: {time} is after the end of the data, {end}")
    entities = session.table(table).select(*view.entity.keys).distinct()
    frames = [_computed(warehouse, view, entities, time, by_source_clocks) for time in times]
    told = [(time, _query(view, frame)) for time, frame in zip(times, frames, strict=True)]
    return _add(warehouse, view, told, run_id, is_backfill=True)


def _add(
    warehouse: Warehouse,
    view: FeatureView,
    told: Sequence[tuple[datetime, str]],
    run_id: str,
    *,
    is_backfill: bool,
) -> list[Recording]:
    """Version, ledger and rows of each time in one transaction."""
    stored, ops = view.stored(), warehouse.namespace.ops
    schema = warehouse.namespace.schema(view.model.layer)
    table = qualified(schema, stored.table)
    recordings = []
    with failures(f"feature view {view.name} could not be recorded"):
        for statement in (
            create_schema(schema),
            create_schema(ops),
            sql.create_versions(ops),
            sql.create_recordings(ops),
            sql.create_history(stored, table, warehouse.personal_tag),
        ):
            warehouse.run(statement)
        for time, query in told:
            with warehouse.transaction():
                note_version(warehouse, view, f"{schema}.{stored.table}")
                warehouse.run(sql.note_recording(ops, view, run_id, text(time), is_backfill=is_backfill))
                rows = warehouse.run(sql.add_rows(view, table, query, text(time), run_id))
            recordings.append(Recording(view, time, rows))
    return recordings


def _published(warehouse: Warehouse, view: FeatureView) -> str:
    """The quoted table that a view's model is published as, built by today's code."""
    if view.at is None or AS_OF not in view.model.columns:
        raise ContractError(
            f"feature view {view.name}: only what is computed for a time, by `at` and with AS_OF in its "
            "contract, is recorded; the table of another one is its history"
        )
    tables = locations(warehouse)
    location = tables.read(view.name)
    state = read_known_states(warehouse, tables.kinds).get(location)
    if state is not None and state.code != code_hash(view.model):
        raise ModelError(
            f"feature view {view.name}: {location} was built by other code than today's; build it first"
        )
    return tables.quoted(view.name)


def _computed(
    warehouse: Warehouse, view: FeatureView, entities: DataFrame, time: datetime, by_source_clocks: bool
) -> DataFrame:
    tables, at, clocks = locations(warehouse), view.at, view.source_clocks
    upstreams: Mapping[str, DataFrame] = {
        name: warehouse.session.table(tables.quoted(name)) for name in view.model.upstreams
    }
    if by_source_clocks:
        if clocks is None:
            raise ContractError(f"feature view {view.name}: it declares no source_clocks")
        upstreams = clocks(time, upstreams)
    assert at is not None  # noqa: S101 - `_published` has refused such a view
    points = entities.with_column(AS_OF, moment(time))
    return at(points, **upstreams).filter(col(view.available_ts).is_not_null())


def _query(view: FeatureView, frame: DataFrame) -> str:
    statements = frame.queries["queries"]
    if len(statements) != 1:
        raise ContractError(f"feature view {view.name}: `at` takes {len(statements)} statements, not one")
    return str(statements[0])
