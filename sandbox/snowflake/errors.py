"""The engine's errors as Snowflake's: error code, SQL state and message."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from snowflake.connector.errors import Error, ProgrammingError
from sqlglot.errors import ParseError, SqlglotError

from sandbox.snowflake.absent import is_absent

logger = logging.getLogger("sandbox.snowflake")

BY_TEXT: tuple[tuple[str, int, str], ...] = (
    (r"Unsupported feature of the Snowflake stand-in", 2, "0A000"),
    (r"(?i)(-> | to |between )INTERVAL|INTERVAL (->|and )", 2, "0A000"),
    (r"cannot affect the same target row more than once", 100090, "42P18"),
    (r"CHECK constraint failed", 100078, "22000"),
    (r"Division by zero|division by zero", 100051, "22012"),
    (r"NOT NULL constraint failed", 100072, "22000"),
    (r"Query was interrupted|INTERRUPT", 604, "57014"),
    (r"Current transaction is aborted", 90230, "25000"),
    (r"No function matches the given name|Could not choose a best candidate function", 1044, "42P13"),
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
    (duckdb.BinderException, 2043, "42601"),
    (duckdb.CatalogException, 2003, "42S02"),
    (duckdb.OutOfRangeException, 100039, "22003"),
    (duckdb.ConversionException, 100038, "22018"),
    (duckdb.ConstraintException, 100072, "22000"),
    (duckdb.InvalidInputException, 100132, "22023"),
)
INTERNAL = (300002, "XX000")
NO_FUNCTION = re.compile(r"Function with name \"?([\w$]+)\"? does not exist")
NO_TYPE = re.compile(r"Type with name (\S+) does not exist")
NEAR = re.compile(r"at or near \"(.*?)\"", re.DOTALL)
ENGINES_WORDS = re.compile(r"^[A-Z][A-Za-z ]+ Error: |\n\s*(Did you mean|Candidate functions)[\s\S]*")


def from_engine(error: duckdb.Error) -> Error:
    """The Snowflake error for what the engine raised; never None, never the engine's own class."""
    raw = str(error).split("\n\nLINE ")[0]
    if known := _not_modelled(raw, error):
        return known
    text = ENGINES_WORDS.sub("", raw)
    for pattern, number, state in BY_TEXT:
        if re.search(pattern, raw):
            return ProgrammingError(msg=text, errno=number, sqlstate=state)
    for kind, number, state in BY_KIND:
        if isinstance(error, kind):
            return ProgrammingError(msg=text, errno=number, sqlstate=state)
    return ProgrammingError(msg=text, errno=INTERNAL[0], sqlstate=INTERNAL[1])


def _not_modelled(text: str, error: duckdb.Error) -> Error | None:
    """The refusal where the engine lacks a function or a type, or cannot read what it is given."""
    if found := NO_FUNCTION.search(text):
        name = found[1].upper()
        return unsupported(f"the function {name}") if is_absent(name) else _unknown_function(name)
    if found := NO_TYPE.search(text):
        return unsupported(f"the type {found[1].upper()}")
    if isinstance(error, duckdb.ParserException):
        near = NEAR.search(text)
        return unsupported(
            f"this form of the statement, near {near[1]}" if near else ENGINES_WORDS.sub("", text)
        )
    return None


@contextmanager
def translated() -> Iterator[None]:
    """Around one statement: whatever goes wrong leaves as an error of Snowflake's, with its number.

    What neither the engine nor the stand-in has an error for is a refusal: the statement has a form that
    nobody thought of.
    """
    try:
        yield
    except duckdb.Error as error:
        raise from_engine(error) from error
    except Error as error:
        if isinstance(error.__cause__, duckdb.Error):
            raise from_engine(error.__cause__) from error.__cause__
        raise
    except (NotImplementedError, SqlglotError) as error:
        raise unsupported(str(error)) from error
    except Exception as fault:
        logger.warning("not modelled", exc_info=fault)
        what = f"this form of the statement, at {_place(fault)} ({type(fault).__name__}: {fault})"
        raise unsupported(what) from fault


def _place(fault: Exception) -> str:
    """The innermost step of fakesnow's or of the stand-in that the fault went through."""
    frames = [frame for frame, _ in traceback.walk_tb(fault.__traceback__)]
    steps = [f for f in frames if f.f_globals.get("__name__", "").startswith(("fakesnow.", "sandbox."))]
    frame = (steps or frames)[-1]
    return f"{frame.f_globals.get('__name__')}.{frame.f_code.co_name}"


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


def _unknown_function(name: str) -> ProgrammingError:
    message = f"SQL compilation error:\nUnknown function {name}."
    return ProgrammingError(msg=message, errno=2140, sqlstate="42601")


def syntax(error: ParseError) -> ProgrammingError:
    """A statement that is not Snowflake's SQL, or that the parser does not read."""
    first = error.errors[0] if error.errors else {}
    line, place, word = (first.get(name) for name in ("line", "col", "highlight"))
    message = f"SQL compilation error:\nsyntax error line {line} at position {place} unexpected '{word}'."
    return ProgrammingError(msg=message, errno=1003, sqlstate="42000")


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
