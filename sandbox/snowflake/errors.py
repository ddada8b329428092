"""The engine's errors as Snowflake's: error code, SQL state and message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from snowflake.connector.errors import Error, ProgrammingError

BY_TEXT: tuple[tuple[str, int, str], ...] = (
    (r"cannot affect the same target row more than once", 100090, "42P18"),
    (r"CHECK constraint failed", 100078, "22000"),
    (r"Division by zero|division by zero", 100051, "22012"),
    (r"NOT NULL constraint failed", 100072, "22000"),
    (r"Query was interrupted|INTERRUPT", 604, "57014"),
    (r"Current transaction is aborted", 90230, "25000"),
    (r"(Scalar|Table|Aggregate) Function with name", 2140, "42601"),
    (r"already exists", 2002, "42710"),
    (r"(Table|Schema|Catalog|View|Database).* does not exist", 2003, "42S02"),
    (r'Referenced column "|does not have a column named|Referenced table "', 904, "42000"),
    (r"too long and would be truncated", 100078, "22000"),
    (r"Could not convert string [\"'][+-]?[0-9.]+[\"'] to DECIMAL", 100039, "22003"),
    (r"(?i)convert string .* to bool", 100037, "22018"),
    (r"(?i)^(Conversion|Invalid Input) Error: .*(timestamp|TimeZone)", 100035, "22007"),
    (r"(?i)date field", 100040, "22007"),
    (r"(?i)time field", 100108, "22007"),
    (r"(?i)out of range|overflow|Could not cast value .* to DECIMAL", 100039, "22003"),
)
BY_KIND: tuple[tuple[type[duckdb.Error], int, str], ...] = (
    (duckdb.ParserException, 1003, "42000"),
    (duckdb.BinderException, 2043, "42601"),
    (duckdb.CatalogException, 2003, "42S02"),
    (duckdb.OutOfRangeException, 100039, "22003"),
    (duckdb.ConversionException, 100038, "22018"),
    (duckdb.ConstraintException, 100072, "22000"),
    (duckdb.InvalidInputException, 100132, "22023"),
)
INTERNAL = (300002, "XX000")


def from_engine(error: duckdb.Error) -> Error:
    """The Snowflake error for what the engine raised; never None, never the engine's own class."""
    text = str(error).split("\n\nLINE ")[0]
    for pattern, number, state in BY_TEXT:
        if re.search(pattern, text):
            return ProgrammingError(msg=text, errno=number, sqlstate=state)
    for kind, number, state in BY_KIND:
        if isinstance(error, kind):
            return ProgrammingError(msg=text, errno=number, sqlstate=state)
    return ProgrammingError(msg=text, errno=INTERNAL[0], sqlstate=INTERNAL[1])


@contextmanager
def translated() -> Iterator[None]:
    """Around what the engine runs: its errors, and fakesnow's of them, leave as Snowflake's."""
    try:
        yield
    except duckdb.Error as error:
        raise from_engine(error) from error
    except ProgrammingError as error:
        if isinstance(error.__cause__, duckdb.Error):
            raise from_engine(error.__cause__) from error.__cause__
        raise
    except NotImplementedError as error:
        raise unsupported(str(error)) from error


def from_fault(fault: Exception) -> Error:
    """A fault of the stand-in itself as an error of the statement: no client tries again for minutes."""
    if isinstance(fault, duckdb.Error):
        return from_engine(fault)
    message = f"Fault of the Snowflake stand-in: {type(fault).__name__}: {fault}"
    return ProgrammingError(msg=message, errno=INTERNAL[0], sqlstate=INTERNAL[1])


def unsupported(what: str) -> ProgrammingError:
    """What is refused by name, because the stand-in does not do it."""
    return ProgrammingError(
        msg=f"Unsupported feature of the Snowflake stand-in: {what}. See docs/snowflake-stand-in.md.",
        errno=2,
        sqlstate="0A000",
    )


def no_command(sql: str) -> ProgrammingError:
    """A statement that begins with none of Snowflake's commands."""
    word = (sql.split() or [""])[0]
    return ProgrammingError(
        msg=f"SQL compilation error:\nsyntax error line 1 at position 0 unexpected '{word}'.",
        errno=1003,
        sqlstate="42000",
    )


def does_not_exist(what: str) -> ProgrammingError:
    """An object that is not there."""
    return ProgrammingError(
        msg=f"SQL compilation error:\n{what} does not exist or not authorized.", errno=2003, sqlstate="42S02"
    )


def cancelled() -> ProgrammingError:
    """A statement that its client cancelled."""
    return ProgrammingError(msg="SQL execution canceled", errno=604, sqlstate="57014")


def timed_out(seconds: float) -> ProgrammingError:
    """A statement that ran longer than STATEMENT_TIMEOUT_IN_SECONDS."""
    return ProgrammingError(
        msg=f"Statement reached its statement or warehouse timeout of {seconds:g} second(s) "
        "and was canceled.",
        errno=630,
        sqlstate="57014",
    )
