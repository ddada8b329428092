"""Every command of Snowflake's reference works, is inert, or is refused by its name; docs/ says the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from snowflake.connector.errors import ProgrammingError

from sandbox.snowflake.commands import (
    COMMANDS,
    REFUSED,
    REFUSED_OBJECTS,
    VERBS_OF_OBJECTS,
    Handling,
    command_of,
    split,
)
from tests.sandbox.snowflake.snowflake_client import Run

PAGE = Path(__file__).parents[3] / "docs" / "snowflake-stand-in.md"

WORKING = {
    "ALTER DYNAMIC TABLE": "ALTER DYNAMIC TABLE d REFRESH",
    "ALTER SEQUENCE": None,  # nothing of a sequence that the engine can change
    "ALTER SESSION": "ALTER SESSION SET QUERY_TAG = 'x'",
    "ALTER TABLE": "ALTER TABLE t ADD COLUMN b NUMBER",
    "ALTER VIEW": "ALTER VIEW v SET COMMENT = 'x'",
    "BEGIN": "BEGIN",
    "START TRANSACTION": "START TRANSACTION",
    "COMMENT": "COMMENT ON TABLE t IS 'x'",
    "COMMIT": "COMMIT",
    "COPY INTO": "COPY INTO t FROM @s FILE_FORMAT = (TYPE = CSV)",
    "CREATE DATABASE": "CREATE DATABASE IF NOT EXISTS SHELLCORP",
    "CREATE DYNAMIC TABLE": "CREATE DYNAMIC TABLE d2 TARGET_LAG = DOWNSTREAM WAREHOUSE = w AS SELECT 1 AS a",
    "CREATE FILE FORMAT": "CREATE FILE FORMAT f TYPE = CSV",
    "CREATE ICEBERG TABLE": "CREATE ICEBERG TABLE i (a NUMBER) CATALOG = 'SNOWFLAKE' BASE_LOCATION = 'i'",
    "CREATE SCHEMA": None,  # becomes the current schema
    "CREATE SEQUENCE": "CREATE SEQUENCE q2",
    "CREATE STAGE": "CREATE STAGE s2",
    "CREATE TABLE": "CREATE TRANSIENT TABLE t2 (a NUMBER)",
    "CREATE VIEW": "CREATE VIEW v2 AS SELECT 1 AS a",
    "DELETE": "DELETE FROM t",
    "DESCRIBE DATABASE": "DESCRIBE DATABASE SHELLCORP",
    "DESCRIBE MASKING POLICY": "DESCRIBE MASKING POLICY p",
    "DESCRIBE SCHEMA": "DESC SCHEMA PUBLIC",
    "DESCRIBE SEQUENCE": "DESCRIBE SEQUENCE q",
    "DESCRIBE STAGE": "DESCRIBE STAGE s",
    "DESCRIBE TABLE": "DESC TABLE t",
    "DESCRIBE USER": "DESC USER u",
    "DESCRIBE VIEW": "DESCRIBE VIEW v",
    "DROP DATABASE": "DROP DATABASE IF EXISTS nope",
    "DROP DYNAMIC TABLE": "DROP DYNAMIC TABLE d",
    "DROP FILE FORMAT": "DROP FILE FORMAT f",
    "DROP ICEBERG TABLE": "DROP ICEBERG TABLE IF EXISTS nope",
    "DROP SCHEMA": "DROP SCHEMA IF EXISTS nope",
    "DROP SEQUENCE": "DROP SEQUENCE q2",
    "DROP STAGE": "DROP STAGE s2",
    "DROP TABLE": "DROP TABLE t2",
    "DROP VIEW": "DROP VIEW v2",
    "EXECUTE IMMEDIATE": "EXECUTE IMMEDIATE $$SELECT 1 AS a$$",
    "INSERT": "INSERT INTO t (a) VALUES (1)",
    "LIST": "LS @s",
    "MERGE": "MERGE INTO t USING v ON t.a = v.a WHEN NOT MATCHED THEN INSERT (a) VALUES (1)",
    "PUT": None,  # the clients' tests put files
    "REMOVE": "RM @s",
    "ROLLBACK": "ROLLBACK",
    "SELECT": "WITH x AS (SELECT 1 AS a) SELECT a FROM x",
    "SET": "SET n = 1",
    "TRUNCATE TABLE": "TRUNCATE t",
    "UNSET": "UNSET n",
    "UPDATE": "UPDATE t SET a = 2",
    "USE": "USE SHELLCORP",
    "USE DATABASE": "USE DATABASE SHELLCORP",
    "USE ROLE": "USE ROLE r",
    "USE SCHEMA": "USE SCHEMA PUBLIC",
    "USE WAREHOUSE": "USE WAREHOUSE w",
} | {name: name for name in COMMANDS if name.startswith("SHOW ") and COMMANDS[name] is Handling.WORKS}
"""A statement for each command that works."""

INERT = [
    "CREATE ROLE r",
    "CREATE ROLE IF NOT EXISTS r",
    "ALTER ROLE r SET COMMENT = 'x'",
    "CREATE OR REPLACE WAREHOUSE w WAREHOUSE_SIZE = 'SMALL' COMMENT = 'loads'",
    "ALTER WAREHOUSE w SUSPEND",
    "CREATE RESOURCE MONITOR m WITH CREDIT_QUOTA = 10",
    "ALTER RESOURCE MONITOR m SET CREDIT_QUOTA = 20",
    "CREATE NETWORK POLICY n ALLOWED_IP_LIST = ('127.0.0.1')",
    "ALTER NETWORK POLICY n SET COMMENT = 'x'",
    "CREATE TAG g ALLOWED_VALUES 'yes', 'no'",
    "ALTER TAG g SET COMMENT = 'x'",
    "CREATE MASKING POLICY p AS (v VARCHAR) RETURNS VARCHAR -> '***'",
    "ALTER MASKING POLICY p SET BODY -> NULL",
    "ALTER TAG g SET MASKING POLICY p FORCE",
    "ALTER TAG g UNSET MASKING POLICY p",
    "CREATE USER u TYPE = SERVICE DEFAULT_ROLE = r",
    "ALTER USER u SET COMMENT = 'x'",
    "DROP MASKING POLICY IF EXISTS nobody",
    "CREATE EXTERNAL VOLUME e STORAGE_LOCATIONS = ((NAME = 'a' STORAGE_PROVIDER = 'S3'))",
    "ALTER EXTERNAL VOLUME e SET ALLOW_WRITES = TRUE",
    "DROP EXTERNAL VOLUME e",
    "ALTER DATABASE SHELLCORP SET COMMENT = 'x'",
    "ALTER DATABASE SHELLCORP UNSET COMMENT",
    "ALTER SCHEMA PUBLIC ENABLE MANAGED ACCESS",
    "ALTER SCHEMA PUBLIC DISABLE MANAGED ACCESS",
    "GRANT SELECT, INSERT ON TABLE t TO ROLE r",
    "REVOKE INSERT ON TABLE t FROM ROLE r",
    "GRANT ROLE r TO USER PLATFORM",
    "USE SECONDARY ROLES NONE",
    "DROP TAG g",
    "DROP NETWORK POLICY n",
    "DROP RESOURCE MONITOR IF EXISTS m",
]
DROPS = ("DROP ROLE r", "DROP WAREHOUSE w", "DROP USER u")


def names(text: str) -> set[str]:
    return {" ".join(name.split()) for name in text.split(",")}


def handled(handling: Handling) -> set[str]:
    return {name for name, how in COMMANDS.items() if how is handling}


@pytest.fixture
def objects(run: Run) -> None:
    for statement in (
        "CREATE TABLE t (a NUMBER)",
        "CREATE VIEW v AS SELECT a FROM t",
        "CREATE STAGE s",
        "CREATE SEQUENCE q",
        "CREATE DYNAMIC TABLE d TARGET_LAG = DOWNSTREAM WAREHOUSE = w AS SELECT 1 AS a",
    ):
        run(statement)


@pytest.mark.usefixtures("objects")
def test_what_works_and_what_is_inert_is_accepted(run: Run, schema: str) -> None:
    assert set(WORKING) == handled(Handling.WORKS)
    for statement in INERT:
        run(statement)
    shown = {row[0]: (row[3], row[21]) for row in run("SHOW WAREHOUSES LIKE 'w'")}
    assert shown == {"W": ("Small", "loads")}
    assert [row[1] for row in run("SHOW ROLES STARTS WITH 'R' LIMIT 1")] == ["R"]
    table = f"SHELLCORP.{schema}.T"
    assert [row[1:6] for row in run("SHOW GRANTS TO ROLE r")] == [("SELECT", "TABLE", table, "ROLE", "R")]
    assert [row[1:4] for row in run("SHOW GRANTS OF ROLE r")] == [("R", "USER", "PLATFORM")]
    for statement in (*filter(None, WORKING.values()), *DROPS, f"DROP MASKING POLICY {schema}.p"):
        run(statement)
    with pytest.raises(ProgrammingError) as raised:
        run("DROP WAREHOUSE w")
    assert raised.value.errno == 2003


def test_the_others_are_refused_by_their_names(run: Run) -> None:
    wrong = []
    for name in handled(Handling.REFUSED):
        try:
            run(f"{name} x")
            wrong.append(f"{name} is accepted")
        except ProgrammingError as error:
            if (error.errno, error.sqlstate) != (2, "0A000") or f"stand-in: {name}" not in str(error.msg):
                wrong.append(str(error.msg))
    assert wrong == []


def test_no_command_of_snowflakes_is_a_syntax_error(run: Run) -> None:
    for statement in ("SELEC 1", "FROBNICATE t"):
        with pytest.raises(ProgrammingError, match="unexpected") as raised:
            run(statement)
        assert raised.value.errno == 1003
    with pytest.raises(ProgrammingError, match="CREATE FOO BAR") as raised:
        run("CREATE FOO BAR x")
    assert raised.value.sqlstate == "0A000"


@pytest.mark.parametrize(
    ("sql", "command"),
    [
        ("-- note\ncreate or replace TEMP table if not exists t (a int)", "CREATE TABLE"),
        ("/* a; b */ (select 1)", "SELECT"),
        ("show terse schemas in database x", "SHOW SCHEMAS"),
        ("create secure materialized view v as select 1", "CREATE MATERIALIZED VIEW"),
        ("describe t", "DESCRIBE TABLE"),
        ("begin name x", "BEGIN"),
    ],
)
def test_a_command_is_known_by_its_first_words(sql: str, command: str) -> None:
    assert command_of(sql) == command


def test_statements_end_at_semicolons_that_are_code() -> None:
    parts = ["SELECT ';' AS a", ' SELECT 1 AS ";"', " SELECT $$;$$ -- ;\n", " /* ; */ "]
    assert split(";".join(parts)) == parts[:3]


def test_the_page_lists_the_same() -> None:
    page = PAGE.read_text()

    def listed(heading: str, introduction: str) -> set[str]:
        section = page.split(f"## {heading}")[1].split("\n## ")[0]
        return names(section.split(introduction)[1].split(".\n")[0])

    assert listed("Accepted and without effect", "Commands: ") == handled(Handling.INERT)
    assert listed("Refused by name", f"{', '.join(VERBS_OF_OBJECTS)} of: ") == names(REFUSED_OBJECTS)
    assert listed("Refused by name", "Other commands: ") == names(REFUSED)
