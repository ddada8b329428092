"""Read column definitions and constraints from T-SQL's own text, so that no type loses its name."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.sqlserver.engine import datatypes
from sandbox.sqlserver.engine.bound import not_modelled
from sandbox.sqlserver.engine.lexer import Token, tokenize, unquote
from sandbox.sqlserver.engine.types import is_utf8
from sandbox.sqlserver.results import SqlServerError, SqlType

_OPTIONS = {
    "NOT",
    "NULL",
    "CONSTRAINT",
    "PRIMARY",
    "UNIQUE",
    "CHECK",
    "REFERENCES",
    "FOREIGN",
    "IDENTITY",
    "COLLATE",
    "ROWGUIDCOL",
    "DEFAULT",
    "WITH",
    "SPARSE",
    "MASKED",
    "GENERATED",
    "PERSISTED",
}
_TABLE_LEVEL = {"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "DEFAULT"}


@dataclass
class KeyElement:
    """PRIMARY KEY or UNIQUE."""

    kind: str
    columns: list[tuple[str, bool]]
    """Names, and whether descending."""
    clustered: bool
    name: str | None = None


@dataclass
class CheckElement:
    """CHECK."""

    condition: str
    name: str | None = None


@dataclass
class ForeignElement:
    """FOREIGN KEY."""

    columns: list[str]
    parent: tuple[str, ...]
    parent_columns: list[str]
    name: str | None = None


@dataclass
class DefaultElement:
    """DEFAULT … FOR column, of ALTER TABLE ADD."""

    column: str
    value: str
    name: str | None = None


@dataclass
class ColumnElement:
    """A column with what is written beside it."""

    name: str
    type: SqlType | None
    nullable: bool | None = None
    identity: tuple[int, int] | None = None
    default: str | None = None
    default_name: str | None = None
    with_values: bool = False
    computed: str | None = None
    collation: str | None = None
    keys: list[KeyElement] = field(default_factory=list)
    checks: list[CheckElement] = field(default_factory=list)
    foreign: list[ForeignElement] = field(default_factory=list)


Element = ColumnElement | KeyElement | CheckElement | ForeignElement | DefaultElement


class DdlParser:
    """A position in the tokens of a DDL statement."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self._tokens = [token for token in tokenize(sql) if token.key != ";"]
        self._at = 0

    @property
    def is_at_end(self) -> bool:
        """Whether everything was read."""
        return self._at >= len(self._tokens)

    def key(self, ahead: int = 0) -> str:
        """The upper-case word or mark at the position, empty for names and at the end."""
        return self._tokens[self._at + ahead].key if self._at + ahead < len(self._tokens) else ""

    def take(self, *keys: str) -> Token:
        """The next token, one of `keys` if given. Raises SqlServerError 102."""
        if self.is_at_end or (keys and self.key() not in keys):
            raise self.error()
        self._at += 1
        return self._tokens[self._at - 1]

    def accept(self, *keys: str) -> bool:
        """Take the words if they all come next."""
        if all(self.key(ahead) == key for ahead, key in enumerate(keys)):
            self._at += len(keys)
            return True
        return False

    def error(self) -> SqlServerError:
        """A syntax error at the position."""
        near = self._tokens[min(self._at, len(self._tokens) - 1)]
        return SqlServerError(102, f"Incorrect syntax near '{near.text}'.", severity=15, line=near.line)

    def name(self) -> str:
        """An identifier."""
        token = self.take()
        if token.kind not in ("word", "name"):
            self._at -= 1
            raise self.error()
        return unquote(token.text)

    def text(self) -> str:
        """The value of a string literal."""
        token = self.take()
        if token.kind != "string":
            self._at -= 1
            raise self.error()
        return token.text[token.text.index("'") + 1 : -1].replace("''", "'")

    def qualified_name(self) -> tuple[str, ...]:
        """An identifier of one to three parts."""
        parts = [self.name()]
        while self.accept("."):
            parts.append("" if self.key() == "." else self.name())
        return tuple(parts)

    def names(self) -> list[str]:
        """Identifiers in parentheses."""
        self.take("(")
        found = [self.name()]
        while self.accept(","):
            found.append(self.name())
        self.take(")")
        return found

    def parenthesised(self) -> str:
        """The text inside balanced parentheses."""
        first = self.take("(")
        depth = 1
        while depth:
            depth += {"(": 1, ")": -1}.get(self.take().key, 0)
        return self.sql[first.end : self._tokens[self._at - 1].start].strip()

    def key_columns(self) -> list[tuple[str, bool]]:
        """`(a ASC, b DESC)`."""
        self.take("(")
        found: list[tuple[str, bool]] = []
        while True:
            name = self.name()
            descending = self.accept("DESC")
            if not descending:
                self.accept("ASC")
            found.append((name, descending))
            if self.take(",", ")").key == ")":
                return found

    def skip_storage(self) -> None:
        """ON filegroup, WITH (index options): how rows are stored is not modelled and changes no result."""
        while not self.is_at_end:
            if self.accept("WITH"):
                self.parenthesised()
            elif self.accept("ON") or self.accept("TEXTIMAGE_ON"):
                self.name()
            else:
                return

    # --- elements of CREATE TABLE and ALTER TABLE ADD

    def elements(self) -> list[Element]:
        """Elements separated by commas."""
        found = [self.element()]
        while self.accept(","):
            found.append(self.element())
        return found

    def element(self) -> Element:
        """A column or a constraint."""
        if self.key() in ("INDEX", "PERIOD"):
            raise not_modelled(f"{self.key()} inside of CREATE TABLE")
        if self.key() not in _TABLE_LEVEL:
            return self._column()
        name = self.name_of_constraint()
        if self.accept("CHECK"):
            return CheckElement(self.parenthesised(), name)
        if self.accept("FOREIGN", "KEY"):
            return self._references(self.names(), name)
        if self.accept("DEFAULT"):
            value = self._default_value({"FOR"})
            self.take("FOR")
            return DefaultElement(self.name(), value, name)
        kind, clustered = self._key_kind()
        columns = self.key_columns()
        self.skip_storage()
        return KeyElement(kind, columns, clustered, name)

    def name_of_constraint(self) -> str | None:
        """CONSTRAINT name, where it is given."""
        return self.name() if self.accept("CONSTRAINT") else None

    def _key_kind(self) -> tuple[str, bool]:
        if self.accept("PRIMARY", "KEY"):
            kind = "PK"
        elif self.accept("UNIQUE"):
            kind = "UQ"
        else:
            raise self.error()
        if self.accept("CLUSTERED"):
            return kind, True
        if self.accept("NONCLUSTERED"):
            return kind, False
        return kind, kind == "PK"

    def _references(self, columns: list[str], name: str | None) -> ForeignElement:
        self.take("REFERENCES")
        parent = self.qualified_name()
        parent_columns = self.names() if self.key() == "(" else []
        while self.accept("ON"):
            event = self.take("DELETE", "UPDATE").key
            if not self.accept("NO", "ACTION"):
                raise not_modelled(f"FOREIGN KEY … ON {event} {self.key()}")
        return ForeignElement(columns, parent, parent_columns, name)

    def _column(self) -> ColumnElement:
        name = self.name()
        if self.accept("AS"):
            column = ColumnElement(name, None, computed=self._until({"PERSISTED", "NOT", ","}))
        else:
            column = ColumnElement(name, self.type())
        while not self.is_at_end and self.key() not in (",", ")"):
            self._option(column)
        return column

    def type(self) -> SqlType:
        """A data type."""
        first = self._tokens[self._at].start
        self.qualified_name()
        if self.key() == "(":
            self.parenthesised()
        return datatypes.declared_type(self.sql[first : self._tokens[self._at - 1].end])

    def _option(self, column: ColumnElement) -> None:
        constraint = self.name_of_constraint()
        if self.accept("NOT", "NULL"):
            column.nullable = False
        elif self.accept("NULL"):
            column.nullable = True
        elif self.accept("IDENTITY"):
            column.identity = self._identity()
        elif self.accept("DEFAULT"):
            column.default, column.default_name = self._default_value(_OPTIONS), constraint
        elif self.accept("WITH", "VALUES"):
            column.with_values = True
        elif self.accept("COLLATE"):
            column.collation = datatypes.collation(self.name())
            if is_utf8(column.collation):
                raise not_modelled(f"a column with the UTF-8 collation {column.collation}")
        else:
            self._column_constraint(column, constraint)

    def _column_constraint(self, column: ColumnElement, constraint: str | None) -> None:
        if self.accept("CHECK"):
            column.checks.append(CheckElement(self.parenthesised(), constraint))
        elif self.key() in ("REFERENCES", "FOREIGN"):
            self.accept("FOREIGN", "KEY")
            column.foreign.append(self._references([column.name], constraint))
        elif self.key() in ("PRIMARY", "UNIQUE"):
            kind, clustered = self._key_kind()
            self.skip_storage()
            column.keys.append(KeyElement(kind, [(column.name, False)], clustered, constraint))
        elif not (self.accept("ROWGUIDCOL") or self.accept("PERSISTED")):
            raise not_modelled(f"column option {self.key()}") if self.key() in _OPTIONS else self.error()

    def _identity(self) -> tuple[int, int]:
        if self.key() != "(":
            return 1, 1
        seed, _, step = self.parenthesised().partition(",")
        return int(seed), int(step)

    def _default_value(self, stops: set[str]) -> str:
        return self._until(stops | {","})

    def _until(self, stops: set[str]) -> str:
        """The text of an expression, up to a stop outside of parentheses."""
        first = self._at
        depth = 0
        while not self.is_at_end:
            key = self.key()
            if depth == 0 and self._at > first and (key in stops or key == ")"):
                break
            depth += {"(": 1, ")": -1}.get(key, 0)
            self._at += 1
        if self._at == first:
            raise self.error()
        return self.sql[self._tokens[first].start : self._tokens[self._at - 1].end]
