"""A Snowpark session on the stand-in, as the flow opens one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from snowflake.snowpark import Session

from deployments.connections import connect_snowflake, snowpark_session
from deployments.settings import SnowflakeSettings


@pytest.fixture(scope="session")
def session(snowflake: SnowflakeSettings) -> Iterator[Session]:
    """One session for all that only reads."""
    connection = connect_snowflake(snowflake, query_tag="tests of the models")
    yield snowpark_session(connection)
    connection.close()


@pytest.fixture(scope="module")
def store(session: Session, snowflake: SnowflakeSettings) -> Iterator[Session]:
    """A session in a database of its own, with schemas for staging and features."""
    database = f"FEATURES_{uuid.uuid4().hex[:12].upper()}"
    session.sql(f"CREATE DATABASE {database}").collect()
    connection = connect_snowflake(snowflake.model_copy(update={"database": database}), "tests of features")
    opened = snowpark_session(connection)
    for schema in ("STAGING", "FEATURES"):
        opened.sql(f"CREATE SCHEMA {schema}").collect()
    yield opened
    connection.close()


@pytest.fixture
def own_store(session: Session, snowflake: SnowflakeSettings) -> Iterator[Session]:
    """A session in an empty database of its own."""
    database = f"HISTORY_{uuid.uuid4().hex[:12].upper()}"
    session.sql(f"CREATE DATABASE {database}").collect()
    with connect_snowflake(snowflake.model_copy(update={"database": database}), "history") as connection:
        opened = snowpark_session(connection)
        for schema in ("STAGING", "FEATURES"):
            opened.sql(f"CREATE SCHEMA {schema}").collect()
        yield opened


@pytest.fixture
def database(session: Session) -> str:
    """A database of its own, empty."""
    name = f"MODELS_{uuid.uuid4().hex[:12].upper()}"
    session.sql(f"CREATE DATABASE {name}").collect()
    return name


@pytest.fixture
def warehouse(database: str, snowflake: SnowflakeSettings) -> Iterator[Session]:
    """A session in that database, which gets the mirrors of five_models."""
    settings = snowflake.model_copy(update={"database": database})
    connection = connect_snowflake(settings, query_tag="tests of the runner")
    opened = snowpark_session(connection)
    opened.sql("CREATE SCHEMA RAW").collect()
    for table in ("ORDERS", "PAYMENTS"):
        opened.sql(f"CREATE TABLE RAW.{table} (ID NUMBER(10,0), AMOUNT NUMBER(19,4))").collect()
        opened.sql(f"INSERT INTO RAW.{table} VALUES (1, 1.5), (2, 2.25)").collect()
    yield opened
    connection.close()
