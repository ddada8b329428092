"""The scripts for SQL Server parse as T-SQL; run in their order, they are all that replication needs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pymssql
import pytest
import sqlglot
from sqlglot import exp

import deployments
from deployments.connections import connect_snowflake, connect_sql_server
from deployments.settings import SnowflakeSettings, SqlServerSettings
from flows.ingest.source.condition import read_condition
from flows.ingest.source.session import SourceSession
from sandbox.shellcorp import script
from tests.ingest.world import World
from tests.places import Place

FOLDER = Path(deployments.__file__).parent / "sqlserver"
SCRIPTS = sorted(file.name for file in FOLDER.glob("*.sql"))
SET_UP = SCRIPTS[:5]
PASSWORD = "Correct-Horse-7"
NOT_READ_BY_SQLGLOT = (
    "GRANT SELECT ON SCHEMA::",
    "GRANT VIEW ",
    "CREATE LOGIN",
    "CREATE USER",
    "ALTER ROLE",
    "ALTER DATABASE CURRENT",
    "DROP USER",
    "DROP LOGIN",
)
"""Statements that sqlglot takes as text; the stand-in's parser reads them."""


def batches(name: str, **variables: str) -> list[str]:
    return script.batches((FOLDER / name).read_text(), variables)


def variables(database: str) -> dict[str, str]:
    return {
        "reader": f"{database}_reader",
        "gate": "cdc_gate",
        "password": PASSWORD,
        "minutes": "10080",
        "confirm": database,
    }


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_parses_as_t_sql(name: str) -> None:
    for batch in batches(name, **variables("shop")):
        for statement in (part for parsed in sqlglot.parse(batch, read="tsql") for part in parsed.walk()):
            assert not isinstance(statement, exp.Alias) or str(statement.alias).upper() != "EXEC"
            if isinstance(statement, exp.Command):
                text = statement.sql("tsql", comments=False)
                assert text.startswith(NOT_READ_BY_SQLGLOT), text


@pytest.fixture(scope="module")
def world(
    sql_server: SqlServerSettings, snowflake: SnowflakeSettings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A database with Shellcorp's tables, set up by the scripts, some rows, and an empty warehouse."""
    name = f"s{uuid.uuid4().hex[:10]}"
    given = variables(name)
    with connect_snowflake(snowflake, "test") as connection:
        connection.cursor().execute(f"CREATE DATABASE {name.upper()}")
    administrator = sql_server.model_copy(update={"database": name})
    reader = administrator.model_copy(update={"user": given["reader"], "password": _secret(PASSWORD)})
    warehouse = snowflake.model_copy(update={"database": name.upper()})
    execute(sql_server, f"CREATE DATABASE [{name}]")
    execute(administrator, *script.batches(script.read("schema.sql"), {}))
    for file in (*SET_UP, *SET_UP):
        execute(administrator, *batches(file, **given))
    world = World(tmp_path_factory.mktemp("scripts"), Place(administrator, reader, warehouse))
    world.execute(
        "INSERT INTO dbo.products (product_code, name, category, list_price, is_discontinued) "
        "VALUES ('AA-00001', N'x', 'y', 1, 0)"
    )
    for job in ("change_job @job_type = N'capture', @pollinginterval = 0", "stop_job", "start_job"):
        world.execute(f"EXEC sys.sp_cdc_{job}")
    world.wait_for_harvest()
    yield world
    execute(administrator, *batches("99_remove.sql", **given))


def test_replicate_works_as_the_login_and_sees_its_condition(world: World) -> None:
    report = world.replicate()
    assert len(report.tables) == 9
    assert set(world.states().values()) == {"streaming"}
    assert world.differences("PRODUCTS") == {}
    with closing(connect_sql_server(world.reader, "test")) as connection:
        condition = read_condition(SourceSession(connection))
    assert condition.grants == ()
    assert (condition.capture_job, condition.retention.days, condition.max_text_repl_size) == (
        "running",
        7,
        -1,
    )


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("INSERT INTO dbo.products (product_code) VALUES ('x')", 229),
        ("DELETE FROM cdc.dbo_products_CT", 229),
        ("SELECT * FROM dbo.not_captured", 229),
        ("CREATE TABLE dbo.own (a int)", 262),
        ("EXEC sys.sp_cdc_disable_table N'dbo', N'products', N'dbo_products'", 22904),
    ],
)
def test_the_login_may_nothing_else(world: World, statement: str, number: int) -> None:
    world.execute("IF OBJECT_ID(N'dbo.not_captured') IS NULL CREATE TABLE dbo.not_captured (a int)")
    with pytest.raises(pymssql.Error) as raised:
        execute(world.reader, statement)
    assert raised.value.args[0] == number


def test_what_there_is_to_watch_has_answers(world: World) -> None:
    """The stand-in does not know log_reuse_wait_desc: its log waits for nothing."""
    known = [batch for batch in batches("06_watch.sql") if "log_reuse_wait_desc" not in batch]
    jobs, harvest, errors, instances, kept = (world.query(batch) for batch in known)
    assert {row[0] for row in jobs} == {"capture", "cleanup"}
    assert harvest[0][1] is not None
    assert (errors, len(instances), len(kept)) == ([], 9, 9)


def test_nothing_is_removed_from_another_database(world: World) -> None:
    given = variables(world.database) | {"confirm": "another"}
    with pytest.raises(pymssql.Error, match="confirm is not the name of this database"):
        execute(world.place.administrator, *batches("99_remove.sql", **given))
    assert world.query("SELECT COUNT(*) FROM cdc.change_tables") == [(9,)]


def execute(settings: SqlServerSettings, *statements: str) -> None:
    """Batches in one session, as sqlcmd -b: the first error ends it."""
    with closing(connect_sql_server(settings, "test")) as connection:
        connection.autocommit(True)
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def _secret(text: str) -> Any:
    from pydantic import SecretStr

    return SecretStr(text)
