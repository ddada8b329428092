"""Random DML, transactions and DDL through pymssql, read back from the change tables through ODBC."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import mssql_python
import pymssql
import pytest

from sandbox.process import Service

DATABASE = "two_clients"
STEPS = 60
DUPLICATE_KEY = 2627
Row = tuple[Any, ...]


@dataclass
class Clients:
    """One that writes and one that reads, in a database of their own."""

    writer: Any
    reader: Any

    def write(self, *statements: str) -> None:
        for statement in statements:
            self.writer.execute(statement)

    def read(self, query: str) -> list[Row]:
        return [tuple(row) for row in self.reader.execute(query).fetchall()]

    def table(self, columns: str) -> dict[int, Row]:
        """The table as its writer reads it, by key."""
        self.writer.execute(f"SELECT {columns} FROM dbo.t")
        return {row[0]: tuple(row) for row in self.writer.fetchall()}


@pytest.fixture
def clients(sql_server_service: Service) -> Iterator[Clients]:
    port, password = sql_server_service.port, sql_server_service.password("sa")
    login = {"server": "127.0.0.1", "port": str(port), "user": "sa", "password": password}
    with pymssql.connect(**login, database="master", autocommit=True) as connection:
        writer = connection.cursor()
        writer.execute(f"DROP DATABASE IF EXISTS {DATABASE}; CREATE DATABASE {DATABASE}")
        writer.execute(f"USE {DATABASE}")
        reader = mssql_python.connect(
            f"Server=127.0.0.1,{port};Database={DATABASE};UID=sa;PWD={password};Encrypt=no", autocommit=True
        )
        clients = Clients(writer, reader.cursor())
        clients.write(
            "CREATE TABLE dbo.t (id int PRIMARY KEY, v varchar(10) NULL, n int NULL)",
            "EXEC sys.sp_cdc_enable_db",
            "EXEC sys.sp_cdc_enable_table 'dbo', 't', NULL, @capture_instance = 'one'",
            "EXEC sys.sp_cdc_stop_job @job_type = N'capture'",
        )
        yield clients
        reader.close()
        clients.write(
            f"ALTER DATABASE {DATABASE} SET SINGLE_USER WITH ROLLBACK IMMEDIATE",  # pools keep connections
            "USE master",
            f"DROP DATABASE {DATABASE}",
        )


def _dml(chance: random.Random, number: str) -> str:
    a, b = sorted((chance.randint(0, 12), chance.randint(0, 12)))
    return chance.choice(
        [
            f"INSERT INTO t (id, v, {number}) VALUES ({a}, 'i{b}', {b})",
            f"INSERT INTO t (id, v) VALUES ({a}, 'j{b}'), ({a + 20}, NULL)",
            f"UPDATE t SET v = 'u{b}' WHERE id <= {a}",
            f"UPDATE t SET {number} = {b} WHERE id BETWEEN {a} AND {b}",
            f"UPDATE t SET id = {b} WHERE id = {a}",
            f"UPDATE t SET id = id + 1 WHERE id >= {a}",
            f"DELETE FROM t WHERE id BETWEEN {a} AND {a + 2}",
        ]
    )


def _step(clients: Clients, chance: random.Random, number: str) -> None:
    """A transaction of some statements; a duplicate key ends its statement and no more."""
    statements = "; ".join(_dml(chance, number) for _ in range(chance.randint(1, 4)))
    try:
        clients.write(f"BEGIN TRAN; {statements}")
    except pymssql.IntegrityError as error:
        if error.args[0] != DUPLICATE_KEY:
            raise
    clients.write(chance.choice(["COMMIT", "COMMIT", "COMMIT", "ROLLBACK"]))


def _fold(clients: Clients, instance: str, columns: tuple[str, ...], state: dict[int, Row]) -> None:
    """Apply an instance's changes in their order; each must fit the state that it meets."""
    captured = clients.read(
        "SELECT cc.column_name, cc.column_ordinal FROM cdc.captured_columns AS cc JOIN cdc.change_tables AS "
        f"ct ON ct.object_id = cc.object_id WHERE ct.capture_instance = '{instance}' "
        "ORDER BY cc.column_ordinal"
    )
    ordinals = [dict(captured)[name] for name in columns]
    rows = clients.read(
        f"SELECT [__$seqval], [__$operation], [__$update_mask], {', '.join(columns)} FROM cdc.{instance}_CT "
        "ORDER BY [__$start_lsn], [__$command_id], [__$seqval], [__$operation]"
    )
    before: tuple[bytes, Row] | None = None
    for sequence, operation, mask, *values in rows:
        row, bits = tuple(values), int.from_bytes(mask, "big")
        assert (before is not None) == (operation == 4), "3 and 4 come in pairs"
        if operation == 1:
            assert state.pop(row[0]) == row
        elif operation == 2:
            assert row[0] not in state
            state[row[0]] = row
        elif operation == 3:
            assert state[row[0]] == row
            before = sequence, row
        elif before is not None:
            assert before[0] == sequence, "the pair shares its seqval"
            changed = [old != new for old, new in zip(before[1], row, strict=True)]
            assert [bool(bits & 1 << (ordinal - 1)) for ordinal in ordinals] == changed
            state[row[0]] = row
            before = None
        if operation in (1, 2):
            assert bits == (1 << len(captured)) - 1


def test_what_one_client_writes_another_folds_from_the_change_tables(clients: Clients) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - to repeat it
    chance = random.Random(seed)
    for _ in range(STEPS):
        _step(clients, chance, "n")
    clients.write("EXEC sys.sp_cdc_scan")
    one: dict[int, Row] = {}
    _fold(clients, "one", ("id", "v", "n"), one)
    assert one == clients.table("id, v, n")

    clients.write(
        "ALTER TABLE t ADD m bigint NULL",
        "EXEC sys.sp_cdc_enable_table 'dbo', 't', NULL, @capture_instance = 'two'",
        "ALTER TABLE t ALTER COLUMN v nvarchar(40)",
    )
    two = clients.table("id, v, m")
    for _ in range(STEPS // 2):
        _step(clients, chance, "m")
    clients.write("ALTER TABLE t DROP COLUMN n")
    for _ in range(STEPS // 2):
        _step(clients, chance, "m")
    clients.write("UPDATE t SET v = N'wider than the ten of before'", "EXEC sys.sp_cdc_scan")
    one = {}
    _fold(clients, "one", ("id", "v"), one)
    assert one == clients.table("id, v")
    _fold(clients, "two", ("id", "v", "m"), two)
    assert two == clients.table("id, v, m")
