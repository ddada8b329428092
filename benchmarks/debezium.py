"""Debezium's engine as a benchmark: the connector and the program that the stand-in's tests run, counted."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench_server import DATABASE, BenchServer

PROGRAM = "tests.sandbox.sqlserver.debezium.program"
ROOT = Path(__file__).parents[1]
LIMIT_SECONDS = 180.0
LOOK_SECONDS = 0.05


@dataclass
class Debezium:
    """A running connector that writes one line of JSON an event into a file, and nothing else."""

    folder: Path
    process: subprocess.Popen[bytes]
    read: int = 0
    """How far its events were read."""

    @classmethod
    @contextmanager
    def start(cls, folder: Path, server: BenchServer, table: str) -> Iterator[Debezium]:
        """Start it on one table, with Debezium's defaults but plain text; it ends with the block."""
        folder.mkdir()
        service = server.service
        settings = {
            "name": "bench",
            "connector.class": "io.debezium.connector.sqlserver.SqlServerConnector",
            "topic.prefix": "bench",
            "database.hostname": "127.0.0.1",
            "database.port": str(service.port),
            "database.user": "sa",
            "database.password": service.password("sa"),
            "database.names": DATABASE,
            "driver.encrypt": "false",
            "table.include.list": f"dbo.{table}",
            "data.query.mode": "direct",
            "poll.interval.ms": "100",
            "offset.storage": "org.apache.kafka.connect.storage.FileOffsetBackingStore",
            "offset.storage.file.filename": str(folder / "offsets.dat"),
            "schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory",
            "schema.history.internal.file.filename": str(folder / "history.dat"),
            "key.converter.schemas.enable": "false",
            "value.converter.schemas.enable": "false",
        }
        (folder / "settings.json").write_text(json.dumps(settings))
        files = [str(folder / name) for name in ("settings.json", "events.jsonl", "debezium.log")]
        with (folder / "output.txt").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", PROGRAM, *files],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
            )
        try:
            yield cls(folder, process)
        finally:
            process.communicate(timeout=LIMIT_SECONDS)

    def seconds_of(self, rows: int) -> float:
        """Seconds from the first to the last of the next events of rows; its start is not counted.

        Raises:
            TimeoutError: they did not all come.
        """
        seen, began, limit = 0, 0.0, time.monotonic() + LIMIT_SECONDS
        while seen < rows:
            if self.process.poll() is not None or time.monotonic() > limit:
                raise TimeoutError(f"Debezium told {seen:,} of {rows:,} rows")
            new = self._new_events()
            if new and not began:
                began = time.perf_counter()
            seen += new
            time.sleep(LOOK_SECONDS)
        return time.perf_counter() - began

    def _new_events(self) -> int:
        """Events of rows since the last look; those of schema changes go to the prefix's own topic."""
        events = self.folder / "events.jsonl"
        if not events.exists():
            return 0
        with events.open("rb") as lines:
            lines.seek(self.read)
            whole = lines.read().rpartition(b"\n")[0].splitlines(keepends=True)
        if not whole:
            return 0
        self.read += sum(map(len, whole)) + 1  # the last line's end went to the partition
        return sum(not line.startswith(b'["bench",') for line in whole)
