"""Kill a run at a moment that its seed chooses: before, during or after one of its statements."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from random import Random
from typing import Any

from deployments.connections import ConnectionFailed
from flows.ingest.context import Limits
from flows.ingest.errors import ReplicationError
from flows.ingest.source.arrow_session import ArrowSession
from flows.ingest.source.session import SourceSession
from flows.ingest.warehouse.session import WarehouseSession
from tests.ingest.world import World

PLACES = (
    ("_CT]", 9),
    ("PUT", 9),
    ("BEGIN", 3),
    ("UPDATE OPS.CURSORS", 3),
    ("COPY INTO", 9),
    ("MERGE INTO", 9),
    ("SET STATE", 3),
    ("COMMIT", 3),
    ("", 120),
)
"""What a statement has in it, and at which of its occurrences at the latest the run dies."""
LONGEST_SECONDS = 0.03


OFTEN = Limits(max_transactions_per_window=12, chunk_rows=300, chunks_per_round=2)
"""So small that a run has several windows, and so many moments to die at, with little traffic."""
FAILED = 3
"""Exit code of a run that failed with one of the platform's own messages; a traceback gives 1."""


def replicate_alone(world: World, seed: int | None) -> None:
    """Replicate in this process, a forked child, until SIGKILL where the seed says, if there is one."""
    if seed is not None:
        die_at_a_moment(seed)
    try:
        world.replicate(OFTEN)
    except (ReplicationError, ConnectionFailed):
        sys.exit(FAILED)


def die_at_a_moment(seed: int) -> None:
    """Let this process die before, during or after a statement that the seed chooses."""
    moments = Random(seed)
    place, latest = moments.choice(PLACES)
    countdown = [moments.randint(1, latest)]
    when = moments.choice(("before", "during", "after"))
    delay = moments.uniform(0, LONGEST_SECONDS)

    def counted(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            matches = method.__name__ == "put" if place == "PUT" else place in args[1]
            countdown[0] -= matches
            is_it = matches and countdown[0] == 0
            if is_it and when == "before":
                die()
            if is_it and when == "during":
                threading.Timer(delay, die).start()
            result = method(*args, **kwargs)
            if is_it and when == "after":
                die()
            return result

        return call

    of_source = ("rows", "read", "_execute")
    sessions = {
        SourceSession: of_source,
        ArrowSession: of_source,
        WarehouseSession: ("execute", "rows", "put"),
    }
    for session, names in sessions.items():
        for name in names:
            setattr(session, name, counted(getattr(session, name)))


def die() -> None:
    """As a power failure would."""
    os.kill(os.getpid(), signal.SIGKILL)
