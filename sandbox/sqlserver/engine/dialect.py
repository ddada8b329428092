"""sqlglot's T-SQL with one change: functions are left as they are written, for `functions` to judge."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.tsql import TSQL
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.parsers.tsql import TSQLParser

from sandbox.sqlserver.results import SqlServerError

_TYPED = {"CAST", "TRY_CAST", "CONVERT", "TRY_CONVERT"}


class PlainTSQL(TSQL):
    """sqlglot rewrites LEN, GETDATE, DATEDIFF and others into other dialects' terms; that loses types."""

    class Tokenizer(TSQL.Tokenizer):
        """`real`, `numeric`, `text` and `ntext` stay apart from the types that sqlglot folds them into."""

        KEYWORDS: ClassVar = {
            word: kind
            for word, kind in TSQL.Tokenizer.KEYWORDS.items()
            if word not in ("REAL", "NUMERIC", "TEXT", "NTEXT")
        }

    class Parser(TSQLParser):
        """Functions stay `Anonymous`; only the ones with a type inside are parsed specially."""

        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        NO_PAREN_FUNCTIONS: ClassVar[dict[Any, Any]] = {}
        FUNCTION_PARSERS: ClassVar = {
            name: parse for name, parse in TSQLParser.FUNCTION_PARSERS.items() if name in _TYPED
        }


_DIALECT = PlainTSQL()


def parse_statement(sql: str) -> exp.Expr:
    """One statement as a tree.

    Raises:
        SqlServerError: 102 when sqlglot cannot parse it.
    """
    try:
        parsed = [tree for tree in _DIALECT.parse(sql) if tree is not None]
    except (ParseError, TokenError) as error:
        raise SqlServerError(102, f"Incorrect syntax near {_where(error, sql)}.", severity=15) from error
    if len(parsed) != 1:
        raise SqlServerError(102, f"Incorrect syntax near '{sql[:40]}'.", severity=15)
    return parsed[0]


@lru_cache(maxsize=1024)
def parse_expression(sql: str) -> exp.Expr:
    """A scalar expression or a condition, as a tree that callers must not change."""
    select = parse_statement(f"SELECT {sql}")
    if not isinstance(select, exp.Select) or len(select.expressions) != 1 or select.args.get("from_"):
        raise SqlServerError(102, f"Incorrect syntax near '{sql[:40]}'.", severity=15)
    found: exp.Expr = select.expressions[0]
    return found


def _where(error: SqlglotError, sql: str) -> str:
    if isinstance(error, ParseError) and error.errors:
        return f"'{error.errors[0].get('highlight') or sql[:40]}'"
    return f"'{sql[:40]}'"
