"""The platform as it is operated: `make up` from an empty folder, a server, a worker, every deployment run.

What is asserted is read back through Prefect's API. The tests go through one platform's day, in their order.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
import yaml
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.prefect.automations import CHANNEL, carry_out, plan
from deployments.prefect.watches import Patience, watches
from snowpark_models.runner import discover
from tests.e2e.operated import Operated, operated
from tests.e2e.platform import ROOT, make, wait_until_no_process

TABLES = 9
SMALL = {"SCALE": "0.02", "RATE": "2"}
"""Few rows, and few transactions a second while the platform works."""
SLOW: dict[str, Any] = {"resync": ["dbo.orders"], "snapshot_rows_per_second": 50, "chunk_rows": 50}
"""A run that takes long enough for something to happen to it."""
IMPATIENT = Patience(heartbeat=timedelta(seconds=12))
TINY = "8k"
"""A disk that is full after some hundred rows."""


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operated]:
    folder = tmp_path_factory.mktemp("operated")
    with operated(folder, **SMALL) as platform:
        yield platform
    assert wait_until_no_process(folder) == []


@pytest.fixture(scope="module")
def channel(platform: Operated) -> Iterator[list[str]]:
    """A channel of people's, such as Slack's: what was posted to it."""
    posted: list[str] = []

    class Channel(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Channel) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with prefect_of(platform):
            CustomWebhookNotificationBlock(
                name="drill",
                url=f"http://127.0.0.1:{server.server_port}/",
                json_data={"text": "{{subject}}: {{body}}"},
            ).save(CHANNEL, overwrite=True)
        yield posted
        server.shutdown()


@contextmanager
def prefect_of(platform: Operated) -> Iterator[None]:
    """This process asks the platform's Prefect."""
    with temporary_settings({PREFECT_API_URL: platform.environment["PREFECT_API_URL"]}):
        yield


def said(platform: Operated, module: str, *arguments: str) -> list[str]:
    outcome = platform.command(module, *arguments)
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout.splitlines()


def test_the_platform_stays_up_and_says_where(platform: Operated) -> None:
    addresses = dict(
        re.findall(r"^(Prefect's UI|mailbox) +(http\S+)$", platform.started.output, re.MULTILINE)
    )
    assert "Prefect" in httpx.get(addresses["Prefect's UI"], follow_redirects=True).text
    assert httpx.get(addresses["mailbox"]).status_code == httpx.codes.OK
    again = make("up", platform.folder, **SMALL, PREFECT_PORT="0", MAILBOX_PORT="0")
    assert "runs already" in again.output


def test_everything_is_deployed_as_prefect_yaml_says(platform: Operated) -> None:
    flows = {flow["id"]: flow["name"] for flow in platform.prefect.post("/flows/filter", {})}
    found = {flows[each["flow_id"]]: each for each in platform.prefect.post("/deployments/filter", {})}
    for written in yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]:
        deployment = found.pop(written["entrypoint"].split(":")[1])
        for key in ("name", "description", "tags"):
            assert deployment[key] == written[key]
        assert deployment["work_pool_name"] == written["work_pool"]["name"]
        assert deployment["enforce_parameter_schema"]
        assert re.fullmatch(r"[0-9a-f]{8}|[0-9a-f]{32}", deployment["version"]), "a commit, or a file's hash"
        limit = deployment["global_concurrency_limit"] or {}
        assert limit.get("limit") == written.get("concurrency_limit", {}).get("limit")
        schedules = {
            (each["slug"], each["schedule"]["cron"], each["schedule"]["timezone"], each["active"])
            for each in deployment["schedules"]
        }
        asked = written.get("schedules", [])
        assert schedules == {(each["slug"], each["cron"], each["timezone"], True) for each in asked}
    assert found == {}
    platform.prefect.pause_schedules()  # from here on the tests alone say what runs


def test_automations_applied_twice_change_nothing(platform: Operated, channel: list[str]) -> None:
    def there() -> dict[str, str]:
        return {each["name"]: each["id"] for each in platform.prefect.post("/automations/filter", {})}

    first = there()
    assert {watch.name for watch in watches()} < set(first), "and the triggers of prefect.yaml"
    told = sum(watch.is_told for watch in watches())
    planned = [line.split()[0] for line in said(platform, "deployments.prefect", "plan")]
    assert planned.count("update") == told, "there is a channel now"
    assert said(platform, "deployments.prefect", "apply")
    assert {line.split()[0] for line in said(platform, "deployments.prefect", "apply")} == {"keep"}
    assert there() == first
    assert channel == []


def test_a_pipeline_shows_what_it_did(platform: Operated) -> None:
    ran = make("run", platform.folder)
    assert ran.exit_code == 0, ran.output
    (run,) = [each for each in platform.runs() if each["flow"] == "pipeline"]
    parts = {part["flow"]: part for part in platform.runs(parent_flow_run_id={"any_": [run["id"]]})}
    assert set(parts) == {"replicate", "transform", "report"}
    assert re.fullmatch(r"[\d,]+ rows, [\d,]+ changes, lag \d+ s", parts["replicate"]["name"])
    models = discover()
    assert parts["transform"]["name"] == f"{len(models)} models published"
    assert run["name"] == f"{parts['replicate']['name']}; {parts['transform']['name']}"
    assert parts["report"]["name"].startswith("Shellcorp: published")
    artifacts = platform.artifacts(run["id"], *(part["id"] for part in parts.values()))
    assert {"replicated", "snapshot", "gates", "models", "models-done", "data-docs", "report"} <= set(
        artifacts
    )
    assert float(artifacts["snapshot"]["data"]) == float(artifacts["models-done"]["data"]) == 100
    assert run["name"] in artifacts["report"]["data"]

    def assets() -> dict[str, dict[str, Any]]:
        found = platform.events("prefect.asset.materialization.succeeded", run=run["id"])
        return {event["resource"]["prefect.resource.id"].partition("SHELLCORP/")[2]: event for event in found}

    platform.wait_until(lambda: len(assets()) == TABLES + len(models), "an event for each mirror and model")
    mirror, mart = assets()["RAW/ORDERS"], assets()["MARTS/CUSTOMER_360"]
    assert [
        each["prefect.resource.id"] for each in mirror["related"] if each["prefect.resource.role"] == "asset"
    ] == ["sqlserver://127.0.0.1/shellcorp/dbo/orders"]
    assert mirror["payload"]["rows_by_snapshot"] > 0
    assert mart["payload"]["rows"] > 0
    upstreams = {each["prefect.resource.id"] for each in mart["related"]}
    assert "snowflake://standin/SHELLCORP/MARTS/ORDER_FACTS" in upstreams
    status = make("status", platform.folder)
    assert (status.exit_code, "ORDER_LINES" in status.output) == (0, True), status.output


def test_a_chain_of_deployments_mails_one_report(platform: Operated, channel: list[str]) -> None:
    """Replicate starts transform, and that starts report, each by an event; meanwhile others run, too."""
    before = len(platform.mails())
    with platform.setting(PLATFORM_LAG_LIMIT_SECONDS="0"):
        first = platform.order("replicate", go_on=True)
        others = {flow: platform.order(flow) for flow in ("reconcile", "digest")}
        assert platform.ended(first).succeeded
    for flow, run in others.items():
        assert platform.ended(run).succeeded, flow

    def chained(flow: str) -> list[dict[str, Any]]:
        return [
            run for run in platform.runs() if run["flow"] == flow and run["parameters"].get("run_id") == first
        ]

    platform.wait_until(lambda: [r["state_type"] for r in chained("report")] == ["COMPLETED"], "the report")
    (transformed,) = chained("transform")
    assert transformed["state_type"] == "COMPLETED"
    (report,) = chained("report")
    assert report["created_by"]["display_value"] == "shellcorp: report follows transform"
    platform.wait_until(lambda: len(channel) > 0, "the channel hears that replication lags")
    assert "Replication lags by " in channel[0]
    platform.wait_until(lambda: len(platform.mails()) == before + 3, "report, digest, and the lag")
    subjects = [
        re.findall(r"^Subject: (.*(?:\n .*)*)", mail, re.MULTILINE)[0] for mail in platform.mails()[before:]
    ]
    assert sum("Replication lags" in subject for subject in subjects) == 1


def in_the_middle(platform: Operated) -> str:
    """A run of replicate that has loaded a part of its snapshot."""
    run = platform.order("replicate", **SLOW)
    platform.wait_until(lambda: "snapshot" in platform.artifacts(run), "a part of the snapshot is loaded")
    return run


def test_a_worker_that_is_killed_leaves_a_run_that_crashed_and_the_next_one_goes_on(
    platform: Operated, channel: list[str]
) -> None:
    with prefect_of(platform), get_client(sync_client=True) as client:
        for change in plan(client, IMPATIENT):
            carry_out(client, change)
    run = in_the_middle(platform)
    platform.end("worker start", signal.SIGKILL)
    platform.end("prefect.engine", signal.SIGKILL)
    channel.clear()

    def state() -> dict[str, Any]:
        found: dict[str, Any] = platform.prefect.ask("GET", f"/flow_runs/{run}")["state"]
        return found

    platform.wait_until(lambda: state()["type"] == "CRASHED", "a run without a sign of life is ended")
    assert "no sign of life" in state()["message"]
    assert said(platform, "deployments.prefect", "apply"), "patient again"
    platform.wait_until(
        lambda: any("replicate crashed" in text for text in channel), "people are told, without a worker"
    )
    platform.start_worker()
    assert platform.run("replicate").succeeded
    platform.wait_until(lambda: any("replicate crashed" in mail for mail in platform.mails()), "and by mail")


def test_a_run_outlives_prefects_server(platform: Operated) -> None:
    run = in_the_middle(platform)
    platform.end("server start")
    platform.start_prefect()
    ended = platform.ended(run)
    assert ended.succeeded, ended.message


def test_a_database_that_is_away_is_named_and_told_once(platform: Operated, channel: list[str]) -> None:
    channel.clear()
    causes = {
        "sqlserver": "SQL Server: the connection was lost",
        "snowflake": "Snowflake: the connection was lost",
    }
    for service, cause in causes.items():
        with platform.setting(SNOWFLAKE_NETWORK_TIMEOUT_SECONDS="10"):
            run = in_the_middle(platform)
        with platform.without(service):
            ended = platform.ended(run)
        assert not ended.succeeded
        assert cause in ended.message
        assert platform.run("replicate").succeeded
    platform.wait_until(lambda: channel, "people are told")
    assert len(channel) == 1, "a second failure of the same flow within the hour is not told"
    assert "replicate ended as Failed: SQL Server: the connection was lost" in channel[0]


@pytest.mark.skipif(sys.platform != "linux", reason="a disk of one's own is mounted with Linux's unshare")
def test_a_full_disk_is_named_and_nothing_is_half_written(platform: Operated) -> None:
    full = platform.folder / "full"
    full.mkdir()
    unshare = [str(shutil.which("unshare")), "--user", "--map-root-user", "--mount"]
    script = f'mount -t tmpfs -o size={TINY} none "{full}" && TMPDIR="{full}" exec "$@"'
    replicate = [sys.executable, "-m", "flows.replicate", "--resync", "dbo.order_lines"]
    outcome = subprocess.run(
        [*unshare, "sh", "-c", script, "sh", *replicate],
        env=platform.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert outcome.returncode == 1, outcome.stderr
    last = outcome.stderr.splitlines()[-1]
    assert "cannot be written" in last, outcome.stderr
    assert "No space left on device" in last
    assert "set TMPDIR to a larger place" in last
    assert platform.run("replicate").succeeded


def test_after_all_that_not_one_row_differs(platform: Operated) -> None:
    platform.end("sandbox.shellcorp traffic")
    proof = platform.run("prove")
    assert proof.succeeded, proof.message
    assert re.fullmatch(rf"[\d,]+ rows of {TABLES} tables, 0 differences", proof.message)
