"""Rules about mirrors: against their change logs, against the source, and of the rows that staging makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from expectations.rules.in_sql import failing
from expectations.rules.rule import Phrase
from expectations.rules.upstreams import Columns, same_as
from expectations.severity import Severity

LIVE_ROWS: Final = "NOT COALESCE(_DELETED, FALSE)"
"""Condition on a mirror: everything but its tombstones."""

LOG_DAYS: Final = 2
"""Changes whose merge into the mirror is looked at again."""


def as_its_log_says(table: str, key: str | Sequence[str], *columns: str, large: Sequence[str] = ()) -> Phrase:
    """What changed of late is in the mirror: each key's last change of the newest two days in the log.

    One query reads log and mirror at one moment, and a window lands in both in one transaction, so nothing
    in flight is taken for lost. A mirror that is being copied is not judged. NULL in the log says nothing:
    it has that in a column which the source dropped since, and in a large one that a change left alone.

    Args:
        table: the mirror, such as ORDERS.
        key: the columns of its key.
        columns: those that each change carries.
        large: those that a change may leave alone, such as nvarchar(max).
    """
    keys = [key] if isinstance(key, str) else list(key)
    log = f"RAW.{table}__CHANGES"
    own = ["_POSITION", "_COMMITTED_AT", *columns]
    said = ", ".join(f"{name} AS LOG_{name}" for name in [*keys, *own, *large])
    newest = (
        f"SELECT {said}, _OPERATION IN (1, 3) AS LOG_DELETES, COALESCE(_UNCHANGED, '') = '' AS LOG_SETS_ALL "
        f"FROM {log} WHERE _COMMITTED_AT >= "
        f"DATEADD(day, -{LOG_DAYS}, (SELECT MAX(_COMMITTED_AT) FROM {log})) "
        f"QUALIFY ROW_NUMBER() OVER (PARTITION BY {', '.join(keys)} ORDER BY _POSITION DESC, _BATCH DESC) = 1"
    )
    differs = [f"LOG_{name} IS NOT NULL AND LOG_{name} IS DISTINCT FROM {name}" for name in own]
    differs += [
        f"LOG_SETS_ALL AND LOG_{name} IS NOT NULL AND LOG_{name} IS DISTINCT FROM {name}" for name in large
    ]
    is_broken = (
        "IFF(LOG_DELETES, COALESCE(_POSITION <= LOG__POSITION, FALSE), "
        f"{keys[0]} IS NULL OR {' OR '.join(differs)})"
    )
    streams = (
        "0 < (SELECT COUNT(*) FROM OPS.REPLICATED_TABLES "
        f"WHERE TABLE_NAME = '{table}' AND STATE = 'streaming')"
    )
    rule = failing(
        "What changed in the last two days is here as the change log has it",
        f"SELECT {', '.join(f'LOG_{name} AS {name}' for name in keys)} FROM ({newest}) AS changed "
        f"LEFT JOIN checked ON {' AND '.join(f'{name} = LOG_{name}' for name in keys)} "
        f"WHERE {is_broken} AND {streams}",
    )
    return tuple(replace(each, needs=(log, "OPS.REPLICATED_TABLES")) for each in rule)


def as_the_source_was(table: str, severity: Severity = "warning") -> Phrase:
    """The last comparison with the source found no difference; nobody may have compared it yet.

    The gate does not ask the source: it reads what the flow `reconcile` wrote. After a repair that compares
    again, so the rule is quiet as soon as the mirror is what the source was.
    """
    rule = failing(
        "The last comparison with the source found no difference",
        f"SELECT {{keys}} FROM (SELECT OUTCOME FROM OPS.RECONCILIATIONS WHERE TABLE_NAME = '{table}' "
        "QUALIFY ROW_NUMBER() OVER (ORDER BY RECONCILED_AT DESC) = 1) AS compared "
        "LEFT JOIN (SELECT * FROM checked LIMIT 1) AS checked ON TRUE WHERE OUTCOME = 'different'",
        severity,
    )
    return tuple(replace(each, needs=("OPS.RECONCILIATIONS",)) for each in rule)


def rows_of_mirror(
    mirror: str,
    key: str | Columns,
    *names: str,
    columns: Columns | None = None,
    times: Sequence[str] = (),
    none_missing: bool = True,
) -> Phrase:
    """A staging table's rows are those of its mirror: none lost, none made up, none of other values.

    The mirror may have moved on since the run took it in. So a row is compared with the mirror's of the same
    commit, and only what was committed before the newest commit here has to be here.

    Args:
        mirror: such as RAW.ORDERS.
        key: SQL over the mirror for each column of the key, or the one column that is called alike.
        names: columns that are called alike on both sides and equal.
        columns: SQL over the mirror for other columns.
        times: columns of datetime2(7), equal to the microsecond.
        none_missing: whether all rows have to be here; not where some are set aside.
    """
    keys = {key: key} if isinstance(key, str) else key
    told = {**{name: name for name in (*names, *times)}, **(columns or {})}
    values = ", ".join(f"{sql} AS UP_{name}" for name, sql in {**keys, **told}.items())
    theirs = f"(SELECT {values}, _COMMITTED_AT AS UP_COMMITTED_AT, {LIVE_ROWS} AS UP_LIVES FROM {mirror})"
    same = " AND ".join(f"checked.{name} = mirrored.UP_{name}" for name in keys)
    differs = " OR ".join(
        _other_time(f"checked.{name}", f"mirrored.UP_{name}")
        if name in times
        else f"checked.{name} IS DISTINCT FROM mirrored.UP_{name}"
        for name in told
    )
    named = ", ".join(f"UP_{name} AS {name}" for name in keys)
    missing = failing(
        f"No row of {mirror} is missing or out of date",
        f"SELECT {named} FROM {theirs} AS mirrored LEFT JOIN checked ON {same} "
        "AND checked.COMMITTED_AT >= mirrored.UP_COMMITTED_AT "
        "WHERE UP_LIVES AND checked.COMMITTED_AT IS NULL "
        "AND UP_COMMITTED_AT < (SELECT MAX(COMMITTED_AT) FROM checked)",
    )
    return (
        *failing(
            f"What comes from {mirror} is as it is there",
            f"SELECT {{keys}} FROM checked JOIN {theirs} AS mirrored ON {same} "
            f"AND checked.COMMITTED_AT = mirrored.UP_COMMITTED_AT WHERE {differs}",
        ),
        *failing(
            f"No row is made up, or newer than in {mirror}",
            f"SELECT {{keys}} FROM checked LEFT JOIN {theirs} AS mirrored ON {same} "
            "AND checked.COMMITTED_AT <= mirrored.UP_COMMITTED_AT WHERE mirrored.UP_COMMITTED_AT IS NULL",
        ),
        *(missing if none_missing else ()),
    )


def _other_time(here: str, there: str) -> str:
    off = f"COALESCE(ABS(DATEDIFF(microsecond, {here}, {there})) > 1, FALSE)"
    return f"({here} IS NULL) <> ({there} IS NULL) OR {off}"


def versions_of_mirror(history: str, key: str, *names: str, columns: Columns | None = None) -> Phrase:
    """A staging table of versions has those of a mirror's history, which may have moved on since.

    A version that is open here may have ended there, and what began after the newest is still to come.

    Args:
        history: such as RAW.CUSTOMERS__HISTORY.
        key: whose versions they are, called alike on both sides.
        names: columns that are called alike on both sides and equal.
        columns: SQL over the history for other columns.
    """
    table = history.rpartition(".")[2]
    theirs = f"(SELECT {key} AS ID, _FROM_POSITION, _TO_POSITION, _VALID_TO FROM {history}) AS history"
    same = f"checked.{key} = history.ID AND checked.FROM_POSITION = history._FROM_POSITION"
    newest = "(SELECT MAX(FROM_POSITION) FROM checked)"
    return (
        *same_as(
            history,
            {key: key, "FROM_POSITION": "_FROM_POSITION"},
            *names,
            columns={"VALID_FROM": "_VALID_FROM", **(columns or {})},
        ),
        *failing(
            f"A version is one of {table}, and ends when that does",
            f"SELECT {{keys}} FROM checked LEFT JOIN {theirs} ON {same} WHERE history.ID IS NULL "
            "OR (TO_POSITION IS NOT NULL AND TO_POSITION IS DISTINCT FROM _TO_POSITION) "
            "OR (VALID_TO IS NOT NULL AND VALID_TO IS DISTINCT FROM _VALID_TO) "
            f"OR (TO_POSITION IS NULL AND _TO_POSITION <= {newest})",
        ),
        *failing(
            f"No version of {table} that began before the newest is left out",
            f"SELECT ID AS {key}, _FROM_POSITION AS FROM_POSITION FROM {theirs} LEFT JOIN checked ON {same} "
            f"WHERE checked.{key} IS NULL AND _FROM_POSITION < {newest}",
        ),
    )
