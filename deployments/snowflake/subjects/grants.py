"""What each role may."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from deployments.quoting import snowflake_name
from deployments.snowflake import wanted
from deployments.snowflake.names import Names
from deployments.snowflake.present import Account, Held, held_by, held_in_future_by
from deployments.snowflake.script import Script
from deployments.snowflake.step import Step

SQL = Script("03_grants.sql")
KINDS = {
    "TABLES": "TABLE",
    "VIEWS": "VIEW",
    "DYNAMIC TABLES": "DYNAMIC TABLE",
    "ICEBERG TABLES": "ICEBERG TABLE",
}
"""What SHOW calls one of them."""


def steps(account: Account, names: Names) -> Iterator[Step]:
    """Grant what is missing."""
    objects = account.rows(f"SHOW OBJECTS IN DATABASE {snowflake_name(names.database)}")
    relations = [(row["schema_name"], row["name"], _kind(row)) for row in objects]
    for role in wanted.ROLES:
        held = held_by(account, names.own(role.name))
        in_future = held_in_future_by(account, names.own(role.name))
        yield from on_objects([each for each in wanted.grants(names) if each.role == role.name], held, names)
        for future in wanted.future_grants(names):
            if future.role == role.name:
                yield from _in_schema(future, held, in_future, relations, names)
        for table in wanted.table_grants(names):
            if table.role == role.name and (table.schema, table.table, "TABLE") in relations:
                place = (names.database, table.schema, table.table)
                grant = wanted.Grant(table.role, "SELECT", "TABLE", place)
                yield from on_objects([grant], held, names)


def on_objects(grants: Sequence[wanted.Grant], held: set[Held], names: Names) -> Iterator[Step]:
    """Grant what is missing on objects; an owner has it all."""
    for grant in grants:
        name, role = ".".join(grant.name), names.own(grant.role)
        missing = _missing(grant.privileges, grant.kind, name, held)
        if missing:
            made = SQL("grant", privileges=missing, kind=grant.kind, name=grant.name, role=role)
            yield Step("+", f"{missing} on {grant.kind.lower()} {name} to role {role}", made)


def _in_schema(
    grant: wanted.FutureGrant,
    held: set[Held],
    in_future: set[Held],
    relations: list[tuple[str, str, str]],
    names: Names,
) -> Iterator[Step]:
    schema, role = (names.database, grant.schema), names.own(grant.role)
    place = ".".join(schema)
    given = {"kinds": grant.kinds, "schema": schema, "role": role}
    if missing := _missing(grant.privileges, KINDS[grant.kinds], place, in_future):
        text = f"{missing} on future {grant.kinds.lower()} in {place} to role {role}"
        yield Step("+", text, SQL("grant_future", privileges=missing, **given))
    have = {(each.privilege, each.name) for each in held}
    without = [
        name
        for schema_name, name, kind in relations
        if (schema_name, kind) == (grant.schema, KINDS[grant.kinds])
        and ("OWNERSHIP", f"{place}.{name}") not in have
        and any((privilege, f"{place}.{name}") not in have for privilege in grant.privileges.split(", "))
    ]
    if without:
        text = (
            f"{grant.privileges} on all {grant.kinds.lower()} in {place} to role {role}: {', '.join(without)}"
        )
        yield Step("+", text, SQL("grant_all", privileges=grant.privileges, **given))


def _missing(privileges: str, kind: str, name: str, held: set[Held]) -> str:
    if Held("OWNERSHIP", kind, name) in held:
        return ""
    return ", ".join(each for each in privileges.split(", ") if Held(each, kind, name) not in held)


def _kind(row: dict[str, str]) -> str:
    if row.get("is_dynamic") == "Y":
        return "DYNAMIC TABLE"
    if row.get("is_iceberg") == "Y":
        return "ICEBERG TABLE"
    return "VIEW" if row["kind"] == "VIEW" else "TABLE"
