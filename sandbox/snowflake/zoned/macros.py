"""The engine's functions over TIMESTAMP_TZ values: made from an instant and an offset, and taken apart.

A TIMESTAMP_TZ is kept in the engine's INTERVAL: months, days and microseconds, which the engine compares,
sorts, groups and joins by their length alone, a month being 30 days. Here the length counts the nanoseconds
of the instant, and how much of it is in days tells the offset: equal instants are equal values whatever their
offsets, and both come back. See `codec.py` for the numbers.
"""

from __future__ import annotations

from sandbox.snowflake.zoned.codec import FIRST_MONTH, MINUTES_OF_DAY, MONTH

MICROSECONDS_OF_MONTH = MONTH // 1000
OFFSET = r"(?:Z|[+-]\d{2}:?(?:\d{2})?)"
AFTER_A_TIME = rf":\d{{2}}(?:\.\d*)?\s*({OFFSET})$"
LETTERS = "[A-SU-Ya-su-z]"
"""All but T and Z: the name of a month, or of a time zone, which the engine would ignore."""
NOT_RECOGNIZED = "error('Timestamp ''' || ts || ''' is not recognized')"
NO_OFFSET = "error('Timestamp ''' || ts || ''' is not recognized: its offset')"
TOO_MANY_DIGITS = (
    "error('Timestamp ''' || _sf_tz_text(ts) || ''' has more than 6 digits: "
    "the stand-in keeps them in TIMESTAMP_NTZ(9) only')"
)
NANOSECONDS_OUT_OF_RANGE = (
    "error('Timestamp ''' || _sf_tz_text(ts) || ''' is out of range: the stand-in keeps 1677-09-22 to "
    "2262-04-11 in TIMESTAMP_NTZ(7..9)')"
)
DIFFERENT_OFFSETS = (
    "error('Unsupported feature of the Snowflake stand-in: DATEDIFF in ' || part || 's of TIMESTAMP_TZ "
    "values with different offsets. See docs/snowflake-stand-in.md.')"
)
WALL_PARTS = "epoch_us(wall) - minutes * 60000000"

MACROS: dict[str, dict[str, str]] = {
    "_sf_floor": {"a, b": "(a - (a % b + b) % b) // b"},
    # made of the instant's microseconds since 1970, the nanoseconds below them, and the offset
    "_sf_tz": {
        "us, ns, minutes": (
            f"to_months(((us + {FIRST_MONTH * MICROSECONDS_OF_MONTH}) // {MICROSECONDS_OF_MONTH}"
            f" - minutes - {MINUTES_OF_DAY})::INTEGER)"
            f" + to_days((30 * (minutes + {MINUTES_OF_DAY}))::INTEGER)"
            f" + to_microseconds(((us + {FIRST_MONTH * MICROSECONDS_OF_MONTH}) % {MICROSECONDS_OF_MONTH})"
            " * 1000 + ns)"
        )
    },
    "_sf_tz_minutes": {"ts": f"date_part('day', ts) // 30 - {MINUTES_OF_DAY}"},
    "_sf_tz_rest": {
        "ts": (
            "date_part('hour', ts) * 3600000000 + date_part('minute', ts) * 60000000"
            " + date_part('microsecond', ts)"
        )
    },
    "_sf_tz_ns": {"ts": "_sf_tz_rest(ts) % 1000"},
    "_sf_tz_us": {
        "ts": (
            "(date_part('year', ts) * 12 + date_part('month', ts) + date_part('day', ts) // 30"
            f" - {FIRST_MONTH}) * {MICROSECONDS_OF_MONTH} + _sf_tz_rest(ts) // 1000"
        )
    },
    # the wall clock at its offset, without the nanoseconds below a microsecond
    "_sf_tz_wall": {"ts INTERVAL": "make_timestamp(_sf_tz_us(ts) + _sf_tz_minutes(ts) * 60000000)"},
    "_sf_tz_hours": {"ts INTERVAL": "_sf_tz_minutes(ts) // 60"},
    "_sf_tz_rest_of_hour": {"ts INTERVAL": "_sf_tz_minutes(ts) % 60"},
    "_sf_tz_epoch_s": {"ts INTERVAL": "_sf_floor(_sf_tz_us(ts), 1000000)"},
    "_sf_tz_epoch_ms": {"ts INTERVAL": "_sf_floor(_sf_tz_us(ts), 1000)"},
    "_sf_tz_epoch_ns": {"ts INTERVAL": "_sf_tz_us(ts)::HUGEINT * 1000 + _sf_tz_ns(ts)"},
    "_sf_tz_at": {"wall, ns, minutes": f"_sf_tz({WALL_PARTS}, ns, minutes)"},
    "_sf_tz_digits": {"ts INTERVAL": "strftime(_sf_tz_wall(ts), '%f') || lpad(_sf_tz_ns(ts)::TEXT, 3, '0')"},
    "_sf_tz_fraction": {"ts INTERVAL": "_sf_tz_digits(ts)::INTEGER"},
    "_sf_tz_offset": {
        "ts INTERVAL": (
            "if(_sf_tz_minutes(ts) < 0, '-', '+') || lpad((abs(_sf_tz_minutes(ts)) // 60)::VARCHAR, 2, '0')"
            " || lpad((abs(_sf_tz_minutes(ts)) % 60)::VARCHAR, 2, '0')"
        )
    },
    "_sf_tz_text": {
        "ts INTERVAL": (
            "strftime(_sf_tz_wall(ts), '%Y-%m-%d %H:%M:%S')"
            " || rtrim(rtrim('.' || _sf_tz_digits(ts), '0'), '.') || ' ' || _sf_tz_offset(ts)"
        )
    },
    "_sf_tz_of_ns": {"ns": "_sf_tz(_sf_floor(ns, 1000), ns - _sf_floor(ns, 1000) * 1000, 0)"},
    "_sf_tz_instant": {
        "ts INTERVAL": (
            f"CASE WHEN _sf_tz_ns(ts) != 0 THEN {TOO_MANY_DIGITS}::TIMESTAMPTZ"
            " ELSE make_timestamp(_sf_tz_us(ts))::TIMESTAMPTZ END"
        )
    },
    "_sf_tz_in_zone": {
        "ts INTERVAL, zone": (
            "_sf_tz(_sf_tz_us(ts), _sf_tz_ns(ts), date_diff('minute', make_timestamp(_sf_tz_us(ts)),"
            " timezone(zone, make_timestamp(_sf_tz_us(ts))::TIMESTAMPTZ)))"
        )
    },
    "_sf_tz_diff_instants": {
        "part, a, b": "date_diff(part, make_timestamp(_sf_tz_us(a)), make_timestamp(_sf_tz_us(b)))"
    },
    "_sf_tz_diff_walls": {
        "part, a, b": (
            f"CASE WHEN _sf_tz_minutes(a) != _sf_tz_minutes(b) THEN {DIFFERENT_OFFSETS}::BIGINT"
            " ELSE date_diff(part, _sf_tz_wall(a), _sf_tz_wall(b)) END"
        )
    },
    # a text of digits counts in a unit that its size tells, from the year 1971 on
    "_sf_tz_of_digits": {
        "digits": (
            "CASE WHEN digits >= 31536000000000000 THEN _sf_tz_of_ns(digits)"
            " WHEN digits >= 31536000000000 THEN _sf_tz(digits, 0, 0)"
            " WHEN digits >= 31536000000 THEN _sf_tz(digits * 1000, 0, 0)"
            " ELSE _sf_tz(digits * 1000000, 0, 0) END"
        )
    },
    # minutes of an offset as a text has it
    "_sf_minutes": {
        "zone, ts": (
            "CASE WHEN zone IN ('', 'Z') THEN 0::BIGINT WHEN substr(zone, 2, 2)::BIGINT > 23 THEN "
            f"{NO_OFFSET} ELSE if(zone[1] = '-', -1, 1) * (substr(zone, 2, 2)::BIGINT * 60"
            " + if(length(zone) > 3, right(zone, 2), '0')::INTEGER) END"
        )
    },
    "_sf_tz_parsed": {
        "ts, zone": (
            f"_sf_tz_at(regexp_replace(if(zone = '', ts, regexp_replace(ts, '\\s*{OFFSET}$', '')),"
            " '\\.\\d*', '')::TIMESTAMP"
            " + to_microseconds(rpad(regexp_extract(ts, '\\.(\\d{0,6})', 1), 6, '0')::BIGINT),"
            " rpad(regexp_extract(ts, '\\.\\d{6}(\\d{0,3})', 1), 3, '0')::INTEGER, _sf_minutes(zone, ts))"
        )
    },
    "_sf_timestamp_tz": {
        "ts VARCHAR": (
            "CASE WHEN regexp_full_match(ts, '\\d+') THEN _sf_tz_of_digits(TRY_CAST(ts AS BIGINT))"
            f" WHEN regexp_matches(ts, '{LETTERS}') THEN {NOT_RECOGNIZED}"
            f" ELSE _sf_tz_parsed(trim(ts), regexp_extract(trim(ts), '{AFTER_A_TIME}', 1)) END"
        ),
        "ts INTERVAL": "ts",
        "ts DATE": "_sf_tz(epoch_us(ts::TIMESTAMP), 0, 0)",
        "ts TIMESTAMP": "_sf_tz(epoch_us(ts), 0, 0)",
        "ts TIMESTAMP_NS": "_sf_tz_of_ns(epoch_ns(ts))",
        "ts TIMESTAMPTZ": "_sf_tz(epoch_us(ts), 0, 0)",
        "ts TIMESTAMPTZ_NS": "_sf_tz_of_ns(epoch_ns(ts))",
        "ts BIGINT": "_sf_tz(ts * 1000000, 0, 0)",
        "ts DECIMAL(38, 0)": "_sf_tz(ts::BIGINT * 1000000, 0, 0)",
    },
}

OVERLOADS: dict[str, dict[str, str]] = {
    # the wall clock moves, the offset stays
    "_sf_date_trunc": {
        "unit, ts INTERVAL": "_sf_tz_at(date_trunc(unit, _sf_tz_wall(ts)), 0, _sf_tz_minutes(ts))"
    },
    "_sf_add_days": {
        "ts INTERVAL, span": "_sf_tz_at(_sf_tz_wall(ts) + span, _sf_tz_ns(ts), _sf_tz_minutes(ts))"
    },
    "_sf_add_time": {
        "ts INTERVAL, span": "_sf_tz_at(_sf_tz_wall(ts) + span, _sf_tz_ns(ts), _sf_tz_minutes(ts))"
    },
    "_sf_timestamp_ntz": {
        "ts INTERVAL": f"CASE WHEN _sf_tz_ns(ts) != 0 THEN {TOO_MANY_DIGITS} ELSE _sf_tz_wall(ts) END"
    },
    "_sf_timestamp_ns": {
        "ts INTERVAL": (
            "CASE WHEN _sf_tz_wall(ts) NOT BETWEEN TIMESTAMP '1677-09-22' AND TIMESTAMP '2262-04-11' THEN "
            f"{NANOSECONDS_OUT_OF_RANGE}"
            " ELSE make_timestamp_ns(epoch_us(_sf_tz_wall(ts)) * 1000 + _sf_tz_ns(ts)) END"
        )
    },
}
