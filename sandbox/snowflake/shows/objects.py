"""What each SHOW lists: a query of the engine's catalog, with the columns of Snowflake's documentation."""

from __future__ import annotations

from sandbox.snowflake.inert import OBJECTS
from sandbox.snowflake.shows import account

EPOCH = "to_timestamp(0)"
OUR_SCHEMAS = "('main', 'pg_catalog', '_fs_information_schema')"
OUR_DATABASES = "('memory', 'system', 'temp', '_fs_global')"
TABLES = f"""
SELECT t.database_name, t.schema_name, t.table_name AS name, t.comment AS declared, t.estimated_size AS rows,
    'TABLE' AS type, NULL AS text, t.temporary
FROM duckdb_tables() t
WHERE NOT t.internal AND t.database_name NOT IN {OUR_DATABASES} AND t.schema_name NOT IN {OUR_SCHEMAS}
"""
VIEWS = f"""
SELECT v.database_name, v.schema_name, v.view_name AS name, v.comment AS declared, NULL AS rows,
    'VIEW' AS type, v.sql AS text, v.temporary
FROM duckdb_views() v
WHERE NOT v.internal AND v.database_name NOT IN {OUR_DATABASES} AND v.schema_name NOT IN {OUR_SCHEMAS}
"""
TEMPORARY_TABLES = """
SELECT database_name, schema_name, name, NULL AS declared, NULL AS rows, 'TABLE' AS type, NULL AS text,
    true AS temporary
FROM ($temporary) AS known(database_name, schema_name, name)
"""
"""Those of the session, whose schema the engine does not know."""
TABLE_COLUMNS = f"""
{EPOCH} AS created_on, name, database_name, schema_name,
CASE WHEN type = 'VIEW' THEN 'VIEW'
    WHEN temporary THEN 'TEMPORARY'
    WHEN json_extract_string(declared, '$.transient') = 'true' THEN 'TRANSIENT'
    ELSE 'TABLE' END AS kind,
coalesce(json_extract_string(declared, '$.comment'), '') AS comment,
coalesce(json_extract_string(declared, '$.cluster_by'), '') AS cluster_by, rows, NULL::BIGINT AS bytes,
'SYSADMIN' AS owner, '1' AS retention_time
"""
IS_ICEBERG = "if(json_extract_string(declared, '$.iceberg') = 'true', 'Y', 'N') AS is_iceberg"
IS_DYNAMIC = "if(coalesce(json_extract_string(declared, '$.dynamic'), '') = '', 'N', 'Y') AS is_dynamic"
KEYS = f"""
SELECT k.database_name, k.schema_name, k.name AS table_name, unnest(
    from_json(json_extract(k.declared, '$.keys'),
    '[{{"kind": "VARCHAR", "name": "VARCHAR", "columns": ["VARCHAR"], "references": ["VARCHAR"],
        "referenced": ["VARCHAR"]}}]')) AS key
FROM ({TABLES}) k WHERE k.declared IS NOT NULL
"""


def _keys(kind: str) -> str:
    return f"""
SELECT {EPOCH} AS created_on, database_name, schema_name, table_name,
    unnest(key.columns) AS column_name, generate_subscripts(key.columns, 1) AS key_sequence,
    key.name AS constraint_name, 'false' AS rely, NULL AS comment
FROM ({KEYS}) WHERE key.kind = '{kind}'
"""


FOREIGN_KEYS = f"""
SELECT {EPOCH} AS created_on, key."references"[1] AS pk_database_name, key."references"[2] AS pk_schema_name,
    key."references"[3] AS pk_table_name, unnest(key.referenced) AS pk_column_name,
    database_name AS fk_database_name, schema_name AS fk_schema_name, table_name AS fk_table_name,
    unnest(key.columns) AS fk_column_name, generate_subscripts(key.columns, 1) AS key_sequence,
    'NO ACTION' AS update_rule, 'NO ACTION' AS delete_rule, key.name AS fk_name,
    (SELECT p.key.name FROM ({KEYS}) p WHERE p.key.kind = 'PRIMARY' AND p.table_name = k.key."references"[3]
        AND p.schema_name = k.key."references"[2] AND p.database_name = k.key."references"[1]) AS pk_name,
    'NOT DEFERRABLE' AS deferrability, 'false' AS rely, NULL AS comment
FROM ({KEYS}) k WHERE key.kind = 'FOREIGN'
"""


LISTS: dict[str, str] = {
    "TABLES": f"""
SELECT {TABLE_COLUMNS}, 'OFF' AS automatic_clustering, 'OFF' AS change_tracking, 'OFF' AS search_optimization,
    NULL AS search_optimization_progress, NULL AS search_optimization_bytes, 'N' AS is_external,
    'N' AS enable_schema_evolution, 'ROLE' AS owner_role_type, 'N' AS is_event, NULL AS budget,
    'N' AS is_hybrid,
    {IS_ICEBERG}, {IS_DYNAMIC}, 'N' AS is_immutable
FROM ({TABLES} UNION ALL {TEMPORARY_TABLES})""",
    "OBJECTS": f"""
SELECT {TABLE_COLUMNS}, 'ROLE' AS owner_role_type, NULL AS budget, 'N' AS is_hybrid, {IS_ICEBERG},
    {IS_DYNAMIC}
FROM ({TABLES} UNION ALL {VIEWS} UNION ALL {TEMPORARY_TABLES})""",
    "VIEWS": f"""
SELECT {EPOCH} AS created_on, name, '' AS reserved, database_name, schema_name, 'SYSADMIN' AS owner,
    coalesce(json_extract_string(declared, '$.comment'), '') AS comment, text, 'false' AS is_secure,
    'false' AS is_materialized, 'ROLE' AS owner_role_type, 'OFF' AS change_tracking
FROM ({VIEWS})""",
    "SCHEMAS": f"""
SELECT {EPOCH} AS created_on,
    CASE WHEN schema_name = '_fs_information_schema' THEN 'INFORMATION_SCHEMA' ELSE schema_name END AS name,
    'N' AS is_default, CASE WHEN database_name = $database AND schema_name = $schema THEN 'Y' ELSE 'N' END
        AS is_current,
    database_name, 'SYSADMIN' AS owner, coalesce(s.options->>'COMMENT', '') AS comment,
    if(s.options->>'MANAGED ACCESS' = 'true', 'MANAGED ACCESS', '') AS options,
    coalesce(s.options->>'DATA_RETENTION_TIME_IN_DAYS', d.options->>'DATA_RETENTION_TIME_IN_DAYS', '1')
        AS retention_time,
    'ROLE' AS owner_role_type
FROM duckdb_schemas()
LEFT JOIN {OBJECTS} s ON s.kind = 'SCHEMA' AND s.name = database_name || '.' || schema_name
LEFT JOIN {OBJECTS} d ON d.kind = 'DATABASE' AND d.name = database_name
WHERE database_name NOT IN {OUR_DATABASES}
    AND schema_name NOT IN ('main', 'pg_catalog', 'information_schema')""",
    "DATABASES": f"""
SELECT {EPOCH} AS created_on, database_name AS name, 'N' AS is_default,
    CASE WHEN database_name = $database THEN 'Y' ELSE 'N' END AS is_current, '' AS origin,
    'SYSADMIN' AS owner,
    coalesce(o.options->>'COMMENT', '') AS comment, '' AS options,
    coalesce(o.options->>'DATA_RETENTION_TIME_IN_DAYS', '1') AS retention_time, 'STANDARD' AS kind,
    NULL AS budget, 'ROLE' AS owner_role_type, NULL AS object_visibility
FROM duckdb_databases()
LEFT JOIN {OBJECTS} o ON o.kind = 'DATABASE' AND o.name = database_name
WHERE database_name NOT IN {OUR_DATABASES}""",
    "STAGES": "SELECT * FROM _fs_global._fs_information_schema._fs_stages",
    "SEQUENCES": f"""
SELECT sequence_name AS name, database_name, schema_name, coalesce(last_value + increment_by, start_value) AS
    next_value, increment_by AS "interval", {EPOCH} AS created_on, 'SYSADMIN' AS owner,
    coalesce(comment, '') AS comment, 'ROLE' AS owner_role_type, 'Y' AS ordered
FROM duckdb_sequences() WHERE database_name NOT IN {OUR_DATABASES}
    AND NOT starts_with(lower(sequence_name), '_fs_seq_')""",
    "PRIMARY KEYS": _keys("PRIMARY"),
    "UNIQUE KEYS": _keys("UNIQUE"),
    "IMPORTED KEYS": FOREIGN_KEYS,
    "EXPORTED KEYS": FOREIGN_KEYS,
    **account.LISTS,
}
"""The engine's query by what SHOW names; `$database`, `$schema`, `$role`, `$warehouse`: the session's."""
TERSE = ("created_on", "name", "kind", "database_name", "schema_name")
SCOPES: dict[str, tuple[str | None, str | None, str | None]] = {
    "SCHEMAS": ("database_name", None, None),
    **dict.fromkeys(
        ("TABLES", "VIEWS", "OBJECTS", "STAGES", "SEQUENCES", "TAGS", "MASKING POLICIES"),
        ("database_name", "schema_name", None),
    ),
    **dict.fromkeys(("PRIMARY KEYS", "UNIQUE KEYS"), ("database_name", "schema_name", "table_name")),
    "IMPORTED KEYS": ("fk_database_name", "fk_schema_name", "fk_table_name"),
    "EXPORTED KEYS": ("pk_database_name", "pk_schema_name", "pk_table_name"),
}
"""The columns that a scope limits: database, schema and table."""
