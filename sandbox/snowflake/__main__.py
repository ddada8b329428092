"""Run the stand-in: `python -m sandbox.snowflake --folder FOLDER [--port 0] [--database SHELLCORP]`."""

from __future__ import annotations

import argparse
import logging
import warnings
from pathlib import Path

import duckdb
import uvicorn

from sandbox.service import announce, credentials, end_with_parent, fail, listen
from sandbox.snowflake.clients import Clients, telling_protocol
from sandbox.snowflake.engine import Engine
from sandbox.snowflake.server import application

USERS = ("PLATFORM",)
SERVICE = "Snowflake stand-in"
KEEP_ALIVE_SECONDS = (
    24 * 3600
)  # a client that is idle keeps its connection: its end tells that the client is gone


def main() -> None:
    """Open the folder, listen on the loopback, announce, and serve until told to end."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO if arguments.verbose else logging.WARNING)
    warnings.filterwarnings("ignore", "Arrow output on a DB-API result")  # fakesnow's way to fetch
    folder: Path = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    passwords = credentials(folder, USERS)
    listener = listen(arguments.port, SERVICE)
    try:
        engine = Engine(folder, arguments.database, arguments.lock_timeout)
    except duckdb.IOException as error:
        fail(f"{SERVICE}: the folder {folder} cannot be opened; end the process that has it open. {error}")
    clients = Clients()
    port = listener.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(
            application(engine, passwords, clients, on_ready=lambda: announce(folder, port)),
            http=telling_protocol(clients.lost),
            log_level="warning",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=2,
        )
    )
    end_with_parent(lambda: setattr(server, "should_exit", True))
    server.run(sockets=[listener])
    engine.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox.snowflake", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--database", default="SHELLCORP")
    parser.add_argument("--verbose", action="store_true", help="log each statement")
    parser.add_argument("--lock-timeout", type=float, default=60.0, help="seconds that a second writer waits")
    return parser.parse_args()


if __name__ == "__main__":
    main()
