"""`plan` and `run` on a warehouse: what they say, and what they leave alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from snowflake.snowpark import Session

from deployments.settings import SnowflakeSettings, load_settings
from snowpark_models.__main__ import main
from snowpark_models.runner import materialise, plan
from tests.models.environment import environment_of
from tests.models.given import Value
from tests.models.replica import Replica, database, open_gate

MODELS = ["+portal_engagement"]
VISIT: dict[str, Value] = {
    "customer_id": 7,
    "started_at": "2026-01-05 10:00:00",
    "_committed_at": "2026-01-06",
    "_deleted": False,
}


@pytest.fixture
def replica(
    session: Session, snowflake: SnowflakeSettings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Replica]:
    """A warehouse with visits, that the environment's settings name."""
    with database(session, snowflake) as opened, environment_of(opened, snowflake, monkeypatch):
        replica = Replica(opened, ["raw_portal_sessions"])
        other = {**VISIT, "customer_id": 8}
        visits = [{"session_id": number, **visit} for number, visit in ((1, VISIT), (2, VISIT), (4, other))]
        replica.deliver("raw_portal_sessions", visits)
        yield replica


def everything(session: Session, developer: str) -> dict[str, list[str]]:
    """Every row of every table that is not a developer's."""
    listed = "SELECT TABLE_SCHEMA AS S, TABLE_NAME AS T FROM INFORMATION_SCHEMA.TABLES"
    places = [(row["S"], row["T"]) for row in session.sql(listed).collect()]
    return {
        f"{schema}.{table}": sorted(repr(tuple(row)) for row in session.table([schema, table]).collect())
        for schema, table in places
        if schema != "INFORMATION_SCHEMA" and not schema.startswith(f"{developer}_")
    }


def planned(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[list[str]]:
    capsys.readouterr()
    assert main(["plan", *arguments]) == 0
    return [line.split(maxsplit=3) for line in capsys.readouterr().out.splitlines()[1:-1]]


def build_production(replica: Replica, run_id: str) -> None:
    materialise(replica.session, plan(MODELS), open_gate, run_id)


def test_plan_says_what_a_run_would_do_and_writes_nothing(
    replica: Replica, capsys: pytest.CaptureFixture[str]
) -> None:
    before = everything(replica.session, "NOBODY")
    staging, mart = planned(capsys, *MODELS)
    assert staging[1:3] == ["stg_portal_sessions", "rebuild"]
    assert staging[3].startswith("it was never built")
    assert "portal_engagement" in staging[3]
    assert mart[1:3] == ["portal_engagement", "rebuild"]
    assert everything(replica.session, "NOBODY") == before

    build_production(replica, "run-1")
    assert [line[2:] for line in planned(capsys, *MODELS)] == [["nothing", "nothing is new upstream"]] * 2
    assert [line[2] for line in planned(capsys, *MODELS, "--full-refresh")] == ["rebuild", "rebuild"]
    january = planned(capsys, "stg_portal_sessions", "--backfill", "started_at=2026-01-01..2026-02-01")
    assert "a backfill of started_at from 2026-01-01" in january[0][3]

    replica.deliver("raw_portal_sessions", [{"session_id": 3, **VISIT}])
    before = everything(replica.session, "NOBODY")
    assert [line[2] for line in planned(capsys, *MODELS)] == ["incremental", "incremental"]
    assert planned(capsys, *MODELS)[0][3].startswith("new in raw_portal_sessions")
    assert everything(replica.session, "NOBODY") == before

    change = "UPDATE OPS.MODEL_STATES SET CODE = 'old' WHERE MODEL = 'stg_portal_sessions'"
    replica.session.sql(change).collect()
    for developer in ([], ["--developer", "ana"]):
        capsys.readouterr()
        assert main(["list", "state:modified", *developer]) == 0
        listed = {line.split()[2] for line in capsys.readouterr().out.splitlines()}
        assert "stg_portal_sessions" in listed
        assert "stg_orders" in listed  # never built
        assert "portal_engagement" not in listed


def test_a_developers_run_reads_production_and_leaves_it_as_it_is(
    replica: Replica, capsys: pytest.CaptureFixture[str]
) -> None:
    build_production(replica, "run-1")
    before = everything(replica.session, "ANA")
    assert before["MARTS.PORTAL_ENGAGEMENT"]

    assert main(["run", "portal_engagement", "--developer", "ana"]) == 0
    line, said = capsys.readouterr().out.splitlines()
    assert line.startswith("1/1 portal_engagement: published, rebuild, 2 rows, ")
    assert said.startswith("Held to their contracts only")
    after = everything(replica.session, "NOBODY")
    assert after["ANA_MARTS.PORTAL_ENGAGEMENT"] == before["MARTS.PORTAL_ENGAGEMENT"]
    assert "ANA_STAGING.STG_PORTAL_SESSIONS" not in after
    assert everything(replica.session, "ANA") == before

    assert main(["show", "portal_engagement", "--developer", "ana"]) == 0
    names, row, _, told = capsys.readouterr().out.splitlines()
    assert names.split()[:3] == ["CUSTOMER_ID", "WEEK", "SESSIONS"]
    assert row.split()[:3] == ["7", "2026-01-05", "2"]
    assert told == "2 of the 2 rows of ANA_MARTS.PORTAL_ENGAGEMENT"
    assert main(["show", "portal_engagement"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith(" rows of MARTS.PORTAL_ENGAGEMENT")

    asked = ["run", "portal_engagement", "--developer", "ana", "--backfill"]
    assert main([*asked, "week=2026-01-05..2026-01-12"]) == 0
    assert "unchanged, incremental, 2 rows" in capsys.readouterr().out
    assert main([*asked, "week"]) == 2
    assert "write COLUMN=BEGIN..END" in capsys.readouterr().err

    assert main(["run", "--full-refresh", *MODELS, "--developer", "ana"]) == 0
    assert [line.split()[3] for line in capsys.readouterr().out.splitlines()[:2]] == ["rebuild,", "rebuild,"]
    assert everything(replica.session, "ANA") == before


def test_a_model_that_breaks_its_contract_fails_the_run(
    replica: Replica, capsys: pytest.CaptureFixture[str]
) -> None:
    replica.session.sql("UPDATE RAW.PORTAL_SESSIONS SET CUSTOMER_ID = NULL").collect()
    assert main(["run", *MODELS, "--developer", "ana"]) == 1
    assert "stg_portal_sessions: contract broken" in capsys.readouterr().out


@pytest.mark.usefixtures("replica")
def test_what_cannot_be_is_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["run", "portal_engagement"]) == 2
    assert "prefect deployment run transform/shellcorp" in capsys.readouterr().err
    assert main(["run", "portal_engagement", "--developer", "an a"]) == 2
    assert main(["show", "portal_engagemen"]) == 2
    assert "perhaps portal_engagement?" in capsys.readouterr().err
    assert main(["show", "portal_engagement"]) == 2
    assert "portal_engagement has no table yet" in capsys.readouterr().err
    monkeypatch.setenv("PLATFORM_DEVELOPER", "ana")
    load_settings.cache_clear()
    assert main(["run", "portal_engagement"]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("model portal_engagement: stg_portal_sessions has no table yet")
