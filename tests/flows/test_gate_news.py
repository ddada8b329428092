"""What Prefect has of a gate, read back from its server: the run's state, artifacts, and events."""

from __future__ import annotations

import time
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from snowflake.connector.cursor import SnowflakeCursor

from deployments.settings import SnowflakeSettings
from flows.failures import FAILED_BY_GATE
from flows.transform import transform

PATIENCE_SECONDS = 60


def asked(path: str, body: dict[str, Any]) -> Any:
    """What Prefect's API answers."""
    with get_client(sync_client=True) as client:
        answer = client.request("POST", path, json=body)
        answer.raise_for_status()
        return answer.json()


def events(resource: str, wanted: int) -> list[dict[str, Any]]:
    """The events about a table, the oldest first, as soon as there are so many."""
    body = {"filter": {"resource": {"id": [resource]}, "event": {"prefix": ["shellcorp."]}}}
    until = time.monotonic() + PATIENCE_SECONDS
    while len(found := asked("/events/filter", body)["events"]) < wanted:
        assert time.monotonic() < until, found
        time.sleep(0.2)  # between two looks
    return sorted(found, key=lambda event: str(event["occurred"]))


def artifacts(key: str, *states: State[Any]) -> list[dict[str, Any]]:
    """Those of a key that the runs with these states have left."""
    runs = [str(state.state_details.flow_run_id) for state in states]
    body = {"artifacts": {"key": {"any_": [key]}}, "flow_runs": {"id": {"any_": runs}}}
    found: list[dict[str, Any]] = asked("/artifacts/filter", body)
    return found


def test_a_gate_that_closes_and_opens_again_is_a_state_an_artifact_and_two_events(
    warehouse: SnowflakeSettings, cursor: SnowflakeCursor
) -> None:
    cursor.execute("UPDATE RAW.SUPPORT_TICKETS SET _POSITION = 'no position'")
    state = refused = transform(run_id="closed", select=["stg_support_tickets"], return_state=True)
    assert (state.is_failed(), state.name) == (True, FAILED_BY_GATE)
    assert str(state.message).startswith("RAW.SUPPORT_TICKETS: closed, ")

    cursor.execute("UPDATE RAW.SUPPORT_TICKETS SET _POSITION = REPEAT('0', 50), _COMMITTED_AT = '2199-01-01'")
    state = transform(run_id="warned", select=["stg_support_tickets"], return_state=True)
    assert (state.is_completed(), state.name) == (True, "Warned")
    assert str(state.message).startswith("RAW.SUPPORT_TICKETS: warned, ")

    resource = f"snowflake://{warehouse.account}/{warehouse.database}/RAW/SUPPORT_TICKETS"
    closed, opened = events(resource, wanted=2)
    assert (closed["event"], opened["event"]) == ("shellcorp.gate.closed", "shellcorp.gate.opened")
    assert closed["payload"]["run"] == "closed"
    assert [rule["severity"] for rule in closed["payload"]["failed_rules"]] == ["critical"]
    assert closed["payload"]["page"].endswith("runs/closed.html#raw.support_tickets")
    assert any(r["prefect.resource.role"] == "flow-run" for r in closed["related"])
    assert opened["payload"]["outcome"] == "warned"

    shown = artifacts("gate-raw-support-tickets", refused, state)
    assert len(shown) == 2
    assert "runs/closed.html#raw.support_tickets" in "".join(each["description"] for each in shown)
    assert any('"failed"' in each["data"] for each in shown)
    (done, _) = artifacts("models-done", refused, state)
    assert float(done["data"]) == 100
