"""The view `RAW.<T>__HISTORY`: every version of every row, by the source's commits, from the change log."""

from __future__ import annotations

from collections.abc import Mapping

from deployments.quoting import snowflake_name, snowflake_text
from flows.ingest.lsn import LSN_DIGITS
from flows.ingest.tables.captured import HISTORY_SUFFIX, RAW, CapturedTable, Column
from flows.ingest.warehouse.raw_sql import change_log, is_set, lines

VIEWS_IN_RAW = "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.VIEWS WHERE TABLE_SCHEMA = 'RAW'"

COMMENT = (
    "Every committed version of each row: valid from _VALID_FROM until before _VALID_TO (commit times, UTC), "
    "the newest with _TO_POSITION NULL. Exact from OPS.REPLICATED_TABLES.CONSISTENT_FROM_LSN on."
)


def history(table: str) -> str:
    """The quoted name of a history."""
    return snowflake_name(RAW, f"{table}{HISTORY_SUFFIX}")


def drop_history(table: str) -> str:
    """Nobody wants the history any more; the change log, of which it is a view, stays."""
    return f"DROP VIEW IF EXISTS {history(table)}"


def create_history(table: CapturedTable, comments: Mapping[str, str] | None = None) -> str:
    """The versions of a table's rows, in four steps over its change log.

    It goes by positions alone, so batches that came twice, or in another order, change nothing. Of several
    changes of a row in one commit the last counts: nobody could see the others. What a later snapshot read
    makes a version only where it differs from the one before. `comments` says what columns are, by name.
    """
    names = [column.quoted for column in table.columns]
    declared = [_declared(column, (comments or {}).get(column.name)) for column in table.columns]
    ordered = f"PARTITION BY {_keys(table)} ORDER BY _POSITION"
    return f"""
CREATE OR REPLACE VIEW {history(table.name)} (
    {lines([*declared, "_VALID_FROM", "_VALID_TO", "_FROM_POSITION", "_TO_POSITION"])}
) COPY GRANTS COMMENT = {snowflake_text(COMMENT)} AS
WITH delivered AS (
    SELECT
        {lines([*names, "_POSITION", "_COMMITTED_AT", "_OPERATION", "_UNCHANGED"], indent=8)}
    FROM {change_log(table.name)}
    QUALIFY ROW_NUMBER() OVER (PARTITION BY {_keys(table)}, _POSITION ORDER BY _BATCH DESC) = 1
),
counted AS (
    SELECT
        {lines(["d.*", *(_times_set(column, ordered) for column in table.lobs)], indent=8)}
    FROM delivered AS d
),
carried AS (
    SELECT
        {lines([_carried(column, table) for column in table.columns], indent=8)},
        _POSITION,
        _COMMITTED_AT,
        _OPERATION
    FROM counted
),
versions AS (
    SELECT
        {lines([*names, "_POSITION", "_COMMITTED_AT"], indent=8)},
        _OPERATION IN (1, 3) AS _DELETED
    FROM carried
    QUALIFY (
        LEAD(_OPERATION) OVER ({ordered}) = 0
        OR LEAD({_COMMIT}) OVER ({ordered}) IS DISTINCT FROM {_COMMIT}
    )
    AND NOT ({_is_same_again(table, ordered)})
)
SELECT
    {lines(names)},
    _COMMITTED_AT AS _VALID_FROM,
    LEAD(_COMMITTED_AT) OVER ({ordered}) AS _VALID_TO,
    _POSITION AS _FROM_POSITION,
    LEAD(_POSITION) OVER ({ordered}) AS _TO_POSITION
FROM versions
QUALIFY NOT _DELETED
"""


_COMMIT = f"LEFT(_POSITION, {LSN_DIGITS})"


def _declared(column: Column, comment: str | None) -> str:
    return f"{column.quoted} COMMENT {snowflake_text(comment)}" if comment else column.quoted


def _keys(table: CapturedTable) -> str:
    return ", ".join(column.quoted for column in table.key)


def _counter(column: Column) -> str:
    return snowflake_name(f"_TIMES_SET_{column.name}")


def _times_set(column: Column, ordered: str) -> str:
    """How often a large column was set so far: the rows of one count share the value of its first."""
    return f"SUM(IFF({is_set(column, 'd')}, 1, 0)) OVER ({ordered}) AS {_counter(column)}"


def _carried(column: Column, table: CapturedTable) -> str:
    """A column's value; of a large column that an update left alone, the one that was set last."""
    if column not in table.lobs:
        return column.quoted
    partition = f"PARTITION BY {_keys(table)}, {_counter(column)} ORDER BY _POSITION"
    return f"FIRST_VALUE({column.quoted}) OVER ({partition}) AS {column.quoted}"


def _is_same_again(table: CapturedTable, ordered: str) -> str:
    """Whether a snapshot has read what the version before already says."""
    before = f"LAG(_OPERATION) OVER ({ordered})"
    conditions = ["_OPERATION = 0", f"COALESCE({before} NOT IN (1, 3), FALSE)"]
    conditions += [
        f"LAG({column.quoted}) OVER ({ordered}) IS NOT DISTINCT FROM {column.quoted}"
        for column in table.values
    ]
    return "\n        AND ".join(conditions)
