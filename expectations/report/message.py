"""Composes the mail of a run: plain text and HTML that say the same."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr
from functools import lru_cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from expectations.report.page import Page, page_of
from expectations.report.summary import RunSummary
from expectations.report.words import duration, one_line, seconds, subject_of, whole

SUBJECT_LENGTH: Final = 160
_OUTSIDE_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def compose(summary: RunSummary, sender: str, recipients: str) -> EmailMessage:
    """The mail of a run, ready to be sent.

    Args:
        summary: what the run did.
        sender: one address, with or without a name.
        recipients: addresses, separated by commas.
    """
    page = page_of(summary)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = one_line(subject_of(summary), SUBJECT_LENGTH)
    message["From"] = sender
    message["To"] = recipients
    message["Date"] = format_datetime(summary.ended_at.astimezone())
    message["Message-ID"] = make_msgid(domain=parseaddr(sender)[1].rpartition("@")[2] or None)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(render("report.txt", page))
    message.add_alternative(render("report.html", page), subtype="html")
    return message


def render(template: str, page: Page) -> str:
    """A template filled in; what comes from data is escaped in HTML, and never raw control characters."""
    text = _environment().get_template(template).render(page=page)
    return _OUTSIDE_TEXT.sub("\N{REPLACEMENT CHARACTER}", text)


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
    environment.filters |= {"whole": whole, "seconds": seconds, "duration": duration}
    return environment
