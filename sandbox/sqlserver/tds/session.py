"""One client: handshake, then requests until it leaves.

The session's thread runs the engine and writes; a second thread reads, so that an attention, or a
client that vanishes, can interrupt what runs.
"""

from __future__ import annotations

import logging
import queue
import socket
import threading
from dataclasses import dataclass, field

from sandbox.sqlserver.faults.registry import Faults
from sandbox.sqlserver.results import Engine, EngineSession, LoginRequest, SqlServerError
from sandbox.sqlserver.tds import tokens
from sandbox.sqlserver.tds.cursor import ProtocolError
from sandbox.sqlserver.tds.encryption import TlsOffer
from sandbox.sqlserver.tds.errors import not_modelled
from sandbox.sqlserver.tds.handshake import Client, shake_hands
from sandbox.sqlserver.tds.packets import (
    ClientMessage,
    PacketReader,
    PacketStatus,
    PacketType,
    PacketWriter,
)
from sandbox.sqlserver.tds.prepared import PreparedStatements
from sandbox.sqlserver.tds.requests import parse_batch, parse_calls, parse_transaction_request
from sandbox.sqlserver.tds.response import FATAL_SEVERITY, Cancelled, Response, write_batch, write_call
from sandbox.sqlserver.tds.transport import Transport

HANDSHAKE_SECONDS = 30
REPEAT_CANCEL_SECONDS = 0.05

log = logging.getLogger(__name__)


@dataclass
class Request:
    """A message that waits, runs, or ran."""

    message: ClientMessage
    cancelled: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)


class Connection:
    """A client's connection, from its PRELOGIN to its end."""

    def __init__(
        self, client: socket.socket, session_id: int, engine: Engine, offer: TlsOffer, faults: Faults
    ) -> None:
        self.id = session_id
        self._client = client
        self._engine = engine
        self._offer = offer
        self.faults = faults
        self._transport = Transport(client)
        self._reader = PacketReader(self._transport)
        self._packets = PacketWriter(self._transport, session_id)

    def run(self) -> None:
        """Serve the client until it leaves, or until `disconnect`."""
        try:
            self._transport.limit(HANDSHAKE_SECONDS)
            newcomer = Client(self._transport, self._reader, self._packets)
            welcome = shake_hands(newcomer, self._engine, self._offer)
            self._transport.limit(None)
            if welcome is not None:
                self._transport.gate = self.faults.gate(welcome[0].user)
                Session(self, self._reader, self._packets, self._engine, *welcome).serve()
        except ProtocolError as problem:
            log.warning("session %d: %s; the connection is closed", self.id, problem)
        except OSError as problem:
            log.info("session %d: the connection broke: %s", self.id, problem)
        finally:
            self.disconnect()
            self._client.close()

    def disconnect(self) -> None:
        """Cut the connection; whoever reads or writes it notices. May come from any thread."""
        try:
            self._client.shutdown(socket.SHUT_RDWR)
        except OSError:  # it is gone already
            return


class Session:
    """The requests of a client that has logged in."""

    def __init__(
        self,
        connection: Connection,
        reader: PacketReader,
        packets: PacketWriter,
        engine: Engine,
        login: LoginRequest,
        session: EngineSession,
    ) -> None:
        self._connection = connection
        self._reader = reader
        self._packets = packets
        self._engine = engine
        self._login = login
        self._session = session
        self._prepared = PreparedStatements(session)
        self._requests: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._unfinished: list[Request] = []
        self._over = False
        self._state = threading.Lock()
        """Held to cancel what runs, to mark it finished and to end the session: one at a time."""

    def serve(self) -> None:
        """Answer requests until the client leaves; then the engine's session is closed.

        Raises:
            OSError: the connection broke.
        """
        reading = threading.Thread(target=self._read, name=f"tds-{self._connection.id}-reader", daemon=True)
        reading.start()
        try:
            while (request := self._requests.get()) is not None and self._answer(request):
                pass
        finally:
            self._connection.disconnect()
            with self._state:
                self._over = True
                self._session.close()
            reading.join()

    # The reader's side.

    def _read(self) -> None:
        try:
            while (message := self._reader.read_message()) is not None:
                if message.type == PacketType.ATTENTION:
                    self._attend(message)
                else:
                    self._submit(message)
        except ProtocolError as problem:
            log.warning("session %d: %s; the connection is closed", self._connection.id, problem)
        except OSError as problem:
            log.info("session %d: the connection broke: %s", self._connection.id, problem)
        finally:
            self._requests.put(None)
            self._connection.disconnect()
            self._interrupt()

    def _submit(self, message: ClientMessage) -> None:
        request = Request(message)
        with self._state:
            self._unfinished.append(request)
        self._requests.put(request)

    def _attend(self, attention: ClientMessage) -> None:
        """Stop what runs; an attention that comes too late is answered by itself."""
        if not self._interrupt():
            self._submit(attention)

    def _interrupt(self) -> bool:
        """Cancel what runs and what waits behind it, and wait for the end; False when there is nothing."""
        last = self._cancel()
        # Again and again: the first cancel may have come before the engine began.
        while last is not None and not last.finished.wait(REPEAT_CANCEL_SECONDS) and self._cancel():
            pass
        return last is not None

    def _cancel(self) -> Request | None:
        with self._state:
            if self._over or not self._unfinished:
                return None
            for request in self._unfinished:
                request.cancelled.set()
            self._session.cancel()
            return self._unfinished[-1]

    # The side that runs and writes.

    def _answer(self, request: Request) -> bool:
        """Run a request and write its response; False when the session has to end."""
        response = Response(self._packets, request.cancelled.is_set)
        try:
            if not self._is_delayed_away(request):
                self._run(response, request.message)
        except Cancelled:
            log.debug("session %d: cancelled by the client", self._connection.id)
        except SqlServerError as problem:
            response.error(problem)
        except ProtocolError as problem:
            log.warning("session %d: %s; the connection is closed", self._connection.id, problem)
            response.error(SqlServerError(4014, f"The input stream cannot be read: {problem}.", severity=20))
        except OSError:
            raise
        except Exception as bug:
            text = f"Internal error of the stand-in for SQL Server: {type(bug).__name__}: {bug}"
            response.error(SqlServerError(596, text, severity=21))
            response.finish()
            raise
        finally:
            with self._state:
                self._unfinished.remove(request)
                request.finished.set()
        response.finish()
        return not response.is_fatal

    def _is_delayed_away(self, request: Request) -> bool:
        """Wait as long as a fault demands; True when the request was cancelled meanwhile, or before."""
        return request.cancelled.wait(self._connection.faults.delay(self._login.user))

    def _run(self, response: Response, message: ClientMessage) -> None:
        if message.status & PacketStatus.IGNORE:
            response.done(tokens.Done.STATEMENT, error=True)
            return
        self._reset_if_asked(response, message.status)
        match message.type:
            case PacketType.SQL_BATCH:
                write_batch(response, self._session.batch(parse_batch(message.data)))
            case PacketType.RPC:
                for call in parse_calls(message.data):
                    write_call(response, self._prepared.call(call), call.parameters)
            case PacketType.TRANSACTION_MANAGER:
                for step in parse_transaction_request(message.data):
                    write_batch(response, self._session.transaction(step.request, step.name, step.isolation))
            case PacketType.ATTENTION:
                response.attention()
            case PacketType.BULK_LOAD:
                raise not_modelled("bulk load")
            case _:
                raise ProtocolError(f"a message of type 0x{message.type:02X}")

    def _reset_if_asked(self, response: Response, status: PacketStatus) -> None:
        """RESETCONNECTION, which connection pools send: as if the client had logged in anew."""
        if status & PacketStatus.RESET_CONNECTION_SKIP_TRANSACTION:
            raise not_modelled("RESETCONNECTIONSKIPTRAN")
        if status & PacketStatus.RESET_CONNECTION:
            self._log_in_again()
            response.token(tokens.reset_acknowledged())

    def _log_in_again(self) -> None:
        with self._state:
            self._session.close()
            try:
                self._session = self._engine.login(self._login)
            except SqlServerError as refusal:
                raise SqlServerError(refusal.number, refusal.text, severity=FATAL_SEVERITY) from refusal
        self._prepared = PreparedStatements(self._session)
