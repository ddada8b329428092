"""AT TIME ZONE with Windows' names of time zones."""

from __future__ import annotations

from sandbox.sqlserver.engine.bound import Bound, not_modelled, string
from sandbox.sqlserver.engine.conversion import convert
from sandbox.sqlserver.results import SqlServerError, SqlType

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
    if value.type.name == "datetimeoffset":
        utc, result = f"({value.sql}).utc", value.type
    else:
        local = convert(value, SqlType("datetime2", scale=7))
        scale = {"date": 0, "smalldatetime": 0, "datetime": 3}.get(value.type.name, value.type.scale)
        result = SqlType("datetimeoffset", scale=scale)
        shift = (
            f"epoch_us(CAST({local.sql} AS TIMESTAMP)) - epoch_us(timezone({string(iana)}, "
            f"CAST({local.sql} AS TIMESTAMP)))"
        )
        utc = f"make_timestamp_ns(epoch_ns({local.sql}) - ({shift}) * 1000)"
    there = f"timezone({string(iana)}, timezone('UTC', CAST({utc} AS TIMESTAMP)))"
    minutes = f"(epoch_us({there}) - epoch_us(CAST({utc} AS TIMESTAMP))) // 60000000"
    struct = f"{{'utc': {utc}, 'offset_minutes': CAST({minutes} AS SMALLINT)}}"
    return Bound(f"CASE WHEN {value.sql} IS NOT NULL THEN {struct} END", result, value.nullable)
