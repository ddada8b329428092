"""Session parameters: which have an effect, and which are refused with another value than their default.

Source: Snowflake's documentation, "Parameters".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from sandbox.snowflake.errors import unsupported
from sandbox.snowflake.shows.described import warehouse_parameters
from sandbox.snowflake.words import Words

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session

KNOWN: dict[str, tuple[str, str]] = {
    "AUTOCOMMIT": ("true", "each DML statement commits by itself"),
    "LOCK_TIMEOUT": ("43200", "seconds that a statement waits for a lock"),
    "MULTI_STATEMENT_COUNT": ("1", "statements of one request; 0 for any number"),
    "QUERY_TAG": ("", "text that QUERY_HISTORY shows beside each statement"),
    "STATEMENT_TIMEOUT_IN_SECONDS": ("172800", "seconds after which a statement is ended"),
}
"""Parameters with an effect: their defaults, and what they do."""
FIXED: dict[str, tuple[str, ...]] = {
    "TIMEZONE": ("UTC", "ETC/UTC"),
    "TIMESTAMP_TYPE_MAPPING": ("TIMESTAMP_NTZ",),
    "WEEK_START": ("0",),
    "WEEK_OF_YEAR_POLICY": ("0",),
    "BINARY_INPUT_FORMAT": ("HEX",),
    "BINARY_OUTPUT_FORMAT": ("HEX",),
    "DATE_INPUT_FORMAT": ("AUTO",),
    "TIME_INPUT_FORMAT": ("AUTO",),
    "TIMESTAMP_INPUT_FORMAT": ("AUTO",),
    "QUOTED_IDENTIFIERS_IGNORE_CASE": ("FALSE",),
    "TRANSACTION_ABORT_ON_ERROR": ("FALSE",),
}
"""Parameters whose values change results: only these are accepted, as the engine knows no others."""


def check(values: dict[str, Any]) -> None:
    """Refuse a value that would change results, which the stand-in cannot follow.

    Raises:
        ProgrammingError: 0A000, names the parameter and its value.
    """
    for name, value in values.items():
        if value is not None and name in FIXED and str(value).upper() not in FIXED[name]:
            raise unsupported(f"the parameter {name} = {value}; it is {FIXED[name][0]} here")


def shown(sql: str, session: Session) -> str:
    """The engine's query for SHOW PARAMETERS [LIKE …]: what the session has set, and the defaults.

    Raises:
        ProgrammingError: 0A000, asks for another scope than the session.
    """
    words = Words(sql)
    words.take("SHOW", "PARAMETERS")
    like = words.literal() if words.take("LIKE") else "%"
    if words.comes("IN", "WAREHOUSE") and words.take("IN", "WAREHOUSE"):
        return warehouse_parameters(words, like, session)
    if (words.take("IN") or words.take("FOR")) and not (words.take("SESSION") or words.take("ACCOUNT")):
        raise unsupported(f"SHOW PARAMETERS IN {words.literal()}")
    rows = {name: (default, default, "", text) for name, (default, text) in KNOWN.items()}
    rows |= {name: (values[0], values[0], "", "fixed in the stand-in") for name, values in FIXED.items()}
    for name, value in session.parameters.items():
        if value is not None:
            known = rows.get(name, ("", "", "", "without effect in the stand-in"))
            text = str(value).lower() if isinstance(value, bool) else str(value)
            rows[name] = (text, known[1], "SESSION", known[3])
    values = ", ".join(
        "(" + ", ".join(exp.Literal.string(part).sql("duckdb") for part in (name, *row)) + ", 'STRING')"
        for name, row in sorted(rows.items())
    )
    pattern = exp.Literal.string(like).sql("duckdb")
    return (
        f'SELECT * FROM (VALUES {values}) AS p("key", "value", "default", "level", "description", "type") '
        f"WHERE \"key\" ILIKE {pattern} ESCAPE '\\'"
    )
