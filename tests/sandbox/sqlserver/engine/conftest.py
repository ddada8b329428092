from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.sqlserver.engine.engine import StandInEngine
from tests.sandbox.sqlserver.engine.engine_client import Client, open_engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[StandInEngine]:
    engine = open_engine(tmp_path / "server")
    yield engine
    engine.close()


@pytest.fixture
def client(engine: StandInEngine) -> Iterator[Client]:
    with Client(engine) as client:
        yield client
