"""sp_statistics: a table's indexes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.sqlserver.engine.bound import quote
from sandbox.sqlserver.engine.catalog_procedures.lookup import (
    INT,
    SMALLINT,
    SYSNAME,
    check_qualifier,
    matches,
    tables_named,
)
from sandbox.sqlserver.engine.model import KeyDef, TableDef
from sandbox.sqlserver.engine.procedures import ProcedureContext, ProcedureParameter, procedure
from sandbox.sqlserver.engine.rowsets import rows_as
from sandbox.sqlserver.results import Column, Result, SqlType

_LETTER = SqlType("char", length=1)
_COLUMNS = (
    *(Column(name, SYSNAME) for name in ("TABLE_QUALIFIER", "TABLE_OWNER", "TABLE_NAME")),
    Column("NON_UNIQUE", SMALLINT),
    *(Column(name, SYSNAME) for name in ("INDEX_QUALIFIER", "INDEX_NAME")),
    *(Column(name, SMALLINT) for name in ("TYPE", "SEQ_IN_INDEX")),
    Column("COLUMN_NAME", SYSNAME),
    Column("COLLATION", _LETTER),
    *(Column(name, INT) for name in ("CARDINALITY", "PAGES")),
    Column("FILTER_CONDITION", SqlType("varchar", length=128)),
)
_PARAMETERS = (
    ProcedureParameter("table_name", SYSNAME),
    ProcedureParameter("table_owner", SYSNAME, None),
    ProcedureParameter("table_qualifier", SYSNAME, None),
    ProcedureParameter("index_name", SYSNAME, "%"),
    ProcedureParameter("is_unique", _LETTER, "N"),
    ProcedureParameter("accuracy", _LETTER, "Q"),
)
_STATISTICS, _CLUSTERED, _OTHER = 0, 1, 3
"""ODBC's TYPE: SQL_TABLE_STAT, SQL_INDEX_CLUSTERED, SQL_INDEX_OTHER."""
_PAGE_ROWS = 100


def _statistics(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """A row for the table itself, then one for each column of each index."""
    check_qualifier(context, arguments, "table_qualifier")
    only_unique = arguments["is_unique"].upper() == "Y"
    rows: list[tuple[object, ...]] = []
    for table in tables_named(context, arguments["table_name"], arguments["table_owner"], is_pattern=False):
        count = _count(context, table)
        whole = (context.database, table.schema, table.name)
        rows.append((*whole, None, None, None, _STATISTICS, None, None, None, count, _pages(count), None))
        keys = [
            key
            for key in table.keys
            if matches(key.name, arguments["index_name"]) and (key.unique or not only_unique)
        ]
        keys.sort(key=lambda key: (not key.unique, not key.clustered, key.name.lower()))
        rows += [(*whole, *row) for key in keys for row in _index_rows(table, key, count)]
    yield from rows_as(_COLUMNS, rows)


sp_statistics = procedure("sys.sp_statistics", *_PARAMETERS)(_statistics)
sp_statistics_100 = procedure("sys.sp_statistics_100", *_PARAMETERS)(_statistics)


def _index_rows(table: TableDef, key: KeyDef, count: int) -> Iterator[tuple[object, ...]]:
    kind = _CLUSTERED if key.clustered else _OTHER
    descending = key.descending or (False,) * len(key.columns)
    for at, (column, is_descending) in enumerate(zip(key.columns, descending, strict=True), 1):
        yield (
            *(int(not key.unique), table.name, key.name, kind, at, column, "D" if is_descending else "A"),
            *(count if key.unique else None, _pages(count), None),
        )


def _count(context: ProcedureContext, table: TableDef) -> int:
    row = context.connection.execute(
        f"SELECT row_count FROM {quote(context.database)}.catalog.row_counts WHERE object_id = ?",
        [table.object_id],
    ).fetchone()
    return int(row[0]) if row else 0


def _pages(rows: int) -> int:
    return -(-rows // _PAGE_ROWS)
