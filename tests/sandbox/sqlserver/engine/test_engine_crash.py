"""kill -9 in the middle of transactions: what was committed is there, nothing is half there."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pymssql
import pytest

DATABASE = "shop"
ROUNDS = 3
START_SECONDS = 60


class Server:
    """The stand-in as its own process."""

    def __init__(self, folder: Path) -> None:
        endpoint = folder / "endpoint.json"
        endpoint.unlink(missing_ok=True)
        command = [sys.executable, "-m", "sandbox.sqlserver", "--folder", str(folder), "--database", DATABASE]
        self.process = subprocess.Popen(command)
        limit = time.monotonic() + START_SECONDS
        while not endpoint.exists():
            assert self.process.poll() is None, "the server ended"
            assert time.monotonic() < limit, "the server did not start"
            self.process.poll()
            threading.Event().wait(0.05)
        self.port = str(json.loads(endpoint.read_text())["port"])
        self.password = json.loads((folder / "credentials.json").read_text())["sa"]

    def connect(self) -> pymssql.Connection:
        return pymssql.connect(
            server="127.0.0.1", port=self.port, user="sa", password=self.password, database=DATABASE,
            encryption="off", tds_version="7.4", charset="UTF-8",
        )  # fmt: skip

    def kill(self) -> None:
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(30)


def _write(server: Server, first: int, acknowledged: list[int], failures: list[str]) -> None:
    """Transactions of two tables whose rows must always agree, until the server goes away."""
    try:
        connection = server.connect()
        cursor = connection.cursor()
        number = first
        while True:
            cursor.execute(f"INSERT INTO a VALUES ({number}, 'x'); INSERT INTO b VALUES ({number})")
            cursor.execute(f"UPDATE a SET v = 'y' WHERE id = {number}")
            connection.commit()
            acknowledged.append(number)
            number += 1
    except pymssql.Error as error:
        failures.append(str(error))


def test_kill_loses_no_commit_and_shows_no_half(tmp_path: Path) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    sys.stdout.write(f"seed {seed}\n")
    chance = random.Random(seed)
    server = Server(tmp_path)
    try:
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE a (id int PRIMARY KEY, v varchar(5)); CREATE TABLE b (id int PRIMARY KEY)"
            )
            connection.commit()
        acknowledged: list[int] = []
        for round_number in range(ROUNDS):
            failures: list[str] = []
            writer = threading.Thread(
                target=_write, args=(server, round_number * 1_000_000, acknowledged, failures)
            )
            writer.start()
            known = len(acknowledged)
            wanted = known + chance.randint(5, 40)
            limit = time.monotonic() + 60
            while len(acknowledged) < wanted and writer.is_alive():
                assert time.monotonic() < limit, "the writer does not get on"
                threading.Event().wait(0.001)
            threading.Event().wait(chance.random() / 50)
            server.kill()
            writer.join(30)
            assert not writer.is_alive()
            server = Server(tmp_path)
            with server.connect() as connection, connection.cursor() as cursor:
                cursor.execute("SELECT a.id, b.id, a.v FROM a FULL JOIN b ON b.id = a.id")
                rows = cursor.fetchall()
            assert all(row[0] == row[1] and row[2] == "y" for row in rows), f"half a transaction, seed {seed}"
            assert set(acknowledged) <= {row[0] for row in rows}, f"a commit was lost, seed {seed}"
            assert len(rows) <= len(acknowledged) + round_number + 1
    finally:
        server.kill()


@pytest.fixture
def server(tmp_path: Path) -> object:
    server = Server(tmp_path)
    yield server
    server.kill()


def test_small_transactions_over_pymssql(server: Server) -> None:
    with server.connect() as connection, connection.cursor() as cursor:
        connection.autocommit(True)
        cursor.execute(
            "CREATE TABLE t (id int PRIMARY KEY, v nvarchar(20), d decimal(19, 4), at datetime2(7))"
        )
        started = time.monotonic()
        for number in range(200):
            cursor.execute("INSERT INTO t VALUES (%d, %s, 1.5, SYSUTCDATETIME())", (number, "text"))
        seconds = time.monotonic() - started
        sys.stdout.write(f"{seconds * 5:.1f} ms a transaction\n")
        cursor.execute("SELECT COUNT(*), MIN(v), SUM(d) FROM t")
        assert [tuple(map(str, row)) for row in cursor.fetchall()] == [("200", "text", "300.0000")]
