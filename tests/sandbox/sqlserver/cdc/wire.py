"""Shellcorp on a stand-in of one's own, and its change tables folded into tables, over the network."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pymssql

from sandbox.process import Service
from sandbox.shellcorp.install import TABLES, Size, install
from sandbox.shellcorp.server import Server

SMALL = Size(scale=0.005, seed=3, today=date(2026, 1, 31))
LIMIT_SECONDS = 60.0
Row = tuple[Any, ...]
Table = dict[Row, Row]


@dataclass(frozen=True)
class Instance:
    """A capture instance of one of Shellcorp's tables."""

    name: str
    table: str
    columns: tuple[str, ...]
    key: tuple[int, ...]
    """Positions of the key's columns."""


def start(folder: Path, *arguments: str, port: int = 0) -> Service:
    return Service.start("sandbox.sqlserver", folder, "--database", "shellcorp", *arguments, port=port)


def server_of(service: Service) -> Server:
    return Server("127.0.0.1", service.port, "shellcorp", "sa", service.password("sa"))


def install_small(service: Service) -> Server:
    server = server_of(service)
    install(server, SMALL, print)
    run(server, "EXEC sys.sp_cdc_change_job @job_type = N'capture', @pollinginterval = 0")
    return server


def query(server: Server, sql: str) -> list[Row]:
    """The rows of one query."""
    with server.connect("cdc tests", autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return [tuple(row) for row in cursor.fetchall()]


def value(server: Server, sql: str) -> Any:
    """The only value of a query."""
    ((only,),) = query(server, sql)
    return only


def run(server: Server, sql: str) -> None:
    """Run a statement that returns no rows."""
    with server.connect("cdc tests", autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(sql)


def refusal(server: Server, sql: str) -> tuple[int, str]:
    """Number and text of the error that a statement gives."""
    try:
        query(server, sql)
    except pymssql.Error as error:
        number, text = error.args
        return int(number), text.decode()
    raise AssertionError(f"not refused: {sql}")


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def instances(server: Server) -> list[Instance]:
    """The capture instances, as a client discovers them."""
    found = []
    for object_id, name, table in query(
        server,
        "SELECT object_id, capture_instance, OBJECT_NAME(source_object_id) FROM cdc.change_tables",
    ):
        columns = [
            column
            for (column,) in query(
                server,
                "SELECT column_name FROM cdc.captured_columns "
                f"WHERE object_id = {object_id} ORDER BY column_ordinal",
            )
        ]
        key = [
            columns.index(column)
            for (column,) in query(
                server,
                "SELECT column_name FROM cdc.index_columns "
                f"WHERE object_id = {object_id} ORDER BY index_ordinal",
            )
        ]
        found.append(Instance(name, table, tuple(columns), tuple(key)))
    assert {instance.table for instance in found} == set(TABLES)
    return found


def table_rows(server: Server, instance: Instance) -> Table:
    """The source table, by key."""
    rows = query(server, f"SELECT {', '.join(instance.columns)} FROM dbo.{instance.table}")
    return {_key(instance, row): row for row in rows}


def fold(server: Server, instance: Instance, base: Table) -> Table:
    """The base with all changes applied in their order, as a careful client does it."""
    state = dict(base)
    for operation, mask, *values in query(
        server,
        f"SELECT [__$operation], [__$update_mask], {', '.join(instance.columns)} "
        f"FROM cdc.[{instance.name}_CT] WHERE [__$operation] <> 3 "
        "ORDER BY [__$start_lsn], [__$command_id], [__$seqval], [__$operation]",
    ):
        row = tuple(values)
        key = _key(instance, row)
        if operation == 1:
            del state[key]
        elif operation == 2:
            assert key not in state, f"{instance.table}: {key} was inserted twice"
            state[key] = row
        else:
            kept = state[key]
            state[key] = tuple(
                value if _is_set(mask, ordinal) else kept[ordinal - 1]
                for ordinal, value in enumerate(row, start=1)
            )
    return state


def captured_up_to_now(server: Server) -> Callable[[], bool]:
    """A condition: everything committed before this call is in the change tables."""
    code = value(server, "SELECT MIN(product_code) FROM dbo.products")
    run(server, f"UPDATE dbo.products SET list_price = list_price + 1 WHERE product_code = '{code}'")
    price = value(server, f"SELECT list_price FROM dbo.products WHERE product_code = '{code}'")
    newest = (
        "SELECT COUNT(*) FROM cdc.dbo_products_CT "
        f"WHERE [__$operation] = 4 AND product_code = '{code}' AND list_price = {price}"
    )
    return lambda: bool(value(server, newest))


def _key(instance: Instance, row: Row) -> Row:
    return tuple(row[position] for position in instance.key)


def _is_set(mask: bytes, ordinal: int) -> bool:
    return bool(mask[-1 - (ordinal - 1) // 8] & 1 << (ordinal - 1) % 8)
