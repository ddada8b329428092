"""The mail that goes out at the moment when a gate closes: short, and about this gate alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from email.message import EmailMessage

from expectations.gate.results import GateResult
from expectations.report.findings import Finding, finding_of
from expectations.report.limits import WIDEST, Limits
from expectations.report.message import address, message_of
from expectations.report.ownership import Ownership
from expectations.report.page import link, when
from expectations.report.words import COMPANY, one_line


@dataclass(frozen=True)
class Alert:
    """A gate that closed, and in which run; `is_last`: the run alerts no more, however many close."""

    verdict: GateResult
    run_id: str
    run_name: str
    at: datetime
    prefect_link: str | None = None
    ownership: Ownership = field(default_factory=dict)
    is_last: bool = False


@dataclass(frozen=True)
class AlertPage:
    """All that is shown of it."""

    subject: str
    headline: str
    advice: str
    reason: str
    when: str
    table: str
    owner: str | None
    findings: tuple[Finding, ...]
    more: int
    run_name: str
    is_last: bool
    prefect_link: str | None
    tone: str = "bad"
    about: str | None = None
    data_docs_link: str | None = None

    @property
    def preview(self) -> str:
        """What a list of mails shows behind the subject."""
        return self.advice


def compose_alert(alert: Alert, sender: str, recipients: Sequence[str], zone: tzinfo = UTC) -> EmailMessage:
    """The mail about a gate that closed, ready to be sent."""
    message = message_of("alert", lambda limits: alert_page_of(alert, zone, limits), alert.at)
    message["Importance"] = "high"
    address(message, sender, recipients, ("alert", alert.run_id, alert.verdict.name, ", ".join(recipients)))
    return message


def alert_page_of(alert: Alert, zone: tzinfo = UTC, limits: Limits = WIDEST) -> AlertPage:
    """Choose what is shown of a gate that closed."""
    verdict, facts = alert.verdict, alert.ownership.get(alert.verdict.name)
    critical = [check for check in verdict.failures if check.severity == "critical"]
    findings = tuple(finding_of(check, facts, limits) for check in critical[: limits.checks])
    table = one_line(verdict.name, limits.name)
    is_raw = verdict.layer.lower() == "raw"
    return AlertPage(
        subject=one_line(f"{COMPANY}: gate closed on {table} — {findings[0].sentence}", limits.subject),
        headline="Gate closed",
        advice=f"{table} is as replicated; nothing that reads it is replaced."
        if is_raw
        else f"{table} is not published: readers keep its last good rows, and so do the tables that read it.",
        reason="The run goes on; its report follows.",
        when=when(alert.at, zone),
        table=table,
        owner=one_line(facts.owner, limits.name) if facts and facts.owner else None,
        findings=findings,
        more=len(verdict.failures) - len(findings),
        run_name=one_line(alert.run_name, limits.name),
        is_last=alert.is_last,
        prefect_link=link(alert.prefect_link),
    )
