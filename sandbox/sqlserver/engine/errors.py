"""DuckDB's errors in SQL Server's words and numbers."""

from __future__ import annotations

import re

import duckdb

from sandbox.sqlserver.results import SqlServerError

_NUMBERED = re.compile(r"\[\[(\d+)\]\] ?(.*)", re.DOTALL)
_TYPE_NAMES = {
    "INT8": "tinyint",
    "UINT8": "tinyint",
    "INT16": "smallint",
    "INT32": "int",
    "INT64": "bigint",
    "DECIMAL": "numeric",
    "HUGEINT": "numeric",
    "DOUBLE": "float",
    "FLOAT": "real",
    "INT128": "numeric",
}
_RULES: list[tuple[re.Pattern[str], int, str]] = [
    (
        re.compile(r"[Cc]ould not convert string ['\"](.*?)['\"] to (U?INT\d+)", re.DOTALL),
        245,
        "Conversion failed when converting the varchar value '{0}' to data type {1}.",
    ),
    (
        re.compile(r"[Cc]ould not convert string ['\"](.*?)['\"] to (DOUBLE|FLOAT|DECIMAL)", re.DOTALL),
        8114,
        "Error converting data type varchar to {1}.",
    ),
    (
        re.compile(r"[Cc]ould not convert string .* to UUID", re.DOTALL),
        8169,
        "Conversion failed when converting from a character string to uniqueidentifier.",
    ),
    (
        re.compile(
            r"(invalid|conversion error|[Cc]ould not convert).*(timestamp|date|time|TIMESTAMP|DATE|TIME)",
            re.DOTALL,
        ),
        241,
        "Conversion failed when converting date and/or time from character string.",
    ),
    (
        re.compile(
            r"(Overflow|overflow|out of range|Out of Range|can't be cast|Could not cast value|"
            r"Failed to cast|because the value is out of range)",
            re.DOTALL,
        ),
        8115,
        "Arithmetic overflow error converting expression to data type {type}.",
    ),
    (
        re.compile(r"must appear in the GROUP BY clause"),
        8120,
        (
            "A column is invalid in the select list because it is not contained in either an aggregate "
            "function or the GROUP BY clause."
        ),
    ),
    (
        re.compile(r"More than one row returned by a subquery"),
        512,
        (
            "Subquery returned more than 1 value. This is not permitted when the subquery follows =, !=, <, "
            "<= , >, >= or when the subquery is used as an expression."
        ),
    ),
]


def translate(error: duckdb.Error) -> SqlServerError:
    """The SQL Server error that a DuckDB error stands for."""
    text = str(error)
    numbered = _NUMBERED.search(text)
    if numbered is not None:
        return SqlServerError(int(numbered[1]), numbered[2].strip())
    if isinstance(error, duckdb.InterruptException):
        return SqlServerError(3617, "The statement was cancelled by its client.", severity=11)
    if isinstance(error, duckdb.TransactionException) and "onflict" in text:
        return conflict()
    for pattern, number, message in _RULES:
        match = pattern.search(text)
        if match is not None:
            groups = [_TYPE_NAMES.get(group or "", group or "") for group in match.groups()]
            named = re.findall(r"\b(U?INT\d+|DECIMAL|HUGEINT|DOUBLE|FLOAT)\b", text)
            kind = _TYPE_NAMES.get(named[-1], "numeric") if named else "numeric"
            return SqlServerError(number, message.format(*groups, type=kind))
    return SqlServerError(
        40517,
        f"not modelled by the stand-in: DuckDB refused the translated statement ({text.splitlines()[0]})",
    )


def conflict() -> SqlServerError:
    """A snapshot's write met another transaction's: the transaction is gone."""
    return SqlServerError(
        3960,
        "Snapshot isolation transaction aborted due to update conflict. You cannot use snapshot "
        "isolation to access "
        "a table directly or indirectly to update, delete, or insert the row that has been "
        "modified or deleted by "
        "another transaction. Retry the transaction or change the isolation level for the "
        "update/delete statement.",
    )


def doomed() -> SqlServerError:
    """The transaction cannot go on."""
    return SqlServerError(
        3930,
        "The current transaction cannot be committed and cannot support operations that write to "
        "the log file. Roll "
        "back the transaction.",
    )


def unknown_savepoint(name: str, *, doomed: bool) -> SqlServerError:
    """What ROLLBACK to a name says that is neither the transaction's nor a savepoint's, or of no use now."""
    if doomed:
        return SqlServerError(
            3931,
            "The current transaction cannot be committed and cannot be rolled back to a savepoint. "
            "Roll back the entire transaction.",
        )
    return SqlServerError(
        6401, f"Cannot roll back {name}. No transaction or savepoint of that name was found."
    )
