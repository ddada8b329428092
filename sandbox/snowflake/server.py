"""Snowflake's HTTP protocol, as snowflake-connector-python 4 speaks it: login, statements, uploads."""

from __future__ import annotations

import gzip
import hmac
import json
import logging
import secrets
import uuid
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fakesnow.converter import from_binding
from fakesnow.statement_type import DML_TYPE_IDS, statement_type_id
from fakesnow.transforms import SERVER_VERSION, stage
from snowflake.connector.errors import Error
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.snowflake.clients import Clients
from sandbox.snowflake.cursor import Cursor
from sandbox.snowflake.engine import Engine
from sandbox.snowflake.results import row_type, to_rows, to_wire
from sandbox.snowflake.session import Session

logger = logging.getLogger("sandbox.snowflake")
WRONG_LOGIN = "390100"
NOT_LOGGED_IN = "390104"
INTERNAL_ERROR = "300002"
VALIDITY_SECONDS = 14400


def application(
    engine: Engine, passwords: Mapping[str, str], clients: Clients, on_ready: Callable[[], None]
) -> Starlette:
    """The ASGI application; calls `on_ready` when it serves."""
    protocol = Protocol(engine, passwords, clients)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> Any:
        on_ready()
        yield
        protocol.close()

    return Starlette(
        routes=[
            Route("/session/v1/login-request", protocol.login, methods=["POST"]),
            Route("/session/heartbeat", protocol.heartbeat, methods=["POST"]),
            Route("/session", protocol.end_session, methods=["POST"]),
            Route("/queries/v1/query-request", protocol.query, methods=["POST"]),
            Route("/queries/v1/abort-request", protocol.abort, methods=["POST"]),
            Route("/monitoring/queries/{query_id}", protocol.query_status, methods=["GET"]),
            Route(protocol.upload_path + "{path:path}", protocol.upload, methods=["PUT"]),
            Route("/telemetry/send", protocol.telemetry, methods=["POST"]),
        ],
        lifespan=lifespan,
        exception_handlers={Exception: _internal_error},
    )


class Protocol:
    """The handlers, and the sessions that are logged in by their token."""

    def __init__(self, engine: Engine, passwords: Mapping[str, str], clients: Clients) -> None:
        self._engine = engine
        self._clients = clients
        self._passwords = passwords
        self._sessions: dict[str, Session] = {}
        self._running: dict[str, Session] = {}
        self.upload_path = f"/uploads/{secrets.token_urlsafe(16)}/"

    def close(self) -> None:
        """Roll back what is open."""
        for session in self._sessions.values():
            session.close()

    async def login(self, request: Request) -> Response:
        """Check user and password, and open a session."""
        data = (await _body(request))["data"]
        user = str(data.get("LOGIN_NAME", "")).upper()
        expected = self._passwords.get(user, "")
        given = str(data.get("PASSWORD", ""))
        if not expected or not hmac.compare_digest(expected.encode(), given.encode()):
            return _failure(WRONG_LOGIN, "Incorrect username or password was specified.")
        query = request.query_params
        session = self._engine.open_session(query.get("databaseName"), query.get("schemaName"))
        session.user, session.account = user, str(data.get("ACCOUNT_NAME", "")).upper()
        session.role, session.warehouse = query.get("roleName", ""), query.get("warehouse", "")
        session.set_parameters(data.get("SESSION_PARAMETERS") or {})
        token = secrets.token_urlsafe(32)
        self._sessions[token] = session
        return _success(
            {
                "token": token,
                "masterToken": secrets.token_urlsafe(32),
                "validityInSeconds": VALIDITY_SECONDS,
                "masterValidityInSeconds": VALIDITY_SECONDS,
                "serverVersion": SERVER_VERSION,
                "sessionId": uuid.uuid4().int >> 75,
                "parameters": [
                    {"name": "AUTOCOMMIT", "value": session.autocommits},
                    {"name": "TIMEZONE", "value": "Etc/UTC"},
                    {"name": "CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY", "value": 3600},
                    {"name": "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD", "value": 0},
                ],
                "sessionInfo": {
                    "databaseName": session.database,
                    "schemaName": session.schema,
                    "warehouseName": query.get("warehouse"),
                    "roleName": query.get("roleName"),
                },
            }
        )

    async def heartbeat(self, request: Request) -> Response:
        """Say whether the session is still there."""
        return _success(None) if self._session(request) else _not_logged_in()

    async def end_session(self, request: Request) -> Response:
        """Roll back what is open and end the session."""
        if not (session := self._session(request)):
            return _not_logged_in()
        if request.query_params.get("delete"):
            del self._sessions[_token(request)]
            self._clients.forget(session)
            await run_in_threadpool(session.end)
        return _success(None)

    async def query(self, request: Request) -> Response:
        """Run one statement, or describe it."""
        if not (session := self._session(request)):
            return _not_logged_in()
        body = await _body(request)
        request_id = request.query_params.get("requestId", "")
        self._running[request_id] = session
        try:
            return await run_in_threadpool(self._run, session, body, str(request.base_url))
        finally:
            self._running.pop(request_id, None)

    async def abort(self, request: Request) -> Response:
        """Cancel the statement of a request."""
        body = await _body(request)
        if session := self._running.get(str(body.get("requestId", ""))):
            session.interrupt()
        return _success(None)

    async def query_status(self, request: Request) -> Response:
        """Say whether the result of a query is still kept."""
        if not (session := self._session(request)):
            return _not_logged_in()
        known = request.path_params["query_id"] in session.results_cache
        return _success({"queries": [{"status": "SUCCESS"}] if known else []})

    async def upload(self, request: Request) -> Response:
        """Take the file of a PUT."""
        content = await request.body()
        root = Path(stage.LOCAL_BUCKET_PATH).resolve()
        target = (root / request.path_params["path"]).resolve()
        if not target.is_relative_to(root):
            return Response(status_code=400)
        await run_in_threadpool(_write_whole, target, content)
        return Response()

    async def telemetry(self, _request: Request) -> Response:
        """Take what the connector tells of itself, and forget it."""
        return _success(None)

    def _session(self, request: Request) -> Session | None:
        session = self._sessions.get(_token(request))
        if session and request.client:
            self._clients.seen(session, (request.client.host, request.client.port))
        return session

    def _run(self, session: Session, body: dict[str, Any], base_url: str) -> Response:
        with session.lock:
            logger.info("%s", body["sqlText"])
            try:
                return _success(self._execute(session, body, base_url))
            except Error as error:
                logger.info("%s: %s", error.errno, error.msg)
                code = f"{error.errno:06d}"
                detail = {"errorCode": code, "sqlState": error.sqlstate, "queryId": str(uuid.uuid4())}
                return _failure(code, error.raw_msg or str(error.msg), detail)

    def _execute(self, session: Session, body: dict[str, Any], base_url: str) -> dict[str, Any]:
        cursor = session.cursor()
        sql = body["sqlText"]
        bindings = body.get("bindings") or {}
        if body.get("describeOnly"):
            cursor.describe_only(sql)
        elif any(isinstance(binding["value"], list) for binding in bindings.values()):
            cursor.execute_batch(sql, _rows(bindings))
        else:
            cursor.execute(sql, binding_params=_values(bindings))
        if upload := cursor.upload:
            return self._upload_instructions(upload, base_url) if not bindings else upload.data
        return _result(session, cursor)

    def _upload_instructions(self, upload: Any, base_url: str) -> dict[str, Any]:
        """Have the client PUT over HTTP to this server, as to a pre-signed address of Google's storage."""
        data: dict[str, Any] = upload.data
        target = Path(data["stageInfo"]["location"]) / Path(data["src_locations"][0]).name
        path = quote(str(target.relative_to(stage.LOCAL_BUCKET_PATH)))
        data["stageInfo"] = {
            "locationType": "GCS",
            "location": f"{upload.stage}/",
            "creds": {},
            "presignedUrl": f"{base_url.rstrip('/')}{self.upload_path}{path}",
        }
        return data


def _result(session: Session, cursor: Cursor) -> dict[str, Any]:
    table = cursor.table
    columns = row_type(cursor.columns)
    type_id = statement_type_id(cursor.statement)
    result: dict[str, Any] = {
        "rowtype": columns,
        "total": table.num_rows,
        "returned": table.num_rows,
        "queryId": cursor.sfqid,
        "statementTypeId": type_id,
        "finalDatabaseName": session.database,
        "finalSchemaName": session.schema,
        "parameters": [{"name": "TIMEZONE", "value": "Etc/UTC"}],
    }
    if type_id in DML_TYPE_IDS:
        return result | {"queryResultFormat": "json", "rowset": to_rows(table)}
    return result | {
        "queryResultFormat": "arrow",
        "rowsetBase64": b64encode(to_wire(table, columns)).decode() if table.num_rows else "",
    }


def _values(bindings: dict[str, Any]) -> tuple[Any, ...] | dict[str, Any]:
    if all(name.isdigit() for name in bindings):
        return tuple(_value(bindings[str(place)]) for place in range(1, len(bindings) + 1))
    return {name: _value(binding) for name, binding in bindings.items()}


def _rows(bindings: dict[str, Any]) -> list[tuple[Any, ...]]:
    columns = [bindings[str(place)] for place in range(1, len(bindings) + 1)]
    return list(zip(*([_value({**c, "value": value}) for value in c["value"]] for c in columns), strict=True))


def _value(binding: dict[str, Any]) -> Any:
    return None if binding["value"] is None else from_binding(binding)


async def _body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    if request.headers.get("Content-Encoding") == "gzip":
        raw = gzip.decompress(raw)
    body: dict[str, Any] = json.loads(raw or b"{}")
    return body


def _token(request: Request) -> str:
    return request.headers.get("Authorization", "").removeprefix('Snowflake Token="').removesuffix('"')


def _write_whole(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    draft.write_bytes(content)
    draft.replace(target)


def _success(data: Any) -> Response:
    return JSONResponse({"data": data, "code": None, "message": None, "success": True})


def _failure(code: str, message: str, detail: dict[str, Any] | None = None) -> Response:
    return JSONResponse({"data": detail, "code": code, "message": message, "success": False})


async def _internal_error(_request: Request, error: Exception) -> Response:
    """A fault of the stand-in, answered as an error of the statement: no client tries again for minutes."""
    return _failure(INTERNAL_ERROR, f"Fault of the Snowflake stand-in: {type(error).__name__}: {error}")


def _not_logged_in() -> Response:
    return _failure(NOT_LOGGED_IN, "The session does not exist any more: log in again.")
