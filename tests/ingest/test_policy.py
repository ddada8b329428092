"""Policies: what a table leaves out comes from the defaults; what nobody knows is refused by its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.settings import Settings
from flows.ingest.policies.policy import Policies, PolicyError, TablePolicy


def written(folder: Path, text: str) -> Path:
    file = folder / "replication.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    return file


def test_a_table_has_its_own_policy_above_the_defaults(tmp_path: Path) -> None:
    text = '[defaults]\non_drift = "freeze"\npriority = 3\n[tables."dbo.Customers"]\npriority = 9\n'
    policies = Policies.read(written(tmp_path, text))
    assert policies.of("DBO.customers") == TablePolicy(on_drift="freeze", priority=9)
    assert policies.of("dbo.orders") == TablePolicy(on_drift="freeze", priority=3)
    assert policies.unknown(["dbo.orders"]) == ["dbo.customers"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[tables."dbo.t"]\non_drfit = "evolve"\n', "tables.dbo.t.on_drfit: Extra inputs are not permitted"),
        ('[defaults]\non_drift = "ignore"\n', "defaults.on_drift: Input should be 'evolve', 'freeze' or"),
        ("[defaults]\nresnapshot_hours = 0\n", "defaults.resnapshot_hours: Input should be greater than 0"),
        ("[table]\n", "table: Extra inputs are not permitted"),
        ("[defaults\n", "is no TOML"),
        ("tables = 3\n", "tables: Input should be a valid"),
        ("[tables]\ndbo = 3\n", "tables.dbo: Input should be a valid"),
        ("[tables.dbo.t]\n", 'tables.dbo.t: Extra inputs are not permitted. A table is named so: [tables."'),
        ("[defaults]\nresnapshot_hours = inf\n", "defaults.resnapshot_hours: Input should be less than"),
        ("[tables.'dbo.t']\n[tables.'DBO.T']\n", "dbo.t has more than one section: make one of them"),
        ("\udcff", "is no TOML ('utf-8' codec can't decode"),
    ],
)
def test_what_nobody_knows_is_refused_by_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PolicyError) as refused:
        Policies.read(written(tmp_path, text))
    assert message in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"nowhere\.toml is missing: set PLATFORM_REPLICATION_FILE"):
        Policies.read(tmp_path / "nowhere.toml")


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=f"{tmp_path} cannot be read: Is a directory"):
        Policies.read(tmp_path)


def test_the_projects_own_file_is_right() -> None:
    file = Settings.model_fields["replication_file"].default
    assert Policies.read(file).of("dbo.customers").history
