"""INFORMATION_SCHEMA: fakesnow's views, with Snowflake's types and with what tables declare."""

from __future__ import annotations

from string import Template

from fakesnow import info_schema
from fakesnow.transforms import transforms

COLUMNS = """
CREATE OR REPLACE VIEW _fs_global._fs_information_schema._fs_columns AS
WITH lengths AS (
    SELECT database_name, schema_name, table_name, constraint_column_names[1] AS column_name,
        regexp_extract(constraint_text, '<= (\\d+)\\)*$', 1)::INTEGER AS length
    FROM duckdb_constraints()
    WHERE constraint_type = 'CHECK'
        AND regexp_matches(constraint_text, '(?i)^CHECK\\(\\(length\\(.*\\) <= \\d+\\)\\)$')
)
SELECT
    c.database_name AS TABLE_CATALOG,
    c.schema_name AS TABLE_SCHEMA,
    c.table_name AS TABLE_NAME,
    c.column_name AS COLUMN_NAME,
    c.column_index AS ORDINAL_POSITION,
    CASE WHEN NOT contains(lower(c.column_default), '_fs_seq_') THEN c.column_default END AS COLUMN_DEFAULT,
    CASE WHEN c.is_nullable THEN 'YES' ELSE 'NO' END AS IS_NULLABLE,
    CASE
        WHEN c.data_type = 'INTERVAL' THEN 'TIMESTAMP_TZ'
        WHEN c.data_type LIKE 'DECIMAL%' OR c.data_type LIKE '%INT%' THEN 'NUMBER'
        WHEN c.data_type IN ('VARCHAR', 'UUID') THEN 'TEXT'
        WHEN c.data_type IN ('DOUBLE', 'FLOAT') THEN 'FLOAT'
        WHEN c.data_type = 'BLOB' THEN 'BINARY'
        WHEN c.data_type IN ('TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ_NS') THEN 'TIMESTAMP_LTZ'
        WHEN c.data_type LIKE 'TIMESTAMP%' THEN 'TIMESTAMP_NTZ'
        WHEN c.data_type LIKE 'TIME%' THEN 'TIME'
        WHEN c.data_type = 'JSON' THEN 'VARIANT'
        WHEN c.data_type LIKE '%[]' THEN 'ARRAY'
        ELSE c.data_type
    END AS DATA_TYPE,
    CASE
        WHEN c.data_type = 'VARCHAR' THEN coalesce(lengths.length, 16777216)
        WHEN c.data_type = 'BLOB' THEN 8388608
    END AS CHARACTER_MAXIMUM_LENGTH,
    CASE
        WHEN c.data_type = 'VARCHAR' THEN least(coalesce(lengths.length, 16777216) * 4, 16777216)
        WHEN c.data_type = 'BLOB' THEN 8388608
    END AS CHARACTER_OCTET_LENGTH,
    CASE
        WHEN c.data_type LIKE 'DECIMAL%' THEN c.numeric_precision
        WHEN c.data_type LIKE '%INT' OR c.data_type LIKE '%INTEGER' THEN 38
    END AS NUMERIC_PRECISION,
    CASE
        WHEN c.data_type LIKE 'DECIMAL%' OR c.data_type LIKE '%INT' OR c.data_type LIKE '%INTEGER' THEN 10
    END AS NUMERIC_PRECISION_RADIX,
    CASE
        WHEN c.data_type LIKE 'DECIMAL%' THEN c.numeric_scale
        WHEN c.data_type LIKE '%INT' OR c.data_type LIKE '%INTEGER' THEN 0
    END AS NUMERIC_SCALE,
    CASE WHEN c.data_type LIKE 'TIME%' OR c.data_type = 'INTERVAL' THEN 9 END AS DATETIME_PRECISION,
    NULL::VARCHAR AS COLLATION_NAME,
    CASE WHEN contains(lower(c.column_default), '_fs_seq_') THEN 'YES' ELSE 'NO' END AS IS_IDENTITY,
    NULL::VARCHAR AS IDENTITY_GENERATION,
    NULL::VARCHAR AS IDENTITY_CYCLE,
    c.comment AS COMMENT,
    NULL::VARCHAR AS IDENTITY_START,
    NULL::VARCHAR AS IDENTITY_INCREMENT,
    NULL::VARCHAR AS IDENTITY_ORDERED,
    NULL::VARCHAR AS DATA_TYPE_ALIAS
FROM duckdb_columns() c
LEFT JOIN lengths USING (database_name, schema_name, table_name, column_name)
WHERE c.schema_name != '_fs_information_schema' AND c.database_name NOT IN ('system', '_fs_global', 'memory')
"""


def describe_with_comments() -> None:
    """Have DESCRIBE TABLE show the comments of columns: fakesnow 0.12.1 has NULL in their place."""
    theirs = transforms.SQL_DESCRIBE_TABLE.template
    ours = theirs.replace('NULL::VARCHAR AS "comment"', 'comment AS "comment"')
    transforms.SQL_DESCRIBE_TABLE = Template(ours)


DECLARED = (
    ("_fs_tables_ext.comment AS", "json_extract_string(tables.comment, '$.comment') AS"),
    (
        "'NO' AS \"IS_TRANSIENT\"",
        "if(json_extract_string(tables.comment, '$.transient') = 'true', 'YES', 'NO') AS \"IS_TRANSIENT\"",
    ),
    (
        "'NO' AS \"IS_DYNAMIC\"",
        "if(json_extract_string(tables.comment, '$.dynamic') != '', 'YES', 'NO') AS \"IS_DYNAMIC\"",
    ),
    (
        "'NO' AS \"IS_ICEBERG\"",
        "if(json_extract_string(tables.comment, '$.iceberg') = 'true', 'YES', 'NO') AS \"IS_ICEBERG\"",
    ),
    (
        'NULL::VARCHAR AS "CLUSTERING_KEY"',
        "nullif(json_extract_string(tables.comment, '$.cluster_by'), '') AS \"CLUSTERING_KEY\"",
    ),
)
"""What fakesnow's view of tables says, and what declared.py has kept."""


VIEWS_TOO = """
UNION ALL BY NAME
SELECT
    database_name AS "TABLE_CATALOG",
    schema_name AS "TABLE_SCHEMA",
    view_name AS "TABLE_NAME",
    'SYSADMIN' AS "TABLE_OWNER",
    'VIEW' AS "TABLE_TYPE",
    json_extract_string(comment, '$.comment') AS "COMMENT"
FROM duckdb_views()
WHERE NOT internal AND database_name = '{name}' AND schema_name != '_fs_information_schema'
"""
"""INFORMATION_SCHEMA.TABLES lists views, too (Snowflake, "TABLES view"): fakesnow 0.12.1 leaves them out."""


def per_database(name: str) -> str:
    """The statements that make INFORMATION_SCHEMA.TABLES and VIEWS of a database show what is declared."""
    tables = info_schema.SQL_CREATE_INFORMATION_SCHEMA_TABLES_VIEW.substitute(catalog=name)
    views = info_schema.SQL_CREATE_INFORMATION_SCHEMA_VIEWS_VIEW.substitute(catalog=name)
    for theirs, ours in DECLARED:
        tables = tables.replace(theirs, ours)
    tables += VIEWS_TOO.format(name=name)
    views = views.replace("null::VARCHAR as COMMENT", "json_extract_string(comment, '$.comment') AS COMMENT")
    replacing = "create or replace view"
    return ";".join(view.replace("create view if not exists", replacing) for view in (tables, views))
