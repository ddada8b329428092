"""datetimeoffset from text with all seven digits: DuckDB's own TIMESTAMPTZ ends at microseconds."""

from __future__ import annotations


def offset_from_text(sql: str, *, safe: bool) -> str:
    """SQL for the value of a text column; `safe` gives NULL where it is no moment."""
    cast = "TRY_CAST" if safe else "CAST"

    def part(group: int) -> str:
        found = f"regexp_extract({sql}, '([+-])(\\d\\d):(\\d\\d)$', {group})"
        return f"coalesce(TRY_CAST({found} AS SMALLINT), 0)" if group > 1 else found

    minutes = f"(CASE {part(1)} WHEN '-' THEN -1 ELSE 1 END * ({part(2)} * 60 + {part(3)}))"
    local = f"{cast}(regexp_replace({sql}, '\\s*([+-]\\d\\d:\\d\\d|Z)\\s*$', '') AS TIMESTAMP_NS)"
    utc = f"make_timestamp_ns(epoch_ns({local}) - {minutes} * 60000000000)"
    return (
        f"CASE WHEN {sql} IS NOT NULL THEN "
        f"{{'utc': {utc}, 'offset_minutes': CAST({minutes} AS SMALLINT)}} END"
    )
