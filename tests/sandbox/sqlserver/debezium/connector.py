"""Debezium's SQL Server connector, started, watched, killed and ended by a test."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.process import Service

LIMIT_SECONDS = 90.0
TOPIC_PREFIX = "shop"
ROOT = Path(__file__).parents[4]


@dataclass(frozen=True)
class Event:
    """A row's event. `value` is None for the tombstone that follows a delete."""

    table: str
    key: dict[str, Any]
    value: dict[str, Any] | None

    @property
    def operation(self) -> str:
        """`r` read by the snapshot, `c` created, `u` updated, `d` deleted, empty for a tombstone."""
        return "" if self.value is None else str(self.value["op"])

    @property
    def is_last_of_snapshot(self) -> bool:
        return self.value is not None and self.value["source"].get("snapshot") == "last"


class Connector:
    """A connector with a folder of its own for offsets, schema history and events: they outlive a kill."""

    def __init__(self, folder: Path, service: Service) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._service = service
        self._process: subprocess.Popen[bytes] | None = None
        self._read = 0
        self._events: list[Event] = []

    def settings(self, query_mode: str) -> dict[str, str]:
        """What a user must say, where things are kept, and nothing else: the rest is Debezium's defaults."""
        return {
            "name": "shop-connector",
            "connector.class": "io.debezium.connector.sqlserver.SqlServerConnector",
            "topic.prefix": TOPIC_PREFIX,
            "database.hostname": "127.0.0.1",
            "database.port": str(self._service.port),
            "database.user": "sa",
            "database.password": self._service.password("sa"),
            "database.names": "shellcorp",
            "driver.trustServerCertificate": "true",
            "data.query.mode": query_mode,
            "offset.storage": "org.apache.kafka.connect.storage.FileOffsetBackingStore",
            "offset.storage.file.filename": str(self._folder / "offsets.dat"),
            "offset.flush.interval.ms": "0",
            "schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory",
            "schema.history.internal.file.filename": str(self._folder / "history.dat"),
            "key.converter.schemas.enable": "false",
            "value.converter.schemas.enable": "false",
        }

    def start(self, query_mode: str) -> None:
        """Start, from the stored offsets where there are any."""
        settings = self._folder / "settings.json"
        settings.write_text(json.dumps(self.settings(query_mode)))
        module = "tests.sandbox.sqlserver.debezium.program"
        files = [str(self._folder / name) for name in ("settings.json", "events.jsonl", "debezium.log")]
        with (self._folder / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *files],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
            )

    def kill(self) -> None:
        """SIGKILL. A line that it was writing was not told to anybody: it goes."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        with (self._folder / "events.jsonl").open("r+b") as events:
            events.truncate(events.read().rfind(b"\n") + 1)

    def stop(self) -> None:
        """An orderly end."""
        if self._process is not None and self._process.poll() is None:
            self._process.communicate(timeout=LIMIT_SECONDS)

    def events(self) -> list[Event]:
        """The rows' events up to now, of all runs; a line that is not yet whole is left for later."""
        file = self._folder / "events.jsonl"
        if file.exists():
            with file.open("rb") as lines:
                lines.seek(self._read)
                for line in lines:
                    if not line.endswith(b"\n"):
                        break
                    self._read += len(line)
                    self._events += _event(line)
        return self._events

    def wait_for(self, what: str, is_there: Callable[[list[Event]], bool]) -> None:
        """Wait until the events are as they should be."""
        limit = time.monotonic() + LIMIT_SECONDS
        while not is_there(self.events()):
            assert self._process is not None
            assert self._process.poll() is None, f"Debezium ended before {what}: {self.problems()}"
            assert time.monotonic() < limit, f"no {what} in {LIMIT_SECONDS:.0f} s: {self.problems()}"
            time.sleep(0.05)  # between two looks

    def problems(self) -> list[str]:
        """Warnings and errors of its log."""
        log = self._folder / "debezium.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return [line for line in lines if " ERROR [" in line or " WARN [" in line or "Exception: " in line]


def _event(line: bytes) -> list[Event]:
    topic, key, value = json.loads(line)
    if topic == TOPIC_PREFIX:
        return []  # the schema changes that Debezium saw
    return [Event(topic.rpartition(".")[2], json.loads(key), None if value is None else json.loads(value))]
