"""TLS as SQL Server has it: what the sides agree on ([MS-TDS] 2.2.6.5), the handshake inside of packets."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from enum import Enum, IntEnum
from pathlib import Path

from sandbox.sqlserver.results import SqlServerError
from sandbox.sqlserver.tds.certificate import Certificate, certificate_in
from sandbox.sqlserver.tds.cursor import ProtocolError
from sandbox.sqlserver.tds.packets import PacketReader, PacketType, PacketWriter
from sandbox.sqlserver.tds.transport import Transport

TDS_8_PROTOCOL = "tds/8.0"
"""ALPN's name of TDS 8.0, whose connections begin with TLS (Encrypt=strict)."""
TLS_HANDSHAKE = b"\x16"
"""The first byte of a TLS record with a handshake; no TDS packet begins so."""
_CLIENT_CERTIFICATE = 0x80


class Encryption(IntEnum):
    """What a side says about TLS in PRELOGIN."""

    OFF = 0x00
    ON = 0x01
    NOT_SUPPORTED = 0x02
    REQUIRED = 0x03


class Extent(Enum):
    """How much of a session is encrypted."""

    NOTHING = "nothing"
    LOGIN = "the login only"
    EVERYTHING = "everything"


@dataclass(frozen=True)
class Agreement:
    """The server's answer to a client's option, and what comes of it; `refused` is a client without TLS."""

    answer: Encryption
    extent: Extent
    refused: bool = False


@dataclass(frozen=True)
class TlsOffer:
    """The server's side: its certificate, and whether it refuses clear text ("Force Encryption")."""

    certificate: Certificate
    required: bool
    inside_tds: ssl.SSLContext
    before_tds: ssl.SSLContext

    @classmethod
    def in_folder(cls, folder: Path, *, required: bool = False) -> TlsOffer:
        """With the certificate of a folder, made there at first start."""
        certificate = certificate_in(folder)
        inside, before = _context(certificate), _context(certificate)
        # Microsoft: "TLS 1.3 support": with TDS 7.x SQL Server goes up to TLS 1.2.
        inside.maximum_version = ssl.TLSVersion.TLSv1_2
        before.set_alpn_protocols([TDS_8_PROTOCOL])
        before.num_tickets = 0  # they would be sent unasked, and only the packet writer sends
        return cls(certificate, required, inside, before)

    def agree(self, asked: int | None) -> Agreement:
        """The table of [MS-TDS] 2.2.6.5. `asked` is the client's option (None: it has none).

        Raises:
            ProtocolError: there is no such option.
        """
        client = Encryption.NOT_SUPPORTED if asked is None else _encryption(asked)
        if client is Encryption.NOT_SUPPORTED:
            answer = Encryption.REQUIRED if self.required else Encryption.NOT_SUPPORTED
            return Agreement(answer, Extent.NOTHING, refused=self.required)
        if client is Encryption.OFF and not self.required:
            return Agreement(Encryption.OFF, Extent.LOGIN)
        answer = Encryption.REQUIRED if client is Encryption.OFF else Encryption.ON
        return Agreement(answer, Extent.EVERYTHING)


def encryption_required() -> SqlServerError:
    """Error 17835, for a client that cannot or will not encrypt where the server insists on it."""
    return SqlServerError(
        17835,
        "Encryption is required to connect to this server but the client library does not support "
        "encryption; the connection has been closed. Please upgrade your client library.",
        severity=20,
    )


def start_tls(transport: Transport, reader: PacketReader, packets: PacketWriter, offer: TlsOffer) -> bool:
    """The handshake inside of PRELOGIN packets; False when the client left.

    Raises:
        ProtocolError: something else than a handshake came; ssl.SSLError: the sides cannot agree.
    """
    tls, is_done = transport.begin_tls(offer.inside_tds), False
    while not is_done:
        message = reader.read_message()
        if message is None:
            return False
        if message.type != PacketType.PRELOGIN:
            raise ProtocolError(f"a message of type 0x{message.type:02X} inside the TLS handshake")
        records, is_done = transport.shake(tls, message.data)
        if records:
            packets.write(records)
            packets.end(PacketType.PRELOGIN)
    transport.encrypt(tls)
    return True


def start_with_tls(transport: Transport, offer: TlsOffer) -> bool:
    """The handshake of TDS 8.0, which comes before all packets; False when the client left.

    Raises:
        ProtocolError: the client does not ask for TDS 8.0; ssl.SSLError: the sides cannot agree.
    """
    tls, is_done = transport.begin_tls(offer.before_tds), False
    while not is_done:
        asked = transport.read_records()
        if not asked:
            return False
        records, is_done = transport.shake(tls, asked)
        if records:
            transport.send(records)
    if tls.selected_alpn_protocol() != TDS_8_PROTOCOL:
        raise ProtocolError(f"TLS before TDS without the protocol {TDS_8_PROTOCOL}")
    transport.encrypt(tls)
    return True


def _encryption(asked: int) -> Encryption:
    """The option without the bit that announces a client's certificate."""
    try:
        return Encryption(asked & ~_CLIENT_CERTIFICATE)
    except ValueError as error:
        raise ProtocolError(f"PRELOGIN asks for encryption 0x{asked:02X}") from error


def _context(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.file, certificate.key_file)
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context
