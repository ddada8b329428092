"""The user that runs the pipeline."""

from __future__ import annotations

from collections.abc import Iterator

from deployments.quoting import snowflake_name
from deployments.snowflake import wanted
from deployments.snowflake.names import Names
from deployments.snowflake.options import PublicKey
from deployments.snowflake.present import Account
from deployments.snowflake.script import Script
from deployments.snowflake.step import Step

SQL = Script("06_users.sql")


def steps(account: Account, names: Names, key: PublicKey) -> Iterator[Step]:
    """Make the user, or give it the key; it gets the pipeline's role."""
    name = names.own(wanted.PLATFORM)
    properties = {
        row["property"]: row["value"] for row in account.rows(f"DESCRIBE USER {snowflake_name(name)}")
    }
    if not properties:
        made = SQL(
            "create_user",
            user=name,
            key=key.text,
            role=name,
            warehouse=name,
            comment=names.marked("Runs the pipeline."),
        )
        yield Step("+", f"user {name}, a service, with the key {key.fingerprint}", made)
    elif properties["RSA_PUBLIC_KEY_FP"] != key.fingerprint:
        change = f"user {name}: key {properties['RSA_PUBLIC_KEY_FP']} → {key.fingerprint}"
        yield Step("~", change, SQL("set_key", user=name, key=key.text))
    granted = account.rows(f"SHOW GRANTS TO USER {snowflake_name(name)}")
    if name not in {row.get("role", row.get("name")) for row in granted}:
        yield Step("+", f"role {name} to user {name}", SQL("grant_role", role=name, user=name))
