"""How the tests of this folder reach the stand-in: with the real connector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import snowflake.connector
from snowflake.connector import SnowflakeConnection

from sandbox.process import Service

Connect = Callable[..., SnowflakeConnection]
Run = Callable[..., list[tuple[Any, ...]]]


def open_connection(service: Service, **arguments: Any) -> SnowflakeConnection:
    parameters = {"TIMEZONE": "UTC", "PYTHON_SNOWPARK_ENABLE_THREAD_SAFE_SESSION": True}
    known = {
        "account": "shellcorp",
        "user": "PLATFORM",
        "password": service.password("PLATFORM"),
        "host": "127.0.0.1",
        "port": service.port,
        "protocol": "http",
        "database": "SHELLCORP",
        "login_timeout": 10,
        "network_timeout": 30,
        "session_parameters": parameters | arguments.pop("session_parameters", {}),
    }
    return snowflake.connector.connect(**(known | arguments))
