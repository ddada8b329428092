"""Snowflake's HTTP protocol, as snowflake-connector-python 4 speaks it: login, statements, uploads."""

from __future__ import annotations

import gzip
import json
import secrets
import uuid
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fakesnow.transforms import SERVER_VERSION, stage
from snowflake.connector.errors import Error
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.snowflake import logins
from sandbox.snowflake.clients import Clients
from sandbox.snowflake.engine import Engine
from sandbox.snowflake.errors import from_fault, unsupported
from sandbox.snowflake.queries import Queries, Run
from sandbox.snowflake.session import Session

NOT_LOGGED_IN = "390104"
QUERY_IN_PROGRESS = "333333"
QUERY_IN_PROGRESS_BEHIND = "333334"
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
            Route("/queries/{query_id}/result", protocol.result, methods=["GET"]),
            Route("/queries/{query_id}/abort-request", protocol.abort_query, methods=["POST"]),
            Route("/monitoring/queries", protocol.recent_queries, methods=["GET"]),
            Route("/monitoring/queries/{query_id}", protocol.query_status, methods=["GET"]),
            Route(protocol.upload_path + "{path:path}", protocol.upload, methods=["PUT"]),
            Route("/telemetry/send", protocol.telemetry, methods=["POST"]),
            Route("/api/{path:path}", _no_rest_api, methods=["GET", "POST", "PUT", "DELETE"]),
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
        self._running: dict[str, Run] = {}
        self.upload_path = f"/uploads/{secrets.token_urlsafe(16)}/"
        self._queries = Queries(self.upload_path)

    def close(self) -> None:
        """Roll back what is open."""
        for session in self._sessions.values():
            session.close()

    async def login(self, request: Request) -> Response:
        """Check the user's password or key, and open a session."""
        data = (await _body(request))["data"]
        user = str(data.get("LOGIN_NAME", "")).upper()
        if why := await run_in_threadpool(logins.refused, data, self._passwords, self._engine):
            return _failure(*why)
        query = request.query_params
        session = self._engine.open_session(query.get("databaseName"), query.get("schemaName"))
        session.user, session.account = user, str(data.get("ACCOUNT_NAME", "")).upper()
        session.role, session.warehouse = query.get("roleName", ""), query.get("warehouse", "")
        session.client = f"{data.get('CLIENT_APP_ID', '')} {data.get('CLIENT_APP_VERSION', '')}".strip()
        try:
            session.set_parameters(data.get("SESSION_PARAMETERS") or {})
        except Error as error:
            session.close()
            return _failed(error, "")
        token = secrets.token_urlsafe(32)
        self._sessions[token] = session
        return _success(
            {
                "token": token,
                "masterToken": secrets.token_urlsafe(32),
                "validityInSeconds": VALIDITY_SECONDS,
                "masterValidityInSeconds": VALIDITY_SECONDS,
                "serverVersion": SERVER_VERSION,
                "sessionId": session.id,
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
        run = self._queries.begin(session, await _body(request), str(request.base_url))
        if run.body.get("asyncExec"):
            self._queries.run_behind(run)
            return _in_progress(QUERY_IN_PROGRESS_BEHIND, run.query.id)
        request_id = request.query_params.get("requestId", "")
        self._running[request_id] = run
        try:
            return await run_in_threadpool(self._answer, run)
        finally:
            self._running.pop(request_id, None)

    async def abort(self, request: Request) -> Response:
        """Cancel the statement of a request."""
        body = await _body(request)
        if run := self._running.get(str(body.get("requestId", ""))):
            self._queries.abort(run.query.id)
        return _success(None)

    async def abort_query(self, request: Request) -> Response:
        """Cancel a statement by its query id."""
        if not self._session(request):
            return _not_logged_in()
        self._queries.abort(request.path_params["query_id"])
        return _success(None)

    async def result(self, request: Request) -> Response:
        """The result of a statement by its query id, as soon as there is one."""
        if not (session := self._session(request)):
            return _not_logged_in()
        return await run_in_threadpool(self._result, request.path_params["query_id"], session)

    async def query_status(self, request: Request) -> Response:
        """How far a statement is."""
        if not (session := self._session(request)):
            return _not_logged_in()
        return _success({"queries": self._queries.status(request.path_params["query_id"], session)})

    async def recent_queries(self, request: Request) -> Response:
        """The last statements of all sessions."""
        if not (session := self._session(request)):
            return _not_logged_in()
        limit = int(request.query_params.get("max", "25"))
        return _success({"queries": self._queries.recent(session, limit)})

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

    def _answer(self, run: Run) -> Response:
        try:
            return _success(self._queries.complete(run))
        except Error as error:
            return _failed(error, run.query.id)

    def _result(self, query_id: str, session: Session) -> Response:
        try:
            data = self._queries.result(query_id, session)
        except Error as error:
            return _failed(error, query_id)
        return _success(data) if data else _in_progress(QUERY_IN_PROGRESS, query_id)


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


def _failed(error: Error, query_id: str) -> Response:
    code = f"{error.errno:06d}"
    detail = {"errorCode": code, "sqlState": error.sqlstate, "queryId": query_id}
    return _failure(code, error.raw_msg or str(error.msg), detail)


def _in_progress(code: str, query_id: str) -> Response:
    data = {"queryId": query_id, "getResultUrl": f"/queries/{query_id}/result"}
    return JSONResponse({"data": data, "code": code, "message": "Query is in progress.", "success": True})


def _failure(code: str, message: str, detail: dict[str, Any] | None = None) -> Response:
    return JSONResponse({"data": detail, "code": code, "message": message, "success": False})


async def _no_rest_api(request: Request) -> Response:
    """Snowflake's REST API, which Snowpark's `session.catalog` and the Python API use, is refused."""
    error = unsupported(f"the REST API, {request.url.path}")
    body = {"code": f"{error.errno:06d}", "message": error.raw_msg, "request_id": "", "error_code": "000002"}
    return JSONResponse(body, status_code=501)


async def _internal_error(_request: Request, error: Exception) -> Response:
    """A fault of the stand-in, answered as an error of the statement: no client tries again for minutes."""
    return _failed(from_fault(error), "")


def _not_logged_in() -> Response:
    return _failure(NOT_LOGGED_IN, "The session does not exist any more: log in again.")
