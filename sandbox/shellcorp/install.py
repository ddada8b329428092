"""Make Shellcorp's database: tables, rows, CDC."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import pymssql

from sandbox.shellcorp import script
from sandbox.shellcorp.server import Server

ROWS_AT_SCALE_1 = {
    "products": 500,
    "customers": 8_000,
    "accounts": 10_000,
    "activities": 50_000,
    "orders": 30_000,
    "support_tickets": 9_000,
    "portal_sessions": 30_000,
}
"""What the seed asks for; order_lines and payments follow from the orders."""
FEWEST_ROWS = 20
READER = "platform_reader"
"""The platform's login."""
TABLES = (*ROWS_AT_SCALE_1, "order_lines", "payments")

IS_INSTALLED = "SELECT COUNT(*) FROM sys.tables WHERE name = 'customers'"


class AlreadyInstalled(Exception):  # noqa: N818 - reads as what happened
    """The database has Shellcorp's tables already."""


@dataclass(frozen=True)
class Size:
    """How much data the seed makes, and which.

    Attributes:
        scale: 1 for about 240,000 rows.
        seed: another number gives other values.
        today: the day on which the data ends.
    """

    scale: float
    seed: int
    today: date

    def variables(self) -> Mapping[str, str | int]:
        """The variables of seed.sql."""
        rows = {table: max(FEWEST_ROWS, round(n * self.scale)) for table, n in ROWS_AT_SCALE_1.items()}
        return {**rows, "seed": self.seed, "today": self.today.isoformat()}


def install(server: Server, size: Size, say: Callable[[str], None], reader: str = READER) -> None:
    """Make the tables, fill them, switch CDC on, and let the login `reader` read.

    Raises:
        AlreadyInstalled: the tables are there; nothing was changed.
        ServerUnreachable: no session could be opened.
    """
    with server.connect("shellcorp install", autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(IS_INSTALLED)
        if cursor.fetchall() != [(0,)]:
            raise AlreadyInstalled(
                f"Database {server.database} has Shellcorp's tables already: "
                "go on with them, or install into an empty database."
            )
        variables = {**size.variables(), "reader": reader}
        for name in ("schema.sql", "seed.sql", "cdc.sql", "permissions.sql"):
            started = time.monotonic()
            for batch in script.batches(script.read(name), variables):
                cursor.execute(batch)
            say(f"{name}: {time.monotonic() - started:.1f} s")
        say(_counts(cursor))


def _counts(cursor: pymssql.Cursor) -> str:
    counted = {}
    for table in TABLES:
        cursor.execute(f"SELECT COUNT(*) FROM dbo.{table}")
        counted[table] = int(str(cursor.fetchall()[0][0]))
    each = ", ".join(f"{table} {rows:,}" for table, rows in counted.items())
    return f"{sum(counted.values()):,} rows: {each}"
