"""Sends mails to those whom they concern. A mail that cannot be sent is told, and fails nothing."""

from __future__ import annotations

from collections.abc import Iterable
from email.message import EmailMessage

from prefect import get_run_logger

from deployments.settings import MailSettings, Settings
from expectations.report import (
    Deadline,
    Group,
    MailNotSent,
    MessageRefused,
    Ownership,
    RecipientsRefused,
    groups_of,
    send,
)
from flows.ingest.errors import ReplicationError
from flows.tables import table_facts
from snowpark_models.errors import ModelError


def recipients(settings: MailSettings) -> tuple[Group, ...]:
    """The groups of addresses that get the same mail."""
    return groups_of(settings.addresses, settings.routes)


def known_tables(settings: Settings) -> Ownership:
    """Whose tables are, and what of them is personal; nothing where it cannot be read: all is masked then."""
    try:
        return table_facts(settings)
    except (ModelError, ReplicationError) as error:
        get_run_logger().warning("mails name no owners and no keys: %s", error)
        return {}


def send_each(messages: Iterable[EmailMessage], settings: MailSettings) -> list[MailNotSent]:
    """Send mails one after the other, all before one deadline; gives what went wrong, which the log has, too.

    Where the server is away, slow or lets nobody in, the mails that are left are not tried.
    """
    deadline = Deadline.after(settings.deadline_seconds)
    problems: list[MailNotSent] = []
    for message in messages:
        try:
            send(message, settings, deadline)
        except MailNotSent as error:
            get_run_logger().warning("%s", error)
            problems.append(error)
            if not isinstance(error, RecipientsRefused | MessageRefused):
                break
    return problems
