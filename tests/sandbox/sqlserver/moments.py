"""Moments of 100 ns as `results.ResultSet` hands them over, and as SQL Server prints them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sandbox.sqlserver.results import SqlType

TICKS_A_SECOND = 10_000_000


def printed(ticks: int, scale: int = 7) -> str:
    """A datetime2 of so many ticks since 0001-01-01."""
    seconds, fraction = divmod(ticks, TICKS_A_SECOND)
    text = f"{datetime.min + timedelta(seconds=seconds)}.{fraction:07}"
    return text[: 20 + scale].rstrip(".")


def ticks_of(text: str) -> int:
    """The ticks of a datetime2 as it is printed."""
    since = datetime.fromisoformat(text[:19]) - datetime.min
    return (since // timedelta(seconds=1)) * TICKS_A_SECOND + int(text[20:].ljust(7, "0"))


def printed_offset(moment: dict[str, int], scale: int) -> str:
    """A datetimeoffset."""
    minutes = moment["offset_minutes"]
    hours, rest = divmod(abs(minutes), 60)
    local = printed(moment["utc"] + minutes * 60 * TICKS_A_SECOND, scale)
    return f"{local} {'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


def handed_over_offset(text: str) -> dict[str, int]:
    """A printed datetimeoffset as it is handed over."""
    minutes = int(f"{text[-6]}1") * (int(text[-5:-3]) * 60 + int(text[-2:]))
    return {"utc": ticks_of(text[:-7]) - minutes * 60 * TICKS_A_SECOND, "offset_minutes": minutes}


def readable(value: Any, sql_type: SqlType) -> Any:
    """A value of a result; datetime2(7) and datetimeoffset as text."""
    if value is not None and sql_type.name == "datetime2" and sql_type.scale == 7:
        return printed(value)
    if value is not None and sql_type.name == "datetimeoffset":
        return printed_offset(value, sql_type.scale)
    return value
