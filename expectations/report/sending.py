"""Hands a message to the mail server; tries again while that may help."""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Final

from deployments.settings import MailSettings
from expectations.report.deadline import Deadline

RECIPIENTS_AT_ONCE: Final = 100
"""Every server takes so many for one message [RFC 5321, 4.5.3.1.8]."""
LONGEST_PAUSE_SECONDS: Final = 60

Refused = dict[str, tuple[int, bytes]]
"""What the server answered to each recipient that it did not take."""


class MailNotSent(Exception):  # noqa: N818 - reads as what happened
    """The mail server did not take the message; the data are not touched by that."""


class RecipientsRefused(MailNotSent):
    """The mail server runs, and refused some or all recipients."""


class MessageRefused(MailNotSent):
    """The mail server runs, and refused what the message says."""


def send(message: EmailMessage, settings: MailSettings, deadline: Deadline | None = None) -> None:
    """Send a message to all that it names; Bcc is not transmitted.

    Where the server is away or answers 4xx (`later`), it is tried again after a pause, for the recipients
    that are left; 5xx, a wrong login and a certificate that is not trusted are final. When the connection
    breaks after the message and before the answer to it, nobody can know whether it was taken: it is sent
    again, and a reader may get it twice, under one Message-ID.

    Args:
        message: with its sender and recipients.
        settings: of the server.
        deadline: when the connection is cut; that of the settings, from now on, without one.

    Raises:
        MailNotSent: the server stays away or slow, refuses the login, a recipient or the message, or what
            the settings call it is no address.
    """
    deadline = deadline or Deadline.after(settings.deadline_seconds)
    fields = [*message.get_all("To", ()), *message.get_all("Cc", ()), *message.get_all("Bcc", ())]
    recipients = [address for _, address in getaddresses(map(str, fields)) if address]
    refused: Refused = {}
    for first in range(0, len(recipients), RECIPIENTS_AT_ONCE):
        refused |= _send_to(message, recipients[first : first + RECIPIENTS_AT_ONCE], settings, deadline)
    if refused:
        which = "every recipient" if len(refused) == len(recipients) else "some recipients"
        raise RecipientsRefused(
            f"The {_server(settings)} refused {which} ({', '.join(refused)}): check MAIL_RECIPIENTS and "
            "MAIL_RECIPIENTS_BY."
        )


def _send_to(
    message: EmailMessage, recipients: Sequence[str], settings: MailSettings, deadline: Deadline
) -> Refused:
    """Hand the message over, in several tries if need be; gives who was refused in the end."""
    refused: Refused = {}
    for number in range(settings.tries):
        if deadline.is_over:
            raise _too_slow(settings)
        is_last = number == settings.tries - 1
        try:
            answers = _try_once(message, recipients, settings, deadline)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            if deadline.is_over:
                raise _too_slow(settings) from error
            if is_last or not _is_passing(error):
                raise _not_sent(error, settings) from error
        else:
            later = [address for address, (code, _) in answers.items() if _is_later(code) and not is_last]
            refused |= {address: answer for address, answer in answers.items() if address not in later}
            if not later:
                break
            recipients = later
        pause = min(LONGEST_PAUSE_SECONDS, settings.pause_seconds * 2**number)
        time.sleep(min(pause, deadline.seconds_left))
    return refused


def _try_once(
    message: EmailMessage, recipients: Sequence[str], settings: MailSettings, deadline: Deadline
) -> Refused:
    connection = _connect(settings, min(settings.timeout_seconds, deadline.seconds_left))
    with deadline.cuts(connection):
        if settings.security == "starttls":
            _encrypt(connection)
        try:
            _log_in(connection, settings)
            return connection.send_message(message, to_addrs=list(recipients))
        except smtplib.SMTPRecipientsRefused as error:
            return error.recipients
        finally:
            with suppress(OSError, smtplib.SMTPException):  # it is taken or not, however this ends
                connection.quit()


def _connect(settings: MailSettings, timeout: float) -> smtplib.SMTP:
    if settings.security == "tls":
        trusted = ssl.create_default_context()
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=timeout, context=trusted)
    return smtplib.SMTP(settings.host, settings.port, timeout=timeout)


def _encrypt(connection: smtplib.SMTP) -> None:
    try:
        connection.starttls(context=ssl.create_default_context())
    except (OSError, smtplib.SMTPException, ValueError):
        connection.close()
        raise


def _log_in(connection: smtplib.SMTP, settings: MailSettings) -> None:
    if settings.user is None or settings.password is None:
        return
    try:
        connection.login(settings.user, settings.password.get_secret_value())
    except UnicodeError:  # holds the password: it is no cause to be shown
        raise MailNotSent(
            f"The login cannot be sent to the {_server(settings)}: MAIL_USER and MAIL_PASSWORD can only have "
            "characters of ASCII."
        ) from None


def _is_passing(error: Exception) -> bool:
    """Whether the same may succeed a little later."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _is_later(error.smtp_code)
    if isinstance(error, smtplib.SMTPException):
        return isinstance(error, smtplib.SMTPServerDisconnected)
    if isinstance(error, ValueError):  # of the address, before anybody is asked
        return False
    return not isinstance(error, ssl.SSLCertVerificationError)


def _is_later(code: int) -> bool:
    """4xx: the same command may succeed later [RFC 5321, 4.2.1]; smtplib's -1: the answer is no answer."""
    return 400 <= code < 500 or code == -1


def _server(settings: MailSettings) -> str:
    return f"mail server {settings.host}:{settings.port}"


def _too_slow(settings: MailSettings) -> MailNotSent:
    return MailNotSent(
        f"The {_server(settings)} did not take the message before its deadline: check that it answers, or "
        "raise MAIL_DEADLINE_SECONDS."
    )


def _not_sent(error: Exception, settings: MailSettings) -> MailNotSent:
    server, tries = _server(settings), f"in {settings.tries} tries " if _is_passing(error) else ""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return MailNotSent(
            f"The {server} refused the login of {settings.user}: check MAIL_USER and MAIL_PASSWORD."
        )
    answer = f" {error.smtp_code}" if isinstance(error, smtplib.SMTPResponseException) else ""
    kind = MessageRefused if isinstance(error, smtplib.SMTPDataError) else MailNotSent
    return kind(
        f"The {server} did not take the message {tries}({type(error).__name__}{answer}): check MAIL_HOST, "
        f"MAIL_PORT and MAIL_SECURITY (now {settings.security}), and that it runs."
    )
