"""Drop what the set-up of an environment has made, told by its mark; everything else stays, and is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from deployments.quoting import snowflake_name
from deployments.snowflake import wanted
from deployments.snowflake.names import Names
from deployments.snowflake.plan import take
from deployments.snowflake.present import Account
from deployments.snowflake.script import Statement
from deployments.snowflake.step import Step
from deployments.snowflake.subjects import databases, masking, roles, users, volumes, warehouses

Tell = Callable[[str], None]
READERS = (wanted.STEWARD, wanted.SCIENTIST, wanted.READER)
SYSTEM_SCHEMAS = ("INFORMATION_SCHEMA", "PUBLIC")


def teardown(account: Account, names: Names, tell: Tell) -> None:
    """Drop it, in the opposite order of making it.

    Raises:
        SetUpError: a step failed; running it again goes on from there.
    """
    parts = (_users, _readers, _masking, _databases, _volumes, _warehouses, _writers)
    steps = [step for part in parts for step in part(account, names, tell)]
    take(account, steps, tell)
    tell(f"{len(steps)} steps taken." if steps else "Nothing to drop.")


def _users(account: Account, names: Names, tell: Tell) -> Iterator[Step]:
    name = names.own(wanted.PLATFORM)
    return _marked(account, names, tell, "user", name, users.SQL("drop_user", user=name))


def _volumes(account: Account, names: Names, tell: Tell) -> Iterator[Step]:
    name = volumes.volume_of(names)
    return _marked(account, names, tell, "external volume", name, volumes.SQL("drop_volume", volume=name))


def _marked(
    account: Account, names: Names, tell: Tell, kind: str, name: str, dropped: Statement
) -> Iterator[Step]:
    """Drop one object of the account, if it is ours."""
    found = account.by_name(f"SHOW {kind.upper()}S").get(name)
    if found is not None and names.is_marked(found["comment"]):
        yield Step("-", f"{kind} {name}", dropped)
    elif found is not None:
        tell(f"left: {kind} {name}, which was there before")


def _masking(account: Account, names: Names, _tell: Tell) -> Iterator[Step]:
    """Take the tag from what stays, and the policies from the tag: what is in use cannot be dropped."""
    tag, place = masking.tag_of(names), snowflake_name(names.database, wanted.GOVERNANCE)
    found = account.by_name(f"SHOW TAGS IN SCHEMA {place}").get(wanted.TAG)
    if found is None or not names.is_marked(found["comment"]):
        return
    for schema in wanted.schemas(names):
        if masking.tag_of_schema(account, names, schema.name) is not None:
            untagged = masking.SQL("untag_schema", schema=(names.database, schema.name), tag=tag)
            yield Step("-", f"schema {names.database}.{schema.name}: tag {wanted.TAG}", untagged)
    present = account.by_name(f"SHOW MASKING POLICIES IN SCHEMA {place}")
    for type_ in wanted.MASKED:
        policy = masking.policy_of(names, type_)
        if names.is_marked(present.get(policy[-1], {}).get("comment")):
            unset = masking.SQL("unset_policy", tag=tag, policy=policy)
            yield Step("-", f"tag {'.'.join(tag)}: masking policy {policy[-1]}", unset)
            yield Step("-", f"masking policy {'.'.join(policy)}", masking.SQL("drop_policy", policy=policy))
    yield Step("-", f"tag {'.'.join(tag)}", masking.SQL("drop_tag", tag=tag))


def _warehouses(account: Account, names: Names, tell: Tell) -> Iterator[Step]:
    """A monitor has no comment: the one of a warehouse of ours is ours."""
    present = account.by_name("SHOW WAREHOUSES")
    for warehouse in wanted.warehouses(names):
        name = names.own(warehouse.name)
        if name not in present:
            continue
        if not names.is_marked(present[name]["comment"]):
            tell(f"left: warehouse {name}, which was there before")
            continue
        yield Step("-", f"warehouse {name}", warehouses.SQL("drop_warehouse", warehouse=name))
        if present[name]["resource_monitor"] == name:
            yield Step("-", f"resource monitor {name}", warehouses.SQL("drop_monitor", monitor=name))


def _databases(account: Account, names: Names, tell: Tell) -> Iterator[Step]:
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


def _readers(account: Account, names: Names, tell: Tell) -> Iterator[Step]:
    """Before the masks go: those who were masked see nothing unmasked meanwhile."""
    return _roles(account, names, tell, READERS)


def _writers(account: Account, names: Names, tell: Tell) -> Iterator[Step]:
    roles_left = [role.name for role in reversed(wanted.ROLES) if role.name not in READERS]
    return _roles(account, names, tell, roles_left)


def _roles(account: Account, names: Names, tell: Tell, which: Sequence[str]) -> Iterator[Step]:
    for role in which:
        name = names.own(role)
        yield from _marked(account, names, tell, "role", name, roles.SQL("drop_role", role=name))
