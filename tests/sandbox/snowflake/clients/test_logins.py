"""Both stand-ins check their logins, listen on the loopback only, and make their passwords at first start."""

from __future__ import annotations

import socket
import stat

import pymssql
import pytest
from snowflake.connector.errors import DatabaseError
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from sandbox.process import Service
from sandbox.service import CREDENTIALS
from tests.sandbox.snowflake.snowflake_client import open_connection


@pytest.fixture(params=["sql_server_service", "snowflake_service"])
def service(request: pytest.FixtureRequest) -> Service:
    found: Service = request.getfixturevalue(request.param)
    return found


def test_it_listens_on_the_loopback_only(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=5):
        pass
    with (
        pytest.raises(ConnectionRefusedError),
        socket.create_connection(("127.0.0.2", service.port), timeout=5),
    ):
        pass


def test_its_passwords_are_made_and_private(service: Service) -> None:
    file = service.folder / CREDENTIALS
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    user = "sa" if "sqlserver" in service.name else "PLATFORM"
    assert len(service.password(user)) >= 20


@pytest.mark.parametrize(("user", "password"), [("PLATFORM", "wrong"), ("PLATFORM", ""), ("NOBODY", "wrong")])
def test_snowflake_refuses_a_wrong_login(snowflake_service: Service, user: str, password: str) -> None:
    with pytest.raises(DatabaseError) as raised:
        open_connection(snowflake_service, user=user, password=password or " ")
    assert (raised.value.errno, "Incorrect username or password" in str(raised.value)) == (390100, True)
    address = {
        "host": "127.0.0.1",
        "port": snowflake_service.port,
        "protocol": "http",
        "account": "shellcorp",
    }
    engine = create_engine(f"snowflake://{user}:wrong@shellcorp/SHELLCORP", connect_args=address)
    with pytest.raises(DBAPIError, match="Incorrect username or password"):
        engine.connect()


def test_sql_server_refuses_a_wrong_login(sql_server_service: Service) -> None:
    for user, password in (("sa", "wrong"), ("nobody", "wrong")):
        with pytest.raises(pymssql.OperationalError, match="18456") as raised:
            pymssql.connect("127.0.0.1", user, password, "master", port=str(sql_server_service.port))
        assert raised.value.args[0][0] == 18456
