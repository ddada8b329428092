"""What replication leaves beside the mirrors, for mirrors that were filled by hand."""

from __future__ import annotations

from flows.ingest.reconcile.ops_sql import CREATE_RECONCILIATIONS
from flows.ingest.warehouse.ops_sql import SCHEMAS_AND_LEDGER
from tests.expectations.good_data import ROWS

REPLICATED_TABLES = next(each for each in SCHEMAS_AND_LEDGER if "EXISTS OPS.REPLICATED_TABLES" in each)
STREAMING = """
INSERT INTO OPS.REPLICATED_TABLES
    (TABLE_NAME, SOURCE_SCHEMA, SOURCE_TABLE, CAPTURE_INSTANCE, STATE, START_LSN, UPDATED_AT)
SELECT COLUMN1, 'dbo', LOWER(COLUMN1), 'dbo_' || LOWER(COLUMN1), 'streaming', '0', SYSDATE() FROM VALUES
"""


def beside_the_mirrors() -> list[str]:
    """Statements: change logs with one change a live row, tables that stream, nothing compared yet."""
    names = ", ".join(f"('{table.upper()}')" for table in ROWS)
    return [
        "CREATE SCHEMA IF NOT EXISTS OPS",
        REPLICATED_TABLES,
        STREAMING + names,
        CREATE_RECONCILIATIONS,
        *map(_log, ROWS),
    ]


def compared(table: str, outcome: str) -> str:
    """The statement that writes what a comparison of a mirror with its source found."""
    return f"""
INSERT INTO OPS.RECONCILIATIONS
    (RUN_ID, TABLE_NAME, LSN, OUTCOME, PARTS, PARTS_DIFFERING, SOURCE_ROWS, MIRROR_ROWS, KEYS_MISSING,
     KEYS_SURPLUS, KEYS_DIFFERENT, KEYS_UNDECIDED, SOURCE_QUERIES, SOURCE_ROWS_READ, SOURCE_MILLISECONDS,
     WAREHOUSE_STATEMENTS, RECONCILED_AT)
SELECT 'r', '{table.upper()}', '', '{outcome}', 1, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, SYSDATE()
"""


def _log(table: str) -> str:
    name = table.upper()
    return (
        f"CREATE OR REPLACE TABLE RAW.{name}__CHANGES AS SELECT * EXCLUDE (_DELETED), 2 AS _OPERATION, "
        f"NULL::VARCHAR AS _UNCHANGED, '' AS _RUN_ID, '' AS _BATCH FROM RAW.{name} WHERE NOT _DELETED"
    )
