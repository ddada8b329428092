"""A batch as a tree of statements. Texts of expressions and queries are parsed later, by sqlglot."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Statement:
    """Any statement; `line` is its line in the batch."""

    line: int


@dataclass(frozen=True)
class Sql(Statement):
    """A query, DML or DDL statement."""

    text: str


@dataclass(frozen=True)
class Declare(Statement):
    """DECLARE of one variable."""

    name: str
    type: str
    value: str | None


@dataclass(frozen=True)
class DeclareTable(Statement):
    """DECLARE @name TABLE (…): `definition` is the text in its parentheses."""

    name: str
    definition: str


@dataclass(frozen=True)
class SetVariable(Statement):
    """SET @name = value."""

    name: str
    value: str


@dataclass(frozen=True)
class SetOption(Statement):
    """SET with words: `NOCOUNT ON`, `LOCK_TIMEOUT 1000`, `IDENTITY_INSERT dbo.t ON`."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class If(Statement):
    """IF … ELSE."""

    condition: str
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...] = ()


@dataclass(frozen=True)
class While(Statement):
    """WHILE."""

    condition: str
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Block(Statement):
    """BEGIN … END."""

    body: tuple[Statement, ...]


@dataclass(frozen=True)
class TryCatch(Statement):
    """BEGIN TRY … END TRY BEGIN CATCH … END CATCH."""

    body: tuple[Statement, ...]
    handler: tuple[Statement, ...]


@dataclass(frozen=True)
class Flow(Statement):
    """BREAK, CONTINUE or RETURN."""

    kind: str
    value: str | None = None


@dataclass(frozen=True)
class Print(Statement):
    """PRINT."""

    value: str


@dataclass(frozen=True)
class Raise(Statement):
    """RAISERROR or THROW with its arguments; THROW alone has none."""

    kind: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class WaitFor(Statement):
    """WAITFOR DELAY or TIME."""

    kind: str
    value: str


@dataclass(frozen=True)
class Transaction(Statement):
    """BEGIN, COMMIT, ROLLBACK or SAVE TRANSACTION."""

    kind: str
    name: str


@dataclass(frozen=True)
class Use(Statement):
    """USE database."""

    database: str


@dataclass(frozen=True)
class Argument:
    """An argument of EXEC; `value` is its T-SQL text."""

    name: str | None
    value: str
    output: bool = False


@dataclass(frozen=True)
class Execute(Statement):
    """EXEC of a procedure, or of a string when `code` is given."""

    name: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = field(default=())
    status: str | None = None
    code: str | None = None


@dataclass(frozen=True)
class InsertExecute(Statement):
    """INSERT … EXEC: `insert` is the text before EXEC."""

    insert: str
    execute: Execute
