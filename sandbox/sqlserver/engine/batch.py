"""Parse a batch into statements: T-SQL needs no semicolons, so a statement ends where the next begins."""

from __future__ import annotations

from functools import lru_cache

from sandbox.sqlserver.engine import script
from sandbox.sqlserver.engine.lexer import Token, tokenize, unquote
from sandbox.sqlserver.results import SqlServerError

_STARTERS = frozenset(
    [
        *["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "CREATE", "ALTER", "DROP", "TRUNCATE", "DECLARE"],
        *["SET", "IF", "WHILE", "BEGIN", "PRINT", "RAISERROR", "RETURN", "BREAK", "CONTINUE", "WAITFOR"],
        *["EXEC", "EXECUTE", "COMMIT", "ROLLBACK", "SAVE", "USE", "GRANT", "DENY", "REVOKE", "DBCC"],
        *["KILL", "CHECKPOINT", "GOTO", "BACKUP", "RESTORE", "RECONFIGURE", "ELSE", "END"],
    ]
)
_AFTER_SELECT = frozenset(["UNION", "ALL", "EXCEPT", "INTERSECT", "AS"])


@lru_cache(maxsize=256)
def parse_batch(sql: str) -> tuple[script.Statement, ...]:
    """The statements of a batch.

    Raises:
        SqlServerError: 102 and alike, where the batch is no T-SQL.
    """
    parser = BatchParser(sql)
    return parser.statements(until=())


class BatchParser:
    """A recursive descent over tokens; each method leaves the position after what it has read."""

    def __init__(self, sql: str) -> None:
        self._sql = sql
        self._tokens = tokenize(sql)
        self._at = 0

    def statements(self, until: tuple[str, ...]) -> tuple[script.Statement, ...]:
        """Statements up to one of the closing words (not consumed), or to the end."""
        found: list[script.Statement] = []
        while True:
            while self._key() == ";":
                self._at += 1
            if self._at >= len(self._tokens):
                if until:
                    raise self._error()
                return tuple(found)
            if self._key() in until:
                return tuple(found)
            found.append(self._statement())

    def _statement(self) -> script.Statement:
        token = self._token()
        handler = {
            "DECLARE": self._declare,
            "SET": self._set,
            "IF": self._if,
            "WHILE": self._while,
            "BEGIN": self._begin,
            "PRINT": self._print,
            "RAISERROR": self._raise,
            "THROW": self._raise,
            "BREAK": self._flow,
            "CONTINUE": self._flow,
            "RETURN": self._flow,
            "WAITFOR": self._wait,
            "COMMIT": self._end_transaction,
            "ROLLBACK": self._end_transaction,
            "SAVE": self._end_transaction,
            "USE": self._use,
            "RECONFIGURE": self._reconfigure,
            "EXEC": self._execute,
            "EXECUTE": self._execute,
        }.get(token.key)
        if handler is not None:
            return handler()
        if token.key in _STARTERS - {"ELSE", "END"} or token.key in ("WITH", "("):
            return script.Sql(token.line, self._query())
        if self._at == 0 and token.kind in ("word", "name"):
            return self._execute()  # the first statement of a batch may leave out EXEC
        raise self._error()

    # --- the parts of statements

    def _token(self, ahead: int = 0) -> Token:
        if self._at + ahead >= len(self._tokens):
            raise self._error()
        return self._tokens[self._at + ahead]

    def _key(self, ahead: int = 0) -> str:
        return self._tokens[self._at + ahead].key if self._at + ahead < len(self._tokens) else ""

    def _error(self) -> SqlServerError:
        token = self._tokens[min(self._at, len(self._tokens) - 1)] if self._tokens else None
        near, line = (token.text, token.line) if token else ("", 1)
        return SqlServerError(102, f"Incorrect syntax near '{near}'.", severity=15, line=line)

    def _take(self, *keys: str) -> Token:
        token = self._token()
        if keys and token.key not in keys:
            raise self._error()
        self._at += 1
        return token

    def _slice(self, first: int) -> str:
        """The text of the tokens from `first` up to the position."""
        if self._at <= first:
            raise self._error()
        return self._sql[self._tokens[first].start : self._tokens[self._at - 1].end]

    def _expression(self, stop: tuple[str, ...] = ()) -> str:
        """The text of an expression: up to a statement's first word, `;`, or a mark of `stop`."""
        first, parens, cases = self._at, 0, 0
        while self._at < len(self._tokens):
            key = self._key()
            if parens == 0 and cases == 0 and (key in _STARTERS or key == ";" or key in stop):
                break
            if key in ("(", ")"):
                parens += 1 if key == "(" else -1
            elif key in ("CASE", "END"):
                cases += 1 if key == "CASE" else -1
            if parens < 0:
                break
            self._at += 1
        return self._slice(first)

    def _query(self) -> str:
        """The text of a query, DML or DDL statement: up to the first word that cannot belong to it."""
        first, parens, cases = self._at, 0, 0
        head = self._key()
        wanted = {"WITH": "*", "INSERT": "SELECT", "UPDATE": "SET", "MERGE": "*"}.get(head, "")
        self._at += 1
        while self._at < len(self._tokens):
            key = self._key()
            if key == ";" and parens == 0:
                break
            if key in ("(", ")"):
                parens += 1 if key == "(" else -1
            elif key == "CASE":
                cases += 1
            elif key == "END" and cases:
                cases -= 1
            elif key in _STARTERS and parens == 0 and cases == 0:
                if not self._belongs(key, head, wanted):
                    break
                wanted = self._still_wanted(key, wanted)
            elif key == "VALUES" and head == "INSERT" and wanted == "SELECT":
                wanted = ""
            self._at += 1
        return self._slice(first)

    def _belongs(self, key: str, head: str, wanted: str) -> bool:
        """Whether a starting word goes on with the statement instead of starting one."""
        before, after = self._key(-1), self._key(1)
        if wanted == "*" or key == wanted:
            return True
        if key in ("EXEC", "EXECUTE") and wanted == "SELECT":
            return True
        if key == "SELECT" and before in _AFTER_SELECT:
            return True
        if key in ("UPDATE", "DELETE", "SET") and before in ("ON", "THEN", "DELETE", "UPDATE", "FOR"):
            return True
        if key in ("DROP", "ALTER") and after in ("COLUMN", "CONSTRAINT") and head == "ALTER":
            return True
        if key == "SET" and head == "ALTER":
            return True
        if key == "IF" and head == "DROP":
            return True
        return key in ("CREATE", "GRANT") and before in ("OR", "WITH")

    @staticmethod
    def _still_wanted(key: str, wanted: str) -> str:
        if wanted == "*":
            return {"INSERT": "SELECT", "UPDATE": "SET", "MERGE": "*"}.get(key, "")
        return "" if key == wanted else wanted

    def _body(self) -> tuple[script.Statement, ...]:
        while self._key() == ";":
            raise self._error()
        return (self._statement(),)

    def _name(self) -> str:
        """One part of a name."""
        token = self._take()
        if token.kind not in ("word", "name"):
            self._at -= 1
            raise self._error()
        return unquote(token.text)

    def _qualified_name(self) -> tuple[str, ...]:
        parts = [self._name()]
        while self._key() == ".":
            self._take()
            parts.append("" if self._key() == "." else self._name())
        return tuple(parts)

    # --- statements

    def _declare(self) -> script.Statement:
        line = self._take().line
        found: list[script.Statement] = []
        while True:
            name = self._variable()
            if self._key() == "AS":
                self._take()
            first = self._at
            self._type()
            kind = self._slice(first)
            value = None
            if self._key() == "=":
                self._take()
                value = self._expression(stop=(",",))
            found.append(script.Declare(line, name, kind, value))
            if self._key() != ",":
                return found[0] if len(found) == 1 else script.Block(line, tuple(found))
            self._take()

    def _type(self) -> None:
        if self._key() == "TABLE":
            raise SqlServerError(
                40517, "not modelled by the stand-in: table variables", line=self._token().line
            )
        self._qualified_name()
        if self._key() == "(":
            while self._take().key != ")":
                pass

    def _variable(self) -> str:
        token = self._take()
        if token.kind != "variable" or token.text.startswith("@@"):
            self._at -= 1
            raise self._error()
        return token.text[1:].lower()

    def _set(self) -> script.Statement:
        line = self._take().line
        if self._token().kind == "variable":
            name = self._variable()
            mark = self._take("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=").key
            value = self._expression()
            if mark != "=":
                value = f"@{name} {mark[0]} ({value})"
            return script.SetVariable(line, name, value)
        words: list[str] = []
        while self._at < len(self._tokens) and self._key() != ";":
            if self._key() in _STARTERS:
                break
            words.append(self._take().text)
        if not words:
            raise self._error()
        return script.SetOption(line, tuple(words))

    def _if(self) -> script.Statement:
        line = self._take().line
        condition = self._expression()
        then = self._body()
        mark = self._at
        while self._key() == ";":
            self._at += 1
        if self._key() != "ELSE":
            self._at = mark
            return script.If(line, condition, then)
        self._take()
        return script.If(line, condition, then, self._body())

    def _while(self) -> script.Statement:
        line = self._take().line
        condition = self._expression()
        return script.While(line, condition, self._body())

    def _begin(self) -> script.Statement:
        line = self._take().line
        if self._key() in ("TRAN", "TRANSACTION"):
            return self._transaction("begin", line)
        if self._key() == "DISTRIBUTED":
            raise SqlServerError(40517, "not modelled by the stand-in: distributed transactions", line=line)
        if self._key() == "TRY":
            self._take()
            body = self.statements(until=("END",))
            self._take("END")
            self._take("TRY")
            while self._key() == ";":
                self._at += 1
            self._take("BEGIN")
            self._take("CATCH")
            handler = self.statements(until=("END",))
            self._take("END")
            self._take("CATCH")
            return script.TryCatch(line, body, handler)
        body = self.statements(until=("END",))
        self._take("END")
        return script.Block(line, body)

    def _print(self) -> script.Statement:
        return script.Print(self._take().line, self._expression())

    def _flow(self) -> script.Statement:
        token = self._take()
        value = None
        if token.key == "RETURN" and self._at < len(self._tokens):
            more = self._key() not in _STARTERS and self._key() != ";"
            value = self._expression() if more else None
        return script.Flow(token.line, token.key.lower(), value)

    def _raise(self) -> script.Statement:
        token = self._take()
        arguments: list[str] = []
        parenthesised = self._key() == "("
        if parenthesised:
            self._take()
        while self._at < len(self._tokens) and self._key() not in (";", ")"):
            if not parenthesised and self._key() in _STARTERS:
                break
            arguments.append(self._expression(stop=(",",)))
            if self._key() != ",":
                break
            self._take()
        if parenthesised:
            self._take(")")
        if self._key() == "WITH":
            self._at += 2
        return script.Raise(token.line, token.key.lower(), tuple(arguments))

    def _wait(self) -> script.Statement:
        line = self._take().line
        kind = self._take("DELAY", "TIME").key.lower()
        return script.WaitFor(line, kind, self._expression())

    def _end_transaction(self) -> script.Statement:
        token = self._take()
        return self._transaction(token.key.lower(), token.line)

    def _transaction(self, kind: str, line: int) -> script.Statement:
        named = self._key() in ("TRAN", "TRANSACTION")
        if named or self._key() == "WORK":
            self._take()
        name = ""
        if named and self._at < len(self._tokens):
            token = self._token()
            is_word = token.kind == "word" and token.key not in _STARTERS and token.key != "WITH"
            if is_word or token.kind in ("name", "variable"):
                self._at += 1
                name = token.text if token.kind == "variable" else unquote(token.text)
        if self._key() == "WITH":
            self._take()
            self._expression()
        return script.Transaction(line, kind, name)

    def _use(self) -> script.Statement:
        line = self._take().line
        return script.Use(line, self._name())

    def _reconfigure(self) -> script.Statement:
        """RECONFIGURE [WITH OVERRIDE]: sp_configure's options are in use at once, nothing is left to do."""
        line = self._take("RECONFIGURE").line
        if self._key() == "WITH":
            self._take()
            self._take("OVERRIDE")
        return script.Block(line, ())

    def _execute(self) -> script.Statement:
        line = self._token().line
        if self._key() in ("EXEC", "EXECUTE"):
            self._take()
        if self._key() == "(":
            self._take()
            code = self._expression()
            self._take(")")
            return script.Execute(line, code=code)
        if self._key() == "AS":
            raise SqlServerError(40517, "not modelled by the stand-in: EXECUTE AS", line=line)
        status = None
        if self._token().kind == "variable":
            status = self._variable()
            self._take("=")
        name = self._qualified_name()
        arguments: list[script.Argument] = []
        while self._at < len(self._tokens) and self._key() != ";" and self._key() not in _STARTERS:
            arguments.append(self._argument())
            if self._key() != ",":
                break
            self._take()
        return script.Execute(line, name, tuple(arguments), status)

    def _argument(self) -> script.Argument:
        name = None
        if self._token().kind == "variable" and self._key(1) == "=":
            name = self._variable()
            self._take("=")
        first = self._at
        if self._key() in ("-", "+"):
            self._take()
        self._take()
        value = self._slice(first)
        output = self._key() in ("OUTPUT", "OUT")
        if output:
            self._take()
        return script.Argument(name, value, output)
