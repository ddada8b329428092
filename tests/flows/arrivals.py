"""Replication as the models see it: what lands in a mirror, with the keys in its change log, numbered."""

from __future__ import annotations

from snowflake.connector.cursor import SnowflakeCursor

LEDGER = (
    "CREATE SCHEMA IF NOT EXISTS OPS",
    "CREATE TABLE OPS.CURSORS (PIPELINE VARCHAR, UPDATED_AT TIMESTAMP_NTZ, COMMITTED_AT TIMESTAMP_NTZ)",
    "CREATE TABLE OPS.REPLICATED_TABLES (TABLE_NAME VARCHAR, STATE VARCHAR)",
    "CREATE TABLE OPS.ARRIVALS (ARRIVAL NUMBER, TABLE_NAME VARCHAR, BATCH VARCHAR)",
    "INSERT INTO OPS.CURSORS VALUES ('shellcorp', NULL, NULL)",
)


class Arrivals:
    """Numbers what lands in one mirror; all of its rows have arrived first."""

    def __init__(self, cursor: SnowflakeCursor, table: str, key: str) -> None:
        self._cursor, self._table, self._key = cursor, table, key
        self._number = 0
        for statement in LEDGER:
            cursor.execute(statement)
        cursor.execute(
            f"CREATE TABLE RAW.{table}__CHANGES AS SELECT * EXCLUDE (_DELETED), 2 AS _OPERATION, "
            f"NULL::VARCHAR AS _UNCHANGED, '' AS _BATCH FROM RAW.{table} WHERE FALSE"
        )
        self.record("TRUE")

    def record(self, rows: str) -> int:
        """The rows of the mirror that a condition chooses have arrived; gives the arrival's number."""
        self._number += 1
        batch = f"batch {self._number}"
        self._cursor.execute(
            f"INSERT INTO RAW.{self._table}__CHANGES ({self._key}, _BATCH) "
            f"SELECT {self._key}, '{batch}' FROM RAW.{self._table} WHERE {rows}"
        )
        values = f"({self._number}, '{self._table}', '{batch}')"
        self._cursor.execute(f"INSERT INTO OPS.ARRIVALS VALUES {values}")
        return self._number

    def land(self, change: str, rows: str) -> int:
        """Replicate a change, such as `STATUS = 'open'`, of some rows; gives the arrival's number."""
        self._cursor.execute(f"UPDATE RAW.{self._table} SET {change} WHERE {rows}")
        return self.record(rows)
