"""`sys.database_principals`, `sys.server_principals` and their like, as DuckDB views.

Columns and codes: Microsoft's pages on these catalog views.
"""

from __future__ import annotations

from duckdb import DuckDBPyConnection

from sandbox.sqlserver.engine.bound import quote, string
from sandbox.sqlserver.engine.security.principals import (
    DATABASE_ROLES,
    DATABASE_USERS,
    SA,
    SERVER_PUBLIC,
    SERVER_ROLES,
    SYSADMIN,
)

_CODES = {
    "ALTER": "AL",
    "ALTER ANY DATABASE": "ALDB",
    "ALTER ANY LOGIN": "ALLG",
    "ALTER ANY ROLE": "ALRL",
    "ALTER ANY SCHEMA": "ALSM",
    "ALTER ANY USER": "ALUS",
    "ALTER SERVER STATE": "ALSS",
    "ALTER SETTINGS": "ALST",
    "BACKUP DATABASE": "BADB",
    "BACKUP LOG": "BALO",
    "CHECKPOINT": "CP",
    "CONNECT": "CO",
    "CONNECT ANY DATABASE": "CADB",
    "CONNECT SQL": "COSQ",
    "CONTROL": "CL",
    "CONTROL SERVER": "CL",
    "CREATE ANY DATABASE": "CRDB",
    "CREATE FUNCTION": "CRFN",
    "CREATE PROCEDURE": "CRPR",
    "CREATE ROLE": "CRRL",
    "CREATE SCHEMA": "CRSM",
    "CREATE TABLE": "CRTB",
    "CREATE VIEW": "CRVW",
    "DELETE": "DL",
    "EXECUTE": "EX",
    "INSERT": "IN",
    "REFERENCES": "RF",
    "SELECT": "SL",
    "SELECT ALL USER SECURABLES": "SUS",
    "SHOWPLAN": "SPLN",
    "TAKE OWNERSHIP": "TO",
    "UPDATE": "UP",
    "VIEW ANY DATABASE": "VWDB",
    "VIEW ANY DEFINITION": "VWAD",
    "VIEW CHANGE TRACKING": "VWCT",
    "VIEW DATABASE PERFORMANCE STATE": "VDP",
    "VIEW DATABASE STATE": "VWDS",
    "VIEW DEFINITION": "VW",
    "VIEW SERVER PERFORMANCE STATE": "VSPS",
    "VIEW SERVER STATE": "VWSS",
}


def _rows(names: dict[str, int], kind: str) -> list[str]:
    described = "DATABASE_ROLE" if kind == "R" else "SQL_USER"
    return [f"({string(n)}, {number}, '{kind}', '{described}')" for n, number in names.items() if n != "dbo"]


_FIXED = ", ".join([*_rows(DATABASE_USERS, "S"), *_rows(DATABASE_ROLES, "R")])
_SERVER_ROLES = ", ".join(f"({string(name)}, {number})" for name, number in SERVER_ROLES.items())
_TYPES = ", ".join(f"({string(name)}, {string(code)})" for name, code in _CODES.items())
_STATE = "CASE p.state WHEN 'G' THEN 'GRANT' WHEN 'D' THEN 'DENY' ELSE 'REVOKE' END AS state_desc"
_PERMISSION = f"""p.grantee_id AS grantee_principal_id, p.grantor_id AS grantor_principal_id, c.code AS type,
    p.permission AS permission_name, p.state, {_STATE}"""

_VIEWS = {
    "catalog.permission_codes": f"SELECT * FROM (VALUES {_TYPES}) AS t(name, code)",
    "sys.database_principals": f"""
        SELECT 'dbo' AS name, 1 AS principal_id, 'S' AS type, 'SQL_USER' AS type_desc,
            'dbo' AS default_schema_name, CAST(NULL AS TIMESTAMP) AS create_date,
            CAST(NULL AS TIMESTAMP) AS modify_date, CAST(NULL AS INTEGER) AS owning_principal_id,
            coalesce((SELECT sid FROM {{db}}.catalog.owner), '\\x01'::BLOB) AS sid, false AS is_fixed_role,
            1 AS authentication_type, 'INSTANCE' AS authentication_type_desc
        UNION ALL
        SELECT name, principal_id, type, type_desc, NULL, NULL, NULL, 1, NULL,
            type = 'R' AND principal_id > 0, 0, 'NONE'
        FROM (VALUES {_FIXED}) AS f(name, principal_id, type, type_desc)
        UNION ALL
        SELECT name, principal_id, kind, CASE kind WHEN 'R' THEN 'DATABASE_ROLE' ELSE 'SQL_USER' END,
            default_schema, created, modified, CASE kind WHEN 'R' THEN 1 END,
            CASE WHEN octet_length(sid) > 0 THEN sid END, false,
            CASE WHEN octet_length(sid) > 0 THEN 1 ELSE 0 END,
            CASE WHEN octet_length(sid) > 0 THEN 'INSTANCE' ELSE 'NONE' END
        FROM {{db}}.catalog.principals""",
    "sys.database_role_members": """
        SELECT role_id AS role_principal_id, member_id AS member_principal_id
        FROM {db}.catalog.role_members
        UNION ALL
        SELECT 16384, 1""",
    "sys.database_permissions": f"""
        SELECT p.class,
            CASE p.class WHEN 0 THEN 'DATABASE' WHEN 1 THEN 'OBJECT_OR_COLUMN' ELSE 'SCHEMA' END
                AS class_desc,
            p.major_id, p.minor_id, {_PERMISSION}
        FROM {{db}}.catalog.permissions AS p
        LEFT JOIN {{db}}.catalog.permission_codes AS c ON c.name = p.permission
        WHERE p.class = 0 OR p.class = 3 AND p.major_id IN (SELECT schema_id FROM {{db}}.catalog.schemas)
            OR p.class = 1 AND (
                p.major_id < 0 OR p.major_id IN (SELECT object_id FROM {{db}}.catalog.objects)
            )""",
    "sys.server_principals": f"""
        SELECT name, principal_id, sid, 'S' AS type, 'SQL_LOGIN' AS type_desc, is_disabled,
            created AS create_date, modified AS modify_date, default_database AS default_database_name,
            CAST(NULL AS INTEGER) AS owning_principal_id, false AS is_fixed_role
        FROM master.catalog.logins
        UNION ALL
        SELECT name, principal_id, NULL, 'R', 'SERVER_ROLE', false, NULL, NULL, NULL, 1,
            principal_id <> {SERVER_PUBLIC}
        FROM (VALUES {_SERVER_ROLES}) AS r(name, principal_id)""",
    "sys.sql_logins": """
        SELECT name, principal_id, sid, 'S' AS type, 'SQL_LOGIN' AS type_desc, is_disabled,
            created AS create_date, modified AS modify_date, default_database AS default_database_name,
            false AS is_policy_checked, false AS is_expiration_checked, password_hash
        FROM master.catalog.logins""",
    "sys.server_role_members": f"""
        SELECT role_id AS role_principal_id, member_id AS member_principal_id
        FROM master.catalog.server_role_members
        UNION ALL
        SELECT {SYSADMIN}, {SA}""",
    "sys.server_permissions": f"""
        SELECT p.class, 'SERVER' AS class_desc, p.major_id, p.minor_id, {_PERMISSION}
        FROM master.catalog.permissions AS p
        LEFT JOIN {{db}}.catalog.permission_codes AS c ON c.name = p.permission
        WHERE p.class = 100""",
}


def create_security_views(connection: DuckDBPyConnection, database: str) -> None:
    """Make the views of principals and permissions of a database anew; master must be attached."""
    for view, sql in _VIEWS.items():
        schema, name = view.split(".")
        db = quote(database)
        connection.execute(f"CREATE OR REPLACE VIEW {db}.{schema}.{quote(name)} AS {sql.format(db=db)}")
