"""DDL of dynamic and Iceberg tables (Snowflake, "CREATE DYNAMIC TABLE", "CREATE ICEBERG TABLE")."""

from __future__ import annotations

from snowpark_models.model import Model
from snowpark_models.runner.names import Tables, identifier, listed, literal
from snowpark_models.runner.sql.tables import cast, comment, typed_columns
from snowpark_models.storage import DOWNSTREAM, DynamicTable, IcebergTable


def create_dynamic(model: Model, storage: DynamicTable, table: str, query: str, tag: str | None) -> str:
    """A dynamic table of a query, filled at once; it keeps the grants of the one that it replaces."""
    lag = DOWNSTREAM if storage.target_lag == DOWNSTREAM else literal(storage.target_lag)
    return f"""
        CREATE OR REPLACE DYNAMIC TABLE {table} (
            {typed_columns(model, tag)}
        )
        TARGET_LAG = {lag}
        WAREHOUSE = {identifier(storage.warehouse)}
        REFRESH_MODE = {storage.refresh_mode}
        INITIALIZE = ON_CREATE
        COMMENT = {literal(comment(model))}
        COPY GRANTS
        AS SELECT {cast(model)} FROM ({query}) AS RESULT"""


def refresh(table: str) -> str:
    """What a dynamic table's query gives now."""
    return f"ALTER DYNAMIC TABLE {table} REFRESH"


def create_iceberg(
    model: Model, storage: IcebergTable, location: str, tables: Tables, tag: str | None
) -> str:
    """An Iceberg table with the rows of the candidate; it keeps the grants of the one that it replaces."""
    return f"""
        CREATE OR REPLACE ICEBERG TABLE {tables.published} (
            {typed_columns(model, tag)}
        )
        EXTERNAL_VOLUME = {literal(storage.external_volume)}
        CATALOG = 'SNOWFLAKE'
        BASE_LOCATION = {literal(location)}
        COPY GRANTS
        COMMENT = {literal(comment(model))}
        AS SELECT {listed(column.name for column in model.contract)} FROM {tables.candidate}"""
