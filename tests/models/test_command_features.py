"""`features`: what is recorded, and more of it, from the command line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from snowflake.snowpark import Session

from deployments.settings import SnowflakeSettings
from snowpark_models.__main__ import main
from snowpark_models.examples.churn.__main__ import main as churn
from snowpark_models.features._views import CUSTOMER_CHURN
from snowpark_models.pointintime import declaration, registration
from tests.models.environment import environment_of
from tests.models.staged import FIRST, put, shellcorp_until

NAME = CUSTOMER_CHURN.name
DAYS = ("--from", "2026-03-30", "--to", "2026-04-01")


@pytest.fixture
def store(
    own_store: Session, snowflake: SnowflakeSettings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Session]:
    """A warehouse with features, that the environment's settings name."""
    with environment_of(own_store, snowflake, monkeypatch):
        put(own_store, shellcorp_until(FIRST), FIRST)
        yield own_store


def test_days_are_recorded_listed_and_need_another_version_for_other_code(
    store: Session, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["features", "list", "--developer", "ana"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == [NAME, "2", CUSTOMER_CHURN.code, "–", "today's"]
    assert main(["features", "backfill", NAME, *DAYS, "--every", "2", "--developer", "ana"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{NAME}, version 2, {day} 00:00:00: 3 rows" for day in ("2026-03-30", "2026-04-01")
    ]
    assert store.table("ANA_FEATURES.CUSTOMER_CHURN_FEATURES__V2").count() == 6
    assert main(["features", "backfill", NAME, *DAYS]) == 2
    assert "give --developer NAME" in capsys.readouterr().err
    monkeypatch.setattr(registration, "has_feature_store", lambda: False)
    assert main(["features", "register", NAME, "--developer", "ana"]) == 2
    assert "requirements-feature-store.txt" in capsys.readouterr().err

    monkeypatch.setattr(declaration, "code_hash", lambda _model: "0123456789abcdef")
    assert main(["features", "list", "--developer", "ana"]) == 0
    assert "its code has changed: give it a new version" in capsys.readouterr().out
    assert main(["features", "backfill", NAME, *DAYS, "--developer", "ana"]) == 2
    assert "Give it version=3" in capsys.readouterr().err


def test_what_makes_no_sense_is_said_in_one_line(
    store: Session,  # noqa: ARG001 - the environment's settings name it
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["features", "register", "customer_chrun_features", "--production"]) == 2
    assert "perhaps customer_churn_features?" in capsys.readouterr().err
    assert (
        main(["features", "backfill", NAME, "--from", "2026-04-01", "--to", "2026-03-01", "--production"])
        == 2
    )
    assert "--from is after --to" in capsys.readouterr().err
    assert churn([]) == 2
    assert "give --developer NAME" in capsys.readouterr().err
