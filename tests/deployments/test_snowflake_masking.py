"""Personal columns are masked from readers, however often and in whatever way their table is published."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import col, lit

from deployments.connections import connect_snowflake, snowpark_session
from deployments.settings import SnowflakeSettings
from deployments.snowflake import wanted
from deployments.snowflake.names import Names
from deployments.snowflake.plan import plan as plan_set_up
from deployments.snowflake.present import Account, Held, held_by
from snowpark_models import Column, Model
from snowpark_models.runner import Options, discover, materialise, plan
from tests.deployments.conftest import SetUp

CONTRACT = (
    Column("id", "NUMBER(10,0)", "Number of the row."),
    Column("email", "VARCHAR(20)", "Address.", personal=True),
    Column("country", "VARCHAR(2)", "Country."),
)


def stg_people(raw_orders: DataFrame) -> DataFrame:
    return raw_orders.select("ID", lit("a@b.example").alias("EMAIL"), lit("DK").alias("COUNTRY"))


def people(stg_people: DataFrame) -> DataFrame:
    return stg_people.select("ID", "EMAIL", "COUNTRY")


def people_now(stg_people: DataFrame) -> DataFrame:
    return stg_people.select("ID", "EMAIL", "COUNTRY").where(col("ID") > 0)


def declared(layer: str, function: object, materialized: str = "table") -> Model:
    model = Model(function, layer, ("id",), CONTRACT, "o@shellcorp.example", "People.", "one row a person")
    return dataclasses.replace(model, materialized=materialized)


MODELS = plan(
    [], [declared("staging", stg_people), declared("marts", people), declared("marts", people_now, "view")]
)


@pytest.fixture(scope="module")
def runner(snowflake: SnowflakeSettings, applied: Names) -> Iterator[Session]:
    """A session as the pipeline opens one, in an account that is set up; with a mirror."""
    settings = snowflake.model_copy(update={"database": applied.database, "role": applied.own("PLATFORM")})
    with connect_snowflake(settings, "test") as connection:
        session = snowpark_session(connection)
        session.sql("CREATE TABLE RAW.ORDERS (ID NUMBER(10,0), AMOUNT NUMBER(19,4))").collect()
        session.sql("INSERT INTO RAW.ORDERS VALUES (1, 1.5)").collect()
        yield session


def readable(account: Account, names: Names, table: str) -> dict[str, bool]:
    """The columns of a table that a reader may select, and whether it sees their values.

    As the policies decide: a column shows what it is tagged `no` itself, or by its schema.
    """
    place = f"{names.database}.{table}"
    objects = {each.name for each in held_by(account, names.own("READER")) if each.privilege == "SELECT"}
    if place not in objects:
        return {}
    function = f"TABLE({names.database}.INFORMATION_SCHEMA.TAG_REFERENCES_ALL_COLUMNS('{place}', 'table'))"
    return {row["column_name"]: row["tag_value"] == "no" for row in account.rows(f"SELECT * FROM {function}")}


def test_publishing_again_unmasks_nothing_and_takes_no_grant(
    runner: Session, account: Account, applied: Names
) -> None:
    expected = {"ID": True, "EMAIL": False, "COUNTRY": True}
    for run, options in (
        ("run-1", Options()),
        ("run-2", Options(rebuilt=[model.name for model in MODELS])),
    ):
        by_hand = held_by(account, "PUBLIC")
        results = materialise(runner, MODELS, lambda *_: True, run, options=options)
        assert {result.outcome for result in results} == {"published"}
        assert held_by(account, "PUBLIC") == by_hand
        assert readable(account, applied, "MARTS.PEOPLE") == expected
        assert readable(account, applied, "MARTS.PEOPLE_NOW") == expected
        assert readable(account, applied, "STAGING.STG_PEOPLE") == {}
        account.run(f"GRANT SELECT ON TABLE {applied.database}.MARTS.PEOPLE TO ROLE PUBLIC")
    assert plan_set_up(account, applied) == []


def test_what_nobody_has_tagged_is_masked(runner: Session, account: Account, applied: Names) -> None:
    runner.sql("CREATE TABLE MARTS.FORGOTTEN AS SELECT 'a@b.example' AS EMAIL").collect()
    runner.sql("CREATE OR REPLACE VIEW MARTS.SEEN AS SELECT EMAIL FROM MARTS.FORGOTTEN").collect()
    assert readable(account, applied, "MARTS.FORGOTTEN") == {"EMAIL": False}
    assert readable(account, applied, "MARTS.SEEN") == {"EMAIL": False}
    rebuilt = Options(rebuilt=["people"])
    results = materialise(runner, MODELS, lambda built: built.layer == "staging", "run-3", options=rebuilt)
    (candidate,) = (name for name in _tables(account, applied, "MARTS") if "__CANDIDATE_" in name)
    assert {result.model.name: result.outcome for result in results}["people"] == "gate closed"
    assert readable(account, applied, f"MARTS.{candidate}") == {"ID": True, "EMAIL": False, "COUNTRY": True}


def test_a_table_from_before_the_set_up_gets_the_tags_of_its_comments(
    set_up: SetUp, account: Account, names: Names
) -> None:
    account.run(f"CREATE DATABASE {names.database}")
    account.run(f"CREATE SCHEMA {names.database}.MARTS")
    columns = "ID NUMBER COMMENT 'Key.', NAME VARCHAR COMMENT 'Name. [personal]', OTHER VARCHAR"
    account.run(f"CREATE TABLE {names.database}.MARTS.OLD ({columns})")
    assert set_up("apply")[0] == 0
    assert readable(account, names, "MARTS.OLD") == {"ID": True, "NAME": False, "OTHER": False}
    account.run(f"COMMENT ON COLUMN {names.database}.MARTS.OLD.ID IS 'Key. [personal]'")
    assert "~ column MARTS.OLD.ID: tag PERSONAL = yes" in set_up("plan")[1]


def test_rows_set_aside_are_for_stewards_and_the_pipeline(
    runner: Session, account: Account, applied: Names
) -> None:
    runner.sql("CREATE TABLE QUALITY.MARTS__PEOPLE (ID NUMBER, EMAIL VARCHAR)").collect()
    place = f"{applied.database}.QUALITY.MARTS__PEOPLE"
    may = {
        role.name
        for role in wanted.ROLES
        if Held("SELECT", "TABLE", place) in held_by(account, applied.own(role.name))
    }
    assert may == {"STEWARD"}
    assert readable(account, applied, "QUALITY.MARTS__PEOPLE") == {}


def test_every_personal_column_has_a_type_that_is_masked() -> None:
    families = {column.family for model in discover() for column in model.contract if column.personal}
    assert families
    assert families <= wanted.MASKED.keys()


def _tables(account: Account, names: Names, schema: str) -> list[str]:
    return [row["name"] for row in account.rows(f"SHOW TABLES IN SCHEMA {names.database}.{schema}")]
