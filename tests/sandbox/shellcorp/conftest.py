"""A stand-in SQL Server with a small Shellcorp, for these tests alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.process import Service
from sandbox.shellcorp.install import install
from sandbox.shellcorp.server import Server
from tests.sandbox.shellcorp.own_server import SMALL, Content, content, server_of, start


@pytest.fixture(scope="session")
def shellcorp_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with start(tmp_path_factory.mktemp("shellcorp")) as service:
        install(server_of(service), SMALL, print)
        yield service


@pytest.fixture(scope="session")
def seeded(shellcorp_service: Service) -> Content:
    """What the small Shellcorp had before any test wrote to it."""
    return content(server_of(shellcorp_service))


@pytest.fixture(scope="session")
def shellcorp(shellcorp_service: Service, seeded: Content) -> Server:  # noqa: ARG001 - read before it is written to
    """The server of a small Shellcorp that the tests of this folder write to."""
    return server_of(shellcorp_service)
