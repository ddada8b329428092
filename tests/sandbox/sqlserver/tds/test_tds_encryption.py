"""TLS: what the sides agree on, what is encrypted on the wire, who is refused, and handshakes that stop."""

from __future__ import annotations

import dataclasses
import socket
import ssl
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pymssql
import pytest

import tests.sandbox.sqlserver.tds.wire_client as wire
from sandbox.sqlserver.results import Column, Done, SqlType
from sandbox.sqlserver.tds import session
from sandbox.sqlserver.tds.cursor import ProtocolError
from sandbox.sqlserver.tds.encryption import TDS_8_PROTOCOL, Agreement, Encryption, Extent, TlsOffer
from tests.sandbox.sqlserver.tds.conftest import Served, serve
from tests.sandbox.sqlserver.tds.type_samples import result_set
from tests.sandbox.sqlserver.tds.wire_client import WireClient

SECRET = "SELECT 'nobody reads this'"
ON, OFF, NONE, REQUIRED = Encryption.ON, Encryption.OFF, Encryption.NOT_SUPPORTED, Encryption.REQUIRED


@pytest.fixture
def strict_server(tls_offer: TlsOffer) -> Iterator[Served]:
    """One that refuses clear text."""
    with serve(dataclasses.replace(tls_offer, required=True)) as running:
        yield running


@contextmanager
def overheard(port: int) -> Iterator[tuple[int, bytearray]]:
    """A port that leads to the server, and what clients send through it."""
    heard = bytearray()
    listener = socket.create_server(("127.0.0.1", 0))

    def carry(source: socket.socket, target: socket.socket, copy: bytearray | None) -> None:
        with source, target:
            while data := source.recv(65536):
                if copy is not None:
                    copy += data
                target.sendall(data)

    def accept() -> None:
        client, _ = listener.accept()
        server = socket.create_connection(("127.0.0.1", port))
        back = threading.Thread(target=carry, args=(server.dup(), client.dup(), None), daemon=True)
        back.start()
        carry(client, server, heard)

    threading.Thread(target=accept, daemon=True).start()
    with listener:
        yield listener.getsockname()[1], heard


@pytest.mark.parametrize(
    ("asked", "required", "agreed"),
    [
        (OFF, False, Agreement(OFF, Extent.LOGIN)),
        (ON, False, Agreement(ON, Extent.EVERYTHING)),
        (NONE, False, Agreement(NONE, Extent.NOTHING)),
        (None, False, Agreement(NONE, Extent.NOTHING)),
        (REQUIRED, False, Agreement(ON, Extent.EVERYTHING)),
        (0x80 | ON, False, Agreement(ON, Extent.EVERYTHING)),
        (OFF, True, Agreement(REQUIRED, Extent.EVERYTHING)),
        (ON, True, Agreement(ON, Extent.EVERYTHING)),
        (NONE, True, Agreement(REQUIRED, Extent.NOTHING, refused=True)),
        (None, True, Agreement(REQUIRED, Extent.NOTHING, refused=True)),
    ],
)
def test_what_is_agreed_on(tls_offer: TlsOffer, asked: int | None, required: bool, agreed: Agreement) -> None:
    """[MS-TDS] 2.2.6.5, the table of the ENCRYPTION option."""
    assert dataclasses.replace(tls_offer, required=required).agree(asked) == agreed


def test_an_unknown_option_is_no_tds(tls_offer: TlsOffer) -> None:
    with pytest.raises(ProtocolError, match="0x07"):
        tls_offer.agree(7)


def test_the_certificate_is_made_once_and_private(tls_offer: TlsOffer) -> None:
    certificate = tls_offer.certificate
    for file in (certificate.file, certificate.key_file):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = certificate.file.read_bytes(), certificate.key_file.read_bytes()
    again = TlsOffer.in_folder(certificate.file.parent).certificate
    assert (again.file.read_bytes(), again.key_file.read_bytes()) == before


def test_a_client_that_trusts_the_certificate_may_check_the_host_name(
    served: Served, tls_offer: TlsOffer
) -> None:
    """Both names and TDS 8.0's protocol, with Python's own checks."""
    context = ssl.create_default_context(cafile=tls_offer.certificate.file)
    context.set_alpn_protocols([TDS_8_PROTOCOL])
    for name in ("localhost", "127.0.0.1"):
        with (
            socket.create_connection(("127.0.0.1", served.port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=name) as client,
        ):
            assert client.selected_alpn_protocol() == TDS_8_PROTOCOL


@pytest.mark.parametrize(
    ("encryption", "login_is_clear", "rest_is_clear"),
    [("off", True, True), ("request", False, True), ("require", False, False)],
)
def test_what_can_be_overheard(
    served: Served, encryption: str, login_is_clear: bool, rest_is_clear: bool
) -> None:
    served.engine.answer(SECRET, Done(0))
    with overheard(served.port) as (port, heard):
        there = dataclasses.replace(served, port=port)
        with there.connect(encryption=encryption, user="änna") as connection:
            connection.cursor().execute(SECRET)
    assert SECRET in served.engine.batches
    assert ("änna".encode("utf-16-le") in heard) == login_is_clear
    assert (SECRET.encode("utf-16-le") in heard) == rest_is_clear


@pytest.mark.parametrize("encryption", ["request", "require"])
def test_where_encryption_is_required_all_of_it_is_encrypted(strict_server: Served, encryption: str) -> None:
    strict_server.engine.answer(SECRET, Done(0))
    with overheard(strict_server.port) as (port, heard):
        there = dataclasses.replace(strict_server, port=port)
        with there.connect(encryption=encryption) as connection:
            connection.cursor().execute(SECRET)
    assert SECRET in strict_server.engine.batches
    assert SECRET.encode("utf-16-le") not in heard


def test_where_encryption_is_required_clear_text_does_not_get_in(
    strict_server: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(pymssql.OperationalError):
        strict_server.connect(encryption="off")
    assert "encryption is required" in caplog.text
    with WireClient(strict_server.port) as client:
        ((number, text),) = client.log_in().errors
        assert number == 17835
        assert "Encryption is required" in text
        assert client.is_closed()
    assert strict_server.engine.sessions == []


def test_megabytes_through_tls_and_a_cancel_amid_them(served: Served) -> None:
    """Reader and writer use one TLS state; texts of 5 MB cross many of its records."""
    texts = ["ä€𝄞" * 600_000, "", None]
    served.engine.answers["LONG"] = lambda _: iter(
        (result_set((Column("t", SqlType("nvarchar", -1)), pa.array(texts))), Done(3))
    )
    rows = pa.record_batch([pa.array(range(10_000), pa.int32())], names=["n"])
    served.engine.answers["ENDLESS"] = lambda _: iter(
        (
            dataclasses.replace(
                result_set(), columns=(Column("n", SqlType("int")),), batches=iter([rows] * 500)
            ),
        )
    )
    with served.connect(encryption="require") as connection:
        for _ in range(3):
            cursor = connection.cursor()
            cursor.execute("ENDLESS")
            assert cursor.fetchmany(2) == [(0,), (1,)]
            connection._conn.cancel()
            cursor.execute("LONG")
            assert [text for (text,) in cursor.fetchall()] == texts


PRELOGIN_ON = bytes.fromhex("01 0006 0001 ff 01")


@pytest.mark.parametrize(
    "hello",
    [
        b"",
        b"\x16",
        b"\x16\x03\x01\x40\x00\x01",
        b"\x12\x01\x00",
        b"\x12\x01\x00\x0e\x00\x00\x01\x00" + PRELOGIN_ON,
    ],
)
def test_a_client_that_stops_amid_its_login_is_given_up(
    served: Served, monkeypatch: pytest.MonkeyPatch, hello: bytes
) -> None:
    """Whatever it has sent so far: the login as a whole has a limit, and its thread ends."""
    monkeypatch.setattr(session, "HANDSHAKE_SECONDS", 0.4)
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as client:
        client.sendall(hello)
        while client.recv(4096):
            pass
    served.stop()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("tds-")]


def test_a_client_that_dribbles_is_given_up_too(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "HANDSHAKE_SECONDS", 0.4)
    tick = threading.Event()

    def dribble(client: socket.socket) -> None:
        while not tick.wait(0.05):
            client.sendall(b"\0")

    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as client:
        client.sendall(b"\x12\x01\x40\x00\x00\x00\x00\x00")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            dribble(client)


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x16\x03\x01\x00\x05hello",
        b"\x12\x01\x00\x13" + bytes(4) + b"hello world",
        b"\x10\x01\x00\x08" + bytes(4),
    ],
)
def test_nonsense_instead_of_a_handshake_ends_that_connection_only(served: Served, nonsense: bytes) -> None:
    with WireClient(served.port) as client:
        if nonsense[0] != 0x16:
            client.send(wire.PRELOGIN, PRELOGIN_ON)
            assert client.receive()
        client.socket.sendall(nonsense)
        while client._exactly(1):
            pass
    with served.connect(encryption="require"):
        assert len(served.engine.sessions) == 1


def test_tls_before_tds_is_for_tds_8_only(served: Served, tls_offer: TlsOffer) -> None:
    context = ssl.create_default_context(cafile=tls_offer.certificate.file)
    with (
        socket.create_connection(("127.0.0.1", served.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as client,
    ):
        assert client.recv(1) == b""
    assert served.engine.sessions == []
