"""Runs that die, and what the next ones find: the last good tables, and what is to be taken away."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from snowflake.snowpark import Session

from deployments.settings import SnowflakeSettings
from snowpark_models.runner import materialise
from tests.models.five_models import MODELS, Gate, content, one_more_order, tables

LIMIT_SECONDS = 60

INTERRUPTED = """
import sys, time
from pathlib import Path
from deployments.connections import connect_snowflake, snowpark_session
from deployments.settings import SnowflakeSettings
from snowpark_models.runner import materialise
from tests.models.five_models import MODELS

def hang_at_sales(candidate):
    if candidate.table == "SALES":
        Path(sys.argv[1]).touch()
        time.sleep(600)
    return True

session = snowpark_session(connect_snowflake(SnowflakeSettings(), "killed"))
materialise(session, MODELS, hang_at_sales, "run-2")
"""


def test_a_run_killed_between_building_and_publishing_leaves_the_last_good_table(
    warehouse: Session, database: str, snowflake: SnowflakeSettings, tmp_path: Path
) -> None:
    materialise(warehouse, MODELS, Gate(), "run-1")
    before = content(warehouse, *MODELS)
    one_more_order(warehouse)

    kill_while_it_audits_sales(snowflake, database, tmp_path / "audits")

    after = content(warehouse, *MODELS)
    assert {name for name in before if before[name] != after[name]} == {"stg_orders"}
    assert "SALES__CANDIDATE" in tables(warehouse)

    results = materialise(warehouse, MODELS, Gate(), "run-3")
    assert [result.row_count for result in results] == [3, 2, 2, 3, 5]
    assert tables(warehouse) == {model.table for model in MODELS}


def kill_while_it_audits_sales(snowflake: SnowflakeSettings, database: str, flag: Path) -> None:
    assert snowflake.password is not None
    environment = os.environ | {
        "SNOWFLAKE_ACCOUNT": snowflake.account,
        "SNOWFLAKE_USER": snowflake.user,
        "SNOWFLAKE_PASSWORD": snowflake.password.get_secret_value(),
        "SNOWFLAKE_DATABASE": database,
        "SNOWFLAKE_HOST": str(snowflake.host),
        "SNOWFLAKE_PORT": str(snowflake.port),
        "SNOWFLAKE_PROTOCOL": str(snowflake.protocol),
    }
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED, str(flag)], cwd=root, env=environment) as run:
        deadline = time.monotonic() + LIMIT_SECONDS
        while not flag.exists():
            assert run.poll() is None, "the run ended before its gate was asked"
            assert time.monotonic() < deadline, "the run never came to its gate"
            time.sleep(0.05)
        run.kill()


def test_what_a_crash_left_is_taken_away_when_the_model_is_built_next(warehouse: Session) -> None:
    """Not earlier: it may be what another run is just building."""
    materialise(warehouse, MODELS, Gate(), "run-1")
    warehouse.sql("CREATE TABLE MARTS.SALES__CANDIDATE_0A1B2C3D AS SELECT * FROM MARTS.SALES").collect()
    materialise(warehouse, MODELS, Gate(closed={"STG_ORDERS"}), "run-2")
    left = {"STG_ORDERS__CANDIDATE", "SALES__CANDIDATE"}
    assert tables(warehouse) == {model.table for model in MODELS} | left
    materialise(warehouse, MODELS, Gate(), "run-3")
    assert tables(warehouse) == {model.table for model in MODELS}
