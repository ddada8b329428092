"""prefect.yaml, read strictly: Prefect itself ignores misspelled keys and deploys wrong parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.cli.deploy._models import (
    ConcurrencyLimitSpec,
    DeploymentConfig,
    PrefectYamlModel,
    RawScheduleConfig,
    WorkPoolConfig,
)
from prefect.cli.deploy._triggers import DeploymentTriggerAdapter
from prefect.events.schemas.deployment_triggers import DeploymentEventTrigger
from prefect.flows import load_flow_from_entrypoint

from flows.going_on import FINISHED, NEXT

CONTENT: dict[str, Any] = yaml.safe_load(Path("prefect.yaml").read_text())
DEPLOYMENTS: list[dict[str, Any]] = CONTENT["deployments"]

LISTS = {"transform": ["select", "replay", "override"], "replicate": ["resync"], "reconcile": ["tables"]}


def unknown_keys(mapping: dict[str, Any], model: type) -> set[str]:
    return set(mapping) - set(model.model_fields)  # type: ignore[attr-defined]


def deployment_id(deployment: dict[str, Any]) -> str:
    return f"{deployment['entrypoint']}:{deployment['name']}"


def test_top_level_has_only_keys_that_prefect_reads() -> None:
    assert unknown_keys(CONTENT, PrefectYamlModel) <= {"definitions"}


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=deployment_id)
def test_a_deployment_has_only_keys_that_prefect_reads(deployment: dict[str, Any]) -> None:
    assert not unknown_keys(deployment, DeploymentConfig)
    assert not unknown_keys(deployment["work_pool"], WorkPoolConfig)
    assert not unknown_keys(deployment.get("concurrency_limit", {}), ConcurrencyLimitSpec)
    assert deployment["description"]
    for schedule in deployment.get("schedules", []):
        RawScheduleConfig.model_validate(schedule)
        assert schedule["slug"], "without a slug a redeployment reactivates the schedule"
        assert schedule["timezone"]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=deployment_id)
def test_a_deployments_parameters_fit_its_flow(deployment: dict[str, Any]) -> None:
    flow = load_flow_from_entrypoint(deployment["entrypoint"])
    base, schedules = deployment.get("parameters", {}), deployment.get("schedules", [])
    required = set(flow.parameters.required)
    assert set(base) <= set(flow.parameters.properties)
    for schedule in schedules or ([] if required - set(base) else [{}]):
        flow.validate_parameters({**base, **schedule.get("parameters", {})})


TRIGGERS = [(deployment, trigger) for deployment in DEPLOYMENTS for trigger in deployment.get("triggers", [])]


@pytest.mark.parametrize(("deployment", "trigger"), TRIGGERS, ids=lambda each: each["name"])
def test_a_trigger_has_only_keys_that_prefect_reads_and_parameters_of_its_flow(
    deployment: dict[str, Any], trigger: dict[str, Any]
) -> None:
    assert not unknown_keys(trigger, DeploymentEventTrigger)
    read = DeploymentTriggerAdapter.validate_python(trigger)
    assert isinstance(read, DeploymentEventTrigger)
    assert read.expect, "without it every event of the workspace would start a run"
    assert read.posture.value == "Reactive"
    flow = load_flow_from_entrypoint(deployment["entrypoint"])
    assert set(trigger["parameters"]) <= set(flow.parameters.properties)


def test_triggers_wait_for_events_that_the_flows_emit() -> None:
    expected = {event for _, trigger in TRIGGERS for event in trigger["expect"]}
    assert expected == {FINISHED}
    assert [trigger["match"] for _, trigger in TRIGGERS] == [{NEXT: "transform"}, {NEXT: "report"}]
    names = [trigger["name"] for _, trigger in TRIGGERS]
    assert len(set(names)) == len(names), "a name tells people which automation of a deployment it is"


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=deployment_id)
def test_a_persons_form_explains_every_parameter(deployment: dict[str, Any]) -> None:
    flow = load_flow_from_entrypoint(deployment["entrypoint"])
    for name, parameter in flow.parameters.properties.items():
        assert parameter.get("description"), f"{flow.name}({name}): the docstring's Args make the form"
        assert name in flow.parameters.required or "default" in parameter


@pytest.mark.parametrize("flow", LISTS)
def test_what_is_a_list_is_a_list_in_the_form(flow: str) -> None:
    form = load_flow_from_entrypoint(f"flows/{flow}.py:{flow}").parameters.properties
    for name in LISTS[flow]:
        assert (form[name]["type"], form[name]["items"]) == ("array", {"type": "string"})


def test_no_deployment_carries_a_secret() -> None:
    assert "secret" not in Path("prefect.yaml").read_text().lower()


def test_every_flow_is_deployed_under_a_name_of_its_own() -> None:
    names = [(deployment["entrypoint"].split(":")[1], deployment["name"]) for deployment in DEPLOYMENTS]
    assert len(names) == len(set(names))
    flows = {path.stem for path in Path("flows").glob("*.py") if "@flow" in path.read_text()}
    assert {entrypoint for entrypoint, _ in names} == flows
