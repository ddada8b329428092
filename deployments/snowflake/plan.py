"""All steps between what is there and what is wanted: told, or taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from snowflake.connector.errors import ProgrammingError

from deployments.quoting import snowflake_name
from deployments.snowflake.names import Names, SetUpError
from deployments.snowflake.options import Options
from deployments.snowflake.present import Account
from deployments.snowflake.step import Step
from deployments.snowflake.subjects import databases, grants, masking, roles, users, volumes, warehouses

Subject = Callable[[Account, Names], Iterator[Step]]
NOTHING_ELSE = Options()
SUBJECTS: tuple[Subject, ...] = (
    databases.steps,
    roles.steps,
    warehouses.steps,
    masking.steps,
    grants.steps,
)
"""In the order in which one needs the other."""


def plan(account: Account, names: Names, options: Options = NOTHING_ELSE) -> list[Step]:
    """The steps that are left; none where everything is as it is wanted."""
    account = replace(account, seen={})
    steps = [step for subject in SUBJECTS for step in subject(account, names)]
    if options.key:
        steps += users.steps(account, names, options.key)
    if options.bucket:
        steps += volumes.steps(account, names, options.bucket)
    return steps


def take(account: Account, steps: Sequence[Step], tell: Callable[[str], None]) -> None:
    """Take the steps, each as its role, and become who looks again; those before a step that fails stand.

    Raises:
        SetUpError: one failed; taking them again goes on from there.
    """
    role = ""
    for step in steps:
        try:
            if step.statement.role != role:
                role = step.statement.role
                account.run(f"USE ROLE {snowflake_name(role)}")
            account.run(step.statement.sql)
        except ProgrammingError as error:
            raise SetUpError(
                f"{step.what}: {error.msg} (as role {role}). What was done before stands: mend that, and run "
                "the same again."
            ) from None
        tell(str(step))
    account.run(f"USE ROLE {snowflake_name(account.role)}")
