"""Rules: what a phrase makes, and what it refuses."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from expectations.gate.contract import Contract, under_contract
from expectations.rules import (
    Rule,
    Suite,
    always,
    between,
    never_null,
    one_of,
    set_aside,
    suite,
    unique,
)
from flows.contracts import contracts


def test_a_row_local_rule_says_which_row_breaks_it() -> None:
    (rule,) = one_of("STATUS", "it's", "open")
    assert (rule.is_row_local, rule.column, rule.severity) == (True, "STATUS", "critical")
    assert rule.breaks == "STATUS IS NOT NULL AND STATUS NOT IN ('it''s', 'open')"
    (rule,) = unique("A", "B")
    assert (rule.is_row_local, rule.breaks, rule.column) == (False, None, None)
    with pytest.raises(ValueError, match="A, B are unique together: a row-local rule, and no other, says"):
        Rule(rule.expectation, is_row_local=True)


def test_only_what_one_row_decides_can_be_set_aside() -> None:
    rules = set_aside(never_null("A", "B"), always("A is no B", "A <> B", "warning", "A"))
    assert [(rule.sentence, rule.sets_aside) for rule in rules] == [
        ("A is never NULL", True),
        ("B is never NULL", True),
        ("A is no B", True),
    ]
    with pytest.raises(ValueError, match="A is unique: no single row breaks this rule"):
        set_aside(unique("A"))


def test_the_contract_gives_the_rules_that_it_stands_for() -> None:
    contract = Contract(key=("A", "B"), required=("A", "B", "C"))
    told = under_contract(suite(("A", "B"), never_null("C"), between("D", low=0)), contract)
    assert [rule.sentence for rule in told.rules] == [
        "The table has at least one row",
        "A is never NULL",
        "B is never NULL",
        "A, B are unique together",
        "C is never NULL",
        "D is at least 0",
    ]
    (required,) = under_contract(Suite(("A",), ()), Contract(("A",), ("A",))).rules[:1]
    assert required == never_null("A")[0]
    with pytest.raises(ValueError, match="the suite's key is A and the contract's A, B"):
        under_contract(suite("A"), contract)


def test_no_suite_repeats_its_contract() -> None:
    for (layer, table), contract in contracts().items():
        own = Path("expectations", layer.lower(), f"{table}.py".lower()).read_text()
        named = {
            name for call in re.findall(r"never_null\(([^)]*)\)", own) for name in re.findall(r"\w+", call)
        }
        assert not named & {*contract.required}, f"{layer}.{table}: the contract says so already"


def test_rules_can_be_imported_first() -> None:
    subprocess.run([sys.executable, "-c", "import expectations.rules"], check=True)
