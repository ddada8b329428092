"""What a change's columns mean, said row by row: slow and plain, to judge the conversion of batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from flows.ingest.changes.unchanged import is_set, quoted_mark
from flows.ingest.lsn import Lsn, change_position
from flows.ingest.tables.captured import CapturedTable

Row = tuple[Any, ...]


def position(row: Row) -> str:
    return change_position(*row[:4])


def committed_at(row: Row, times: Mapping[Lsn, datetime]) -> datetime | None:
    return times.get(Lsn.from_bytes(row[0]))


def unchanged(table: CapturedTable, row: Row) -> str | None:
    """The large columns that an update left alone."""
    operation, mask = row[3:5]
    if operation != 4 or mask is None:
        return None
    return ",".join(quoted_mark(lob) for lob in table.lobs if not is_set(mask, lob.ordinal)) or None


def loses_value(table: CapturedTable, rows: Sequence[Row]) -> bool:
    """Whether an update changed the key and left a large column alone: its row before is right before it."""
    places = [5 + table.columns.index(column) for column in table.key]
    return any(
        before[3] == 3
        and before[:3] == after[:3]
        and any(before[place] != after[place] for place in places)
        and unchanged(table, after) is not None
        for before, after in pairwise(rows)
    )
