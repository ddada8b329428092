"""An engine without a database: each statement has a canned answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sandbox.sqlserver.results import (
    DatabaseChanged,
    LoginRequest,
    Parameter,
    Result,
    SqlServerError,
    TransactionChanged,
)

PASSWORD = "p@ss wörd"


@dataclass
class CannedSession:
    """Answers statements from the engine's list; everything else ends with nothing done."""

    engine: CannedEngine
    login: LoginRequest
    database: str
    cancelled: threading.Event = field(default_factory=threading.Event)
    closed: threading.Event = field(default_factory=threading.Event)
    waiting: threading.Event = field(default_factory=threading.Event)
    ended: list[str] = field(default_factory=list)
    """What ended, in this order."""

    def batch(self, sql: str) -> Iterator[Result]:
        self.cancelled.clear()
        self.engine.batches.append(sql)
        yield from self.engine.answers.get(sql, lambda _: iter(()))(self)

    def call(self, procedure: str, parameters: list[Parameter]) -> Iterator[Result]:
        self.cancelled.clear()
        self.engine.calls.append((procedure, parameters))
        yield from self.engine.procedures[procedure](parameters)

    def transaction(self, request: str, name: str, isolation: int) -> Iterator[Result]:
        self.engine.transactions.append((request, name, isolation))
        yield TransactionChanged(request, 77)

    def cancel(self) -> None:
        self.cancelled.set()

    def close(self) -> None:
        self.ended.append("session")
        self.closed.set()


@dataclass
class CannedEngine:
    """Keeps what it was asked."""

    answers: dict[str, Callable[[CannedSession], Iterator[Result]]] = field(default_factory=dict)
    procedures: dict[str, Callable[[list[Parameter]], Iterator[Result]]] = field(default_factory=dict)
    batches: list[str] = field(default_factory=list)
    calls: list[tuple[str, list[Parameter]]] = field(default_factory=list)
    transactions: list[tuple[str, str, int]] = field(default_factory=list)
    sessions: list[CannedSession] = field(default_factory=list)

    def answer(self, sql: str, *results: Result) -> None:
        """Answer a batch with these results, once."""
        self.answers[sql] = lambda _: iter(results)

    def login(self, request: LoginRequest) -> CannedSession:
        if request.password != PASSWORD:
            raise SqlServerError(18456, f"Login failed for user '{request.user}'.", severity=14)
        if request.database == "nowhere":
            raise SqlServerError(4060, 'Cannot open database "nowhere" requested by the login.', severity=11)
        session = CannedSession(self, request, request.database or "master")
        self.sessions.append(session)
        return session


def use_database(session: CannedSession, name: str) -> Iterator[Result]:
    """What `USE` answers."""
    old, session.database = session.database, name
    yield DatabaseChanged(old, name)
