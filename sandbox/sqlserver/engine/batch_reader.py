"""Where the parts of a batch end. T-SQL needs no semicolons: a text ends before a word that cannot belong."""

from __future__ import annotations

from sandbox.sqlserver.engine.lexer import Token, tokenize, unquote
from sandbox.sqlserver.results import SqlServerError

STARTERS = frozenset(
    [
        *["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "CREATE", "ALTER", "DROP", "TRUNCATE", "DECLARE"],
        *["SET", "IF", "WHILE", "BEGIN", "PRINT", "RAISERROR", "RETURN", "BREAK", "CONTINUE", "WAITFOR"],
        *["EXEC", "EXECUTE", "COMMIT", "ROLLBACK", "SAVE", "USE", "GRANT", "DENY", "REVOKE", "DBCC"],
        *["KILL", "CHECKPOINT", "GOTO", "BACKUP", "RESTORE", "RECONFIGURE", "ELSE", "END"],
    ]
)
_AFTER_SELECT = frozenset(["UNION", "ALL", "EXCEPT", "INTERSECT", "AS"])


class BatchReader:
    """A position in the tokens of a batch; each method leaves it after what it has read."""

    def __init__(self, sql: str) -> None:
        self._sql = sql
        self.tokens = tokenize(sql)
        self.at = 0

    @property
    def is_at_end(self) -> bool:
        """Whether everything was read."""
        return self.at >= len(self.tokens)

    def token(self, ahead: int = 0) -> Token:
        """The token at the position or after it. Raises SqlServerError 102 at the end."""
        if self.at + ahead >= len(self.tokens):
            raise self.error()
        return self.tokens[self.at + ahead]

    def key(self, ahead: int = 0) -> str:
        """Its upper-case word or mark; empty for names and at the end."""
        return self.tokens[self.at + ahead].key if self.at + ahead < len(self.tokens) else ""

    def error(self) -> SqlServerError:
        """A syntax error at the position."""
        token = self.tokens[min(self.at, len(self.tokens) - 1)] if self.tokens else None
        near, line = (token.text, token.line) if token else ("", 1)
        return SqlServerError(102, f"Incorrect syntax near '{near}'.", severity=15, line=line)

    def take(self, *keys: str) -> Token:
        """The next token, one of `keys` if given. Raises SqlServerError 102."""
        token = self.token()
        if keys and token.key not in keys:
            raise self.error()
        self.at += 1
        return token

    def slice(self, first: int) -> str:
        """The text of the tokens from `first` up to the position."""
        if self.at <= first:
            raise self.error()
        return self._sql[self.tokens[first].start : self.tokens[self.at - 1].end]

    def expression(self, stop: tuple[str, ...] = ()) -> str:
        """The text of an expression: up to a statement's first word, `;`, or a mark of `stop`."""
        first, parens, cases = self.at, 0, 0
        while self.at < len(self.tokens):
            key = self.key()
            if parens == 0 and cases == 0 and (key in STARTERS or key == ";" or key in stop):
                break
            if key in ("(", ")"):
                parens += 1 if key == "(" else -1
            elif key in ("CASE", "END"):
                cases += 1 if key == "CASE" else -1
            if parens < 0:
                break
            self.at += 1
        return self.slice(first)

    def query(self) -> str:
        """The text of a query, DML or DDL statement: up to the first word that cannot belong to it."""
        first, parens, cases = self.at, 0, 0
        head = self.key()
        wanted = {"WITH": "*", "INSERT": "SELECT", "UPDATE": "SET", "MERGE": "*"}.get(head, "")
        self.at += 1
        while self.at < len(self.tokens):
            key = self.key()
            if key == ";" and parens == 0:
                break
            if key in ("(", ")"):
                parens += 1 if key == "(" else -1
            elif key == "CASE":
                cases += 1
            elif key == "END" and cases:
                cases -= 1
            elif key in STARTERS and parens == 0 and cases == 0:
                if not self._belongs(key, head, wanted):
                    break
                wanted = self._still_wanted(key, wanted)
            elif key == "VALUES" and head == "INSERT" and wanted == "SELECT":
                wanted = ""
            self.at += 1
        return self.slice(first)

    def _belongs(self, key: str, head: str, wanted: str) -> bool:
        """Whether a starting word goes on with the statement instead of starting one."""
        before, after = self.key(-1), self.key(1)
        if wanted == "*" or key == wanted:
            return True
        if key in ("EXEC", "EXECUTE") and wanted == "SELECT":
            return True
        if key == "SELECT" and before in _AFTER_SELECT:
            return True
        if key in ("UPDATE", "DELETE", "SET") and before in ("ON", "THEN", "DELETE", "UPDATE", "FOR"):
            return True
        if key in ("DROP", "ALTER") and after in ("COLUMN", "CONSTRAINT", "MEMBER") and head == "ALTER":
            return True
        if head == "ALTER" and (key == "SET" or (key == "ROLLBACK" and before == "WITH")):
            return True
        if key == "IF" and head == "DROP":
            return True
        return key in ("CREATE", "GRANT") and before in ("OR", "WITH")

    @staticmethod
    def _still_wanted(key: str, wanted: str) -> str:
        if wanted == "*":
            return {"INSERT": "SELECT", "UPDATE": "SET", "MERGE": "*"}.get(key, "")
        return "" if key == wanted else wanted

    def name(self) -> str:
        """One part of a name."""
        token = self.take()
        if token.kind not in ("word", "name"):
            self.at -= 1
            raise self.error()
        return unquote(token.text)

    def qualified_name(self) -> tuple[str, ...]:
        """A name of one to four parts; an empty part stands between two dots."""
        parts = [self.name()]
        while self.key() == ".":
            self.take()
            parts.append("" if self.key() == "." else self.name())
        return tuple(parts)

    def type_name(self) -> str:
        """The text of a type, with its length."""
        first = self.at
        self.qualified_name()
        if self.key() == "(":
            self.parenthesised()
        return self.slice(first)

    def parenthesised(self) -> str:
        """The text inside balanced parentheses."""
        first = self.take("(")
        depth = 1
        while depth:
            depth += {"(": 1, ")": -1}.get(self.take().key, 0)
        return self._sql[first.end : self.tokens[self.at - 1].start]

    def variable(self) -> str:
        """The lower-case name of a variable, without its @."""
        token = self.take()
        if token.kind != "variable" or token.text.startswith("@@"):
            self.at -= 1
            raise self.error()
        return token.text[1:].lower()
