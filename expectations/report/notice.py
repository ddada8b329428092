"""The mail about something that Prefect has noticed: a run that crashed, is late, or lags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from email.message import EmailMessage

from expectations.report.limits import WIDEST, Limits
from expectations.report.message import address, message_of
from expectations.report.page import link, when
from expectations.report.words import COMPANY, one_line

LONGEST_PARAGRAPH = 2_000


@dataclass(frozen=True)
class Notice:
    """What has happened, what to do about it (a paragraph a line), and where to look."""

    run_id: str
    subject: str
    body: str
    at: datetime
    prefect_link: str | None = None


@dataclass(frozen=True)
class NoticePage:
    """All that is shown of it."""

    subject: str
    headline: str
    advice: str
    paragraphs: tuple[str, ...]
    when: str
    prefect_link: str | None
    reason: str = ""
    tone: str = "fair"
    about: str | None = None
    data_docs_link: str | None = None

    @property
    def preview(self) -> str:
        """What a list of mails shows behind the subject."""
        return self.advice


def compose_notice(
    notice: Notice, sender: str, recipients: Sequence[str], zone: tzinfo = UTC
) -> EmailMessage:
    """The mail about something that was noticed, ready to be sent."""
    message = message_of("notice", lambda limits: notice_page_of(notice, zone, limits), notice.at)
    address(message, sender, recipients, ("notice", notice.run_id))
    return message


def notice_page_of(notice: Notice, zone: tzinfo = UTC, limits: Limits = WIDEST) -> NoticePage:
    """Choose what is shown of it."""
    advice, *rest = [
        one_line(line, LONGEST_PARAGRAPH) for line in notice.body.splitlines() if line.strip()
    ] or [""]
    return NoticePage(
        subject=one_line(f"{COMPANY}: {notice.subject}", limits.subject),
        headline=one_line(notice.subject, limits.subject),
        advice=advice,
        paragraphs=tuple(rest),
        when=when(notice.at, zone),
        prefect_link=link(notice.prefect_link),
    )
