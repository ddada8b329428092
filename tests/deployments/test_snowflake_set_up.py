"""An account is set up by plan and apply, twice is as once; teardown drops what was made and nothing else."""

from __future__ import annotations

import pytest

from deployments.snowflake import wanted
from deployments.snowflake.__main__ import main
from deployments.snowflake.names import Names, SetUpError
from deployments.snowflake.present import Account, Held, held_by, held_in_future_by
from deployments.snowflake.script import FOLDER, Template, templates
from tests.deployments.conftest import SetUp

ROLES = [role.name for role in wanted.ROLES]


def all_rights(account: Account, role: str) -> set[Held]:
    """What a role may, by itself and by those that it inherits."""
    own = held_by(account, role) | held_in_future_by(account, role)
    inherited = [all_rights(account, each.name) for each in own if each.kind == "ROLE"]
    return own.union(*inherited)


def places(rights: set[Held], names: Names) -> set[str]:
    """Where in the database a role may do anything, and what: such as `MARTS SELECT`."""
    inside = f"{names.database}."
    return {
        f"{each.name.removeprefix(inside).split('.')[0]} {each.privilege}"
        for each in rights
        if each.name.startswith(inside)
    }


def test_plan_tells_apply_does_and_twice_is_as_once(set_up: SetUp, account: Account, names: Names) -> None:
    code, told = set_up("plan", "--sql")
    assert code == 0
    assert f"+ schema {names.database}.RAW, retention 1 day" in told
    assert f'CREATE ROLE IF NOT EXISTS "{names.database}_READER"' in told
    assert account.rows(f"SHOW SCHEMAS IN DATABASE {names.database}") == []

    code, done = set_up("apply")
    assert (code, done.splitlines()[1:-1]) == (
        0,
        [line for line in told.splitlines() if line[:2] in ("+ ", "~ ")],
    )
    assert set_up("plan") == (0, f"Environment dev: database {names.database}.\nNothing to do.\n")
    assert set_up("apply") == set_up("plan")

    account.run(f"ALTER SCHEMA {names.database}.MARTS SET DATA_RETENTION_TIME_IN_DAYS = 9")
    account.run(f"REVOKE USAGE ON SCHEMA {names.database}.MARTS FROM ROLE {names.own('READER')}")
    code, told = set_up("plan")
    assert told.splitlines()[1:-1] == [
        f"~ schema {names.database}.MARTS: retention 9 → 1 day",
        f"+ USAGE on schema {names.database}.MARTS to role {names.own('READER')}",
    ]


def test_who_may_what(account: Account, applied: Names) -> None:
    may = {role: places(all_rights(account, applied.own(role)), applied) for role in ROLES}
    assert may["READER"] == {
        f"{schema} {right}" for schema in ("MARTS", "FEATURES") for right in ("USAGE", "SELECT")
    }
    assert {right.split()[0] for right in may["SCIENTIST"]} == {"STAGING", "MARTS", "FEATURES", "OPS"}
    assert {right.split()[0] for right in may["STEWARD"]} == {"STAGING", "MARTS", "FEATURES", "QUALITY"}
    for role in ("READER", "SCIENTIST", "STEWARD"):
        assert {right.split(" ", 1)[1] for right in may[role]} <= {"USAGE", "SELECT"}
    assert {right.split()[0] for right in may["LOADER"]} == {"RAW", "OPS"}
    assert not {right for right in may["TRANSFORMER"] if right.startswith("RAW CREATE")}
    assert may["PLATFORM"] == may["LOADER"] | may["TRANSFORMER"]
    assert may["PERSONAL"] == set()
    sees = {
        role
        for role in ROLES
        if Held("USAGE", "ROLE", applied.own("PERSONAL")) in all_rights(account, applied.own(role))
    }
    assert sees == {"LOADER", "TRANSFORMER", "PLATFORM", "STEWARD"}
    above = {each.name for each in held_by(account, "SYSADMIN") if each.name.startswith(applied.prefix)}
    assert above == {applied.own(role) for role in ("PLATFORM", "READER", "SCIENTIST", "STEWARD")} - {
        applied.own("READER")
    }


def test_steps_are_taken_as_their_roles_and_looked_at_as_the_administrator(
    account: Account, applied: Names
) -> None:
    assert account.rows("SELECT CURRENT_ROLE() AS ROLE_NAME") == [{"role_name": "ACCOUNTADMIN"}]
    rows = account.rows(
        "SELECT ROLE_NAME, QUERY_TEXT FROM SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY "
        f"WHERE CONTAINS(QUERY_TEXT, '{applied.database}')"
    )
    first_words = {(row["role_name"], " ".join(row["query_text"].split()[:2])) for row in rows}
    assert first_words >= {
        ("SYSADMIN", "CREATE SCHEMA"),
        ("USERADMIN", "CREATE ROLE"),
        ("SECURITYADMIN", "GRANT ROLE"),
        ("ACCOUNTADMIN", "CREATE RESOURCE"),
        ("ACCOUNTADMIN", "SHOW SCHEMAS"),
    }


def test_what_was_given_by_hand_is_told_and_left(set_up: SetUp, account: Account, names: Names) -> None:
    set_up("apply")
    account.run(f"GRANT USAGE ON SCHEMA {names.database}.RAW TO ROLE {names.own('READER')}")
    account.run(f"GRANT ROLE {names.own('PERSONAL')} TO USER PLATFORM")
    told = set_up("plan")[1].splitlines()
    assert told[1:] == [
        f"! role {names.own('READER')} has USAGE on schema {names.database}.RAW",
        f"! user PLATFORM has role {names.own('PERSONAL')}: it sees personal columns",
        "Nothing to do.",
    ]


def test_in_production_nobody_but_the_pipeline_makes_schemas(
    set_up: SetUp, account: Account, names: Names
) -> None:
    set_up("apply", environment="prod")
    makers = {
        role
        for role in ROLES
        if Held("CREATE SCHEMA", "DATABASE", names.database) in all_rights(account, names.own(role))
    }
    assert makers == {"LOADER", "TRANSFORMER", "PLATFORM"}
    account.run(f"CREATE TABLE {names.database}.OPS.FEATURE_VERSIONS (A NUMBER)")
    told = set_up("plan", environment="prod")[1].splitlines()
    assert told[1:-1] == [
        f"+ SELECT on table {names.database}.OPS.FEATURE_VERSIONS to role {names.own('SCIENTIST')}"
    ]


def test_a_table_from_before_is_granted_too(set_up: SetUp, account: Account, names: Names) -> None:
    account.run(f"CREATE DATABASE {names.database}")
    account.run(f"CREATE SCHEMA {names.database}.MARTS")
    account.run(f"CREATE TABLE {names.database}.MARTS.OLD (A NUMBER)")
    assert (
        f"SELECT on all tables in {names.database}.MARTS to role {names.own('READER')}: OLD"
        in set_up("apply")[1]
    )
    assert Held("SELECT", "TABLE", f"{names.database}.MARTS.OLD") in held_by(account, names.own("READER"))
    assert "Nothing to do" in set_up("plan")[1]


def test_teardown_drops_what_was_made_and_nothing_else(set_up: SetUp, account: Account, names: Names) -> None:
    account.run(f"CREATE ROLE {names.own('SCIENTIST')} COMMENT = 'somebody made it'")
    set_up("apply")
    account.run(f"CREATE SCHEMA {names.database}.ANA_MARTS")
    code, told = set_up("teardown")
    assert (code, "say --confirm dev" in told) == (2, True)
    assert len(account.rows(f"SHOW SCHEMAS IN DATABASE {names.database}")) > 6

    told = set_up("teardown", "--confirm", "prod", environment="prod")[1]
    assert f"left: database {names.database}, which was there before" in told
    assert "Nothing to drop" in told

    code, told = set_up("teardown", "--confirm", names.environment)
    assert code == 0
    assert f"left: database {names.database}, as others have made schema ANA_MARTS in it" in told
    assert f"left: role {names.own('SCIENTIST')}, which was there before" in told
    schemas = account.by_name(f"SHOW SCHEMAS IN DATABASE {names.database}")
    assert schemas.keys() == {"ANA_MARTS", "INFORMATION_SCHEMA", "PUBLIC"}
    assert {name for name in account.by_name("SHOW ROLES") if name.startswith(names.prefix)} == {
        names.own("SCIENTIST")
    }

    account.run(f"DROP SCHEMA {names.database}.ANA_MARTS")
    assert "- database" in set_up("teardown", "--confirm", names.environment)[1]
    assert names.database not in account.by_name("SHOW DATABASES")
    assert "Nothing to drop" in set_up("teardown", "--confirm", names.environment)[1]


def test_teardown_leaves_a_database_that_was_there(set_up: SetUp, account: Account, names: Names) -> None:
    account.run(f"CREATE DATABASE {names.database}")
    account.run(f"CREATE SCHEMA {names.database}.RAW")
    set_up("apply")
    told = set_up("teardown", "--confirm", names.environment)[1]
    assert f"left: database {names.database}, which was there before" in told
    assert account.by_name(f"SHOW SCHEMAS IN DATABASE {names.database}").keys() >= {"RAW"}


def test_local_has_the_platforms_defaults() -> None:
    local = Names.of("local")
    assert (local.database, local.own(wanted.PLATFORM), local.own("READER")) == (
        "SHELLCORP",
        "PLATFORM",
        "READER",
    )
    assert Names.of("prod").own("LOADER") == "SHELLCORP_LOADER"
    assert Names.of("dev").own("LOADER") == "SHELLCORP_DEV_LOADER"
    with pytest.raises(SetUpError, match="no name for a database"):
        Names.of("dev", 'x"; DROP DATABASE y')


def test_names_and_texts_are_quoted_and_key_words_are_key_words() -> None:
    made = Template("GRANT {p:words} ON {t} TO {r} COMMENT = {c:text} {n:number}", "R")
    filled = made.fill(p="USAGE, CREATE TABLE", t=("A", 'b"c'), r="x", c="it's", n=3)
    assert filled.sql == """GRANT USAGE, CREATE TABLE ON "A"."b""c" TO "x" COMMENT = 'it''s' 3"""
    with pytest.raises(ValueError, match="no key words"):
        made.fill(p="USAGE; DROP", t="a", r="x", c="", n=3)
    with pytest.raises(ValueError, match="invalid literal"):
        made.fill(p="USAGE", t="a", r="x", c="", n="3; DROP")
    with pytest.raises(KeyError):
        made.fill(p="USAGE")


def test_every_file_is_a_list_of_statements() -> None:
    for file in sorted(FOLDER.glob("*.sql")):
        found = templates(file.name)
        assert found, file.name
        for template in found.values():
            assert ";" not in template.text, (file.name, template.text)
            assert template.role in ("SYSADMIN", "USERADMIN", "SECURITYADMIN", "ACCOUNTADMIN")


def test_wrong_settings_are_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PLATFORM_ENV_FILE", "/nowhere")
    monkeypatch.delenv("SNOWFLAKE_ACCOUNT", raising=False)
    monkeypatch.setenv("SNOWFLAKE_USER", "x")
    assert main(["plan", "--environment", "dev"]) == 1
    assert "Set SNOWFLAKE_ACCOUNT" in capsys.readouterr().err
