"""What a run costs: the source in queries, rows and milliseconds, by table; Snowflake as a whole."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from threading import Lock

SHARED = ""
"""The owner of queries that serve no single table: discovery, windows, watermarks."""


@dataclass
class Cost:
    """Queries sent, rows fetched, and milliseconds waited for, of one owner."""

    queries: int = 0
    rows: int = 0
    milliseconds: float = 0.0

    def add(self, queries: int, rows: int, milliseconds: float) -> None:
        """Book some more."""
        self.queries += queries
        self.rows += rows
        self.milliseconds += milliseconds


@dataclass
class CostMeter:
    """The costs of a run, by the name of the table they were for; all its sessions book here."""

    by_table: defaultdict[str, Cost] = field(default_factory=lambda: defaultdict(Cost))
    _lock: Lock = field(default_factory=Lock)

    def add(self, table: str, queries: int = 0, rows: int = 0, milliseconds: float = 0.0) -> None:
        """Book a query, or rows, for a table (`SHARED` for none)."""
        with self._lock:
            self.by_table[table].add(queries, rows, milliseconds)

    def total(self) -> Cost:
        """The sum over all tables and the shared queries."""
        whole = Cost()
        for cost in self.by_table.values():
            whole.add(cost.queries, cost.rows, cost.milliseconds)
        return whole


@dataclass
class WarehouseCost:
    """Statements sent to Snowflake, rows that they wrote, and bytes that were staged for them."""

    statements: int = 0
    rows: int = 0
    bytes: int = 0
    _lock: Lock = field(default_factory=Lock)

    def add(self, statements: int = 0, rows: int = 0, size: int = 0) -> None:
        """Book some more; the sessions of a run book here from threads of their own."""
        with self._lock:
            self.statements += statements
            self.rows += rows
            self.bytes += size
