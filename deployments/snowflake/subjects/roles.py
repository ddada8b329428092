"""Roles, and which of them has which other one's rights."""

from __future__ import annotations

from collections.abc import Iterator

from deployments.snowflake import wanted
from deployments.snowflake.names import Names
from deployments.snowflake.present import Account, held_by
from deployments.snowflake.script import Script
from deployments.snowflake.step import Step

SQL = Script("02_roles.sql")
ABOVE = "SYSADMIN"


def steps(account: Account, names: Names) -> Iterator[Step]:
    """Make the roles that are missing, then what is missing of their hierarchy."""
    present = account.by_name("SHOW ROLES")
    for role in wanted.ROLES:
        name = names.own(role.name)
        if name not in present:
            made = SQL("create_role", role=name, comment=names.marked(role.comment))
            yield Step("+", f"role {name}: {role.comment}", made)
    for holder, database_roles in wanted.DATABASE_ROLES.items():
        yield from _given_of_snowflake(account, names.own(holder), database_roles)
    inherited = {name for role in wanted.ROLES for name in role.inherits}
    for role in wanted.ROLES:
        yield from _given(account, names.own(role.name), [names.own(each) for each in role.inherits])
    yield from _given(
        account, ABOVE, [names.own(role.name) for role in wanted.ROLES if role.name not in inherited]
    )


def _given(account: Account, to: str, roles: list[str]) -> Iterator[Step]:
    if roles:
        held = {each.name for each in held_by(account, to) if each.kind == "ROLE"}
        for role in roles:
            if role not in held:
                yield Step("+", f"role {role} to role {to}", SQL("grant_role", role=role, to=to))


def _given_of_snowflake(account: Account, to: str, database_roles: tuple[str, ...]) -> Iterator[Step]:
    held = {each.name.rpartition(".")[2] for each in held_by(account, to) if each.kind == "DATABASE ROLE"}
    for role in database_roles:
        if role not in held:
            given = SQL("grant_database_role", database_role=("SNOWFLAKE", role), to=to)
            yield Step("+", f"database role SNOWFLAKE.{role} to role {to}", given)
