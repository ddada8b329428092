"""The external volume of Iceberg tables, and who may use it."""

from __future__ import annotations

from collections.abc import Iterator

from deployments.snowflake import wanted
from deployments.snowflake.names import Names
from deployments.snowflake.options import Bucket
from deployments.snowflake.present import Account, held_by
from deployments.snowflake.script import Script
from deployments.snowflake.step import Step
from deployments.snowflake.subjects.grants import on_objects

SQL = Script("07_volumes.sql")


def steps(account: Account, names: Names, bucket: Bucket) -> Iterator[Step]:
    """Make the volume; the transformer may make Iceberg tables in it."""
    name = volume_of(names)
    if name not in account.by_name("SHOW EXTERNAL VOLUMES"):
        made = SQL(
            "create_volume",
            volume=name,
            location=name,
            url=bucket.url,
            role_arn=bucket.role_arn,
            comment=names.marked("Iceberg tables."),
        )
        yield Step("+", f"external volume {name} in {bucket.url}", made)
    held = held_by(account, names.own(wanted.TRANSFORMER))
    yield from on_objects(iceberg_grants(names), held, names)


def iceberg_grants(names: Names) -> list[wanted.Grant]:
    """Who may make Iceberg tables, and where."""
    role = wanted.TRANSFORMER
    return [
        wanted.Grant(role, "USAGE", "EXTERNAL VOLUME", (volume_of(names),)),
        *(
            wanted.Grant(role, "CREATE ICEBERG TABLE", "SCHEMA", (names.database, schema))
            for schema in ("MARTS", "FEATURES")
        ),
    ]


def volume_of(names: Names) -> str:
    """The volume's name."""
    return names.own("LAKE")
