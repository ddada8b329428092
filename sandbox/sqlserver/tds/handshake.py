"""From the first packet to a logged-in session: PRELOGIN, TLS where the sides agree on it, then LOGIN7."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.sqlserver.results import Engine, EngineSession, LoginRequest, Message, SqlServerError
from sandbox.sqlserver.tds import tokens
from sandbox.sqlserver.tds.cursor import ProtocolError
from sandbox.sqlserver.tds.encryption import (
    TLS_HANDSHAKE,
    Agreement,
    Encryption,
    Extent,
    TlsOffer,
    encryption_required,
    start_tls,
    start_with_tls,
)
from sandbox.sqlserver.tds.login7 import parse_login7
from sandbox.sqlserver.tds.packets import (
    DEFAULT_PACKET_SIZE,
    PacketReader,
    PacketType,
    PacketWriter,
    negotiated_packet_size,
)
from sandbox.sqlserver.tds.prelogin import Option, parse_prelogin, prelogin_response
from sandbox.sqlserver.tds.tokens import Change
from sandbox.sqlserver.tds.transport import Transport

LANGUAGE = "us_english"


@dataclass(frozen=True)
class Client:
    """A connection that has not logged in yet."""

    transport: Transport
    reader: PacketReader
    packets: PacketWriter


def shake_hands(client: Client, engine: Engine, offer: TlsOffer) -> tuple[LoginRequest, EngineSession] | None:
    """Log a client in; None when it left, or was refused and told so.

    Raises:
        ProtocolError: it speaks neither TDS 7.4 nor 8.0; OSError: the connection broke, TLS among it.
    """
    if client.transport.peek() == TLS_HANDSHAKE and not start_with_tls(client.transport, offer):
        return None
    message = client.reader.read_message()
    refused = offer.required and not client.transport.is_encrypted
    extent = Extent.NOTHING
    if message is not None and message.type == PacketType.PRELOGIN:
        agreement = _agree(client, offer, message.data)
        refused, extent = agreement.refused, agreement.extent
        if extent is not Extent.NOTHING and not start_tls(
            client.transport, client.reader, client.packets, offer
        ):
            return None
        message = client.reader.read_message()
    if message is None:
        return None
    if message.type != PacketType.LOGIN7:
        if refused:
            raise ProtocolError("encryption is required, and the client has said that it does not support it")
        raise ProtocolError(f"a message of type 0x{message.type:02X} instead of a login")
    if extent is Extent.LOGIN:
        client.transport.decrypt()
    return _log_in(client, engine, message.data, refused=refused)


def _agree(client: Client, offer: TlsOffer, prelogin: bytes) -> Agreement:
    """Answer PRELOGIN. In TDS 8.0 everything is encrypted already, whatever the option says."""
    asked = parse_prelogin(prelogin).get(Option.ENCRYPTION)
    if client.transport.is_encrypted:
        agreement = Agreement(Encryption.NOT_SUPPORTED, Extent.NOTHING)
    else:
        agreement = offer.agree(asked[0] if asked else None)
    client.packets.write(prelogin_response(agreement.answer))
    client.packets.end()
    return agreement


def _log_in(
    client: Client, engine: Engine, login7: bytes, *, refused: bool
) -> tuple[LoginRequest, EngineSession] | None:
    packets = client.packets
    try:
        if refused:
            raise encryption_required()
        login = parse_login7(login7)
        session = engine.login(login)
    except SqlServerError as refusal:
        packets.write(tokens.error(refusal))
        packets.write(tokens.done(tokens.Done.STATEMENT, tokens.DoneStatus.ERROR))
        packets.end()
        return None
    try:
        _welcome(client, login, session.database)
    except OSError:
        session.close()
        raise
    return login, session


def _welcome(client: Client, login: LoginRequest, database: str) -> None:
    packets = client.packets
    size = negotiated_packet_size(login.packet_size, encrypted=client.transport.is_encrypted)
    for token in (
        tokens.text_change(Change.DATABASE, database, "master"),
        tokens.information(Message(5701, f"Changed database context to '{database}'.", state=2)),
        tokens.collation_change(),
        tokens.text_change(Change.LANGUAGE, LANGUAGE, ""),
        tokens.information(Message(5703, f"Changed language setting to {LANGUAGE}.")),
        tokens.login_acknowledged(login.tds_version),
        tokens.text_change(Change.PACKET_SIZE, str(size), str(DEFAULT_PACKET_SIZE)),
        tokens.done(tokens.Done.STATEMENT, tokens.DoneStatus.FINAL),
    ):
        packets.write(token)
    packets.end()
    packets.packet_size = size
