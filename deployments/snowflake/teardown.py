"""Drop what the set-up of an environment has made, told by its mark; everything else stays, and is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from deployments.quoting import snowflake_name
from deployments.snowflake import wanted
from deployments.snowflake.names import Names
from deployments.snowflake.plan import take
from deployments.snowflake.present import Account
from deployments.snowflake.step import Step
from deployments.snowflake.subjects import databases, roles

SYSTEM_SCHEMAS = ("INFORMATION_SCHEMA", "PUBLIC")


def teardown(account: Account, names: Names, tell: Callable[[str], None]) -> None:
    """Drop it, in the opposite order of making it.

    Raises:
        SetUpError: a step failed; running it again goes on from there.
    """
    steps = [*_databases(account, names, tell), *_roles(account, names, tell)]
    take(account, steps, tell)
    tell(f"{len(steps)} objects dropped." if steps else "Nothing to drop.")


def _databases(account: Account, names: Names, tell: Callable[[str], None]) -> Iterator[Step]:
    database = account.by_name("SHOW DATABASES").get(names.database)
    if database is None:
        return
    present = account.by_name(f"SHOW SCHEMAS IN DATABASE {snowflake_name(names.database)}")
    ours = [
        schema.name
        for schema in wanted.schemas(names)
        if names.is_marked(present.get(schema.name, {}).get("comment"))
    ]
    others = sorted(present.keys() - {*ours, *SYSTEM_SCHEMAS})
    public = account.rows(f"SHOW OBJECTS IN SCHEMA {snowflake_name(names.database, 'PUBLIC')}")
    for schema in ours:
        place = (names.database, schema)
        yield Step("-", f"schema {'.'.join(place)}", databases.SQL("drop_schema", schema=place))
    if not names.is_marked(database["comment"]):
        tell(f"left: database {names.database}, which was there before")
    elif others or public:
        what = [*(f"schema {name}" for name in others), *(f"PUBLIC.{row['name']}" for row in public)]
        tell(f"left: database {names.database}, as others have made {', '.join(what)} in it")
    else:
        dropped = databases.SQL("drop_database", database=names.database)
        yield Step("-", f"database {names.database}", dropped)


def _roles(account: Account, names: Names, tell: Callable[[str], None]) -> Iterator[Step]:
    present = account.by_name("SHOW ROLES")
    for role in reversed(wanted.ROLES):
        name = names.own(role.name)
        if name not in present:
            continue
        if names.is_marked(present[name]["comment"]):
            yield Step("-", f"role {name}", roles.SQL("drop_role", role=name))
        else:
            tell(f"left: role {name}, which was there before")
