"""Parse a batch into statements."""

from __future__ import annotations

from functools import lru_cache

from sandbox.sqlserver.engine import script
from sandbox.sqlserver.engine.batch_reader import STARTERS, BatchReader
from sandbox.sqlserver.engine.lexer import unquote
from sandbox.sqlserver.results import SqlServerError

_ENDS_INSERT_HEAD = frozenset(["VALUES", "SELECT", "DEFAULT", "EXEC", "EXECUTE", ";"])


@lru_cache(maxsize=256)
def parse_batch(sql: str) -> tuple[script.Statement, ...]:
    """The statements of a batch.

    Raises:
        SqlServerError: 102 and alike, where the batch is no T-SQL.
    """
    parser = BatchParser(sql)
    return parser.statements(until=())


class BatchParser(BatchReader):
    """A recursive descent: a method for each kind of statement."""

    def statements(self, until: tuple[str, ...]) -> tuple[script.Statement, ...]:
        """Statements up to one of the closing words (not consumed), or to the end."""
        found: list[script.Statement] = []
        while True:
            while self.key() == ";":
                self.at += 1
            if self.at >= len(self.tokens):
                if until:
                    raise self.error()
                return tuple(found)
            if self.key() in until:
                return tuple(found)
            found.append(self._statement())

    def _statement(self) -> script.Statement:
        token = self.token()
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
            "INSERT": self._insert,
            "EXEC": self._execute,
            "EXECUTE": self._execute,
            "GRANT": self._permissions,
            "DENY": self._permissions,
            "REVOKE": self._permissions,
        }.get(token.key)
        if handler is not None:
            return handler()
        if token.key in STARTERS - {"ELSE", "END"} or token.key in ("WITH", "("):
            return script.Sql(token.line, self.query())
        if self.at == 0 and token.kind in ("word", "name"):
            return self._execute()  # the first statement of a batch may leave out EXEC
        raise self.error()

    def _permissions(self) -> script.Statement:
        """GRANT, DENY, REVOKE: their permissions have the names of statements."""
        first, line = self.at, self.token().line
        while self.key() not in ("TO", "FROM"):
            self.take()
        while not self.is_at_end and self.key() != ";":
            is_option = self.key() == "GRANT" and self.key(-1) == "WITH"
            if self.key() in STARTERS and not is_option:
                break
            self.at += 1
        return script.Sql(line, self.slice(first))

    def _body(self) -> tuple[script.Statement, ...]:
        while self.key() == ";":
            raise self.error()
        return (self._statement(),)

    # --- statements

    def _declare(self) -> script.Statement:
        line = self.take().line
        found: list[script.Statement] = []
        while True:
            name = self.variable()
            if self.key() == "AS":
                self.take()
            found.append(self._declared(line, name))
            if self.key() != ",":
                return found[0] if len(found) == 1 else script.Block(line, tuple(found))
            self.take()

    def _declared(self, line: int, name: str) -> script.Statement:
        if self.key() == "TABLE":
            self.take()
            return script.DeclareTable(line, name, self.parenthesised())
        kind = self.type_name()
        if self.key() != "=":
            return script.Declare(line, name, kind, None)
        self.take()
        return script.Declare(line, name, kind, self.expression(stop=(",",)))

    def _set(self) -> script.Statement:
        line = self.take().line
        if self.token().kind == "variable":
            name = self.variable()
            mark = self.take("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=").key
            value = self.expression()
            if mark != "=":
                value = f"@{name} {mark[0]} ({value})"
            return script.SetVariable(line, name, value)
        words: list[str] = []
        while self.at < len(self.tokens) and self.key() != ";":
            if self.key() in STARTERS:
                break
            words.append(self.take().text)
        if not words:
            raise self.error()
        return script.SetOption(line, tuple(words))

    def _if(self) -> script.Statement:
        line = self.take().line
        condition = self.expression()
        then = self._body()
        mark = self.at
        while self.key() == ";":
            self.at += 1
        if self.key() != "ELSE":
            self.at = mark
            return script.If(line, condition, then)
        self.take()
        return script.If(line, condition, then, self._body())

    def _while(self) -> script.Statement:
        line = self.take().line
        condition = self.expression()
        return script.While(line, condition, self._body())

    def _begin(self) -> script.Statement:
        line = self.take().line
        if self.key() in ("TRAN", "TRANSACTION"):
            return self._transaction("begin", line)
        if self.key() == "DISTRIBUTED":
            raise SqlServerError(40517, "not modelled by the stand-in: distributed transactions", line=line)
        if self.key() == "TRY":
            self.take()
            body = self.statements(until=("END",))
            self.take("END")
            self.take("TRY")
            while self.key() == ";":
                self.at += 1
            self.take("BEGIN")
            self.take("CATCH")
            handler = self.statements(until=("END",))
            self.take("END")
            self.take("CATCH")
            return script.TryCatch(line, body, handler)
        body = self.statements(until=("END",))
        self.take("END")
        return script.Block(line, body)

    def _print(self) -> script.Statement:
        return script.Print(self.take().line, self.expression())

    def _flow(self) -> script.Statement:
        token = self.take()
        value = None
        if token.key == "RETURN" and self.at < len(self.tokens):
            more = self.key() not in STARTERS and self.key() != ";"
            value = self.expression() if more else None
        return script.Flow(token.line, token.key.lower(), value)

    def _raise(self) -> script.Statement:
        token = self.take()
        arguments: list[str] = []
        parenthesised = self.key() == "("
        if parenthesised:
            self.take()
        while self.at < len(self.tokens) and self.key() not in (";", ")"):
            if not parenthesised and self.key() in STARTERS:
                break
            arguments.append(self.expression(stop=(",",)))
            if self.key() != ",":
                break
            self.take()
        if parenthesised:
            self.take(")")
        if self.key() == "WITH":
            self.at += 2
        return script.Raise(token.line, token.key.lower(), tuple(arguments))

    def _wait(self) -> script.Statement:
        line = self.take().line
        kind = self.take("DELAY", "TIME").key.lower()
        return script.WaitFor(line, kind, self.expression())

    def _end_transaction(self) -> script.Statement:
        token = self.take()
        return self._transaction(token.key.lower(), token.line)

    def _transaction(self, kind: str, line: int) -> script.Statement:
        named = self.key() in ("TRAN", "TRANSACTION")
        if named or self.key() == "WORK":
            self.take()
        name = ""
        if named and self.at < len(self.tokens):
            token = self.token()
            is_word = token.kind == "word" and token.key not in STARTERS and token.key != "WITH"
            if is_word or token.kind in ("name", "variable"):
                self.at += 1
                name = token.text if token.kind == "variable" else unquote(token.text)
        if self.key() == "WITH":
            self.take()
            self.expression()
        return script.Transaction(line, kind, name)

    def _use(self) -> script.Statement:
        line = self.take().line
        return script.Use(line, self.name())

    def _reconfigure(self) -> script.Statement:
        """RECONFIGURE [WITH OVERRIDE]: sp_configure's options are in use at once, nothing is left to do."""
        line = self.take("RECONFIGURE").line
        if self.key() == "WITH":
            self.take()
            self.take("OVERRIDE")
        return script.Block(line, ())

    def _insert(self) -> script.Statement:
        """INSERT … EXEC is two statements in one; every other INSERT is left to sqlglot."""
        first, line = self.at, self.token().line
        while not self.is_at_end and self.key() not in _ENDS_INSERT_HEAD:
            if self.key() == "(":
                self.parenthesised()
            else:
                self.at += 1
        if self.key() in ("EXEC", "EXECUTE"):
            return script.InsertExecute(line, self.slice(first), self._execute())
        self.at = first
        return script.Sql(line, self.query())

    def _execute(self) -> script.Execute:
        line = self.token().line
        if self.key() in ("EXEC", "EXECUTE"):
            self.take()
        if self.key() == "(":
            self.take()
            code = self.expression()
            self.take(")")
            return script.Execute(line, code=code)
        if self.key() == "AS":
            raise SqlServerError(40517, "not modelled by the stand-in: EXECUTE AS", line=line)
        status = None
        if self.token().kind == "variable":
            status = self.variable()
            self.take("=")
        name = self.qualified_name()
        arguments: list[script.Argument] = []
        while self.at < len(self.tokens) and self.key() != ";" and self.key() not in STARTERS:
            arguments.append(self._argument())
            if self.key() != ",":
                break
            self.take()
        return script.Execute(line, name, tuple(arguments), status)

    def _argument(self) -> script.Argument:
        name = None
        if self.token().kind == "variable" and self.key(1) == "=":
            name = self.variable()
            self.take("=")
        first = self.at
        if self.key() in ("-", "+"):
            self.take()
        self.take()
        value = self.slice(first)
        output = self.key() in ("OUTPUT", "OUT")
        if output:
            self.take()
        return script.Argument(name, value, output)
