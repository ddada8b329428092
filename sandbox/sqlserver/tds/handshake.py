"""From the first packet to a logged-in session: PRELOGIN, then LOGIN7."""

from __future__ import annotations

from sandbox.sqlserver.results import Engine, EngineSession, LoginRequest, Message, SqlServerError
from sandbox.sqlserver.tds import tokens
from sandbox.sqlserver.tds.cursor import ProtocolError
from sandbox.sqlserver.tds.login7 import parse_login7
from sandbox.sqlserver.tds.packets import (
    DEFAULT_PACKET_SIZE,
    PacketReader,
    PacketType,
    PacketWriter,
    negotiated_packet_size,
)
from sandbox.sqlserver.tds.prelogin import Encryption, parse_prelogin, prelogin_response
from sandbox.sqlserver.tds.tokens import Change

LANGUAGE = "us_english"


def shake_hands(
    reader: PacketReader, packets: PacketWriter, engine: Engine
) -> tuple[LoginRequest, EngineSession] | None:
    """Log a client in; None when it left, or was refused and told so.

    Raises:
        ProtocolError: it does not speak TDS 7.4; OSError: the connection broke.
    """
    message = reader.read_message()
    if message is not None and message.type == PacketType.PRELOGIN:
        parse_prelogin(message.data)
        # A client that insists on encryption leaves at this answer. TLS would begin here.
        packets.write(prelogin_response(Encryption.NOT_SUPPORTED))
        packets.end()
        message = reader.read_message()
    if message is None:
        return None
    if message.type != PacketType.LOGIN7:
        raise ProtocolError(f"a message of type 0x{message.type:02X} instead of a login")
    try:
        login = parse_login7(message.data)
        session = engine.login(login)
    except SqlServerError as refusal:
        packets.write(tokens.error(refusal))
        packets.write(tokens.done(tokens.Done.STATEMENT, tokens.DoneStatus.ERROR))
        packets.end()
        return None
    try:
        _welcome(packets, login, session.database)
    except OSError:
        session.close()
        raise
    return login, session


def _welcome(packets: PacketWriter, login: LoginRequest, database: str) -> None:
    size = negotiated_packet_size(login.packet_size)
    for token in (
        tokens.text_change(Change.DATABASE, database, "master"),
        tokens.information(Message(5701, f"Changed database context to '{database}'.", state=2)),
        tokens.collation_change(),
        tokens.text_change(Change.LANGUAGE, LANGUAGE, ""),
        tokens.information(Message(5703, f"Changed language setting to {LANGUAGE}.")),
        tokens.login_acknowledged(),
        tokens.text_change(Change.PACKET_SIZE, str(size), str(DEFAULT_PACKET_SIZE)),
        tokens.done(tokens.Done.STATEMENT, tokens.DoneStatus.FINAL),
    ):
        packets.write(token)
    packets.end()
    packets.packet_size = size
