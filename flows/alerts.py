"""Alerts: a short mail at the moment when a gate closes, long before the run's report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from deployments.settings import Settings
from expectations.gate import GateResult, LastGate
from expectations.report import Alert, MessageRefused, Ownership, RecipientsRefused, compose_alert
from flows.mail import known_tables, recipients, send_each
from flows.run import this_run_link, this_run_name

MOST: Final = 5
"""Alerts of one run; what closes further is told by its report alone."""
TRIES: Final = 2
"""The data wait while an alert is sent: fewer tries than the report has."""
SECONDS: Final = 30
"""And so long in all, for all groups."""


def known_since(before: Mapping[str, LastGate]) -> dict[str, str | None]:
    """What the alerts of the run before have told of, by table: a gate that was overridden had none."""
    return {
        name: last.first_failure
        for name, last in before.items()
        if last.outcome == "closed" and not last.is_overridden
    }


@dataclass
class Alerts:
    """The alerts of one run: each gate once, a few at most, and none once the mail server is down.

    The data wait while an alert is sent. Whoever holds a lock wraps that in `kept`: replication must not
    wait for a mail server.
    """

    settings: Settings
    run_id: str
    known: Mapping[str, str | None] = field(default_factory=dict)
    """What closed a gate in the run before, by its table: as long as it is the same, reports tell of it."""
    _told: set[str] = field(default_factory=set)
    _is_down: bool = False
    _kept: list[GateResult] | None = None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep what is told within the block, and mail it at its end."""
        kept: list[GateResult] = []
        self._kept = kept
        try:
            yield
        finally:
            self._kept = None
            for verdict in kept:
                self.tell(verdict)

    def tell(self, verdict: GateResult) -> None:
        """Mail a closed gate to those whom its table concerns; fails nothing."""
        if self._kept is not None:
            self._kept.append(verdict)
            return
        if (
            verdict.allows_publishing
            or verdict.name in self._told
            or self.known.get(verdict.name) == verdict.failures[0].expectation
            or len(self._told) >= MOST
            or self._is_down
        ):
            return
        self._told.add(verdict.name)
        mail = self.settings.mail
        alert = Alert(
            verdict,
            self.run_id,
            this_run_name(),
            datetime.now(UTC),
            this_run_link(),
            self._ownership,
            is_last=len(self._told) == MOST,
        )
        messages = (
            compose_alert(alert, mail.sender, group.addresses, ZoneInfo(mail.timezone))
            for group in recipients(mail)
            if group.concern.covers(verdict.layer, verdict.table, self._ownership)
        )
        hurried = mail.model_copy(
            update={
                "tries": min(mail.tries, TRIES),
                "deadline_seconds": min(mail.deadline_seconds, SECONDS),
            }
        )
        problems = send_each(messages, hurried)
        self._is_down = any(
            not isinstance(problem, RecipientsRefused | MessageRefused) for problem in problems
        )

    @cached_property
    def _ownership(self) -> Ownership:
        return known_tables(self.settings)
