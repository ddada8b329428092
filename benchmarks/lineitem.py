"""TPC-H's lineitem in SQL Server: its sixteen columns, with values of the generator's own rows.

The stand-in has no bulk load, so some generated rows are inserted and the server multiplies them: each copy
has orders of its own and is otherwise what tpchgen-cli wrote.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

SEED_ROWS = 1_000
ROWS_PER_INSERT = 250
ORDERS_OF_A_COPY = 10_000
"""More than the order keys of the seed rows."""

COLUMNS = """
    l_orderkey bigint NOT NULL,
    l_partkey int NOT NULL,
    l_suppkey int NOT NULL,
    l_linenumber int NOT NULL,
    l_quantity decimal(15, 2) NOT NULL,
    l_extendedprice decimal(15, 2) NOT NULL,
    l_discount decimal(15, 2) NOT NULL,
    l_tax decimal(15, 2) NOT NULL,
    l_returnflag char(1) NOT NULL,
    l_linestatus char(1) NOT NULL,
    l_shipdate date NOT NULL,
    l_commitdate date NOT NULL,
    l_receiptdate date NOT NULL,
    l_shipinstruct varchar(25) NOT NULL,
    l_shipmode varchar(10) NOT NULL,
    l_comment varchar(44) NOT NULL,
    PRIMARY KEY (l_orderkey, l_linenumber)
"""
COPIES = """
    INSERT INTO dbo.{table}
    SELECT s.l_orderkey + g.value * {orders}, s.l_partkey, s.l_suppkey, s.l_linenumber, s.l_quantity,
        s.l_extendedprice, s.l_discount, s.l_tax, s.l_returnflag, s.l_linestatus, s.l_shipdate,
        s.l_commitdate, s.l_receiptdate, s.l_shipinstruct, s.l_shipmode, s.l_comment
    FROM dbo.seed AS s
    CROSS JOIN GENERATE_SERIES(1, {copies}) AS g
"""


def create_seed(cursor: Any, folder: Path) -> None:
    """The first rows that tpchgen-cli generates, in dbo.seed."""
    cursor.execute(f"CREATE TABLE dbo.seed ({COLUMNS})")
    rows = _generated(folder)
    for start in range(0, SEED_ROWS, ROWS_PER_INSERT):
        values = ", ".join(rows[start : start + ROWS_PER_INSERT])
        cursor.execute(f"INSERT INTO dbo.seed VALUES {values}")


def create(cursor: Any, table: str, rows: int) -> None:
    """A table of so many rows, a multiple of `SEED_ROWS`."""
    cursor.execute(f"CREATE TABLE dbo.{table} ({COLUMNS})")
    cursor.execute(COPIES.format(table=table, orders=ORDERS_OF_A_COPY, copies=rows // SEED_ROWS))


def capture(cursor: Any, table: str) -> None:
    """Have the table's changes captured."""
    cursor.execute(
        f"EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'{table}', @role_name = NULL"
    )


def drop(cursor: Any, table: str) -> None:
    """Drop a table, and what was captured of it."""
    cursor.execute(f"DROP TABLE dbo.{table}")


def update(cursor: Any, table: str, rows: int, transactions: int) -> None:
    """Change so many rows, in transactions of copies of the seed: two rows of the change table for each."""
    copies = rows // SEED_ROWS // transactions
    for transaction in range(transactions):
        low = (1 + transaction * copies) * ORDERS_OF_A_COPY
        cursor.execute(
            f"UPDATE dbo.{table} SET l_quantity = l_quantity + 1 "
            f"WHERE l_orderkey >= {low} AND l_orderkey < {low + copies * ORDERS_OF_A_COPY}"
        )


def _generated(folder: Path) -> list[str]:
    """Rows as T-SQL writes them in VALUES."""
    generator = Path(sys.executable).with_name("tpchgen-cli")
    command = [str(generator), "parquet", "-s", "0.01", "--tables=lineitem", f"--output-dir={folder}"]
    subprocess.run(command, check=True, capture_output=True)
    table = pq.read_table(folder / "lineitem.parquet").slice(0, SEED_ROWS)
    columns = [_literals(column) for column in table.columns]
    return [f"({', '.join(row)})" for row in zip(*columns, strict=True)]


def _literals(column: pa.ChunkedArray) -> list[str]:
    texts: list[str] = column.cast(pa.string()).to_pylist()
    if pa.types.is_integer(column.type) or pa.types.is_decimal(column.type):
        return texts
    return ["'" + text.replace("'", "''") + "'" for text in texts]
