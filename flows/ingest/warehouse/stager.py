"""Uploads to the stage, in a session and a thread of their own: beside reading, writing and applying."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import IO

from flows.ingest.warehouse import ops_sql
from flows.ingest.warehouse.session import WarehouseSession

FILES_WAITING = 4
"""How many files may wait for their upload or be in it; who brings another one waits."""


class Stager:
    """One session on Snowflake, opened for the first file and kept until `close`."""

    def __init__(self, open_session: Callable[[], WarehouseSession]) -> None:
        self._open_session = open_session
        self._session: WarehouseSession | None = None
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="stager")
        self._places = BoundedSemaphore(FILES_WAITING)

    def put(self, file: IO[bytes], folder: str, name: str) -> Future[None]:
        """Upload a file to a folder of the stage, and close it; the result says when it is there."""
        self._places.acquire()
        future = self._executor.submit(self._upload, file, folder, name)
        future.add_done_callback(lambda _: self._done(file))
        return future

    def close(self) -> None:
        """Wait for the upload that is under way, and end the session."""
        self._executor.shutdown(cancel_futures=True)
        if self._session is not None:
            self._session.close()

    def _upload(self, file: IO[bytes], folder: str, name: str) -> None:
        if self._session is None:
            self._session = self._open_session()
        self._session.put(file, f"@{ops_sql.STAGE}/{folder}", name)

    def _done(self, file: IO[bytes]) -> None:
        file.close()
        self._places.release()
