"""What `make down` may end: the processes that `make up` wrote down, and no others."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.demo.process_book import ProcessBook


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "300"]) as process:
        yield process
        process.kill()


def test_a_process_is_ended_and_forgotten(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    book = ProcessBook(tmp_path / "new" / "processes.json")
    book.add(sleeper.pid)
    assert book.running() == [sleeper.pid]
    assert book.end_all() == []
    assert sleeper.wait(10) != 0
    assert not book.file.exists()


def test_an_id_that_was_given_to_another_process_is_left_alone(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    book = ProcessBook(tmp_path / "processes.json")
    book.file.write_text(json.dumps({str(sleeper.pid): "Thu Jan  1 00:00:00 1970"}))
    assert book.running() == []
    assert book.end_all() == []
    assert sleeper.poll() is None


def test_without_a_book_nothing_runs(tmp_path: Path) -> None:
    assert ProcessBook(tmp_path / "processes.json").running() == []
