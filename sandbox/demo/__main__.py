"""`python -m sandbox.demo run | up | pipeline | down`: the platform on one machine, behind `make help`."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

import httpx

from sandbox.demo.demo import demo
from sandbox.demo.home import Home
from sandbox.demo.house import Ports
from sandbox.demo.standing import down, run_pipeline, up
from sandbox.process import ServiceFailed


def main() -> int:
    """Parse the command line and run one command; one clear line when it cannot go on."""
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends in order, as Ctrl-C does
    home = Home(options.folder)
    try:
        if options.command == "down":
            return down(home)
        if options.command == "pipeline":
            return run_pipeline(home)
        ports = Ports(prefect=options.prefect_port, mailbox=options.mailbox_port)
        if options.command == "up":
            return up(home, scale=options.scale, rate=options.rate, ports=ports)
        layer = options.broken_layer or None
        return demo(home, scale=options.scale, rate=options.rate, broken_layer=layer, ports=ports)
    except ServiceFailed as error:
        print(error, file=sys.stderr)
    except httpx.HTTPError as error:
        print(f"Prefect's API does not answer as it should: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nstopped; every process was ended. Run the same command to start again.")
        return 130
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, folder, prefect_port, mailbox_port in (
        ("run", ".sandbox/demo", 0, 0),
        ("up", ".sandbox/up", 4200, 8025),
        ("pipeline", ".sandbox/up", 0, 0),
        ("down", ".sandbox/up", 0, 0),
    ):
        command = commands.add_parser(name)
        command.add_argument("--folder", type=Path, default=Path(folder), help="where the state is kept")
        command.add_argument("--scale", type=float, default=1.0, help="1 is about 240,000 rows")
        command.add_argument("--rate", type=float, default=15.0, help="transactions a second")
        command.add_argument("--prefect-port", type=int, default=prefect_port)
        command.add_argument("--mailbox-port", type=int, default=mailbox_port)
        if name == "run":
            layers = ["", "raw", "staging", "marts"]
            command.add_argument("--break", dest="broken_layer", choices=layers, default="")
    return parser


if __name__ == "__main__":
    sys.exit(main())
