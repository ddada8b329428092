"""Set an account up for one environment, look at what that would change, or take it down again.

The login is that of SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER and its key or password: an account administrator's,
not the platform's own. Needs Enterprise Edition: for masking, and for more than one day of retention. Applied
again, it changes nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from deployments.connections import ConnectionFailed, connect_snowflake
from deployments.settings import SettingsError, SnowflakeSettings, env_file
from deployments.snowflake.names import ENVIRONMENTS, Names, SetUpError
from deployments.snowflake.options import Bucket, Options, PublicKey
from deployments.snowflake.plan import plan, take
from deployments.snowflake.present import Account
from deployments.snowflake.step import Step
from deployments.snowflake.subjects.surplus import surplus
from deployments.snowflake.teardown import teardown

ADMINISTRATOR = "ACCOUNTADMIN"
PUBLIC_KEY = """of the pipeline's user, in PEM: openssl genrsa 2048 | openssl pkcs8 -topk8 -out key.p8, then
openssl rsa -in key.p8 -pubout -out key.pub"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 2 when what was asked makes no sense, 1 when it failed on the way."""
    asked = _arguments(arguments)
    try:
        names = Names.of(asked.environment, asked.database)
        if asked.command == "teardown" and asked.confirm != names.environment:
            raise SetUpError(
                f"teardown drops what the set-up has made, with all data of database {names.database}: "
                f"say --confirm {names.environment}"
            )
        settings = _administrator(asked.role)
        with connect_snowflake(settings, '{"flow": "set-up"}') as connection:
            _run(asked, Account(connection, asked.role), names)
    except SetUpError as error:
        return _failed(error, 2)
    except (ConnectionFailed, SettingsError) as error:
        return _failed(error, 1)
    return 0


def _run(asked: argparse.Namespace, account: Account, names: Names) -> None:
    _tell(f"Environment {names.environment}: database {names.database}.")
    if asked.command == "teardown":
        teardown(account, names, _tell)
        return
    options = _options(asked)
    steps = plan(account, names, options)
    for line in surplus(account, names):
        _tell(line)
    if not steps:
        _tell("Nothing to do.")
    elif asked.command == "plan":
        for step in steps:
            _tell(_in_words(step, with_sql=asked.sql))
        _tell(f"{len(steps)} steps; apply takes them.")
    else:
        take(account, steps, _tell)
        if left := plan(account, names, options):
            raise SetUpError("these steps were taken, and are still to do: " + "; ".join(map(str, left)))
        _tell(f"{len(steps)} steps taken.")


def _in_words(step: Step, *, with_sql: bool) -> str:
    if not with_sql:
        return str(step)
    indented = step.statement.sql.replace("\n", "\n    ")
    return f"{step}\n    -- as {step.statement.role}\n    {indented};"


def _options(asked: argparse.Namespace) -> Options:
    if bool(asked.iceberg_bucket) != bool(asked.iceberg_role):
        raise SetUpError("--iceberg-bucket and --iceberg-role belong together")
    return Options(
        key=PublicKey.read(asked.public_key) if asked.public_key else None,
        bucket=Bucket(asked.iceberg_bucket, asked.iceberg_role) if asked.iceberg_bucket else None,
    )


def _administrator(role: str) -> SnowflakeSettings:
    try:
        settings = SnowflakeSettings(_env_file=env_file())
    except ValidationError as error:
        missing = ", ".join("SNOWFLAKE_" + "_".join(map(str, each["loc"])).upper() for each in error.errors())
        raise SettingsError(f"Set {missing} in the environment or in {env_file()}.") from None
    return settings.model_copy(update={"role": role})


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deployments.snowflake", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    helps = {
        "plan": "what apply would change",
        "apply": "make what is missing, change what is otherwise",
        "teardown": "drop what this has made, with all data, and nothing else",
    }
    for name, text in helps.items():
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--environment", choices=ENVIRONMENTS, required=True)
        command.add_argument("--database", help="another database than the environment's own")
        command.add_argument("--role", default=ADMINISTRATOR, help="the administrator's role (%(default)s)")
        if name != "teardown":
            command.add_argument("--public-key", type=Path, metavar="FILE", help=PUBLIC_KEY)
            command.add_argument(
                "--iceberg-bucket", metavar="URL", help="s3://bucket/folder/ of Iceberg tables"
            )
            command.add_argument(
                "--iceberg-role", metavar="ARN", help="by which Snowflake reaches that bucket"
            )
        if name == "plan":
            command.add_argument("--sql", action="store_true", help="with each step's statement")
        if name == "teardown":
            command.add_argument("--confirm", metavar="NAME", help="the environment's name, typed again")
    return parser.parse_args(arguments)


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _failed(error: Exception, code: int) -> int:
    sys.stderr.write(f"{error}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
