"""The catalog views `sys.*` and `INFORMATION_SCHEMA.*`, as DuckDB views over the rows of the catalog.

Columns and their meaning: Microsoft's pages on the system catalog views. Only columns that the stand-in can
fill truthfully are there.
"""

from __future__ import annotations

from duckdb import DuckDBPyConnection

from sandbox.sqlserver.engine.bound import quote, string
from sandbox.sqlserver.engine.security.views import create_security_views

_TYPES = [
    # name, system_type_id, user_type_id, max_length, precision, scale
    ("image", 34, 34, 16, 0, 0),
    ("text", 35, 35, 16, 0, 0),
    ("uniqueidentifier", 36, 36, 16, 0, 0),
    ("date", 40, 40, 3, 10, 0),
    ("time", 41, 41, 5, 16, 7),
    ("datetime2", 42, 42, 8, 27, 7),
    ("datetimeoffset", 43, 43, 10, 34, 7),
    ("tinyint", 48, 48, 1, 3, 0),
    ("smallint", 52, 52, 2, 5, 0),
    ("int", 56, 56, 4, 10, 0),
    ("smalldatetime", 58, 58, 4, 16, 0),
    ("real", 59, 59, 4, 24, 0),
    ("money", 60, 60, 8, 19, 4),
    ("datetime", 61, 61, 8, 23, 3),
    ("float", 62, 62, 8, 53, 0),
    ("sql_variant", 98, 98, 8016, 0, 0),
    ("ntext", 99, 99, 16, 0, 0),
    ("bit", 104, 104, 1, 1, 0),
    ("decimal", 106, 106, 17, 38, 38),
    ("numeric", 108, 108, 17, 38, 38),
    ("smallmoney", 122, 122, 4, 10, 4),
    ("bigint", 127, 127, 8, 19, 0),
    ("varbinary", 165, 165, 8000, 0, 0),
    ("varchar", 167, 167, 8000, 0, 0),
    ("binary", 173, 173, 8000, 0, 0),
    ("char", 175, 175, 8000, 0, 0),
    ("timestamp", 189, 189, 8, 0, 0),
    ("nvarchar", 231, 231, 8000, 0, 0),
    ("nchar", 239, 239, 8000, 0, 0),
    ("xml", 241, 241, -1, 0, 0),
    ("sysname", 231, 256, 256, 0, 0),
]

_COLUMN = """
SELECT
    o.object_id, o.schema_name, o.name AS table_name, o.kind, c.column_id, c.name,
    CASE c.type.name WHEN 'rowversion' THEN 'timestamp' ELSE c.type.name END AS type_name,
    CASE
        WHEN c.type.name IN ('nchar', 'nvarchar') AND c.type.length > 0 THEN c.type.length * 2
        WHEN c.type.name IN ('char', 'varchar', 'nchar', 'nvarchar', 'binary', 'varbinary') THEN c.type.length
        WHEN c.type.name IN ('decimal', 'numeric') THEN
            CASE WHEN c.type.precision <= 9 THEN 5 WHEN c.type.precision <= 19 THEN 9
                WHEN c.type.precision <= 28 THEN 13 ELSE 17 END
        WHEN c.type.name = 'time' THEN CASE WHEN c.type.scale <= 2 THEN 3 WHEN c.type.scale <= 4 THEN 4
            ELSE 5 END
        WHEN c.type.name = 'datetime2' THEN CASE WHEN c.type.scale <= 2 THEN 6 WHEN c.type.scale <= 4
            THEN 7 ELSE 8 END
        WHEN c.type.name = 'datetimeoffset' THEN
            CASE WHEN c.type.scale <= 2 THEN 8 WHEN c.type.scale <= 4 THEN 9 ELSE 10 END
        ELSE t.max_length
    END AS max_length,
    CASE
        WHEN c.type.name IN ('decimal', 'numeric') THEN c.type.precision
        WHEN c.type.name = 'time' THEN CASE WHEN c.type.scale = 0 THEN 8 ELSE 9 + c.type.scale END
        WHEN c.type.name = 'datetime2' THEN CASE WHEN c.type.scale = 0 THEN 19 ELSE 20 + c.type.scale END
        WHEN c.type.name = 'datetimeoffset' THEN CASE WHEN c.type.scale = 0 THEN 26 ELSE 27 + c.type.scale END
        ELSE t."precision"
    END AS "precision",
    CASE WHEN c.type.name IN ('decimal', 'numeric', 'time', 'datetime2', 'datetimeoffset') THEN c.type.scale
        ELSE t.scale END AS scale,
    t.system_type_id, t.user_type_id, c.nullable, c.seed, c.increment, c.default_text, c.default_name,
    c.default_id, c.computed,
    CASE WHEN c.type.name IN ('char', 'varchar', 'nchar', 'nvarchar', 'text', 'ntext')
        THEN coalesce(c.collation_name, 'SQL_Latin1_General_CP1_CI_AS') END AS collation_name,
    c.type.length AS characters
FROM (SELECT object_id, schema_name, name, kind, unnest(columns) AS c FROM {db}.catalog.objects) AS o
INNER JOIN {db}.catalog.types AS t
    ON t.name = CASE c.type.name WHEN 'rowversion' THEN 'timestamp' ELSE c.type.name END
"""

_KEY = """
SELECT o.object_id, o.schema_name, o.name AS table_name, o.created, o.modified, unnest(o.keys) AS k
FROM {db}.catalog.objects AS o
"""

_VIEWS = {
    "sys.schemas": "SELECT name, schema_id, 1 AS principal_id FROM {db}.catalog.schemas",
    "sys.types": """
        SELECT name, CAST(system_type_id AS UTINYINT) AS system_type_id, user_type_id,
            4 AS schema_id, CAST(max_length AS SMALLINT) AS max_length, CAST("precision" AS UTINYINT) AS
                "precision",
            CAST(scale AS UTINYINT) AS scale, true AS is_nullable, false AS is_user_defined
        FROM {db}.catalog.types""",
    "catalog.all_objects": """
        SELECT o.name, o.object_id, s.schema_id, 0 AS parent_object_id, o.kind AS type,
            CASE o.kind WHEN 'U' THEN 'USER_TABLE' WHEN 'S' THEN 'USER_TABLE'
                ELSE 'SQL_INLINE_TABLE_VALUED_FUNCTION' END AS type_desc,
            o.created AS create_date, o.modified AS modify_date, o.kind = 'S' AS is_ms_shipped
        FROM {db}.catalog.objects AS o INNER JOIN {db}.catalog.schemas AS s ON lower(s.name) =
            lower(o.schema_name)
        UNION ALL
        SELECT k.name, k.object_id, s.schema_id, q.object_id, k.kind,
            CASE k.kind WHEN 'PK' THEN 'PRIMARY_KEY_CONSTRAINT' ELSE 'UNIQUE_CONSTRAINT' END,
            q.created, q.modified, false
        FROM (%(key)s) AS q INNER JOIN {db}.catalog.schemas AS s ON lower(s.name) = lower(q.schema_name)
        WHERE k.kind <> ''
        UNION ALL
        SELECT c.name, c.object_id, s.schema_id, o.object_id, 'C', 'CHECK_CONSTRAINT', o.created,
            o.modified, false
        FROM (SELECT *, unnest(checks) AS c FROM {db}.catalog.objects) AS o
        INNER JOIN {db}.catalog.schemas AS s ON lower(s.name) = lower(o.schema_name)
        UNION ALL
        SELECT c.name, c.object_id, s.schema_id, o.object_id, 'F', 'FOREIGN_KEY_CONSTRAINT', o.created,
            o.modified, false
        FROM (SELECT *, unnest(foreign_keys) AS c FROM {db}.catalog.objects) AS o
        INNER JOIN {db}.catalog.schemas AS s ON lower(s.name) = lower(o.schema_name)
        UNION ALL
        SELECT d.default_name, d.default_id, s.schema_id, d.object_id, 'D', 'DEFAULT_CONSTRAINT',
            o.created, o.modified,
            false
        FROM (%(column)s) AS d INNER JOIN {db}.catalog.objects AS o ON o.object_id = d.object_id
        INNER JOIN {db}.catalog.schemas AS s ON lower(s.name) = lower(o.schema_name)
        WHERE d.default_id > 0""",
    "sys.objects": """
        SELECT name, object_id, schema_id, parent_object_id, CASE type WHEN 'S' THEN 'U' ELSE type END AS
            type,
            type_desc, create_date, modify_date, is_ms_shipped
        FROM {db}.catalog.all_objects""",
    "sys.tables": """
        SELECT o.name, o.object_id, o.schema_id, o.parent_object_id, 'U' AS type, o.type_desc, o.create_date,
            o.modify_date, o.is_ms_shipped, o.object_id IN (SELECT object_id FROM {db}.log.tracked_objects)
            AS is_tracked_by_cdc, CAST(0 AS UTINYINT) AS temporal_type, false AS is_memory_optimized,
            false AS is_external, false AS is_replicated
        FROM {db}.catalog.all_objects AS o WHERE o.type IN ('U', 'S')""",
    "sys.columns": """
        SELECT object_id, name, column_id, CAST(system_type_id AS UTINYINT) AS system_type_id, user_type_id,
            CAST(max_length AS SMALLINT) AS max_length, CAST("precision" AS UTINYINT) AS "precision",
            CAST(scale AS UTINYINT) AS scale, collation_name, nullable AS is_nullable,
            seed IS NOT NULL AS is_identity, computed IS NOT NULL AS is_computed, default_id AS
                default_object_id,
            false AS is_rowguidcol, false AS is_sparse, false AS is_hidden, false AS is_masked
        FROM (%(column)s)""",
    "sys.identity_columns": """
        SELECT object_id, name, column_id, seed AS seed_value, increment AS increment_value
        FROM (%(column)s) WHERE seed IS NOT NULL""",
    "sys.computed_columns": """
        SELECT object_id, name, column_id, computed AS definition, true AS is_persisted
        FROM (%(column)s) WHERE computed IS NOT NULL""",
    "sys.default_constraints": """
        SELECT default_name AS name, default_id AS object_id, object_id AS parent_object_id,
            column_id AS parent_column_id, default_text AS definition
        FROM (%(column)s) WHERE default_id > 0""",
    "sys.check_constraints": """
        SELECT c.name, c.object_id, o.object_id AS parent_object_id, c.condition AS definition
        FROM (SELECT object_id, unnest(checks) AS c FROM {db}.catalog.objects) AS o""",
    "sys.foreign_keys": """
        SELECT f.name, f.object_id, s.schema_id, o.object_id AS parent_object_id,
            f.parent_id AS referenced_object_id, false AS is_disabled, false AS is_not_trusted,
            CAST(0 AS UTINYINT) AS delete_referential_action, 'NO_ACTION' AS delete_referential_action_desc,
            CAST(0 AS UTINYINT) AS update_referential_action, 'NO_ACTION' AS update_referential_action_desc
        FROM (SELECT object_id, schema_name, unnest(foreign_keys) AS f FROM {db}.catalog.objects) AS o
        INNER JOIN {db}.catalog.schemas AS s ON lower(s.name) = lower(o.schema_name)""",
    "sys.indexes": """
        SELECT q.object_id, k.name, k.index_id, CAST(CASE WHEN k.clustered THEN 1 ELSE 2 END AS UTINYINT)
            AS type,
            CASE WHEN k.clustered THEN 'CLUSTERED' ELSE 'NONCLUSTERED' END AS type_desc, k.is_unique,
            k.kind = 'PK' AS is_primary_key, k.kind = 'UQ' AS is_unique_constraint, false AS is_disabled,
            false AS has_filter, CAST(NULL AS VARCHAR) AS filter_definition
        FROM (%(key)s) AS q
        UNION ALL
        SELECT object_id, NULL, 0, CAST(0 AS UTINYINT), 'HEAP', false, false, false, false, false, NULL
        FROM {db}.catalog.objects
        WHERE kind IN ('U', 'S') AND len(list_filter(keys, lambda k: k.clustered)) = 0""",
    "sys.index_columns": """
        SELECT q.object_id, q.index_id, q.position AS index_column_id, c.column_id,
            CAST(q.position AS UTINYINT) AS key_ordinal, q.descending AS is_descending_key,
            false AS is_included_column
        FROM (
            SELECT object_id, k.index_id AS index_id, unnest(k.columns) AS column_name,
                unnest(k.descending) AS descending, unnest(range(1, len(k.columns) + 1)) AS position
            FROM (%(key)s)
        ) AS q
        INNER JOIN (%(column)s) AS c ON c.object_id = q.object_id AND lower(c.name) = lower(q.column_name)""",
    "sys.key_constraints": """
        SELECT k.name, k.object_id, s.schema_id, q.object_id AS parent_object_id, k.kind AS type,
            CASE k.kind WHEN 'PK' THEN 'PRIMARY_KEY_CONSTRAINT' ELSE 'UNIQUE_CONSTRAINT' END AS type_desc,
            k.index_id AS unique_index_id
        FROM (%(key)s) AS q INNER JOIN {db}.catalog.schemas AS s ON lower(s.name) = lower(q.schema_name)
        WHERE k.kind <> ''""",
    "catalog.row_counts": """
        SELECT o.object_id, t.estimated_size AS row_count
        FROM {db}.catalog.objects AS o INNER JOIN duckdb_tables() AS t
            ON t.database_name = {name} AND t.schema_name = o.schema_name AND t.table_name = o.name
        WHERE o.kind IN ('U', 'S')""",
    "sys.partitions": """
        SELECT CAST(r.object_id AS BIGINT) * 256 + i.index_id AS partition_id, r.object_id, i.index_id,
            1 AS partition_number, CAST(r.row_count AS BIGINT) AS rows
        FROM {db}.catalog.row_counts AS r INNER JOIN {db}.sys.indexes AS i ON i.object_id = r.object_id""",
    "sys.dm_db_partition_stats": """
        SELECT partition_id, object_id, index_id, partition_number, rows AS row_count FROM
            {db}.sys.partitions""",
    "tsql_information_schema.schemata": """
        SELECT {name} AS CATALOG_NAME, name AS SCHEMA_NAME, 'dbo' AS SCHEMA_OWNER FROM
            {db}.catalog.schemas""",
    "tsql_information_schema.tables": """
        SELECT {name} AS TABLE_CATALOG, schema_name AS TABLE_SCHEMA, name AS TABLE_NAME, 'BASE TABLE' AS
            TABLE_TYPE
        FROM {db}.catalog.objects WHERE kind IN ('U', 'S')""",
    "tsql_information_schema.columns": """
        SELECT {name} AS TABLE_CATALOG, schema_name AS TABLE_SCHEMA, table_name AS TABLE_NAME,
            name AS COLUMN_NAME,
            CAST(row_number() OVER (PARTITION BY object_id ORDER BY column_id) AS INTEGER) AS
                ORDINAL_POSITION,
            default_text AS COLUMN_DEFAULT, CASE WHEN nullable THEN 'YES' ELSE 'NO' END AS IS_NULLABLE,
            type_name AS DATA_TYPE,
            CASE WHEN collation_name IS NOT NULL OR type_name IN ('binary', 'varbinary') THEN
                CASE type_name WHEN 'text' THEN 2147483647 WHEN 'ntext' THEN 1073741823 ELSE characters END
            END AS CHARACTER_MAXIMUM_LENGTH,
            CASE WHEN type_name IN ('tinyint', 'smallint', 'int', 'bigint', 'decimal', 'numeric',
                'money', 'smallmoney',
                'float', 'real') THEN CAST("precision" AS UTINYINT) END AS NUMERIC_PRECISION,
            CASE WHEN type_name IN ('tinyint', 'smallint', 'int', 'bigint', 'decimal', 'numeric',
                'money', 'smallmoney')
                THEN CAST(scale AS INTEGER) END AS NUMERIC_SCALE,
            CASE WHEN type_name IN ('date', 'time', 'datetime2', 'datetimeoffset', 'datetime',
                'smalldatetime')
                THEN CAST(scale AS SMALLINT) END AS DATETIME_PRECISION,
            collation_name AS COLLATION_NAME
        FROM (%(column)s) WHERE kind IN ('U', 'S')""",
    "tsql_information_schema.table_constraints": """
        SELECT {name} AS CONSTRAINT_CATALOG, schema_name AS CONSTRAINT_SCHEMA, k.name AS CONSTRAINT_NAME,
            {name} AS TABLE_CATALOG, schema_name AS TABLE_SCHEMA, table_name AS TABLE_NAME,
            CASE k.kind WHEN 'PK' THEN 'PRIMARY KEY' ELSE 'UNIQUE' END AS CONSTRAINT_TYPE
        FROM (%(key)s) WHERE k.kind <> ''
        UNION ALL
        SELECT {name}, schema_name, f.name, {name}, schema_name, o.name, 'FOREIGN KEY'
        FROM (SELECT *, unnest(foreign_keys) AS f FROM {db}.catalog.objects) AS o
        UNION ALL
        SELECT {name}, schema_name, c.name, {name}, schema_name, o.name, 'CHECK'
        FROM (SELECT *, unnest(checks) AS c FROM {db}.catalog.objects) AS o""",
    "tsql_information_schema.key_column_usage": """
        SELECT {name} AS CONSTRAINT_CATALOG, schema_name AS CONSTRAINT_SCHEMA, k.name AS CONSTRAINT_NAME,
            {name} AS TABLE_CATALOG, schema_name AS TABLE_SCHEMA, table_name AS TABLE_NAME,
            unnest(k.columns) AS COLUMN_NAME,
            CAST(unnest(range(1, len(k.columns) + 1)) AS INTEGER) AS ORDINAL_POSITION
        FROM (%(key)s) WHERE k.kind <> ''""",
}


def create_views(connection: DuckDBPyConnection, database: str) -> None:
    """Make the catalog views of a database anew, as this version defines them."""
    names = {"db": quote(database), "name": string(database)}
    rows = ", ".join(f"({string(name)}, {', '.join(map(str, numbers))})" for name, *numbers in _TYPES)
    connection.execute(
        f"CREATE OR REPLACE VIEW {quote(database)}.catalog.types AS SELECT * FROM (VALUES {rows}) "
        'AS t(name, system_type_id, user_type_id, max_length, "precision", scale)'
    )
    for view, sql in _VIEWS.items():
        schema, name = view.split(".")
        body = (sql % {"key": _KEY, "column": _COLUMN}).format(**names)
        connection.execute(f"CREATE OR REPLACE VIEW {quote(database)}.{schema}.{quote(name)} AS {body}")
    create_security_views(connection, database)


def databases_sql(databases: list[str]) -> str:
    """`sys.databases`: one row for each attached database."""
    return " UNION ALL ".join(
        f"""
        SELECT {string(name)} AS name, database_id, CAST(NULL AS INTEGER) AS source_database_id, create_date,
            CAST(160 AS UTINYINT) AS compatibility_level, 'SQL_Latin1_General_CP1_CI_AS' AS collation_name,
            CAST(0 AS UTINYINT) AS user_access, 'MULTI_USER' AS user_access_desc, false AS is_read_only,
            CAST(0 AS UTINYINT) AS state, 'ONLINE' AS state_desc,
            CAST(CASE WHEN allow_snapshot THEN 1 ELSE 0 END AS UTINYINT) AS snapshot_isolation_state,
            CASE WHEN allow_snapshot THEN 'ON' ELSE 'OFF' END AS snapshot_isolation_state_desc,
            true AS is_read_committed_snapshot_on, CAST(1 AS UTINYINT) AS recovery_model,
            'FULL' AS recovery_model_desc,
            EXISTS (
                SELECT 1 FROM duckdb_tables() WHERE database_name = {string(name)} AND schema_name = 'cdc'
                AND table_name = 'change_tables'
            ) AS is_cdc_enabled
        FROM {quote(name)}.catalog.database"""
        for name in databases
    )
