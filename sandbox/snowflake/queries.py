"""The statements of all sessions: run at once or behind, several in one request, asked for again, aborted."""

from __future__ import annotations

import logging
import threading
import uuid
from base64 import b64encode
from collections import OrderedDict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
from fakesnow.converter import from_binding
from fakesnow.statement_type import DML_TYPE_IDS, statement_type_id
from fakesnow.transforms import stage
from snowflake.connector.errors import Error, ProgrammingError

from sandbox.snowflake import commands
from sandbox.snowflake.cursor import Upload
from sandbox.snowflake.errors import cancelled, from_fault
from sandbox.snowflake.history import Query
from sandbox.snowflake.recent import Columns
from sandbox.snowflake.results import row_type, to_rows, to_wire
from sandbox.snowflake.session import Session
from sandbox.snowflake.zoned.codec import BoundMoment

logger = logging.getLogger("sandbox.snowflake")
MULTI_STATEMENT = 0xA000
"""Statement type id of a request with several statements."""
MOST_RUNS = 200
PATIENCE_SECONDS = 30.0
"""How long the request for a result waits for it."""


@dataclass
class Run:
    """One request's statement, or its statements."""

    query: Query
    body: dict[str, Any]
    base_url: str
    done: threading.Event = field(default_factory=threading.Event)
    data: dict[str, Any] | None = None
    """What it answers; None while it runs, and where the answer is made from the kept result."""
    error: Error | None = None
    is_aborted: bool = False
    is_asked_for_later: bool = False
    """Whether `data` is kept until somebody asks for the result."""


class Queries:
    """Runs statements. A session's statements run one after the other, those that run behind, too."""

    def __init__(self, upload_path: str) -> None:
        self._upload_path = upload_path
        self._runs: OrderedDict[str, Run] = OrderedDict()

    def begin(self, session: Session, body: dict[str, Any], base_url: str) -> Run:
        """Take a request's statement."""
        text = str(body["sqlText"])
        kind = " ".join(commands.leading_words(text)[:1])
        query = Query.begun(str(uuid.uuid4()), text, kind, session)
        session.engine.history.add(query)
        run = self._runs[query.id] = Run(query, body, base_url)
        while len(self._runs) > MOST_RUNS and next(iter(self._runs.values())).done.is_set():
            self._runs.popitem(last=False)
        return run

    def complete(self, run: Run) -> dict[str, Any]:
        """Run it now; what it answers.

        Raises:
            Error: whatever went wrong, with Snowflake's number and SQL state.
        """
        session, query = run.query.session, run.query
        try:
            with session.lock:
                if run.is_aborted:
                    raise cancelled()
                session.running = query.id
                logger.info("%s", query.text)
                run.data = self._execute(session, run)
                query.succeeded(int(run.data.get("total") or 0))
        except Error as error:
            run.error = error
            query.failed(f"{error.errno:06d}", str(error.raw_msg or error.msg))
            logger.info("%s: %s", error.errno, error.msg)
            raise
        except Exception as fault:
            run.error = from_fault(fault)
            query.failed(f"{run.error.errno:06d}", str(run.error.raw_msg))
            raise run.error from fault
        finally:
            session.running = None
            run.done.set()
        answered = run.data
        if not run.is_asked_for_later:
            run.data = None  # whoever asks again gets what the session keeps
        return answered

    def run_behind(self, run: Run) -> None:
        """Run it in a thread of its own."""
        run.is_asked_for_later = True

        def complete() -> None:
            try:
                self.complete(run)
            except Error:
                logger.debug("kept for whoever asks for the result of %s", run.query.id)

        threading.Thread(target=complete, name=f"query {run.query.id}", daemon=True).start()

    def result(self, query_id: str, session: Session) -> dict[str, Any] | None:
        """What a query answers; None while it still runs.

        Raises:
            Error: the query's own; or 000709, nothing is known of it.
        """
        run = self._runs.get(query_id)
        if run is None:
            return _payload(session, query_id, *session.results.get(query_id))
        if not run.done.wait(PATIENCE_SECONDS):
            return None
        if run.error is not None:
            raise run.error
        owner = run.query.session
        return run.data or _payload(owner, query_id, *owner.results.get(query_id))

    def abort(self, query_id: str) -> None:
        """End a query that runs or waits for its turn."""
        run = self._runs.get(query_id)
        if run is None or run.done.is_set():
            return
        run.is_aborted = True
        if run.query.session.running == query_id:
            run.query.session.interrupt()

    def status(self, query_id: str, session: Session) -> list[dict[str, Any]]:
        """One query's state, as the clients poll it; empty where nothing is known of it."""
        return [_state(query) for query in session.engine.history.queries() if query.id == query_id]

    def recent(self, session: Session, limit: int) -> list[dict[str, Any]]:
        """The states of the last queries, the newest first."""
        return [_state(query) for query in session.engine.history.queries()[::-1][:limit]]

    def _execute(self, session: Session, run: Run) -> dict[str, Any]:
        statements = commands.split(run.query.text)
        wanted = _wanted_statements(run.body, session)
        if wanted and statements and len(statements) != wanted:
            raise ProgrammingError(
                msg=f"Actual statement count {len(statements)} did not match the desired statement count "
                f"{wanted}.",
                errno=8,
                sqlstate="0A000",
            )
        if len(statements) > 1:
            return self._execute_all(session, run, statements)
        return self._execute_one(session, run)

    def _execute_all(self, session: Session, run: Run, statements: list[str]) -> dict[str, Any]:
        """Run one after the other; what they answer is asked for later, each by its own query id."""
        children = []
        for statement in statements:
            child = self.begin(session, {"sqlText": statement}, run.base_url)
            child.is_asked_for_later = True
            self.complete(child)
            children.append(child)
        answer = pa.table({"multiple statement execution": ["Multiple statements executed successfully."]})
        own = _payload(session, run.query.id, answer, [(answer.column_names[0], "VARCHAR")])
        types = [str((child.data or {}).get("statementTypeId", 0)) for child in children]
        return own | {
            "statementTypeId": MULTI_STATEMENT,
            "resultIds": ",".join(child.query.id for child in children),
            "resultTypes": ",".join(types),
        }

    def _execute_one(self, session: Session, run: Run) -> dict[str, Any]:
        cursor = session.cursor()
        sql, body = run.query.text, run.body
        bindings = body.get("bindings") or {}
        if body.get("describeOnly"):
            cursor.describe_only(sql)
        elif any(isinstance(binding["value"], list) for binding in bindings.values()):
            cursor.execute_batch(sql, _rows(bindings))
        else:
            cursor.execute(sql, binding_params=_values(bindings), query_id=run.query.id)
        if upload := cursor.upload:
            return self._upload_instructions(upload, run.base_url) if not bindings else upload.data
        type_id = statement_type_id(cursor.statement)
        return _payload(session, run.query.id, cursor.table, cursor.columns, type_id)

    def _upload_instructions(self, upload: Upload, base_url: str) -> dict[str, Any]:
        """Have the client PUT over HTTP to this server, as to a pre-signed address of Google's storage."""
        data: dict[str, Any] = upload.data
        target = Path(data["stageInfo"]["location"]) / Path(data["src_locations"][0]).name
        path = quote(str(target.relative_to(stage.LOCAL_BUCKET_PATH)))
        data["stageInfo"] = {
            "locationType": "GCS",
            "location": f"{upload.stage}/",
            "creds": {},
            "presignedUrl": f"{base_url.rstrip('/')}{self._upload_path}{path}",
        }
        return data


def _wanted_statements(body: dict[str, Any], session: Session) -> int:
    """How many statements the request may have; 0 for any number."""
    given = (body.get("parameters") or {}).get("MULTI_STATEMENT_COUNT")
    if given is None:
        given = session.parameters.get("MULTI_STATEMENT_COUNT")
    return 1 if given is None else int(given)


def _payload(
    session: Session, query_id: str, table: pa.Table, columns: Columns, type_id: int = 0
) -> dict[str, Any]:
    """A result as the wire has it."""
    described = row_type(columns)
    result: dict[str, Any] = {
        "rowtype": described,
        "total": table.num_rows,
        "returned": table.num_rows,
        "queryId": query_id,
        "statementTypeId": type_id,
        "finalDatabaseName": session.database,
        "finalSchemaName": session.schema,
        "finalWarehouseName": session.warehouse,
        "finalRoleName": session.role,
        "parameters": [{"name": "TIMEZONE", "value": "Etc/UTC"}],
    }
    if type_id in DML_TYPE_IDS:
        return result | {"queryResultFormat": "json", "rowset": to_rows(table)}
    return result | {
        "queryResultFormat": "arrow",
        "rowsetBase64": b64encode(to_wire(table, described)).decode() if table.num_rows else "",
    }


def _state(query: Query) -> dict[str, Any]:
    """As the clients' polling reads it."""
    state = {
        "id": query.id,
        "status": query.status,
        "sqlText": query.text,
        "startTime": int(query.started.timestamp() * 1000),
        "sessionId": query.session.id,
        "userName": query.session.user,
        "warehouseName": query.session.warehouse,
        "stats": {},
    }
    if query.ended is not None:
        state |= {"endTime": int(query.ended.timestamp() * 1000)}
    if query.error_code is not None:
        state |= {"errorCode": query.error_code, "errorMessage": query.error_message}
    return state


def _values(bindings: dict[str, Any]) -> tuple[Any, ...] | dict[str, Any]:
    if all(name.isdigit() for name in bindings):
        return tuple(_value(bindings[str(place)]) for place in range(1, len(bindings) + 1))
    return {name: _value(binding) for name, binding in bindings.items()}


def _rows(bindings: dict[str, Any]) -> list[tuple[Any, ...]]:
    columns = [bindings[str(place)] for place in range(1, len(bindings) + 1)]
    return list(zip(*([_value({**c, "value": value}) for value in c["value"]] for c in columns), strict=True))


def _value(binding: dict[str, Any]) -> Any:
    if binding["value"] is None:
        return None
    if binding["type"] == "TIMESTAMP_TZ":
        return BoundMoment.of(binding["value"])
    if binding["type"] == "FIXED":
        return _number(binding["value"])
    return from_binding(binding)


def _number(text: str) -> int | Decimal:
    """NUMBER as it was bound: the client sends decimals with this type, too."""
    return int(text) if text.lstrip("+-").isdigit() else Decimal(text)
