"""`python -m snowpark_models COMMAND`: look at the models, add one, test it, build it in schemas of your own.

Production's models are built by the flow `transform`, which holds the gates.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from deployments.connections import ConnectionFailed
from deployments.settings import SettingsError
from snowpark_models.command import docs, features, new, plan, run, show, test
from snowpark_models.command import list as list_
from snowpark_models.command.subcommand import Subcommand
from snowpark_models.errors import BuildError, ConcurrentRunError, ModelError

COMMANDS: dict[str, Subcommand] = {
    "list": list_,
    "plan": plan,
    "run": run,
    "show": show,
    "new": new,
    "test": test,
    "features": features,
    "docs": docs,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 2 when the models or what was asked make no sense, 1 when it failed on the way."""
    parser = argparse.ArgumentParser(prog="python -m snowpark_models", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        command.arguments(commands.add_parser(name, help=command.HELP, description=command.__doc__))
    options = parser.parse_args(arguments)
    try:
        return COMMANDS[options.command].run(options)
    except (BuildError, ConcurrentRunError, ConnectionFailed, SettingsError) as error:
        return _failed(error, 1)
    except ModelError as error:
        return _failed(error, 2)


def _failed(error: Exception, code: int) -> int:
    sys.stderr.write(f"{error}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
