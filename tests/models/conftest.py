"""A Snowpark session on the stand-in, as the flow opens one."""

from __future__ import annotations

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
