"""What Prefect shows of a gate: a table with its checks, and an event that automations can wait for.

Events: `shellcorp.gate.closed`, `shellcorp.gate.warned`, and `shellcorp.gate.opened` when a gate lets through
again that was closed in the run before. Their resource is the table, `snowflake://account/DB/SCHEMA/TABLE`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from prefect.events import emit_event

from deployments.settings import Settings
from expectations.gate import GateResult
from expectations.gate.data_docs.history import anchored
from expectations.gate.results import Outcome
from flows.assets import table_key
from flows.shown import show_table

MOST_RULES: Final = 20
"""Failed rules that an event names; the Data Docs have all."""


@dataclass(frozen=True)
class GateNews:
    """Tells Prefect of the gates of one run.

    Attributes:
        settings: name the account, and where the Data Docs are served.
        run_id: as QUALITY has it.
        before: how each table's gate ended last, in the run before or in this one, by its name.
    """

    settings: Settings
    run_id: str
    before: dict[str, Outcome]

    def tell(self, verdict: GateResult, *, is_overridden: bool = False) -> None:
        """Publish a gate's table, and its event where it is not simply open as before."""
        self._publish_table(verdict)
        was_closed = self.before.get(verdict.name) == "closed"
        self.before[verdict.name] = verdict.outcome
        word = "opened" if verdict.allows_publishing and was_closed else verdict.outcome
        if word == "open":
            return
        emit_event(
            event=f"shellcorp.gate.{word}",
            resource={
                "prefect.resource.id": table_key(self.settings.snowflake, verdict.layer, verdict.table),
                "prefect.resource.name": verdict.name,
                "shellcorp.layer": verdict.layer,
                "shellcorp.owner": verdict.owner or "",
            },
            payload={
                "run": self.run_id,
                "outcome": verdict.outcome,
                "is_overridden": is_overridden and verdict.outcome == "closed",
                "checks": len(verdict.checks),
                "failed": len(verdict.failures),
                "failed_rules": [
                    {"rule": c.expectation, "severity": c.severity, "failing_rows": c.failing_rows}
                    for c in verdict.failures[:MOST_RULES]
                ],
                "owner": verdict.owner,
                "page": self._page(verdict),
            },
        )

    def _publish_table(self, verdict: GateResult) -> None:
        checks = [
            {
                "rule": check.expectation,
                "severity": check.severity,
                "result": "passed" if check.success else "failed",
                "failing rows": check.failing_rows,
                "of": check.checked_rows,
            }
            for check in (*verdict.failures, *(check for check in verdict.checks if check.success))
        ]
        show_table(
            re.sub(r"[^a-z0-9]+", "-", f"gate-{verdict.name.lower()}"),
            checks,
            f"**{verdict.name}: {verdict.outcome}**. [Data Docs]({self._page(verdict)})",
        )

    def _page(self, verdict: GateResult) -> str:
        return data_docs_address(self.settings, anchored(self.run_id, verdict.layer, verdict.table))


def data_docs_address(settings: Settings, page: str = "index.html") -> str:
    """Where a page of the Data Docs, by its path from the index, is served; else its file."""
    if settings.data_docs_url is None:
        return f"{settings.data_docs_folder.resolve().as_uri()}/{page}"
    return f"{settings.data_docs_url.removesuffix('index.html').rstrip('/')}/{page}"
