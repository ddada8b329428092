"""Functions whose result depends on the type of an argument: the engine's macros, overloaded by type.

Every database has them, because a statement finds them in its current database.
"""

from __future__ import annotations

FUNCTIONS = {
    # DATE_TRUNC of a DATE is a DATE, of a TIMESTAMP(9) keeps its type
    "_sf_date_trunc": (
        "(unit, ts DATE) AS date_trunc(unit, ts)::DATE",
        "(unit, ts TIMESTAMP) AS date_trunc(unit, ts)",
        "(unit, ts TIMESTAMP_NS) AS date_trunc(unit, ts)::TIMESTAMP_NS",
        "(unit, ts TIMESTAMPTZ) AS date_trunc(unit, ts)",
        "(unit, ts VARCHAR) AS date_trunc(unit, ts::TIMESTAMP)",
    ),
    # DATEADD of days and more to a DATE is a DATE
    "_sf_add_days": (
        "(ts DATE, span) AS (ts + span)::DATE",
        "(ts TIMESTAMP, span) AS ts + span",
        "(ts TIMESTAMP_NS, span) AS make_timestamp_ns(epoch_ns(date_trunc('second', ts) + span)"
        " + epoch_ns(ts) - epoch_ns(date_trunc('second', ts)::TIMESTAMP_NS))",
        "(ts TIMESTAMPTZ, span) AS ts + span",
        "(ts VARCHAR, span) AS ts::TIMESTAMP + span",
    ),
    "_sf_add_time": (
        "(ts DATE, span) AS ts + span",
        "(ts TIME, span) AS ts + span",
        "(ts TIMESTAMP, span) AS ts + span",
        "(ts TIMESTAMP_NS, span) AS make_timestamp_ns(epoch_ns(date_trunc('second', ts) + span)"
        " + epoch_ns(ts) - epoch_ns(date_trunc('second', ts)::TIMESTAMP_NS))",
        "(ts TIMESTAMPTZ, span) AS ts + span",
        "(ts VARCHAR, span) AS ts::TIMESTAMP + span",
    ),
    # a cast to TIMESTAMP_NTZ keeps the digits that it gets, or says that it cannot
    "_sf_timestamp_ntz": (
        "(ts TIMESTAMP_NS) AS ts",
        "(ts TIMESTAMP) AS ts",
        "(ts DATE) AS ts::TIMESTAMP",
        "(ts TIMESTAMPTZ) AS ts::TIMESTAMP",
        "(ts BIGINT) AS make_timestamp(ts * 1000000)",
        "(ts DECIMAL(38, 0)) AS make_timestamp(ts::BIGINT * 1000000)",
        "(ts VARCHAR) AS CASE WHEN regexp_matches(ts, '\\.\\d{6}\\d*[1-9]') THEN error('Timestamp ''' || ts ||"
        " ''' has more than 6 digits: the stand-in keeps them in TIMESTAMP_NTZ(9) only') "
        "WHEN regexp_full_match(ts, '\\d+') THEN make_timestamp(ts::BIGINT * 1000000) ELSE ts::TIMESTAMP END",
    ),
    # a text into TIMESTAMP_NTZ(7..9), whose range is that of 64-bit nanoseconds
    "_sf_timestamp_ns": (
        "(ts VARCHAR) AS CASE WHEN ts IS NULL OR TRY_CAST(ts AS TIMESTAMP_NS) IS NOT NULL THEN ts::TIMESTAMP_NS "
        "WHEN TRY_CAST(ts AS TIMESTAMP) IS NOT NULL THEN error('Timestamp ''' || ts || ''' is out of range: the "
        "stand-in keeps 1677-09-22 to 2262-04-11 in TIMESTAMP_NTZ(7..9)') "
        "ELSE error('Timestamp ''' || ts || ''' is not recognized') END",
        "(ts TIMESTAMP_NS) AS ts",
        "(ts TIMESTAMP) AS ts::TIMESTAMP_NS",
        "(ts DATE) AS ts::TIMESTAMP_NS",
        "(ts TIMESTAMPTZ) AS ts::TIMESTAMP::TIMESTAMP_NS",
    ),
    "_sf_timestamp_tz": (
        "(ts VARCHAR) AS regexp_replace(ts, '(\\d)\\s+([+-]\\d{2}:?(?:\\d{2})?|Z)$', '\\1\\2')::TIMESTAMPTZ",
        "(ts TIMESTAMPTZ) AS ts",
        "(ts TIMESTAMP) AS ts::TIMESTAMPTZ",
        "(ts TIMESTAMP_NS) AS ts::TIMESTAMPTZ_NS",
        "(ts DATE) AS ts::TIMESTAMPTZ",
    ),
    "_sf_varchar": (
        "(value, most) AS CASE WHEN length(value::VARCHAR) > most THEN error('String ''' || value::VARCHAR || "
        "''' is too long and would be truncated') ELSE value::VARCHAR END",
    ),
}


def creation_sql(database: str) -> str:
    """The statements that make the functions in a database."""
    return ";\n".join(
        f'CREATE OR REPLACE MACRO "{database}".main.{name}{", ".join(overloads)}'
        for name, overloads in FUNCTIONS.items()
    )
