"""The watches, without a server: they know every flow and every state in which a run can end."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from prefect.events.actions import DoNothing, RunDeployment, SendNotification

from deployments.prefect.automations import Tellers, automation_of
from deployments.prefect.watches import FINAL, FLOWS, WITHOUT_REPORT, Watch, watches
from flows.failures import FAILED_BY_GATE, NAMES

WATCHES = watches()


def names_of_states() -> set[str]:
    """What the flows call the states in which they end."""
    names = {FAILED_BY_GATE, *NAMES.values()}
    for file in Path("flows").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Completed", "Failed"):
                given = [keyword.value for keyword in node.keywords if keyword.arg == "name"]
                names |= {
                    each.value
                    for value in given
                    for each in ast.walk(value)
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                }
    return names


def test_every_flow_that_is_deployed_is_watched_but_the_one_that_tells() -> None:
    deployments = yaml.safe_load(Path("prefect.yaml").read_text())["deployments"]
    deployed = {deployment["entrypoint"].split(":")[1] for deployment in deployments}
    assert set(FLOWS) == deployed - {"notify"}
    assert set(WITHOUT_REPORT) < set(FLOWS)


def test_every_state_in_which_a_run_can_end_is_known() -> None:
    """Else a run that has ended would be taken for one that died, and be ended as crashed."""
    assert names_of_states() <= set(FINAL)
    assert {"Warned", "Tables stand"} <= names_of_states()


def test_the_runbook_has_every_alert() -> None:
    page = Path("docs/runbook.md").read_text(encoding="utf-8")
    explained = re.findall(r"^### `([^`]+)`$", page, re.MULTILINE)
    for watch in WATCHES:
        assert not watch.is_told or any(alert in watch.subject for alert in explained), watch.subject


@pytest.mark.parametrize("watch", WATCHES, ids=lambda watch: watch.name)
def test_a_watch_acts_or_tells_and_says_why(watch: Watch) -> None:
    tellers = Tellers(uuid4(), channel=None)
    automation = automation_of(watch, tellers)
    assert automation.actions
    assert automation.description
    mails = [action for action in automation.actions if isinstance(action, RunDeployment)]
    assert len(mails) == (watch.is_told and watch.is_mailed)
    with_channel = automation_of(watch, Tellers(uuid4(), channel=uuid4()))
    sent = [action for action in with_channel.actions if isinstance(action, SendNotification)]
    assert len(sent) == watch.is_told
    assert not any(isinstance(action, DoNothing) for action in with_channel.actions)
