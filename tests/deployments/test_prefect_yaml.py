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
from prefect.flows import load_flow_from_entrypoint

CONTENT: dict[str, Any] = yaml.safe_load(Path("prefect.yaml").read_text())
DEPLOYMENTS: list[dict[str, Any]] = CONTENT["deployments"]


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


def test_no_deployment_carries_a_secret() -> None:
    assert "secret" not in Path("prefect.yaml").read_text().lower()


def test_every_flow_is_deployed_under_a_name_of_its_own() -> None:
    names = [(deployment["entrypoint"].split(":")[1], deployment["name"]) for deployment in DEPLOYMENTS]
    assert len(names) == len(set(names))
    flows = {path.stem for path in Path("flows").glob("*.py") if "@flow" in path.read_text()}
    assert {entrypoint for entrypoint, _ in names} == flows
