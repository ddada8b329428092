"""The results that RESULT_SCAN and asynchronous clients can still ask for."""

from __future__ import annotations

from typing import Any

MOST_RESULTS = 8
MOST_BYTES = 32 << 20


class RecentResults(dict[str, tuple[Any, ...]]):
    """The last results of one session by query id: a few, and none that is large."""

    def __setitem__(self, query_id: str, result: tuple[Any, ...]) -> None:
        if result[0].nbytes > MOST_BYTES:
            return
        super().__setitem__(query_id, result)
        while len(self) > MOST_RESULTS:
            del self[next(iter(self))]
