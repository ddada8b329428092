"""The watches as automations of a Prefect workspace: by name, so that applying them twice changes nothing.

Who is told: the platform's mail recipients, by a run of `notify`; and, where the workspace has a block of the
name CHANNEL that can notify (Slack, Teams, a webhook, Cloud's e-mail), that channel, by Prefect's server
itself. The channel alone is told while no worker runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import ActionTypes, DoNothing, RunDeployment, SendNotification
from prefect.events.schemas.automations import Automation, AutomationCore
from prefect.exceptions import ObjectNotFound

from deployments.prefect.watches import USUAL, Patience, Watch, watches

TAG: Final = "shellcorp-automation"
"""Which automations of a workspace are these."""
NOTIFY: Final = "notify/shellcorp"
CHANNEL: Final = "shellcorp-alerts"
"""The name of the block that tells people, of whatever type that can notify."""


class NotDeployed(Exception):  # noqa: N818 - reads as what happened
    """The flow that tells people is not deployed; the message has the remedy."""


@dataclass(frozen=True)
class Change:
    """What applying does about one automation."""

    name: str
    doing: Literal["create", "update", "remove", "keep"]
    wanted: AutomationCore | None
    found: Automation | None

    def __str__(self) -> str:
        return f"{self.doing:6}  automation  {self.name}"


@dataclass(frozen=True)
class Tellers:
    """Who tells people: the deployment of `notify`, and the workspace's channel."""

    notify: UUID
    channel: UUID | None

    def actions(self, watch: Watch) -> Iterator[ActionTypes]:
        """What a watch does when it fires."""
        yield from watch.acts
        if not watch.is_told:
            return
        if watch.is_mailed:
            said = {"subject": watch.subject, "body": watch.body}
            yield RunDeployment(
                deployment_id=self.notify, parameters=said | ({"link": watch.link} if watch.link else {})
            )
        if self.channel is not None:
            body = f"{watch.body}\n{watch.link}".rstrip()
            yield SendNotification(block_document_id=self.channel, subject=watch.subject, body=body)
        elif not watch.is_mailed:
            yield DoNothing()


def plan(client: SyncPrefectClient, patience: Patience = USUAL) -> list[Change]:
    """What has to change so that the workspace has every watch, and no old one.

    Raises:
        NotDeployed: `notify` is not deployed yet.
    """
    tellers = find_tellers(client)
    found = {automation.name: automation for automation in ours(client)}
    wanted = {watch.name: automation_of(watch, tellers) for watch in watches(patience)}
    changes = [_change(name, automation, found.get(name)) for name, automation in wanted.items()]
    gone = [Change(name, "remove", None, old) for name, old in found.items() if name not in wanted]
    return changes + gone


def removal(client: SyncPrefectClient) -> list[Change]:
    """What has to change so that the workspace has none of them."""
    return [Change(automation.name, "remove", None, automation) for automation in ours(client)]


def carry_out(client: SyncPrefectClient, change: Change) -> None:
    """Make one change. What somebody has paused in the UI stays paused."""
    if change.doing == "create" and change.wanted is not None:
        client.create_automation(change.wanted)
    elif change.doing == "update" and change.wanted is not None and change.found is not None:
        paused = change.wanted.model_copy(update={"enabled": change.found.enabled})
        client.update_automation(change.found.id, paused)
    elif change.doing == "remove" and change.found is not None:
        client.delete_automation(change.found.id)


def automation_of(watch: Watch, tellers: Tellers) -> AutomationCore:
    """A watch as Prefect keeps it."""
    return AutomationCore(
        name=watch.name,
        description=watch.description,
        tags=[TAG],
        trigger=watch.trigger,
        actions=list(tellers.actions(watch)),
    )


def find_tellers(client: SyncPrefectClient) -> Tellers:
    """Who tells people in this workspace.

    Raises:
        NotDeployed: `notify` is not deployed yet.
    """
    try:
        notify = client.read_deployment_by_name(NOTIFY)
    except ObjectNotFound:
        raise NotDeployed(f"{NOTIFY} is not deployed: run `prefect deploy --all` first") from None
    blocks = client.request("POST", "/block_documents/filter", json={"limit": 200}).raise_for_status().json()
    channel = next((block["id"] for block in blocks if block["name"] == CHANNEL), None)
    return Tellers(notify.id, UUID(channel) if channel else None)


def ours(client: SyncPrefectClient) -> list[Automation]:
    """The automations that this package has made."""
    return [automation for automation in client.read_automations() if TAG in automation.tags]


def _change(name: str, wanted: AutomationCore, found: Automation | None) -> Change:
    if found is None:
        return Change(name, "create", wanted, None)
    return Change(name, "keep" if _content(wanted) == _content(found) else "update", wanted, found)


def _content(automation: AutomationCore) -> dict[str, Any]:
    """All that is applied: not the id, and not whether somebody has paused it."""
    fields = set(AutomationCore.model_fields) - {"enabled", "owner_resource"}
    return AutomationCore(**automation.model_dump(include=fields)).model_dump()
