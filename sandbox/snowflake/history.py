"""QUERY_HISTORY: the statements that were run since the stand-in started, the last 10,000."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
from sqlglot import Expr, exp

from sandbox.snowflake.errors import unsupported
from sandbox.snowflake.recent import scanned

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session

MOST_QUERIES = 10_000
DEFAULT_LIMIT = 100
FUNCTIONS = (
    "QUERY_HISTORY",
    "QUERY_HISTORY_BY_SESSION",
    "QUERY_HISTORY_BY_USER",
    "QUERY_HISTORY_BY_WAREHOUSE",
)
SCHEMA = pa.schema(
    [
        ("QUERY_ID", pa.string()),
        ("QUERY_TEXT", pa.string()),
        ("DATABASE_NAME", pa.string()),
        ("SCHEMA_NAME", pa.string()),
        ("QUERY_TYPE", pa.string()),
        ("SESSION_ID", pa.int64()),
        ("USER_NAME", pa.string()),
        ("ROLE_NAME", pa.string()),
        ("WAREHOUSE_NAME", pa.string()),
        ("QUERY_TAG", pa.string()),
        ("EXECUTION_STATUS", pa.string()),
        ("ERROR_CODE", pa.string()),
        ("ERROR_MESSAGE", pa.string()),
        ("START_TIME", pa.timestamp("us", "UTC")),
        ("END_TIME", pa.timestamp("us", "UTC")),
        ("TOTAL_ELAPSED_TIME", pa.int64()),
        ("ROWS_PRODUCED", pa.int64()),
    ]
)
KINDS = {"string": "VARCHAR", "int64": "BIGINT"}
COLUMNS = [(field.name, KINDS.get(str(field.type), "TIMESTAMP WITH TIME ZONE")) for field in SCHEMA]


@dataclass
class Query:
    """One statement that runs or was run."""

    id: str
    text: str
    session: Session
    kind: str
    tag: str
    place: tuple[str | None, ...]
    """Database, schema, role and warehouse of the session when it began."""
    started: datetime
    status: str = "RUNNING"
    ended: datetime | None = None
    error_code: str | None = None
    error_message: str | None = None
    rows: int | None = None

    @classmethod
    def begun(cls, query_id: str, text: str, kind: str, session: Session) -> Query:
        """A statement that begins now."""
        tag = str(session.parameters.get("QUERY_TAG") or "")
        place = (session.database, session.schema, session.role or None, session.warehouse or None)
        return cls(query_id, text, session, kind, tag, place, datetime.now(UTC))

    def succeeded(self, rows: int) -> None:
        """It has ended, with so many rows."""
        self.status, self.rows, self.ended = "SUCCESS", rows, datetime.now(UTC)

    def failed(self, code: str, message: str) -> None:
        """It has ended with an error."""
        self.status, self.error_code, self.error_message = "FAILED_WITH_ERROR", code, message
        self.ended = datetime.now(UTC)

    def row(self) -> dict[str, object]:
        """As QUERY_HISTORY shows it; times in milliseconds."""
        took = (self.ended or datetime.now(UTC)) - self.started
        database, schema, role, warehouse = self.place
        values = (
            self.id, self.text, database, schema, self.kind, self.session.id, self.session.user, role,
            warehouse, self.tag, self.status, self.error_code, self.error_message, self.started,
            self.ended, int(took.total_seconds() * 1000), self.rows,
        )  # fmt: skip
        return dict(zip(SCHEMA.names, values, strict=True))


class History:
    """The last queries of all sessions, the newest at the end."""

    def __init__(self) -> None:
        self._queries: deque[Query] = deque(maxlen=MOST_QUERIES)

    def add(self, query: Query) -> None:
        """A statement begins."""
        self._queries.append(query)

    def queries(self, session: Session | None = None) -> list[Query]:
        """Those of one session, or all."""
        return [query for query in self._queries if session is None or query.session is session]

    def rows(self, session: Session | None, limit: int | None) -> pa.Table:
        """The newest first."""
        newest = self.queries(session)[::-1][:limit]
        return pa.Table.from_pylist([query.row() for query in newest], SCHEMA)


def table(expression: Expr, session: Session) -> Expr:
    """TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(…)) and SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY as their rows.

    Raises:
        ProgrammingError: 0A000, an argument other than RESULT_LIMIT.
    """
    history = session.engine.history
    if isinstance(expression, exp.Table) and [
        part.upper() for part in (expression.catalog, expression.db, expression.name)
    ] == ["SNOWFLAKE", "ACCOUNT_USAGE", "QUERY_HISTORY"]:
        return scanned(session, history.rows(None, None), COLUMNS, expression.args.get("alias"))
    function = called(expression)
    if function is None or not isinstance(function, exp.Anonymous):
        return expression
    limit = DEFAULT_LIMIT
    for argument in function.expressions:
        if not (isinstance(argument, exp.Kwarg) and argument.this.name.upper() == "RESULT_LIMIT"):
            raise unsupported(f"{function.name} with an argument other than RESULT_LIMIT")
        limit = int(argument.expression.name)
    only = session if function.name.upper() == "QUERY_HISTORY_BY_SESSION" else None
    return scanned(session, history.rows(only, limit), COLUMNS, expression.args.get("alias"))


def called(expression: Expr) -> Expr | None:
    """The function in `TABLE([database.]INFORMATION_SCHEMA.QUERY_HISTORY…())`."""
    if not isinstance(expression, exp.TableFromRows):
        return None
    inner = expression.this
    while isinstance(inner, exp.Dot):
        inner = inner.expression
    is_history = isinstance(inner, exp.Anonymous) and inner.name.upper() in FUNCTIONS
    return inner if is_history else None
