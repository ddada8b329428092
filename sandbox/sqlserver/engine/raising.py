"""RAISERROR and THROW."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sandbox.sqlserver.engine import script, variables
from sandbox.sqlserver.engine.endings import RaisedError, ThrownError
from sandbox.sqlserver.results import Message, Result, SqlServerError, SqlType

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.session import Session

_INT = SqlType("int", precision=10)
_FORMAT = re.compile(r"%(?:%|([-+0 #]*\d*(?:\.\d+)?)(?:I64)?([dsiuxXo]))")


def raise_error(
    session: Session, known: dict[str, tuple[SqlType, Any]], statement: script.Raise
) -> Iterator[Result]:
    """RAISERROR(text, severity, state, …), THROW number, text, state, or THROW alone."""
    values = [variables.evaluate(session, known, text)[1] for text in statement.arguments]
    if statement.kind == "throw":
        yield from ()
        raise _thrown(session, values, statement.line)
    if len(values) < 3:
        raise SqlServerError(102, "Incorrect syntax near 'RAISERROR'.", severity=15)
    first, severity, state = values[0], int(values[1]), max(0, int(values[2]))
    if isinstance(first, int):
        raise SqlServerError(40517, "not modelled by the stand-in: RAISERROR with a message number")
    text = _formatted(str(first), values[3:])
    if severity <= 10:
        session.state.error_number = 0
        yield Message(50000, text, severity, state, statement.line)
        return
    raise RaisedError(50000, text, severity=severity, state=state, line=statement.line)


def _thrown(session: Session, values: list[Any], line: int) -> SqlServerError:
    if values:
        if len(values) != 3:
            return SqlServerError(102, "Incorrect syntax near 'THROW'.", severity=15)
        return ThrownError(int(values[0]), str(values[1]), severity=16, state=int(values[2]), line=line)
    caught = session.state.caught
    if caught is None:
        return SqlServerError(
            10704,
            "To rethrow an error, a THROW statement must be used inside a CATCH block. Insert the "
            "THROW statement "
            "inside a CATCH block, or add error parameters to the THROW statement.",
            severity=15,
        )
    return ThrownError(
        caught.number,
        caught.text,
        severity=caught.severity,
        state=caught.state,
        line=caught.line,
        procedure=caught.procedure,
    )


def _formatted(text: str, values: list[Any]) -> str:
    left = iter(values)

    def fill(match: re.Match[str]) -> str:
        if match.group() == "%%":
            return "%"
        value = next(left, None)
        if value is None:
            return "(null)"
        kind = {"i": "d", "u": "d"}.get(match[2], match[2])
        return f"%{match[1]}{kind}" % (value if kind == "s" else int(value))

    return _FORMAT.sub(fill, text)
