"""The engine that all sessions share: databases as files of a folder, each session a connection of it."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import duckdb
from fakesnow import info_schema, macros
from fakesnow.instance import GLOBAL_DATABASE_NAME, FakeSnow
from fakesnow.transforms import show, stage
from snowflake.connector.errors import ProgrammingError

from sandbox.snowflake import catalog, functions, grants, inert
from sandbox.snowflake.errors import does_not_exist, unsupported
from sandbox.snowflake.history import History
from sandbox.snowflake.locks import TableLocks
from sandbox.snowflake.session import Session
from sandbox.snowflake.work import Commits

DEFAULT_SCHEMA = "PUBLIC"
MEMORY_LIMIT = "1GiB"
"""Of the engine's buffers; beyond it, it writes to the folder. A MERGE into 1,000,000 rows fits without."""


class Engine(FakeSnow):
    """Databases, stages and metadata kept in `folder`; what was committed is there after a restart."""

    def __init__(self, folder: Path, database: str, lock_timeout_seconds: float) -> None:
        """Open the folder, and create `database` at first start.

        Raises:
            duckdb.IOException: another process has the folder open.
        """
        self.folder = folder
        self.databases = folder / "databases"
        self.databases.mkdir(parents=True, exist_ok=True)
        self.locks = TableLocks(lock_timeout_seconds)
        self.commits = Commits()
        self.one_definition = threading.Lock()
        """Held by a DDL statement while it runs: metadata of all sessions is in the same tables."""
        self.history = History()
        stage.LOCAL_BUCKET_PATH = str(folder / "stages")
        Path(stage.LOCAL_BUCKET_PATH).mkdir(exist_ok=True)
        self.duck_conn = duckdb.connect(
            ":memory:",
            config={
                "lambda_syntax": "ENABLE_SINGLE_ARROW",
                "memory_limit": MEMORY_LIMIT,
                "temp_directory": str(folder / "spill"),
            },
        )
        self.duck_conn.execute("SET GLOBAL TimeZone = 'UTC'")
        self.duck_conn.execute("SET GLOBAL ieee_floating_point_ops = false")
        self._attach(GLOBAL_DATABASE_NAME, folder / "metadata.db")
        self.duck_conn.execute(info_schema.fs_global_creation_sql())
        self.duck_conn.execute(catalog.COLUMNS)
        catalog.describe_with_comments()
        self.duck_conn.execute(inert.CREATION)
        self.duck_conn.execute(grants.CREATION)
        self.duck_conn.execute(show.fs_global_creation_sql())
        names = {file.stem for file in self.databases.glob("*.db")} | {database}
        for name in sorted(names):
            self._open_database(name)

    def open_session(self, database: str | None, schema: str | None) -> Session:
        """A session whose current database and schema are set where they exist."""
        return Session(self.duck_conn.cursor(), database, schema or DEFAULT_SCHEMA, self)

    def create_database(self, name: str, *, exists_ok: bool) -> str:
        """Create a database with its PUBLIC schema; says what was done.

        Raises:
            ProgrammingError: 002002, it is there already.
        """
        if not re.fullmatch(r"\w+", name):
            raise unsupported(f'a database named "{name}": only letters, digits and _')
        if (self.databases / f"{name}.db").exists():
            if exists_ok:
                return f"{name} already exists, statement succeeded."
            raise ProgrammingError(msg=f"Object '{name}' already exists.", errno=2002, sqlstate="42710")
        self._open_database(name)
        return f"Database {name} successfully created."

    def drop_database(self, name: str, *, missing_ok: bool) -> str:
        """Drop a database and its file; says what was done.

        Raises:
            ProgrammingError: 002003, it is not there.
        """
        file = self.databases / f"{name}.db"
        if not file.exists():
            if missing_ok:
                return "Drop statement executed successfully."
            raise does_not_exist(f"Database '{name}'")
        self.duck_conn.execute(f'DETACH "{name}"')
        file.unlink()
        return f"{name} successfully dropped."

    def close(self) -> None:
        """Write everything that is committed into the files of the folder, and let go of them."""
        self.duck_conn.close()

    def _attach(self, name: str, file: Path) -> None:
        self.duck_conn.execute(f"ATTACH '{file}' AS \"{name}\"")

    def _open_database(self, name: str) -> None:
        self._attach(name, self.databases / f"{name}.db")
        self.duck_conn.execute(info_schema.per_db_creation_sql(name))
        self.duck_conn.execute(catalog.per_database(name))
        self.duck_conn.execute(macros.creation_sql(name))
        self.duck_conn.execute(functions.creation_sql(name))
        self.duck_conn.execute(f'CREATE SCHEMA IF NOT EXISTS "{name}"."{DEFAULT_SCHEMA}"')
