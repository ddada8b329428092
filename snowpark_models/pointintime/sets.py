"""Training sets and what is served: the same features, by the same way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import col
from snowflake.snowpark.functions import max as max_

from snowpark_models.clock import as_of
from snowpark_models.errors import ModelError
from snowpark_models.pointintime.declaration import AS_OF, FeatureView, StoredView, View
from snowpark_models.pointintime.joining import Join, asof_join
from snowpark_models.pointintime.times import moment, utc, with_times
from snowpark_models.pointintime.versions import recorded_version
from snowpark_models.runner.discovery import discover
from snowpark_models.runner.locations import Locations
from snowpark_models.runner.names import Namespace
from snowpark_models.runner.warehouse import Warehouse

PRODUCTION = Namespace()


def training_set(
    session: Session,
    labels: DataFrame,
    features: Sequence[View],
    *,
    namespace: Namespace = PRODUCTION,
    join: Join = asof_join,
) -> DataFrame:
    """Every label with what was known strictly before its time; as many rows as there are labels.

    The labels are evaluated once, into a temporary table. Features are NULL of a label whose key or AS_OF is
    NULL, and those that are computed, also after the end of the data: nothing is known of it yet.

    Args:
        session: where the models are published.
        labels: rows of the entities' keys, AS_OF and anything else, such as LABEL. AS_OF is TIMESTAMP_NTZ, in
            UTC, or a DATE, which is its midnight.
        features: the views whose features are wanted, computed, or stored (`view.stored()`); NULL where
            a view knew nothing within its TTL, and then its clocks, `<VIEW>__EVENT_TS` and
            `<VIEW>__AVAILABLE_TS`, are NULL too.
        namespace: whose tables are read; production's where a developer has not built them.
        join: how stored rows are joined; `rank_join` for a warehouse without ASOF JOIN.

    Raises:
        ModelError: the labels lack a key or AS_OF, AS_OF is of another type, two columns would be called
            alike, or nothing that a computed view reads tells when it was committed.
        MissingTableError: a table that a view reads is not built yet, or nothing is recorded of it.
        VersionError: a stored view's code has changed since it was recorded.
    """
    warehouse = Warehouse(session, namespace)
    views = [_opened(warehouse, view) for view in features]
    _check_names(labels, views)
    labels = with_times(labels).cache_result()
    told: DataFrame = labels
    for view in views:
        point = [*view.entity.keys, AS_OF]
        known = known_before(session, labels.select(*point).distinct(), view, namespace=namespace, join=join)
        clocks = (col(clock).alias(view.told_as(clock)) for clock in view.clocks)
        told = told.join(known.select(*point, *clocks, *view.features), on=point, how="left")
    return told


def serving(
    session: Session,
    view: View,
    at: datetime,
    *,
    namespace: Namespace = PRODUCTION,
    join: Join = asof_join,
) -> DataFrame:
    """The row of each entity to predict from at a time: what a training set holds for that time.

    An entity of which nothing was known yet, or nothing within the TTL, has no row.

    Args:
        session: where the models are published.
        view: computed, or stored (`view.stored()`).
        at: UTC, where it has no zone.
        namespace: whose tables are read; production's where a developer has not built them.
        join: as of `training_set`.

    Raises:
        ModelError: the view is computed, and the time is after the end of the data.
        MissingTableError: the view's table is not built yet, or nothing is recorded of it.
        VersionError: a stored view's code has changed since it was recorded.
    """
    warehouse = Warehouse(session, namespace)
    now = moment(at).alias(AS_OF)
    entities = session.table(_table(warehouse, view))
    points = entities.select(*view.entity.keys, now).distinct()
    if isinstance(view, FeatureView) and view.at is not None:
        upstreams = _upstreams(warehouse, view)
        end = _known_until(view, upstreams)
        if end is None or utc(at) > end:
            raise ModelError(f"feature view {view.name}: {utc(at)} is after the end of the data, {end}")
        return _computed(view, points, upstreams)
    return known_before(session, points, view, namespace=namespace, join=join)


def known_before(
    session: Session,
    points: DataFrame,
    view: View,
    *,
    namespace: Namespace = PRODUCTION,
    join: Join = asof_join,
) -> DataFrame:
    """The points (distinct keys and AS_OF) of which a view knew something before, with what it knew."""
    warehouse = Warehouse(session, namespace)
    view = _opened(warehouse, view)
    if isinstance(view, StoredView) or view.at is None:
        return join(points, session.table(_table(warehouse, view)), view)
    upstreams = _upstreams(warehouse, view)
    until = moment(_known_until(view, upstreams))
    return _computed(view, points.filter(col(AS_OF) <= until), upstreams)


def recorded(session: Session, stored: StoredView, *, namespace: Namespace = PRODUCTION) -> DataFrame:
    """All rows that runs have recorded of a version: keys, both clocks and features.

    Raises:
        MissingTableError: nothing is recorded of it.
        VersionError: the view's code has changed since.
    """
    version = recorded_version(Warehouse(session, namespace), stored)
    columns = (*stored.entity.keys, *stored.clocks, *version.features)
    return session.table(version.quoted).select(*columns)


def end_of_data(session: Session, view: FeatureView, *, namespace: Namespace = PRODUCTION) -> datetime:
    """The time that a view's published table tells of: of nothing later anything is known (UTC).

    Raises:
        MissingTableError: the table is not built yet.
        ModelError: it is empty.
    """
    told = session.table(locations(Warehouse(session, namespace)).quoted(view.name))
    time: datetime | None = told.agg(max_(AS_OF)).collect()[0][0]
    if time is None:
        raise ModelError(f"feature view {view.name}: its table is empty, so no time is known")
    return time


def locations(warehouse: Warehouse) -> Locations:
    """The tables that there are."""
    return Locations(warehouse.namespace, warehouse.kinds(), {model.name: model for model in discover()})


def _upstreams(warehouse: Warehouse, view: FeatureView) -> dict[str, DataFrame]:
    """What a view is computed from, by the names of its parameters."""
    tables = locations(warehouse)
    return {name: warehouse.session.table(tables.quoted(name)) for name in view.model.upstreams}


def _computed(view: FeatureView, points: DataFrame, upstreams: Mapping[str, DataFrame]) -> DataFrame:
    """What a view with `at` knew before points that are not after the end of the data."""
    assert view.at is not None  # noqa: S101 - callers have looked
    told = view.at(points, **upstreams).filter(col(view.available_ts).is_not_null())
    return told.select(*view.entity.keys, AS_OF, *view.clocks, *view.features)


def _known_until(view: FeatureView, upstreams: Mapping[str, DataFrame]) -> datetime | None:
    """The end of the data that a view is computed from; None where there is none.

    Raises:
        ModelError: none of it tells when it was committed.
    """
    committed = [rows for rows in upstreams.values() if "COMMITTED_AT" in rows.columns]
    if not committed:
        raise ModelError(
            f"feature view {view.name}: nothing that it reads has COMMITTED_AT: its end is unknown"
        )
    end: datetime | None = as_of(*committed).collect()[0][0]
    return end


def _opened(warehouse: Warehouse, view: View) -> View:
    """A stored view with the columns that its version has."""
    if isinstance(view, StoredView):
        return replace(view, columns=recorded_version(warehouse, view).features)
    return view


def _table(warehouse: Warehouse, view: View) -> str:
    """The quoted table with the rows, or the entities, of a view."""
    if isinstance(view, StoredView):
        return recorded_version(warehouse, view).quoted
    return locations(warehouse).quoted(view.name)


def _check_names(labels: DataFrame, features: Sequence[View]) -> None:
    given = [name.strip('"') for name in labels.columns]
    for view in features:
        for missing in (name for name in (*view.entity.keys, AS_OF) if name not in given):
            raise ModelError(f"the labels have no column {missing}: {view.name} is joined by it")
    told = [name for view in features for name in view.features]
    for name, count in Counter([*given, *told]).items():
        if count > 1:
            raise ModelError(f"{count} columns of the training set would be called {name}: rename some")
