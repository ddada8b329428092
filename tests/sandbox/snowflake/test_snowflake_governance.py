"""Grants, tags, policies and what schemas declare: kept as Snowflake keeps them, and never enforced."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.sandbox.snowflake.snowflake_client import Run


@pytest.fixture
def role(run: Run, schema: str) -> Iterator[str]:
    """A role that may read what will be made in the schema."""
    name = f"{schema}_READER"
    run(f"CREATE ROLE {name}")
    for kinds in ("TABLES", "VIEWS"):
        run(f"GRANT SELECT ON FUTURE {kinds} IN SCHEMA {schema} TO ROLE {name}")
    yield name
    run(f"DROP ROLE {name}")


def granted(run: Run, role: str) -> set[tuple[str, str, str]]:
    """Privilege, kind and last part of the name."""
    return {(row[1], row[2], row[3].split(".")[-1]) for row in run(f"SHOW GRANTS TO ROLE {role}")}


def tags(run: Run, schema: str, table: str) -> dict[str, tuple[str, str]]:
    """Value and level of the one tag, by column."""
    rows = run(
        "SELECT COLUMN_NAME, TAG_VALUE, LEVEL "
        f"FROM TABLE(INFORMATION_SCHEMA.TAG_REFERENCES_ALL_COLUMNS('{schema}.{table}', 'table'))"
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def test_grants_follow_their_tables(run: Run, role: str) -> None:
    read = {("SELECT", "TABLE", name) for name in ("T", "C", "R")}
    run("CREATE TABLE T (A NUMBER)")
    assert granted(run, role) == {("SELECT", "TABLE", "T")}
    run(f"GRANT INSERT ON TABLE T TO ROLE {role}")
    run("CREATE TABLE C LIKE T COPY GRANTS")
    assert granted(run, role) == {(right, "TABLE", name) for right in ("SELECT", "INSERT") for name in "TC"}
    run("CREATE OR REPLACE TABLE C (A NUMBER)")
    run("ALTER TABLE T SWAP WITH C")
    assert granted(run, role) == {*read, ("INSERT", "TABLE", "C")} - {("SELECT", "TABLE", "R")}
    run("ALTER TABLE C RENAME TO R")
    run("CREATE OR REPLACE TABLE R (B NUMBER) COPY GRANTS")
    assert granted(run, role) == {*read, ("INSERT", "TABLE", "R")} - {("SELECT", "TABLE", "C")}
    run("CREATE TEMPORARY TABLE P (A NUMBER)")
    run("CREATE TABLE IF NOT EXISTS R (A NUMBER)")
    run("DROP TABLE T")
    assert granted(run, role) == {("SELECT", "TABLE", "R"), ("INSERT", "TABLE", "R")}
    run("CREATE OR REPLACE VIEW V AS SELECT 1 AS A")
    assert ("SELECT", "VIEW", "V") in granted(run, role)


def test_future_grants_and_those_on_all_are_shown_and_taken_back(run: Run, schema: str, role: str) -> None:
    run("CREATE TABLE T (A NUMBER)")
    run("CREATE DYNAMIC TABLE D TARGET_LAG = DOWNSTREAM WAREHOUSE = W AS SELECT 1 AS A")
    assert [row[1:4] for row in run(f"SHOW FUTURE GRANTS TO ROLE {role}")] == [
        ("SELECT", "TABLE", f"SHELLCORP.{schema}.<TABLE>"),
        ("SELECT", "VIEW", f"SHELLCORP.{schema}.<VIEW>"),
    ]
    run(f"GRANT DELETE, UPDATE ON ALL TABLES IN SCHEMA {schema} TO ROLE {role}")
    assert granted(run, role) == {(right, "TABLE", "T") for right in ("SELECT", "DELETE", "UPDATE")}
    run(f"REVOKE SELECT ON FUTURE TABLES IN SCHEMA {schema} FROM ROLE {role}")
    run("CREATE TABLE U (A NUMBER)")
    assert ("SELECT", "TABLE", "U") not in granted(run, role)
    assert len(run(f"SHOW FUTURE GRANTS IN SCHEMA {schema}")) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "GRANT SELECT ON TABLE NOBODY TO ROLE PUBLIC",
        "GRANT USAGE ON SCHEMA NOBODY TO ROLE PUBLIC",
        "GRANT USAGE ON WAREHOUSE NOBODY TO ROLE PUBLIC",
        "GRANT ROLE NOBODY TO ROLE SYSADMIN",
        "GRANT ROLE PUBLIC TO USER NOBODY",
        "ALTER TABLE T MODIFY COLUMN A SET TAG NOBODY = 'x'",
        "ALTER TABLE NOBODY MODIFY COLUMN A SET TAG G = 'x'",
        "ALTER TAG G SET MASKING POLICY NOBODY",
        "ALTER SCHEMA NOBODY SET DATA_RETENTION_TIME_IN_DAYS = 1",
        "CREATE TABLE U (A NUMBER WITH TAG (NOBODY = 'x'))",
        "DESCRIBE USER NOBODY",
    ],
)
def test_what_is_not_there_is_told(run: Run, statement: str) -> None:
    run("CREATE TABLE T (A NUMBER)")
    run("CREATE TAG G ALLOWED_VALUES 'x'")
    with pytest.raises(ProgrammingError, match="does not exist") as raised:
        run(statement)
    assert raised.value.errno == 2003


def test_a_column_has_its_own_tag_or_that_of_its_schema(run: Run, schema: str) -> None:
    run("CREATE TAG G ALLOWED_VALUES 'yes', 'no'")
    run("CREATE TABLE T (A NUMBER WITH TAG (G = 'no') COMMENT 'one', B VARCHAR)")
    assert tags(run, schema, "T") == {"A": ("no", "COLUMN")}
    run(f"ALTER SCHEMA {schema} SET TAG G = 'yes'")
    both = {"A": ("no", "COLUMN"), "B": ("yes", "SCHEMA")}
    assert tags(run, schema, "T") == both
    run("CREATE TABLE L LIKE T")
    run("ALTER TABLE L RENAME COLUMN A TO C")
    run("ALTER TABLE L MODIFY COLUMN B SET TAG G = 'no', COLUMN C UNSET TAG G")
    assert tags(run, schema, "L") == {"C": ("yes", "SCHEMA"), "B": ("no", "COLUMN")}
    run("ALTER TABLE T SWAP WITH L")
    assert tags(run, schema, "L") == both
    run("CREATE OR REPLACE TABLE L (A NUMBER)")
    assert tags(run, schema, "L") == {"A": ("yes", "SCHEMA")}
    run("CREATE VIEW V AS SELECT 1 AS A")
    run("ALTER VIEW V MODIFY COLUMN A SET TAG G = 'no'")
    assert tags(run, schema, "V") == {"A": ("no", "COLUMN")}
    with pytest.raises(ProgrammingError, match="not allowed"):
        run("ALTER TABLE T MODIFY COLUMN B SET TAG G = 'perhaps'")


def test_a_policy_is_described_and_is_its_tags(run: Run, schema: str) -> None:
    run("CREATE TAG G")
    body = "CASE WHEN IS_ROLE_IN_SESSION('A; B') THEN V ELSE '***' END"
    run(f"CREATE MASKING POLICY P AS (V VARCHAR) RETURNS VARCHAR -> {body} COMMENT = 'masks'")
    assert run("DESCRIBE MASKING POLICY P") == [("P", "(V VARCHAR)", "VARCHAR", body)]
    function = f"INFORMATION_SCHEMA.POLICY_REFERENCES(POLICY_NAME => '{schema}.P')"
    references = f"SELECT REF_ENTITY_NAME FROM TABLE({function})"
    assert run(references) == []
    run("ALTER TAG G SET MASKING POLICY P")
    assert run(references) == [("G",)]
    run("ALTER MASKING POLICY P SET BODY -> NULL")
    assert run("DESCRIBE MASKING POLICY P")[0][3] == "NULL"
    run("ALTER TAG G UNSET MASKING POLICY P")
    assert run(references) == []


def test_nothing_is_enforced(run: Run, schema: str, role: str) -> None:
    run("CREATE TABLE T (A VARCHAR)")
    run("INSERT INTO T VALUES ('seen')")
    run("CREATE TAG G")
    run("CREATE MASKING POLICY P AS (V VARCHAR) RETURNS VARCHAR -> '***'")
    run("ALTER TAG G SET MASKING POLICY P")
    run(f"ALTER SCHEMA {schema} SET TAG G = 'x'")
    run(f"REVOKE SELECT ON TABLE T FROM ROLE {role}")
    run(f"USE ROLE {role}")
    assert run("SELECT A FROM T") == [("seen",)]


def test_what_a_schema_declares_is_shown(run: Run, schema: str) -> None:
    run(f"ALTER SCHEMA {schema} SET DATA_RETENTION_TIME_IN_DAYS = 3 COMMENT = 'mine'")
    run(f"ALTER SCHEMA {schema} ENABLE MANAGED ACCESS")
    (row,) = run(f"SHOW SCHEMAS LIKE '{schema}'")
    assert (row[6], row[7], row[8]) == ("mine", "MANAGED ACCESS", "3")
    with pytest.raises(ProgrammingError, match="stand-in: ALTER SCHEMA … RENAME TO"):
        run(f"ALTER SCHEMA {schema} RENAME TO OTHER")
    with pytest.raises(ProgrammingError, match="stand-in: SCHEMA … DEFAULT_DDL_COLLATION"):
        run(f"ALTER SCHEMA {schema} SET DEFAULT_DDL_COLLATION = 'en'")
