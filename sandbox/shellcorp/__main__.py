"""`python -m sandbox.shellcorp install|traffic|break|mend`: see docs/shellcorp.md."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime

import pymssql

from sandbox.service import end_with_parent, fail
from sandbox.shellcorp.breakage import BREAKAGES, break_layer, mend_layer
from sandbox.shellcorp.install import AlreadyInstalled, Size, install
from sandbox.shellcorp.server import Server, ServerUnreachable
from sandbox.shellcorp.traffic.run import Limits, Traffic

PASSWORD_VARIABLE = "SHELLCORP_PASSWORD"  # noqa: S105 - the name of a variable


def main(arguments: list[str] | None = None) -> None:
    """Run one command; ends the process with one line and exit code 2 if it cannot be done."""
    options = _parser().parse_args(arguments)
    command: Callable[[Server, argparse.Namespace], None] = options.run
    try:
        command(_server(options), options)
    except (ServerUnreachable, AlreadyInstalled) as error:
        fail(f"shellcorp {options.command}: {error}")
    except pymssql.Error as error:
        fail(f"shellcorp {options.command}: the server refused a statement: {_text(error)}")


def say(line: str) -> None:
    """Print at once, so that whoever started this sees it."""
    print(line, flush=True)


def _install(server: Server, options: argparse.Namespace) -> None:
    install(server, Size(options.scale, options.seed, options.today), say)


def _traffic(server: Server, options: argparse.Namespace) -> None:
    traffic = Traffic(server, options.seed, say)
    end_with_parent(traffic.stop)
    say(str(traffic.run(Limits(options.rate, options.transactions, options.seconds))))


def _break(server: Server, options: argparse.Namespace) -> None:
    break_layer(server, options.layer, say)


def _mend(server: Server, options: argparse.Namespace) -> None:
    mend_layer(server, options.layer, say)


def _server(options: argparse.Namespace) -> Server:
    password = os.environ.get(PASSWORD_VARIABLE)
    if password is None:
        fail(f"shellcorp {options.command}: set {PASSWORD_VARIABLE} to the password of {options.user}.")
    return Server(options.host, options.port, options.database, options.user, password)


def _text(error: pymssql.Error) -> str:
    """Number and message as the server sent them."""
    number_and_message = error.args[0] if error.args and isinstance(error.args[0], tuple) else error.args
    return " ".join(
        part.decode(errors="replace") if isinstance(part, bytes) else str(part) for part in number_and_message
    ).strip()


def _parser() -> argparse.ArgumentParser:
    address = argparse.ArgumentParser(add_help=False)
    address.add_argument("--host", default=os.environ.get("SHELLCORP_HOST", "127.0.0.1"))
    address.add_argument("--port", type=int, default=os.environ.get("SHELLCORP_PORT", "1433"))
    address.add_argument("--database", default=os.environ.get("SHELLCORP_DATABASE", "shellcorp"))
    address.add_argument("--user", default=os.environ.get("SHELLCORP_USER", "sa"))

    parser = argparse.ArgumentParser(prog="sandbox.shellcorp", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(
        name: str, run: Callable[[Server, argparse.Namespace], None], text: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, parents=[address], help=text, description=text)
        added.set_defaults(run=run)
        return added

    added = command("install", _install, "make the tables, fill them, switch CDC on")
    added.add_argument("--scale", type=_positive, default=1.0, help="1 for about 240,000 rows")
    added.add_argument("--seed", type=int, default=1)
    added.add_argument("--today", type=date.fromisoformat, default=datetime.now(UTC).date())
    added = command("traffic", _traffic, "keep writing transactions")
    added.add_argument("--rate", type=_positive, default=20.0, help="transactions a second")
    added.add_argument("--seed", type=int, default=7)
    added.add_argument("--transactions", type=int)
    added.add_argument("--seconds", type=float)
    for name, run in (("break", _break), ("mend", _mend)):
        command(name, run, f"{name} the rules of a layer").add_argument("layer", choices=sorted(BREAKAGES))
    return parser


def _positive(text: str) -> float:
    number = float(text)
    if number <= 0:
        raise argparse.ArgumentTypeError("must be above 0")
    return number


if __name__ == "__main__":
    main(sys.argv[1:])
