"""The database and its schemas."""

from __future__ import annotations

from collections.abc import Iterator

from deployments.quoting import snowflake_name
from deployments.snowflake import wanted
from deployments.snowflake.names import Names
from deployments.snowflake.present import Account
from deployments.snowflake.script import Script
from deployments.snowflake.step import Step

SQL = Script("01_databases.sql")


def steps(account: Account, names: Names) -> Iterator[Step]:
    """Make what is missing; what is there gets its retention and managed access."""
    yield from _database(account, names)
    present = account.by_name(f"SHOW SCHEMAS IN DATABASE {snowflake_name(names.database)}")
    for schema in wanted.schemas(names):
        place = (names.database, schema.name)
        about = f"schema {'.'.join(place)}"
        found = present.get(schema.name)
        if found is None:
            comment = names.marked(schema.comment)
            made = SQL("create_schema", schema=place, days=schema.days, comment=comment)
            yield Step("+", f"{about}, retention {_days(schema.days)}: {schema.comment}", made)
            continue
        if int(found["retention_time"]) != schema.days:
            change = f"{about}: retention {found['retention_time']} → {_days(schema.days)}"
            yield Step("~", change, SQL("set_schema_retention", schema=place, days=schema.days))
        if "MANAGED ACCESS" not in (found["options"] or ""):
            yield Step("~", f"{about}: managed access", SQL("manage_access", schema=place))


def _database(account: Account, names: Names) -> Iterator[Step]:
    found = account.by_name("SHOW DATABASES").get(names.database)
    days = wanted.retention_days(names)
    if found is None:
        comment = names.marked(f"The platform, environment {names.environment}.")
        made = SQL("create_database", database=names.database, days=days, comment=comment)
        yield Step("+", f"database {names.database}, retention {_days(days)}", made)
    elif int(found["retention_time"]) != days:
        change = f"database {names.database}: retention {found['retention_time']} → {_days(days)}"
        yield Step("~", change, SQL("set_database_retention", database=names.database, days=days))


def _days(days: int) -> str:
    return f"{days} day{'' if days == 1 else 's'}"
