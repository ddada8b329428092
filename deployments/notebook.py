"""The session of a notebook: Snowflake's own in Snowflake Notebooks, one from the settings elsewhere.

Snowflake Notebooks have neither SQL Server's drivers nor pydantic: nothing of those is imported before it is
known that this is another place.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from snowflake.snowpark import Session
from snowflake.snowpark.context import get_active_session
from snowflake.snowpark.exceptions import SnowparkSessionException

ROOT = Path(__file__).parents[1]
"""What relative paths in the settings mean, wherever the notebook was started."""


def notebook_session() -> Session:
    """The active session where there is one, else one from the settings.

    Raises:
        ConnectionFailed, SettingsError: there is neither; says what to do.
    """
    try:
        return get_active_session()
    except SnowparkSessionException:
        pass
    from deployments.connections import connect_snowflake, snowpark_session
    from deployments.settings import load_settings

    with contextlib.chdir(ROOT):
        return snowpark_session(connect_snowflake(load_settings().snowflake, "notebook"))
