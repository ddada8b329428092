"""The commands that people run: replicate, prove and status, through a Prefect server, and what they say."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.process import Guarded
from sandbox.service import listen
from tests.ingest.world import World
from tests.places import Places

SERVER_SECONDS = 90
CURSOR = "SELECT LSN FROM OPS.CURSORS"

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A Prefect server; gives the environment that leads flows to it."""
    home = tmp_path_factory.mktemp("prefect")
    with listen(0, "Prefect's server") as listener:
        port = listener.getsockname()[1]
    environment = {"PREFECT_HOME": str(home), "PREFECT_API_URL": f"http://127.0.0.1:{port}/api"}
    command = [str(Path(sys.executable).with_name("prefect")), "server", "start", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--analytics-off", "--no-ui"]
    server = Guarded.start("prefect", command, home, os.environ | environment)
    try:
        wait_for(environment["PREFECT_API_URL"], server)
        yield environment
    finally:
        server.stop()


def wait_for(api: str, server: Guarded) -> None:
    deadline = time.monotonic() + SERVER_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{api}/health", timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(f"Prefect's server did not start: {server.last_lines()}")


@pytest.fixture(scope="module")
def world(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.start(places, tmp_path_factory.mktemp("flows"), scale=0.005) as world:
        yield world


def last_line(text: str) -> str:
    return text.strip().splitlines()[-1]


def test_a_killed_flow_runs_again_proves_and_is_told_by_status(world: World, prefect: dict[str, str]) -> None:
    command = [sys.executable, "-m", "flows.replicate"]
    with world.traffic(rate=5, seed=3):
        with subprocess.Popen(
            command, env=world.environment(**prefect), stderr=subprocess.PIPE, text=True
        ) as killed:
            assert killed.stderr is not None
            for line in killed.stderr:
                if "loaded" in line:
                    killed.send_signal(signal.SIGKILL)
                    break
        assert killed.returncode == -signal.SIGKILL
        again = world.command("flows.replicate", **prefect)
    assert again.returncode == 0, again.stderr
    proof = world.command("flows.prove", **prefect)
    assert proof.returncode == 0, proof.stderr
    assert last_line(proof.stderr).endswith("rows of 9 tables, 0 differences")
    tables = json.loads(world.command("flows.status", "--json").stdout)["tables"]
    assert len(tables) == 9
    assert {table["state"] for table in tables} == {"streaming"}
    assert {table["last_proof"]["differences"] for table in tables} == {0}
    assert {table["lag_seconds"] for table in tables} == {0}
    (orders,) = world.query("SELECT COUNT(*) FROM dbo.orders")[0]
    assert [table["rows"] for table in tables if table["table"] == "ORDERS"] == [orders]
    artifacts = httpx.post(
        f"{prefect['PREFECT_API_URL']}/artifacts/latest/filter", json={}, timeout=10
    ).json()
    assert {"replicated", "proof", "snapshot"} <= {artifact["key"] for artifact in artifacts}


def test_ctrl_c_ends_a_run_that_follows_as_completed_with_its_report(
    world: World, prefect: dict[str, str]
) -> None:
    world.replicate()
    command = [sys.executable, "-m", "flows.replicate", "--follow", "--minutes", "5"]
    environment = world.environment(**prefect)
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as following:
        assert following.stderr is not None
        before = world.warehouse_rows(CURSOR)
        world.execute("UPDATE dbo.products SET list_price = list_price + 1")
        deadline = time.monotonic() + 60
        while world.warehouse_rows(CURSOR) == before and time.monotonic() < deadline:
            time.sleep(0.2)
        following.send_signal(signal.SIGINT)
        told = following.stderr.read()
    assert following.returncode == 0, told
    assert "Finished in state Completed" in told
    assert "rows by snapshot and" in told
    assert "Traceback" not in told
    assert world.differences("PRODUCTS") == {}


def test_a_difference_fails_the_proof_and_names_table_and_key(world: World, prefect: dict[str, str]) -> None:
    world.replicate()
    with world.context() as context:
        context.warehouse.execute("UPDATE RAW.ORDERS SET STATUS = 'eaten' WHERE ORDER_ID = 7")
    command = "from flows.prove import prove; prove(patience_seconds=0)"
    outcome = subprocess.run(
        [sys.executable, "-c", command],
        env=world.environment(**prefect),
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 1
    assert "ORDERS: 1 differences in" in outcome.stderr
    assert "keys 7" in outcome.stderr
    found = world.command("flows.reconcile", "--table", "dbo.orders", **prefect)
    assert found.returncode == 1
    assert "ORDERS: 1 keys differ at LSN" in last_line(found.stderr)
    assert "such as different 7" in last_line(found.stderr)
    assert last_line(found.stderr).endswith("flows.reconcile --table dbo.orders --repair")
    repaired = world.command("flows.reconcile", "--table", "dbo.orders", "--repair", **prefect)
    assert repaired.returncode == 0, repaired.stderr
    assert last_line(repaired.stderr).endswith("rows of 1 tables, 0 differences")
    assert world.differences("ORDERS") == {}


def test_a_table_that_stands_does_not_keep_the_others_from_being_proved(
    world: World, prefect: dict[str, str], tmp_path: Path
) -> None:
    world.replicate()
    policies = tmp_path / "replication.toml"
    policies.write_text('[tables."dbo.products"]\non_drift = "freeze"\n')
    frozen = prefect | {"PLATFORM_REPLICATION_FILE": str(policies)}
    world.execute("ALTER TABLE dbo.products ADD depth int", "UPDATE dbo.products SET depth = 1")
    message = "Table dbo.products is frozen, and column depth was added"
    for command in ("flows.prove", "flows.reconcile"):
        told = world.command(command, **frozen)
        assert told.returncode == 1
        assert "rows of 8 tables, 0 differences" in last_line(told.stderr)
        assert message in last_line(told.stderr)
    alone = world.command("flows.reconcile", "--table", "dbo.orders", **frozen)
    assert alone.returncode == 0, alone.stderr
    assert "PRODUCTS is not followed (state stopped)" in world.command("flows.status", **frozen).stdout


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"SQLSERVER_PASSWORD": "wrong"}, "the login of user platform_reader failed: check SQLSERVER_USER"),
        ({"SQLSERVER_DATABASE": "elsewhere"}, "the database cannot be opened: check SQLSERVER_DATABASE"),
        ({"SQLSERVER_PORT": "1"}, "it cannot be reached: check SQLSERVER_HOST and SQLSERVER_PORT"),
        (
            {"SNOWFLAKE_PASSWORD": "wrong"},
            "not reachable, or the login was refused",
        ),
    ],
)
def test_a_server_that_is_away_or_refuses_is_one_line(
    world: World, changes: dict[str, str], message: str
) -> None:
    outcome = world.command("flows.status", **changes)
    assert outcome.returncode == 1
    assert outcome.stdout == ""
    assert len(outcome.stderr.splitlines()) == 1
    assert message in outcome.stderr
    assert "wrong" not in outcome.stderr


def test_a_wrong_password_fails_the_flow_with_that_one_line(world: World, prefect: dict[str, str]) -> None:
    outcome = world.command("flows.replicate", **prefect, SQLSERVER_PASSWORD="wrong")
    assert outcome.returncode == 1
    assert "check SQLSERVER_USER and SQLSERVER_PASSWORD" in last_line(outcome.stderr)
    assert "Traceback" not in outcome.stderr
    runs = httpx.post(
        f"{prefect['PREFECT_API_URL']}/flow_runs/filter",
        json={"sort": "START_TIME_DESC", "limit": 1},
        timeout=10,
    ).json()
    assert runs[0]["state_type"] == "FAILED"
    assert "check SQLSERVER_USER and SQLSERVER_PASSWORD" in runs[0]["state"]["message"]


def test_no_secret_and_no_hidden_value_is_in_prefects_logs_artifacts_or_files(
    world: World, prefect: dict[str, str], tmp_path: Path
) -> None:
    """All that Prefect keeps is searched: its database has logs, artifacts, parameters and states."""
    salt, address, note = "a salt that nobody sees", "planted@person.example", "a planted note"
    policies = tmp_path / "replication.toml"
    policies.write_text('[tables."dbo.customers"]\nhash = ["email"]\nexclude = ["notes"]\n')
    hiding = prefect | {"PLATFORM_REPLICATION_FILE": str(policies), "PLATFORM_HASH_SALT": salt}
    world.execute(f"UPDATE TOP (1) dbo.customers SET email = '{address}', notes = N'{note}'")
    told = world.command("flows.replicate", **hiding)
    assert told.returncode == 0, told.stderr
    world.execute("UPDATE TOP (1) dbo.customers SET name = N'Other'")
    with world.context() as context:
        context.warehouse.execute("UPDATE RAW.CUSTOMERS SET NAME = 'eaten'")
    differs = world.command("flows.reconcile", "--table", "dbo.customers", "--repair", **hiding)
    assert differs.returncode == 1
    assert "read it anew with `python -m flows.replicate --resync dbo.customers`" in last_line(differs.stderr)
    files = [file.read_bytes() for file in Path(prefect["PREFECT_HOME"]).rglob("*") if file.is_file()]
    kept = b"".join([*files, *(outcome.stderr.encode() for outcome in (told, differs))])
    assert b"flows.replicate --resync dbo.customers" in b"".join(files), "what Prefect keeps is searched"
    secrets = [world.reader.password, world.place.warehouse.password]
    passwords = [secret.get_secret_value() for secret in secrets if secret is not None]
    assert [text for text in (salt, address, note, *passwords) if text.encode() in kept] == []


def test_nothing_replicated_a_stopped_capture_job_and_cdc_off_are_one_line_each(
    places: Places, tmp_path: Path
) -> None:
    with World.empty(places, tmp_path) as world:
        new = world.command("flows.status")
        assert (new.returncode, new.stderr) == (0, "")
        assert "Nothing is replicated yet" in new.stdout
        assert json.loads(world.command("flows.status", "--json").stdout) == {"tables": []}
        world.execute("EXEC sys.sp_cdc_stop_job @job_type = N'capture'")
        stopped = world.command("flows.status")
        assert stopped.returncode == 1
        assert f"The capture job of database {world.database} is stopped" in stopped.stderr
        assert "sp_cdc_start_job" in stopped.stderr
        world.execute("EXEC sys.sp_cdc_start_job @job_type = N'capture'", "EXEC sys.sp_cdc_disable_db")
        off = world.command("flows.status")
        assert off.returncode == 1
        assert f"Change Data Capture is off in database {world.database}" in off.stderr
        assert len(off.stderr.splitlines()) == 1
