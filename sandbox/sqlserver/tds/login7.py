"""LOGIN7 ([MS-TDS] 2.2.6.4): who logs in, where to, with which packet size."""

from __future__ import annotations

from sandbox.sqlserver.results import LoginRequest, SqlServerError
from sandbox.sqlserver.tds.cursor import UNICODE, Cursor, ProtocolError, decoded

TDS_7_4, TDS_8_0 = 0x74000004, 0x08000000
INTEGRATED_SECURITY = 0x80
CHANGE_PASSWORD = 0x01
# Offsets of (position, length) pairs in the fixed part.
HOST, USER, PASSWORD, APPLICATION, LIBRARY, LANGUAGE, DATABASE = 36, 40, 44, 48, 60, 64, 68


def parse_login7(data: bytes) -> LoginRequest:
    """The login of a client. Feature extensions need no answer: what is not acknowledged is off.

    Raises:
        ProtocolError: the message is broken.
        SqlServerError: a kind of login that this server does not offer.
    """
    cursor = Cursor(data)
    if cursor.integer(4) > len(data):
        raise ProtocolError("LOGIN7 is shorter than it says")
    version, packet_size = cursor.integer(4), cursor.integer(4)
    cursor.skip(12)
    _, option_flags_2, _, option_flags_3 = cursor.take(4)
    if version < TDS_7_4 and version != TDS_8_0:
        raise SqlServerError(
            17832,
            f"The login asks for TDS version 0x{version:08X}; this stand-in for SQL Server speaks 7.4, 8.0.",
            severity=20,
        )
    user = _text(data, USER)
    if option_flags_2 & INTEGRATED_SECURITY:
        raise SqlServerError(
            18452,
            "Login failed. Windows authentication is not offered by this stand-in for SQL Server; "
            "use a user and a password.",
            severity=14,
        )
    if option_flags_3 & CHANGE_PASSWORD:
        raise SqlServerError(
            18456,
            f"Login failed for user '{user}'. A change of the password at login is not offered.",
            severity=14,
        )
    return LoginRequest(
        user=user,
        password=decoded(reveal(_field(data, PASSWORD)), UNICODE),
        database=_text(data, DATABASE),
        application=_text(data, APPLICATION),
        host=_text(data, HOST),
        packet_size=packet_size,
        tds_version=min(version, TDS_7_4),
        options={"library": _text(data, LIBRARY), "language": _text(data, LANGUAGE)},
    )


def reveal(obfuscated: bytes) -> bytes:
    """Undo the password's obfuscation: XOR with 0xA5, then swap the nibbles of each byte."""
    return bytes(((b ^ 0xA5) >> 4) | (((b ^ 0xA5) & 0x0F) << 4) for b in obfuscated)


def _field(data: bytes, at: int) -> bytes:
    place = Cursor(data, at)
    offset, characters = place.integer(2), place.integer(2)
    return Cursor(data, offset).take(2 * characters)


def _text(data: bytes, at: int) -> str:
    return decoded(_field(data, at), UNICODE)
