"""Hands a message to the mail server."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage

from deployments.settings import MailSettings


class MailNotSent(Exception):  # noqa: N818 - reads as what happened
    """The mail server did not take the message; the data are not touched by that."""


def send(message: EmailMessage, settings: MailSettings) -> None:
    """Send a message.

    Raises:
        MailNotSent: the server is down or slow, refuses the login, a recipient or the message.
    """
    server = f"mail server {settings.host}:{settings.port}"
    try:
        with _connect(settings) as connection:
            if settings.user is not None and settings.password is not None:
                connection.login(settings.user, settings.password.get_secret_value())
            refused = connection.send_message(message)
    except smtplib.SMTPAuthenticationError:
        raise MailNotSent(
            f"The {server} refused the login of {settings.user}: check MAIL_USER and MAIL_PASSWORD."
        ) from None
    except smtplib.SMTPRecipientsRefused as error:
        raise MailNotSent(
            f"The {server} refused every recipient ({', '.join(error.recipients)}): check MAIL_RECIPIENTS."
        ) from None
    except (OSError, smtplib.SMTPException) as error:
        raise MailNotSent(
            f"The {server} did not take the message ({type(error).__name__}): check MAIL_HOST, MAIL_PORT "
            f"and MAIL_SECURITY (now {settings.security}), and that it runs."
        ) from error
    if refused:
        raise MailNotSent(
            f"The {server} refused some recipients ({', '.join(refused)}): check MAIL_RECIPIENTS."
        )


def _connect(settings: MailSettings) -> smtplib.SMTP:
    timeout = settings.timeout_seconds
    if settings.security == "tls":
        trusted = ssl.create_default_context()
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=timeout, context=trusted)
    connection = smtplib.SMTP(settings.host, settings.port, timeout=timeout)
    if settings.security == "starttls":
        try:
            connection.starttls(context=ssl.create_default_context())
        except (OSError, smtplib.SMTPException):
            connection.close()
            raise
    return connection
