"""Handing the mail to a server: logins, TLS, and servers that are down, slow or unwilling."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from deployments.settings import MailSettings
from expectations.report import Deadline, MailNotSent, MessageRefused, RecipientsRefused, send


class Inbox:
    """Takes mails; refuses recipients that begin with `nobody`, and says `later` as often as told."""

    def __init__(self) -> None:
        self.mails: list[Envelope] = []
        self.asked = 0
        self.later: dict[str, int] = {}
        self.breaks_after_data = 0
        self.thinks_for = 0.0

    def is_later(self, what: str) -> bool:
        self.later[what] = self.later.get(what, 0) - 1
        return self.later[what] >= 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.asked += 1
        await asyncio.sleep(self.thinks_for)
        if address.startswith("nobody"):
            return "550 no such mailbox"
        if self.is_later(address) or len(envelope.rcpt_tos) == 100:
            return "452 too many recipients, or come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.is_later("data"):
            return "451 come back later"
        self.mails.append(envelope)
        if self.breaks_after_data:
            self.breaks_after_data -= 1
            server.transport.close()
        return "250 OK"


@contextmanager
def server(**options: Any) -> Iterator[tuple[Inbox, MailSettings]]:
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield (
            inbox,
            MailSettings(
                host="127.0.0.1", port=controller.port, security="none", timeout_seconds=5, pause_seconds=0.01
            ),
        )
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def message(recipients: str = "a@shellcorp.example") -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Grüße 😀", "platform@shellcorp.example", recipients
    mail.set_content("Hello, 李")
    return mail


def test_a_mail_arrives_at_all_recipients() -> None:
    with server() as (inbox, settings):
        send(message("a@shellcorp.example, b@shellcorp.example"), settings)
    (envelope,) = inbox.mails
    assert envelope.rcpt_tos == ["a@shellcorp.example", "b@shellcorp.example"]
    assert isinstance(envelope.content, bytes)
    assert b"Subject: =?utf-8?" in envelope.content


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_login_that_is_right_and_one_that_is_wrong() -> None:
    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, login: Any) -> AuthResult:
        right = isinstance(login, LoginPassword) and login.password == b"right"
        return AuthResult(success=right, handled=right)

    with server(authenticator=authenticate, auth_required=True, auth_require_tls=False) as (inbox, settings):
        login = {"user": "platform", "password": SecretStr("right")}
        send(message(), settings.model_copy(update=login))
        wrong = settings.model_copy(update={**login, "password": SecretStr("wrong-secret")})
        with pytest.raises(MailNotSent, match="refused the login of platform: check MAIL_USER") as raised:
            send(message(), wrong)
        with pytest.raises(MailNotSent):
            send(message(), settings)
    assert "wrong-secret" not in str(raised.value)
    assert len(inbox.mails) == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_login_that_cannot_be_sent_is_named_without_its_password() -> None:
    with server(authenticator=lambda *_: AuthResult(success=True), auth_require_tls=False) as (
        inbox,
        settings,
    ):
        login = {"user": "platform", "password": SecretStr("pässwort")}
        with pytest.raises(MailNotSent, match=r"MAIL_USER and MAIL_PASSWORD .* ASCII") as raised:
            send(message(), settings.model_copy(update=login))
    assert raised.value.__suppress_context__
    assert "wort" not in str(raised.value)
    assert inbox.mails == []


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
@pytest.mark.parametrize("host", ["mail..example", ".example", "a b", "mail\x00", "x" * 70, ""])
def test_a_host_that_is_none_is_named(host: str, security: str) -> None:
    settings = MailSettings(host=host, port=free_port(), tries=1)
    with pytest.raises(MailNotSent, match=r"mail server .* check MAIL_HOST"):
        send(message(), settings.model_copy(update={"security": security}))


def test_refused_recipients_are_named() -> None:
    with server() as (inbox, settings):
        with pytest.raises(MailNotSent, match=r"refused every recipient \(nobody@shellcorp.example\)"):
            send(message("nobody@shellcorp.example"), settings)
        with pytest.raises(MailNotSent, match=r"refused some recipients \(nobody@shellcorp.example\)"):
            send(message("a@shellcorp.example, nobody@shellcorp.example"), settings)
    assert [envelope.rcpt_tos for envelope in inbox.mails] == [["a@shellcorp.example"]]


@pytest.mark.parametrize("what", ["data", "a@shellcorp.example"])
def test_a_server_that_says_later_is_asked_again_and_gets_the_mail_once(what: str) -> None:
    with server() as (inbox, settings):
        inbox.later[what] = 2
        send(message("a@shellcorp.example, b@shellcorp.example"), settings)
    taken = [address for envelope in inbox.mails for address in envelope.rcpt_tos]
    assert sorted(taken) == ["a@shellcorp.example", "b@shellcorp.example"]


def test_a_server_that_says_later_too_often_is_given_up() -> None:
    with server() as (inbox, settings):
        inbox.later["data"] = 3
        with pytest.raises(MailNotSent, match=r"did not take the message in 3 tries \(SMTPDataError 451\)"):
            send(message(), settings)
        inbox.later["a@shellcorp.example"] = 3
        with pytest.raises(MailNotSent, match=r"refused every recipient \(a@shellcorp.example\)"):
            send(message(), settings)
    assert inbox.mails == []
    assert inbox.asked == 6


def test_a_message_that_is_refused_says_nothing_of_the_server() -> None:
    with server() as (inbox, settings):
        inbox.later["data"] = settings.tries
        with pytest.raises(MessageRefused, match="SMTPDataError 451"):
            send(message(), settings)


def test_what_is_refused_for_good_is_not_tried_again() -> None:
    with server() as (inbox, settings), pytest.raises(RecipientsRefused):
        send(message("nobody@shellcorp.example"), settings)
    assert inbox.asked == 1


def test_a_server_that_starts_late_gets_the_mail() -> None:
    port = free_port()
    patient = MailSettings(host="127.0.0.1", port=port, security="none", tries=30, pause_seconds=0.02)
    started = threading.Timer(0.3, lambda: None)
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    started.function = controller.start
    started.start()
    try:
        send(message(), patient)
    finally:
        started.join()
        controller.stop()
    assert len(inbox.mails) == 1


def test_a_connection_that_breaks_before_the_answer_may_double_a_mail_under_one_message_id() -> None:
    mail = message()
    mail["Message-ID"] = "<report.1b9d@shellcorp.example>"
    with server() as (inbox, settings):
        inbox.breaks_after_data = 1
        send(mail, settings)
    assert [
        b"Message-ID: <report.1b9d@shellcorp.example>" in (each.content or b"") for each in inbox.mails
    ] == [
        True,
        True,
    ]


def test_a_thousand_recipients_are_handed_over_in_hundreds_and_not_named_to_each_other() -> None:
    mail = message()
    del mail["To"]
    mail["To"] = "undisclosed-recipients:;"
    mail["Bcc"] = ", ".join(f"Person {n} <p{n}@shellcorp.example>" for n in range(1000))
    with server() as (inbox, settings):
        send(mail, settings)
    assert [len(envelope.rcpt_tos) for envelope in inbox.mails] == [100] * 10
    assert len({address for envelope in inbox.mails for address in envelope.rcpt_tos}) == 1000
    assert not any(b"p7@" in (envelope.content or b"") for envelope in inbox.mails)


def test_a_server_that_is_down_is_one_clear_message() -> None:
    settings = MailSettings(
        host="127.0.0.1", port=free_port(), security="none", timeout_seconds=5, pause_seconds=0.01
    )
    with pytest.raises(MailNotSent, match=r"127.0.0.1:\d+ did not take the message .* check MAIL_HOST"):
        send(message(), settings)


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_a_server_that_does_not_answer_is_given_up_in_time(security: str) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings = MailSettings(host="127.0.0.1", port=silent.getsockname()[1], timeout_seconds=1, tries=1)
        with pytest.raises(MailNotSent):
            send(message(), settings.model_copy(update={"security": security}))


def test_a_server_that_answers_slowly_is_cut_at_the_deadline() -> None:
    began = time.monotonic()
    with server() as (inbox, settings):
        inbox.thinks_for = 0.2
        many = message(", ".join(f"p{n}@shellcorp.example" for n in range(90)))
        with pytest.raises(MailNotSent, match=r"before its deadline.*MAIL_DEADLINE_SECONDS"):
            send(many, settings.model_copy(update={"deadline_seconds": 0.5}))
        assert time.monotonic() - began < 5, "18 seconds of answers, none of which is late"
    assert inbox.mails == []


def test_after_its_deadline_nothing_is_begun() -> None:
    with server() as (inbox, settings), pytest.raises(MailNotSent, match="before its deadline"):
        send(message(), settings, Deadline.after(0))
    assert inbox.asked == 0


def test_no_mail_goes_out_in_clear_text_where_tls_is_asked_for() -> None:
    with server() as (inbox, settings), pytest.raises(MailNotSent, match="now starttls"):
        send(message(), settings.model_copy(update={"security": "starttls"}))
    assert inbox.mails == []


@pytest.mark.parametrize(("security", "option"), [("starttls", "tls_context"), ("tls", "ssl_context")])
def test_tls_to_a_server_that_is_trusted_and_to_none_other(
    security: str, option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with server(**{option: context}) as (inbox, settings):
        secure = settings.model_copy(update={"security": security})
        send(message(), secure)
        assert len(inbox.mails) == 1
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(MailNotSent, match="SSLCertVerificationError"):
            send(message(), secure)
    assert len(inbox.mails) == 1


def make_certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "server.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + pem)
    return file
