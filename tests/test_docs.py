"""The pages speak of tests and messages that exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
HOLE = "…"


def named_tests() -> list[tuple[str, str]]:
    """The tests that docs/guarantees.md names: file and function."""
    return re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (DOCS / "guarantees.md").read_text(encoding="utf-8"))


def test_the_guarantees_name_tests() -> None:
    assert len(named_tests()) > 30


@pytest.mark.parametrize(("file", "name"), sorted(set(named_tests())))
def test_a_named_test_exists(file: str, name: str) -> None:
    assert re.search(rf"^ *def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)


def alerts() -> list[str]:
    """The messages that docs/runbook.md explains: what is quoted in its headings."""
    headings = re.findall(r"^### (.+)$", (DOCS / "runbook.md").read_text(encoding="utf-8"), re.MULTILINE)
    return [quoted for heading in headings for quoted in re.findall(r"`([^`]+)`", heading)]


def said() -> Iterator[str]:
    """The texts that the platform's code can say, with a hole for what is filled in."""
    for room in ("flows", "expectations", "snowpark_models", "deployments"):
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    yield "".join(str(p.value) if isinstance(p, ast.Constant) else HOLE for p in node.values)
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def test_the_runbook_explains_messages_that_the_platform_says() -> None:
    spoken = list(said())
    assert len(alerts()) > 15
    assert [alert for alert in alerts() if not any(alert in text for text in spoken)] == []
