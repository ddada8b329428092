"""AT TIME ZONE with Windows' names of time zones."""

from __future__ import annotations

from sandbox.sqlserver.engine.bound import Bound, not_modelled, string
from sandbox.sqlserver.engine.conversion import convert, fail
from sandbox.sqlserver.engine.temporal import (
    PRECISE,
    offset_moment,
    scale_of,
    timestamp_of,
    within,
)
from sandbox.sqlserver.results import SqlServerError, SqlType
from sandbox.sqlserver.ticks import MINUTE

WINDOWS_ZONES = {
    "utc": "UTC",
    "gmt standard time": "Europe/London",
    "w. europe standard time": "Europe/Berlin",
    "central european standard time": "Europe/Warsaw",
    "central europe standard time": "Europe/Budapest",
    "romance standard time": "Europe/Paris",
    "e. europe standard time": "Europe/Chisinau",
    "gtb standard time": "Europe/Bucharest",
    "fle standard time": "Europe/Kiev",
    "russian standard time": "Europe/Moscow",
    "turkey standard time": "Europe/Istanbul",
    "eastern standard time": "America/New_York",
    "central standard time": "America/Chicago",
    "mountain standard time": "America/Denver",
    "us mountain standard time": "America/Phoenix",
    "pacific standard time": "America/Los_Angeles",
    "e. south america standard time": "America/Sao_Paulo",
    "india standard time": "Asia/Kolkata",
    "china standard time": "Asia/Shanghai",
    "tokyo standard time": "Asia/Tokyo",
    "singapore standard time": "Asia/Singapore",
    "aus eastern standard time": "Australia/Sydney",
    "new zealand standard time": "Pacific/Auckland",
}
"""The most usual ones of Unicode CLDR's windowsZones."""


def at_time_zone(value: Bound, zone: Bound) -> Bound:
    """`value AT TIME ZONE zone`: a datetimeoffset is moved there, anything else is said to be there."""
    if not isinstance(zone.constant, str):
        raise not_modelled("AT TIME ZONE with a zone that is neither a literal nor a variable")
    iana = WINDOWS_ZONES.get(zone.constant.lower())
    if iana is None:
        raise SqlServerError(
            9820,
            f"The time zone parameter '{zone.constant}' provided to AT TIME ZONE clause is invalid, or the "
            "stand-in does not know it.",
        )
    overflow = fail(517, f"Adding a value to a '{value.type.name}' column caused an overflow.")
    if value.type.name == "datetimeoffset":
        utc, result = f"({value.sql}).utc", value.type
        start = timestamp_of(utc, PRECISE)
        minutes = _minutes(f"timezone({string(iana)}, timezone('UTC', {start}))", start)
    else:
        result = SqlType("datetimeoffset", scale=scale_of(value.type))
        here = timestamp_of(convert(value, PRECISE).sql, PRECISE)
        minutes = _minutes(here, f"timezone('UTC', timezone({string(iana)}, {here}))")
        utc = f"({convert(value, PRECISE).sql} - {minutes} * {MINUTE})"
    moment = within(utc, result, offset_moment(utc, minutes, result), overflow)
    moment = within(f"({utc} + {minutes} * {MINUTE})", result, moment, overflow)
    return Bound(moment, result, value.nullable)


def _minutes(local: str, utc: str) -> str:
    """How far a clock is ahead of UTC; before zones had whole minutes, the nearest."""
    return f"tsql_floor_divide(tsql_ticks({local}) - tsql_ticks({utc}) + {MINUTE // 2}, {MINUTE})"
