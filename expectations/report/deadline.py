"""An end to waiting: a server that answers now and then keeps every timeout, and nobody can wait for it."""

from __future__ import annotations

import smtplib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

AGAIN_SECONDS: Final = 0.1
"""A connection that is just being encrypted cannot be cut: so soon it is tried again."""


@dataclass(frozen=True)
class Deadline:
    """The moment until which mails may be handed over, by the clock that only goes forward."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """So many seconds from now."""
        return cls(time.monotonic() + seconds)

    @property
    def seconds_left(self) -> float:
        """Never below 0."""
        return max(0.0, self.at - time.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether nothing is to be begun any more."""
        return self.seconds_left == 0

    @contextmanager
    def cuts(self, connection: smtplib.SMTP) -> Iterator[None]:
        """Cut the connection at the deadline, whatever it waits for; who waits sees it disconnected."""
        is_done = threading.Event()

        def cut() -> None:
            is_done.wait(self.seconds_left)
            while not is_done.is_set():
                if (held := connection.sock) is not None:
                    with suppress(OSError):
                        socket.socket.shutdown(held, socket.SHUT_RDWR)
                is_done.wait(AGAIN_SECONDS)

        watch = threading.Thread(target=cut, name="deadline of a mail", daemon=True)
        watch.start()
        try:
            yield
        finally:
            is_done.set()
            watch.join()
