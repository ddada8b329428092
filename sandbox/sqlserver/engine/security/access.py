"""The one question of the rest of the engine: what may this login do in that database?"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sandbox.sqlserver.engine.bound import Bound
from sandbox.sqlserver.engine.model import TableDef
from sandbox.sqlserver.engine.security.permissions import (
    COLUMN_PERMISSIONS,
    OBJECT_PERMISSIONS,
    SERVER,
    THE_DATABASE,
    Permissions,
    Securable,
)
from sandbox.sqlserver.engine.security.principals import (
    DATABASE_ROLES,
    DB_OWNER,
    DBO,
    GUEST,
    PUBLIC,
    SERVER_PUBLIC,
    SYSADMIN,
    Principal,
)
from sandbox.sqlserver.engine.security.store import DatabaseSecurity, ServerSecurity
from sandbox.sqlserver.results import SqlServerError


@dataclass(frozen=True)
class Access:
    """A login in a database. Build it with `access_to`."""

    database: str
    login: Principal
    user: Principal
    server_identities: frozenset[int]
    identities: frozenset[int]
    permissions: Permissions
    schemas: dict[str, int]
    """Schema ids by lower-case name."""

    @property
    def is_sysadmin(self) -> bool:
        """Whether no permission is ever checked, on the whole server."""
        return SYSADMIN in self.server_identities

    @property
    def is_unlimited(self) -> bool:
        """Whether no permission is checked in this database: sysadmin, or `dbo`."""
        return self.is_sysadmin or self.user.principal_id == DBO

    @property
    def is_db_owner(self) -> bool:
        """What procedures mean by db_owner; its members can be denied something, all the same."""
        return self.is_unlimited or DB_OWNER in self.identities

    @property
    def may_alter_captured(self) -> bool:
        """Whether DDL on a table that CDC captures is allowed: GRANT ALTER alone is not enough."""
        return self.is_db_owner or DATABASE_ROLES["db_ddladmin"] in self.identities

    @property
    def is_security_admin(self) -> bool:
        """Whether the user may grant what it does not have itself."""
        return DATABASE_ROLES["db_securityadmin"] in self.identities

    def is_member(self, role: Principal) -> bool:
        """Whether the user is in a role of the database; sysadmin and dbo are in all of the fixed ones."""
        return role.principal_id in self.identities or (self.is_unlimited and role.is_fixed)

    # --- questions

    def allows(self, permission: str, on: Securable = THE_DATABASE, column: int = 0) -> bool:
        """Whether a permission is held on the database, a schema, an object or a column of it."""
        return self.is_unlimited or self.permissions.allow(permission, on, column)

    def allows_on_server(self, permission: str) -> bool:
        """Whether a permission of the server is held."""
        return self.is_sysadmin or self.permissions.allow_on_server(permission)

    def securable(self, table: TableDef) -> Securable:
        """A table or function as something to have permissions on."""
        return Securable(table.object_id, self.schemas.get(table.schema.lower()))

    def columns(self, permission: str, table: TableDef) -> set[int]:
        """The numbers of the columns on which a permission is held."""
        on = self.securable(table)
        return {c.column_id for c in table.columns if self.allows(permission, on, c.column_id)}

    def sees(self, table: TableDef) -> bool:
        """Whether the catalog shows an object: with any permission on it, VIEW DEFINITION not denied."""
        if self.is_unlimited:
            return True
        on = self.securable(table)
        if self.permissions.is_denied("VIEW DEFINITION", on):
            return False
        return any(self.allows(permission, on) for permission in OBJECT_PERMISSIONS) or any(
            self.columns(permission, table) for permission in COLUMN_PERMISSIONS
        )

    # --- demands

    def require(self, permission: str, table: TableDef) -> None:
        """Raises 229 where a permission is held on no part of a table or function."""
        if self.is_unlimited or self.allows(permission, self.securable(table)):
            return
        if permission in COLUMN_PERMISSIONS and self.columns(permission, table):
            return
        raise denied(permission, table.name, self.database, table.schema)

    def require_column(self, permission: str, table: TableDef, column_id: int, name: str) -> None:
        """Raises 230 where a permission is not held on a column."""
        if not self.allows(permission, self.securable(table), column_id):
            raise denied_column(permission, name, table, self.database)

    def require_alter(self, table: TableDef) -> None:
        """Raises 1088 for ALTER TABLE, TRUNCATE TABLE, CREATE and DROP INDEX without ALTER on the table."""
        if not self.allows("ALTER", self.securable(table)):
            raise SqlServerError(
                1088,
                f'Cannot find the object "{table.schema}.{table.name}" because it does not exist or you do '
                "not have permissions.",
                state=13,
            )

    def may_drop(self, table: TableDef) -> bool:
        """DROP TABLE asks for ALTER on the schema or CONTROL on the table."""
        on = self.securable(table)
        return self.allows("ALTER", Securable(schema_id=on.schema_id)) or self.allows("CONTROL", on)

    def require_on_database(self, permission: str) -> None:
        """Raises 262."""
        if not self.allows(permission):
            raise SqlServerError(
                262, f"{permission} permission denied in database '{self.database}'.", severity=14
            )

    def require_in_schema(self, schema: str) -> None:
        """Raises 2760 for making an object in a schema without ALTER on it."""
        if not self.allows("ALTER", Securable(schema_id=self.schemas.get(schema.lower()))):
            raise SqlServerError(
                2760,
                f'The specified schema name "{schema}" either does not exist or you do not have '
                "permission to use it.",
            )

    # --- names

    def readable(self, table: TableDef, columns: tuple[Bound, ...]) -> tuple[Bound, ...]:
        """A table's columns as names; the use of one that may not be selected raises 229 or 230."""
        if self.is_unlimited:
            return columns
        allowed = self.columns("SELECT", table)
        if len(allowed) == len(table.columns):
            return columns
        return tuple(
            bound
            if column.column_id in allowed
            else replace(bound, denied=self._refusal(table, column.name, is_partial=bool(allowed)))
            for bound, column in zip(columns, table.columns, strict=True)
        )

    def _refusal(self, table: TableDef, column: str, *, is_partial: bool) -> SqlServerError:
        if is_partial:
            return denied_column("SELECT", column, table, self.database)
        return denied("SELECT", table.name, self.database, table.schema)


def access_to(
    database: str,
    security: DatabaseSecurity,
    schemas: dict[str, int],
    server: ServerSecurity,
    login: Principal,
) -> Access:
    """What a login may do in a database. Raises SqlServerError 916 where it may not enter it."""
    on_server = server.principals.roles_of(login.principal_id, SERVER_PUBLIC)
    is_sysadmin = SYSADMIN in on_server
    users = security.principals
    user = users.by_id(DBO) if is_sysadmin else users.with_sid(login.sid) or users.by_id(GUEST)
    if user is None:
        raise LookupError(f"database {database} has no user guest")
    identities = users.roles_of(user.principal_id, PUBLIC)
    permissions = Permissions(
        [
            *(entry for entry in server.entries if entry.grantee in on_server),
            *(entry for entry in security.entries if entry.class_ != SERVER and entry.grantee in identities),
        ]
    )
    access = Access(database, login, user, on_server, identities, permissions, schemas)
    if not access.allows("CONNECT"):
        raise no_entry(login.name, database)
    return access


def denied(permission: str, name: str, database: str, schema: str) -> SqlServerError:
    """Error 229."""
    return SqlServerError(
        229,
        f"The {permission} permission was denied on the object '{name}', database '{database}', "
        f"schema '{schema}'.",
        severity=14,
        state=5,
    )


def denied_column(permission: str, column: str, table: TableDef, database: str) -> SqlServerError:
    """Error 230."""
    return SqlServerError(
        230,
        f"The {permission} permission was denied on the column '{column}' of the object '{table.name}', "
        f"database '{database}', schema '{table.schema}'.",
        severity=14,
    )


def no_entry(login: str, database: str) -> SqlServerError:
    """Error 916."""
    return SqlServerError(
        916,
        f'The server principal "{login}" is not able to access the database "{database}" under the current '
        "security context.",
        severity=14,
        state=2,
    )


def not_permitted() -> SqlServerError:
    """Error 15247."""
    return SqlServerError(15247, "User does not have permission to perform this action.")
