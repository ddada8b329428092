"""Rules: what a phrase makes, and what it refuses."""

from __future__ import annotations

import subprocess
import sys

import pytest

from expectations.rules import Rule, always, never_null, one_of, set_aside, unique


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


def test_rules_can_be_imported_first() -> None:
    subprocess.run([sys.executable, "-c", "import expectations.rules"], check=True)
