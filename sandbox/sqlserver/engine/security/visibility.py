"""What the catalog views show to a login that may not see everything.

Source: Microsoft's page "Metadata visibility configuration".
"""

from __future__ import annotations

from collections.abc import Collection

from sandbox.sqlserver.engine.bound import string
from sandbox.sqlserver.engine.catalog import Catalog
from sandbox.sqlserver.engine.security.access import Access
from sandbox.sqlserver.engine.security.principals import DATABASE_ROLES, DATABASE_USERS, SA, SERVER_ROLES

_OF_PRINCIPALS = {
    "database_principals": "principal_id",
    "database_role_members": "member_principal_id",
    "database_permissions": "grantee_principal_id",
}
_OF_SERVER_PRINCIPALS = {
    "server_principals": "principal_id",
    "sql_logins": "principal_id",
    "server_role_members": "member_principal_id",
    "server_permissions": "grantee_principal_id",
}


def visible_rows(access: Access, catalog: Catalog, view: str, columns: Collection[str]) -> str:
    """The condition that a catalog view's rows must meet to be shown; empty when all are."""
    if view in _OF_SERVER_PRINCIPALS:
        if access.allows_on_server("VIEW ANY DEFINITION") or access.allows_on_server("ALTER ANY LOGIN"):
            return ""
        seen = {*access.server_identities, SA, *SERVER_ROLES.values()}
        return f"{_OF_SERVER_PRINCIPALS[view]} IN ({_listed(seen)})"
    if access.allows("VIEW DEFINITION"):
        return ""
    if view in _OF_PRINCIPALS:
        fixed = (
            {*DATABASE_USERS.values(), *DATABASE_ROLES.values()} if view == "database_principals" else set()
        )
        return f"{_OF_PRINCIPALS[view]} IN ({_listed({*access.identities, *fixed})})"
    return _of_objects(access, catalog, {column.lower() for column in columns})


def _of_objects(access: Access, catalog: Catalog, columns: Collection[str]) -> str:
    tables = [table for table in catalog.everything() if access.sees(table)]
    ids = _listed({table.object_id for table in tables})
    conditions = [f"{name} IN ({ids})" for name in ("object_id", "parent_object_id") if name in columns]
    if "table_schema" in columns and "table_name" in columns:
        pairs = ", ".join(f"({string(table.schema)}, {string(table.name)})" for table in tables)
        conditions.append(f"(TABLE_SCHEMA, TABLE_NAME) IN ({pairs or '(NULL, NULL)'})")
    return " OR ".join(conditions)


def _listed(numbers: Collection[int]) -> str:
    return ", ".join(map(str, sorted(numbers))) or "NULL"
