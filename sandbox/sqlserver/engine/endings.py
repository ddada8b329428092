"""What an error ends: its statement, its scope, or its batch; and whether the transaction goes with it.

Sources: Microsoft's pages on SET XACT_ABORT, RAISERROR, THROW and TRY...CATCH ("Errors unaffected by a
TRY…CATCH construct"); for what they leave open, Erland Sommarskog's "Error Handling in SQL Server".
"""

from __future__ import annotations

from enum import Enum

from sandbox.sqlserver.results import SqlServerError


class Ending(Enum):
    """What an uncaught error ends."""

    STATEMENT = "statement"
    SCOPE = "scope"
    """The batch, procedure or dynamic SQL it happens in; whoever called it goes on."""
    BATCH = "batch"


class RaisedError(SqlServerError):
    """RAISERROR: the batch goes on, whatever XACT_ABORT says."""


class ThrownError(SqlServerError):
    """THROW: the batch ends."""


class LeftScopeError(SqlServerError):
    """An error that has ended its scope: to the caller it is an error of EXEC."""

    def __init__(self, error: SqlServerError) -> None:
        super().__init__(
            error.number,
            error.text,
            severity=error.severity,
            state=error.state,
            line=error.line,
            procedure=error.procedure,
        )


_CONVERSIONS = {235, 236, 241, 242, 244, 245, 248, 293, 294, 8114, 8169}
_ROLLS_BACK = _CONVERSIONS | {1205, 3930, 3951, 3960, 3961}
"""Errors that end the whole transaction even without XACT_ABORT: conversions, deadlocks, conflicts."""
_ENDS_BATCH = _ROLLS_BACK | {217, 3617, 8144, 40517}
_COMPILING = {
    *(107, 108, 110, 113, 116, 120, 121, 130, 137, 145, 174, 195, 205, 206, 207, 208, 209, 213, 252, 257),
    *(264, 271, 272, 273, 306, 402, 447, 448, 468, 529, 911, 1013, 2715, 4104, 4112, 4121, 4127, 4145),
    *(8101, 8102, 8116, 8117, 8120, 8133, 8154, 8155, 8158),
}
"""Found when a statement is compiled: names and types. A TRY of the same scope does not see them."""
_SYNTAX = 15
"""Severity of errors in the text of a batch."""
_TERMINATED = {220, 232, 234, 237, 512, 515, 547, 1222, 1505, 2601, 2627, 2628, 8115, 8134}
"""Message 3621, "The statement has been terminated.", follows these where data or keys were being written."""


def ending(error: SqlServerError, *, xact_abort: bool) -> Ending:
    """What an error ends where no TRY catches it."""
    if isinstance(error, RaisedError) and error.severity < 20:
        return Ending.STATEMENT
    if isinstance(error, ThrownError) or error.number in _ENDS_BATCH or error.severity >= 20:
        return Ending.BATCH
    if is_compiling(error):
        return Ending.SCOPE
    return Ending.BATCH if xact_abort else Ending.STATEMENT


def is_compiling(error: SqlServerError) -> bool:
    """Whether the error comes from compiling a statement of this scope: a TRY beside it does not see it."""
    if isinstance(error, LeftScopeError | RaisedError | ThrownError):
        return False
    return error.severity == _SYNTAX or error.number in _COMPILING


def ends_transaction(error: SqlServerError, *, xact_abort: bool) -> bool:
    """Whether the error rolls the transaction back, or dooms it inside of TRY."""
    if isinstance(error, RaisedError):
        return False
    return xact_abort or error.number in _ROLLS_BACK


def is_terminated(error: SqlServerError) -> bool:
    """Whether SQL Server tells, after the error of a write, that the statement has been terminated."""
    return error.number in _TERMINATED and not isinstance(error, RaisedError | ThrownError)
