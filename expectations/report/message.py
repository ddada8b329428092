"""Composes mails: plain text and HTML that say the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache, lru_cache
from typing import Final, Protocol

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from expectations.report.limits import WIDEST, Limits, fitting
from expectations.report.page import page_of
from expectations.report.summary import RunSummary
from expectations.report.words import clean, counted, duration, seconds, whole

NAMED_RECIPIENTS: Final = 50
"""More than so many are not named to each other: a head of many kilobytes is refused by some servers."""


class Shown(Protocol):
    """What a template is filled with; it has a subject."""

    @property
    def subject(self) -> str:
        """The mail's subject."""


def compose(summary: RunSummary, sender: str, recipients: Sequence[str], zone: tzinfo = UTC) -> EmailMessage:
    """The mail of a run, ready to be sent.

    Args:
        summary: what the run did, as far as it concerns the recipients.
        sender: one address, with or without a name.
        recipients: addresses, with or without names.
        zone: in which times are told.
    """

    def page(limits: Limits) -> Shown:
        return page_of(summary, zone, limits)

    message = message_of("report", page, summary.ended_at)
    address(message, sender, recipients, ("report", summary.run_id, str(summary.concern)))
    return message


def message_of(template: str, page: Callable[[Limits], Shown], at: datetime) -> EmailMessage:
    """A mail without addresses: a template filled in as text and as HTML, of sizes that are shown whole."""
    page = cache(page)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = page(WIDEST).subject
    message["Date"] = format_datetime(at.astimezone())
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(fitting(lambda limits: render(f"{template}.txt", page(limits))))
    message.add_alternative(fitting(lambda limits: render(f"{template}.html", page(limits))), subtype="html")
    return message


def address(message: EmailMessage, sender: str, recipients: Sequence[str], what: Sequence[str]) -> None:
    """Say from whom a mail is, to whom, and which one.

    `what` names the mail among all: sent again, it has the same Message-ID, by which a duplicate is known.
    """
    message["From"] = sender
    if len(recipients) > NAMED_RECIPIENTS:
        message["To"] = "undisclosed-recipients:;"
        message["Bcc"] = ", ".join(recipients)
    else:
        message["To"] = ", ".join(recipients)
    digest = hashlib.sha256("\0".join(what).encode(errors="surrogatepass")).hexdigest()[:32]
    message["Message-ID"] = f"<{what[0]}.{digest}@{parseaddr(sender)[1].rpartition('@')[2]}>"


def render(template: str, page: Shown) -> str:
    """A template filled in; what comes from data is escaped in HTML, and never raw control characters."""
    return clean(_environment().get_template(template).render(page=page))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("expectations.report"),
        autoescape=select_autoescape(
            enabled_extensions=("html",), disabled_extensions=("txt",), default=True
        ),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"whole": whole, "seconds": seconds, "duration": duration, "counted": counted}
    return environment
