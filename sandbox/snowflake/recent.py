"""The results that RESULT_SCAN and clients can ask for again: a few of each session, none that is large."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from snowflake.connector.errors import ProgrammingError
from sqlglot import Expr, exp

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session

MOST_RESULTS = 8
MOST_BYTES = 32 << 20
Columns = list[tuple[str, str]]


class RecentResults:
    """The last results of one session by query id."""

    def __init__(self) -> None:
        self._results: dict[str, tuple[pa.Table, Columns]] = {}
        self.query_ids: list[str] = []
        """Ids of the session's queries, the last ones at the end."""

    def keep(self, query_id: str, table: pa.Table, columns: Columns) -> None:
        """Keep a result; the oldest one goes."""
        self.query_ids = [*self.query_ids[-99:], query_id]
        if table is None or table.nbytes > MOST_BYTES:
            return
        self._results[query_id] = (table, columns)
        while len(self._results) > MOST_RESULTS:
            del self._results[next(iter(self._results))]

    def get(self, query_id: str) -> tuple[pa.Table, Columns]:
        """Rows and columns of a result.

        Raises:
            ProgrammingError: 000709, it is not kept, or never was.
        """
        if query_id not in self._results:
            raise ProgrammingError(
                msg=f"Statement {query_id} not found: the stand-in keeps the last {MOST_RESULTS} results "
                f"of a session, none above {MOST_BYTES >> 20} MiB",
                errno=709,
                sqlstate="02000",
            )
        return self._results[query_id]

    def last_id(self, place: int) -> str | None:
        """What LAST_QUERY_ID(place) returns: -1 is the last query, 1 the first one."""
        index = place if place < 0 else place - 1
        return self.query_ids[index] if -len(self.query_ids) <= index < len(self.query_ids) else None


class Unused(dict[str, tuple[Any, ...]]):
    """The place where fakesnow would keep results for ever."""

    def __setitem__(self, query_id: str, result: tuple[Any, ...]) -> None:
        """Keep nothing."""


def result_scan(expression: Expr, session: Session) -> Expr:
    """TABLE(RESULT_SCAN(id)) as the rows of that result."""
    if not (
        isinstance(expression, exp.TableFromRows)
        and isinstance(expression.this, exp.Anonymous)
        and expression.this.name.upper() == "RESULT_SCAN"
    ):
        return expression
    table, columns = session.results.get(expression.this.expressions[0].name)
    return scanned(session, table, columns, expression.args.get("alias"))


def scanned(session: Session, table: pa.Table, columns: Columns, alias: Expr | None) -> exp.Subquery:
    """A table in memory as the source of a query."""
    name = session.lend(table)
    fields = [
        exp.alias_(_as(exp.column(exp.to_identifier(column, quoted=True)), kind), column, quoted=True)
        for column, kind in columns
    ]
    query = exp.select(*fields).from_(exp.to_table(name))
    return exp.Subquery(this=query, alias=alias or exp.TableAlias(this=exp.to_identifier("result")))


def _as(column: Expr, kind: str) -> Expr:
    """Texts that the engine knows as JSON or as a list come back as what they were."""
    if kind == "JSON" or re.search(r"\[\]$", kind):
        return exp.cast(column, exp.DataType.build(kind, dialect="duckdb"))
    return column
