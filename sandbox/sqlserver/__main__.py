"""Start the stand-in SQL Server: `python -m sandbox.sqlserver --folder FOLDER [--port 0] [--database NAME]`.

It listens on 127.0.0.1 only; databases, the logins' passwords and its certificate are kept in the folder.
"""

from __future__ import annotations

import argparse
import logging
import os
import time
from pathlib import Path

import duckdb

from sandbox import service
from sandbox.sqlserver import cdc
from sandbox.sqlserver.engine.engine import StandInEngine
from sandbox.sqlserver.engine.security.role_procedures import PROCEDURES as ROLE_PROCEDURES
from sandbox.sqlserver.faults.procedures import fault_procedures
from sandbox.sqlserver.faults.registry import Faults
from sandbox.sqlserver.tds.encryption import TlsOffer
from sandbox.sqlserver.tds.server import TdsServer

LOGINS = ("sa", "platform_reader")
"""`sa` is sysadmin; `platform_reader` may do nothing until it is granted something."""


def main() -> None:
    """Read the arguments, serve until the end."""
    arguments = _arguments()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    os.environ["TZ"] = arguments.timezone
    time.tzset()  # commit times, job times and GETDATE() are all the server's local time
    faults = Faults()
    passwords = service.credentials(arguments.folder, LOGINS)
    engine = _open(arguments.folder, passwords, arguments.timezone, faults)
    if arguments.database and not engine.has_database(arguments.database):
        engine.create_database(arguments.database)
    engine.register(cdc.PROCEDURES)
    engine.register(fault_procedures(faults))
    engine.register(ROLE_PROCEDURES)
    job = cdc.CaptureJob(
        engine.new_connection(),
        polling_interval=arguments.polling_interval,
        schema_changed=engine.schema_changed,
    )
    job.start()
    listener = service.listen(arguments.port, "SQL Server")
    offer = TlsOffer.in_folder(arguments.folder, required=arguments.encryption == "required")
    server = TdsServer(engine, listener, offer, faults)
    service.end_with_parent(server.shutdown)
    service.announce(arguments.folder, listener.getsockname()[1])
    server.serve_forever()
    job.stop()
    engine.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.sqlserver", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where databases and passwords are kept")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one, told in endpoint.json")
    parser.add_argument("--database", help="a database to make at first start")
    parser.add_argument("--timezone", default="UTC", help="IANA name of the server's own time zone")
    parser.add_argument(
        "--polling-interval",
        type=float,
        help="seconds between two scans of the capture job, instead of its own",
    )
    parser.add_argument(
        "--encryption",
        choices=("optional", "required"),
        default="optional",
        help="required: clients that do not encrypt are refused (SQL Server's Force Encryption)",
    )
    return parser.parse_args()


def _open(folder: Path, passwords: dict[str, str], timezone: str, faults: Faults) -> StandInEngine:
    try:
        return StandInEngine(folder, passwords, timezone, prepare=cdc.install, faults=faults)
    except duckdb.IOException as error:
        service.fail(
            f"SQL Server: the databases in {folder} cannot be opened ({str(error).splitlines()[0]}). "
            "End the stand-in that uses this folder, or choose another folder."
        )


if __name__ == "__main__":
    main()
