"""Keep writing transactions, at a rate, until told to stop; a lost server is waited for."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pymssql

from sandbox.shellcorp.server import Server, ServerUnreachable, error_number, is_connection_lost
from sandbox.shellcorp.traffic.kinds import Kind, plan
from sandbox.shellcorp.traffic.moment import Moment
from sandbox.shellcorp.traffic.transaction import Abandoned, NothingToDo, Transaction

APPLICATION = "shellcorp traffic"
RECONNECT_SECONDS = 1.0
REFUSED_BY_OTHERS = {1205, 2601, 2627, 3960}
"""Deadlock, a key that another application took, a conflict of snapshots: rolled back, then the next one."""


@dataclass(frozen=True)
class Limits:
    """How fast and how long: transactions a second; None for no end."""

    rate: float
    transactions: int | None = None
    seconds: float | None = None


@dataclass
class Tally:
    """What the traffic did: committed transactions by kind, and those that were not."""

    committed: Counter[str] = field(default_factory=Counter)
    rolled_back: int = 0
    nothing_to_do: int = 0
    refused: int = 0
    reconnected: int = 0

    def __str__(self) -> str:
        kinds = ", ".join(f"{name} {count}" for name, count in sorted(self.committed.items()))
        return (
            f"{self.committed.total():,} transactions committed, {self.rolled_back} rolled back, "
            f"{self.nothing_to_do} without a row to work on, {self.refused} refused, "
            f"{self.reconnected} reconnects ({kinds})"
        )


class Traffic:
    """The applications of Shellcorp, one transaction after the other."""

    def __init__(self, server: Server, seed: int, say: Callable[[str], None]) -> None:
        self._server = server
        self._seed = seed
        self._say = say
        self._stopping = threading.Event()
        self._tally = Tally()

    def stop(self) -> None:
        """End after the transaction that is under way."""
        self._stopping.set()

    def run(self, limits: Limits) -> Tally:
        """Write until a limit or `stop`; returns what was done.

        Raises:
            ServerUnreachable: at the start; later, a lost server is waited for.
            pymssql.Error: the server refused a statement for a reason that is no other application's.
        """
        connection = self._server.connect(APPLICATION)
        self._say(f"traffic is writing to database {self._server.database}")
        try:
            started = time.monotonic()
            number = 0
            while not self._is_over(limits, number, started):
                try:
                    self._write(connection, *plan(self._seed, number))
                except (pymssql.OperationalError, pymssql.InterfaceError) as error:
                    if not is_connection_lost(error):
                        raise
                    connection = self._reconnect(connection)
                    continue
                number += 1
                self._stopping.wait(max(0.0, started + number / limits.rate - time.monotonic()))
        finally:
            connection.close()
        return self._tally

    def _is_over(self, limits: Limits, number: int, started: float) -> bool:
        return (
            self._stopping.is_set()
            or (limits.transactions is not None and number >= limits.transactions)
            or (limits.seconds is not None and time.monotonic() - started >= limits.seconds)
        )

    def _write(self, connection: pymssql.Connection, kind: Kind, die: Random) -> None:
        """Run one transaction; it is committed or rolled back when this returns or raises."""
        try:
            with connection.cursor() as cursor:
                kind.run(Transaction(cursor, die, Moment.now()))
        except Abandoned:
            connection.rollback()
            self._tally.rolled_back += 1
        except NothingToDo:
            connection.rollback()
            self._tally.nothing_to_do += 1
        except pymssql.Error as error:
            if is_connection_lost(error):
                raise
            connection.rollback()
            if error_number(error) not in REFUSED_BY_OTHERS:
                raise
            self._tally.refused += 1
        else:
            connection.commit()
            self._tally.committed[kind.name] += 1

    def _reconnect(self, lost: pymssql.Connection) -> pymssql.Connection:
        """Wait for the server to come back; gives the lost session back when told to stop meanwhile."""
        lost.close()
        self._say("the server went away; trying again every second")
        while not self._stopping.wait(RECONNECT_SECONDS):
            try:
                connection = self._server.connect(APPLICATION)
            except ServerUnreachable:
                continue
            self._tally.reconnected += 1
            self._say("the server is back")
            return connection
        return lost
