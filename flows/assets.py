"""Tables as Prefect's assets: events in its own form, of which Prefect Cloud draws the lineage.

An asset is named `snowflake://account/DATABASE/SCHEMA/TABLE`, its origin `sqlserver://host/database/schema/table`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from prefect.assets import Asset, AssetProperties
from prefect.client.schemas.objects import State
from prefect.context import AssetContext
from prefect.states import Completed, Failed

from deployments.settings import Settings, SnowflakeSettings, SqlServerSettings
from flows.ingest.health.report import ReplicationReport
from snowpark_models.runner import ModelOutcome, discover
from snowpark_models.sources import SCHEMA as RAW
from snowpark_models.sources import SOURCES

NOT_IN_A_KEY: Final = re.compile(r"[\s#?&%\"'<>\[\]{}|\\^`\0]")
"""What Prefect allows in no asset's key (prefect.types.names)."""


def table_key(settings: SnowflakeSettings, schema: str, table: str) -> str:
    """The key of a table in Snowflake."""
    return _key(f"snowflake://{settings.account}/{settings.database}/{schema.upper()}/{table.upper()}")


def source_key(settings: SqlServerSettings, source: str = "") -> str:
    """The key of a source table, named as `dbo.orders`; of the database without one."""
    whole = f"sqlserver://{settings.host}/{settings.database}"
    return _key(f"{whole}/{source.replace('.', '/', 1)}" if source else whole)


def tell_of_mirrors(settings: Settings, report: ReplicationReport) -> None:
    """Tell of the mirrors that a run has moved."""
    for table in report.tables:
        if table.snapshot_rows or table.changes:
            _tell(
                Asset(key=table_key(settings.snowflake, RAW, table.table)),
                [source_key(settings.sql_server, table.source)],
                {
                    "run": report.run_id,
                    "rows_by_snapshot": table.snapshot_rows,
                    "changes": table.changes,
                    "up_to_lsn": report.to_lsn,
                },
                Completed(),
            )


def tell_of_model(settings: SnowflakeSettings, outcome: ModelOutcome, run_id: str) -> None:
    """Tell of a model that was published, or could not be; one that stayed as it was is no news."""
    if outcome.outcome in ("unchanged", "upstream closed"):
        return
    model = outcome.model
    _tell(
        Asset(
            key=table_key(settings, model.schema, model.table),
            properties=AssetProperties(name=f"{model.schema}.{model.table}".upper(), owners=[model.owner]),
        ),
        [_upstream_key(settings, name) for name in model.upstreams],
        {
            "run": run_id,
            "rows": outcome.row_count,
            "rows_changed": outcome.rows_changed,
            "rows_set_aside": outcome.rows_set_aside,
            "mode": outcome.decision.mode,
            "reason": outcome.reason,
        },
        Completed() if outcome.is_published else Failed(),
    )


def _upstream_key(settings: SnowflakeSettings, name: str) -> str:
    """The key of what a model reads; of a history it is its mirror's."""
    if name in SOURCES:
        return table_key(settings, RAW, SOURCES[name].table)
    return table_key(settings, _schemas()[name], name)


@lru_cache(maxsize=1)
def _schemas() -> dict[str, str]:
    """In which schema each model is."""
    return {model.name: model.schema for model in discover()}


def _tell(asset: Asset, upstreams: Iterable[str], facts: Mapping[str, Any], state: State[Any]) -> None:
    """Emit what a task of `prefect.assets.materialize` would, which has one fixed table."""
    AssetContext(
        downstream_assets={asset},
        direct_asset_dependencies={Asset(key=key) for key in upstreams},
        materialization_metadata={asset.key: dict(facts)},
    ).emit_events(state)


def _key(text: str) -> str:
    return NOT_IN_A_KEY.sub("_", text)
