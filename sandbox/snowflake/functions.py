"""Functions whose result depends on the type of an argument: the engine's macros, overloaded by type.

Every database has them, because a statement finds them in its current database.
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.snowflake.zoned.macros import MACROS, OVERLOADS

# TIMESTAMP(9) plus an interval: the engine's addition would round to microseconds
KEEPING_NANOSECONDS = (
    "make_timestamp_ns(epoch_ns(date_trunc('second', ts) + span)"
    " + epoch_ns(ts) - epoch_ns(date_trunc('second', ts)::TIMESTAMP_NS))"
)
TOO_MANY_DIGITS = (
    "error('Timestamp ''' || ts || ''' has more than 6 digits: "
    "the stand-in keeps them in TIMESTAMP_NTZ(9) only')"
)
OUT_OF_RANGE = (
    "error('Timestamp ''' || ts || ''' is out of range: the stand-in keeps 1677-09-22 to 2262-04-11 "
    "in TIMESTAMP_NTZ(7..9)')"
)
NOT_RECOGNIZED = "error('Timestamp ''' || ts || ''' is not recognized')"
TOO_LONG = "error('String ''' || value::VARCHAR || ''' is too long and would be truncated')"

FUNCTIONS: dict[str, dict[str, str]] = {
    # of a DATE a DATE, and TIMESTAMP(9) stays what it is
    "_sf_date_trunc": {
        "unit, ts DATE": "date_trunc(unit, ts)::DATE",
        "unit, ts TIMESTAMP": "date_trunc(unit, ts)",
        "unit, ts TIMESTAMP_NS": "date_trunc(unit, ts)::TIMESTAMP_NS",
        "unit, ts TIMESTAMPTZ": "date_trunc(unit, ts)",
        "unit, ts VARCHAR": "date_trunc(unit, ts::TIMESTAMP)",
    },
    # days and more added to a DATE give a DATE
    "_sf_add_days": {
        "ts DATE, span": "(ts + span)::DATE",
        "ts TIMESTAMP, span": "ts + span",
        "ts TIMESTAMP_NS, span": KEEPING_NANOSECONDS,
        "ts TIMESTAMPTZ, span": "ts + span",
        "ts VARCHAR, span": "ts::TIMESTAMP + span",
    },
    "_sf_add_time": {
        "ts DATE, span": "ts + span",
        "ts TIME, span": "ts + span",
        "ts TIMESTAMP, span": "ts + span",
        "ts TIMESTAMP_NS, span": KEEPING_NANOSECONDS,
        "ts TIMESTAMPTZ, span": "ts + span",
        "ts VARCHAR, span": "ts::TIMESTAMP + span",
    },
    # a cast to TIMESTAMP_NTZ keeps the digits that it gets, or says that it cannot
    "_sf_timestamp_ntz": {
        "ts TIMESTAMP_NS": "ts",
        "ts TIMESTAMP": "ts",
        "ts DATE": "ts::TIMESTAMP",
        "ts TIMESTAMPTZ": "ts::TIMESTAMP",
        "ts BIGINT": "make_timestamp(ts * 1000000)",
        "ts DECIMAL(38, 0)": "make_timestamp(ts::BIGINT * 1000000)",
        "ts VARCHAR": (
            f"CASE WHEN regexp_matches(ts, '\\.\\d{{6}}\\d*[1-9]') THEN {TOO_MANY_DIGITS} "
            "WHEN regexp_full_match(ts, '\\d+') THEN make_timestamp(ts::BIGINT * 1000000) "
            "ELSE ts::TIMESTAMP END"
        ),
    },
    # into TIMESTAMP_NTZ(7..9), whose range is that of 64-bit nanoseconds
    "_sf_timestamp_ns": {
        "ts VARCHAR": (
            "CASE WHEN ts IS NULL OR TRY_CAST(ts AS TIMESTAMP_NS) IS NOT NULL THEN ts::TIMESTAMP_NS "
            f"WHEN TRY_CAST(ts AS TIMESTAMP) IS NOT NULL THEN {OUT_OF_RANGE} ELSE {NOT_RECOGNIZED} END"
        ),
        "ts TIMESTAMP_NS": "ts",
        "ts TIMESTAMP": "ts::TIMESTAMP_NS",
        "ts DATE": "ts::TIMESTAMP_NS",
        "ts TIMESTAMPTZ": "ts::TIMESTAMP::TIMESTAMP_NS",
    },
    "_sf_is_timestamp": {
        "ts": (
            "TRY_CAST(regexp_replace(ts, '(\\d)\\s+([+-]\\d{2}:?(?:\\d{2})?|Z)$', '\\1\\2') AS TIMESTAMPTZ)"
            " IS NOT NULL OR regexp_full_match(ts, '\\d+')"
        ),
    },
    "_sf_timestamp_ltz": {
        "ts VARCHAR": ("regexp_replace(ts, '(\\d)\\s+([+-]\\d{2}:?(?:\\d{2})?|Z)$', '\\1\\2')::TIMESTAMPTZ"),
        "ts TIMESTAMPTZ": "ts",
        "ts TIMESTAMP": "ts::TIMESTAMPTZ",
        "ts TIMESTAMP_NS": "ts::TIMESTAMPTZ_NS",
        "ts DATE": "ts::TIMESTAMPTZ",
    },
    # TZHTZM of all but TIMESTAMP_TZ: the session's time zone is UTC
    "_sf_offset": {"value": "CASE WHEN value IS NOT NULL THEN '+0000' END"},
    # a decimal's digits without its point
    "_sf_digits": {"value": "replace(value::VARCHAR, '.', '')::HUGEINT"},
    # a * shift / b of whole numbers, rounded; the remainder apart, as a * shift could overflow
    "_sf_quotient": {"a, b, shift": "(a // b) * shift + ((a % b) * shift + b // 2) // b"},
    # the quotient of decimals, rounded half away from zero: `shift` gives the dividend more digits, so that
    # the quotient of the digits counts `unit`s
    "_sf_ratio": {
        "a, b, shift, unit": (
            "(sign(a) * sign(b) * _sf_quotient(abs(_sf_digits(a)), abs(_sf_digits(b)), shift))"
            "::DECIMAL(38, 0) * unit"
        ),
    },
    # hexadecimal digits, as BINARY_INPUT_FORMAT has it
    "_sf_binary": {"value VARCHAR": "unhex(value)", "value BLOB": "value"},
    # bytes, of a text those of its UTF-8
    "_sf_octet_length": {"value VARCHAR": "strlen(value)", "value BLOB": "octet_length(value)"},
    # 64 of the 128 bits of a digest, unsigned (Snowflake, "MD5_NUMBER_UPPER64", "MD5_NUMBER_LOWER64")
    "_sf_md5_upper": {"value": "CAST(CAST('0x' || left(md5(value), 16) AS UBIGINT) AS DECIMAL(38, 0))"},
    "_sf_md5_lower": {"value": "CAST(CAST('0x' || right(md5(value), 16) AS UBIGINT) AS DECIMAL(38, 0))"},
    # exact, where Snowflake's state of a t-digest is not
    "approx_percentile_accumulate": {"value": "list(value)"},
    "approx_percentile_estimate": {"state, part": "list_aggregate(state, 'quantile_cont', part)::DOUBLE"},
    "_sf_typeof": {
        "value": (
            "CASE json_type(to_json(value)) WHEN 'BIGINT' THEN 'INTEGER' WHEN 'UBIGINT' THEN 'INTEGER' "
            "WHEN 'NULL' THEN CASE WHEN value IS NOT NULL THEN 'NULL_VALUE' END WHEN 'DOUBLE' THEN 'DECIMAL' "
            "ELSE json_type(to_json(value)) END"
        ),
    },
    "_sf_varchar": {
        "value, most": f"CASE WHEN length(value::VARCHAR) > most THEN {TOO_LONG} ELSE value::VARCHAR END",
    },
}


def creation_sql(database: str) -> str:
    """The statements that make the functions in a database, the current one so that they find each other."""
    made = [
        f'CREATE OR REPLACE MACRO "{database}".main.{name}'
        + ", ".join(f"({parameters}) AS {body}" for parameters, body in overloads.items())
        for name, overloads in _in_order()
    ]
    return ";\n".join([f'USE "{database}".main', *made, "USE memory.main"])


def _in_order() -> Iterator[tuple[str, dict[str, str]]]:
    """Every function after those that it calls."""
    yield from MACROS.items()
    for name, overloads in FUNCTIONS.items():
        yield name, overloads | OVERLOADS.get(name, {})
