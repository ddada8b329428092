"""A stand-in SQL Server of one's own, and Shellcorp's commands as processes."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

from sandbox.process import Service
from sandbox.shellcorp.install import TABLES, Size
from sandbox.shellcorp.server import Server

Content = dict[str, list[tuple[Any, ...]]]
SMALL = Size(scale=0.02, seed=1, today=date(2026, 1, 31))


def start(folder: Path, port: int = 0) -> Service:
    return Service.start("sandbox.sqlserver", folder, "--database", "shellcorp", port=port)


def server_of(service: Service) -> Server:
    return Server("127.0.0.1", service.port, "shellcorp", "sa", service.password("sa"))


def query(server: Server, sql: str) -> list[tuple[Any, ...]]:
    with server.connect("test") as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def content(server: Server) -> Content:
    """All rows of all tables."""
    return {table: sorted(query(server, f"SELECT * FROM dbo.{table}"), key=repr) for table in TABLES}


class Command:
    """`python -m sandbox.shellcorp …` as a process, with its output."""

    def __init__(self, server: Server, *arguments: str, password: str | None = None) -> None:
        environment = os.environ | {
            "SHELLCORP_HOST": server.host,
            "SHELLCORP_PORT": str(server.port),
            "SHELLCORP_DATABASE": server.database,
            "SHELLCORP_USER": server.user,
            "SHELLCORP_PASSWORD": password or server.password,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.shellcorp", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def line(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def finish(self) -> tuple[int, str]:
        """Wait for its end; its exit code and the rest of its output."""
        output, _ = self.process.communicate(timeout=60)
        return self.process.returncode, output
