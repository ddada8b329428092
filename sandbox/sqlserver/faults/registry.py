"""The faults that were asked for, shared by the wire (cuts, delays) and the engine (deadlocks)."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass

from sandbox.sqlserver.results import SqlServerError


@dataclass
class Cut:
    """Break a connection of a login once the server has sent so many more bytes to its sessions."""

    login: str
    after_bytes: int
    times: int
    sent: int = 0


@dataclass(frozen=True)
class Delay:
    """Let each request of a login wait before it runs."""

    login: str
    seconds: float


@dataclass
class Deadlock:
    """Let the next statements of a login whose text matches be the victim of a deadlock."""

    login: str
    pattern: re.Pattern[str]
    times: int


class Faults:
    """Faults by login. Any thread may add, ask and clear."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cuts: list[Cut] = []
        self._delays: dict[str, Delay] = {}
        self._deadlocks: list[Deadlock] = []

    def add(self, fault: Cut | Delay | Deadlock) -> None:
        """Arm a fault; a login has one delay, the last one."""
        with self._lock:
            if isinstance(fault, Cut):
                self._cuts.append(fault)
            elif isinstance(fault, Delay):
                self._delays[fault.login] = fault
            else:
                self._deadlocks.append(fault)

    def clear(self) -> None:
        """Take all faults back."""
        with self._lock:
            self._cuts, self._delays, self._deadlocks = [], {}, []

    def armed(self) -> list[Cut | Delay | Deadlock]:
        """The faults that are still to come."""
        with self._lock:
            return [*self._cuts, *self._delays.values(), *self._deadlocks]

    def gate(self, login: str) -> LoginGate:
        """What counts the bytes that go out to a session of a login."""
        return LoginGate(self, login.lower())

    def passes(self, login: str, size: int) -> int:
        """How many of the next `size` bytes for the login are sent before its connection is cut."""
        if not self._cuts:
            return size
        with self._lock:
            for cut in self._cuts:
                if cut.login == login:
                    return self._counted(cut, size)
        return size

    def _counted(self, cut: Cut, size: int) -> int:
        left = cut.after_bytes - cut.sent
        if size <= left:
            cut.sent += size
            return size
        cut.sent, cut.times = 0, cut.times - 1
        if cut.times == 0:
            self._cuts.remove(cut)
        return left

    def delay(self, login: str) -> float:
        """Seconds that a request of the login waits."""
        delay = self._delays.get(login.lower())
        return 0.0 if delay is None else delay.seconds

    def before_statement(self, login: str, session_id: int, text: str) -> None:
        """Called by the engine for each query, DML or DDL statement. Raises SqlServerError 1205."""
        if not self._deadlocks:
            return
        with self._lock:
            for deadlock in self._deadlocks:
                if deadlock.login == login.lower() and deadlock.pattern.fullmatch(text):
                    deadlock.times -= 1
                    if deadlock.times == 0:
                        self._deadlocks.remove(deadlock)
                    raise deadlock_victim(session_id)


@dataclass(frozen=True)
class LoginGate:
    """The bytes of one login's sessions. Implements the wire's `transport.Gate`."""

    faults: Faults
    login: str

    def passes(self, size: int) -> int:
        """How many of the next `size` bytes are sent."""
        return self.faults.passes(self.login, size)


def deadlock_victim(session_id: int) -> SqlServerError:
    """Error 1205: the batch ends, and its transaction is rolled back."""
    return SqlServerError(
        1205,
        f"Transaction (Process ID {session_id}) was deadlocked on lock resources with another process "
        "and has been chosen as the deadlock victim. Rerun the transaction.",
        severity=13,
        state=51,
    )
