"""Rights that somebody has given by hand: told, and left as they are."""

from __future__ import annotations

from collections.abc import Iterator

from deployments.quoting import snowflake_name
from deployments.snowflake import wanted
from deployments.snowflake.names import Names
from deployments.snowflake.present import Account, Held, held_by
from deployments.snowflake.subjects.volumes import iceberg_grants


def surplus(account: Account, names: Names) -> Iterator[str]:
    """What roles may in the environment's database, and who sees personal columns, beyond what is wanted."""
    inside = f"{names.database}."
    for role in wanted.ROLES:
        allowed, in_schemas = _allowed(role.name, names)
        for held in sorted(held_by(account, names.own(role.name)), key=str):
            schema = held.name.removeprefix(inside).partition(".")[0]
            is_ours = held.name == names.database or held.name.startswith(inside)
            if not is_ours or held.privilege == "OWNERSHIP" or held in allowed:
                continue
            if (held.privilege, schema) not in in_schemas:
                yield f"! role {names.own(role.name)} has {held.privilege} on {held.kind.lower()} {held.name}"
    personal = names.own(wanted.PERSONAL)
    known = {names.own(role.name) for role in wanted.ROLES if wanted.PERSONAL in role.inherits}
    for row in account.rows(f"SHOW GRANTS OF ROLE {snowflake_name(personal)}"):
        if row["granted_to"] != "ROLE" or row["grantee_name"] not in known:
            who = f"{row['granted_to'].lower()} {row['grantee_name']}"
            yield f"! {who} has role {personal}: it sees personal columns"


def _allowed(role: str, names: Names) -> tuple[set[Held], set[tuple[str, str]]]:
    """What a role may on what is always there, and what on all tables of a schema."""
    grants = {
        Held(privilege, grant.kind, ".".join(grant.name))
        for grant in (*wanted.grants(names), *iceberg_grants(names))
        if grant.role == role
        for privilege in grant.privileges.split(", ")
    }
    grants |= {
        Held("SELECT", "TABLE", f"{names.database}.{table.schema}.{table.table}")
        for table in wanted.table_grants(names)
        if table.role == role
    }
    in_schemas = {
        (privilege, future.schema)
        for future in wanted.future_grants(names)
        if future.role == role
        for privilege in future.privileges.split(", ")
    }
    return grants, in_schemas
