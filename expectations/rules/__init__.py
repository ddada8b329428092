"""The phrases that suites are written with: each makes `Rule`s, in words.

A rule says what is always true of the rows. Critical closes the gate, warning publishes and tells, info is
only kept. docs/gates.md says which phrase to use when. Suites may use any other expectation of Great
Expectations beside these: `Rule(expectation, is_row_local=False)`.
"""

from expectations.rules.columns import between, counts, matches, never_null, one_of
from expectations.rules.in_sql import always, failing
from expectations.rules.parents import has_all_of, refers_to
from expectations.rules.rule import Rule, set_aside
from expectations.rules.suites import LIVE_ROWS, Suite, mirror, suite
from expectations.rules.tables import has_rows, same_in_all_rows, unique
from expectations.rules.unexpected_rows import SAMPLE_SIZE, NoRowBreaks

__all__ = [
    "LIVE_ROWS",
    "SAMPLE_SIZE",
    "NoRowBreaks",
    "Rule",
    "Suite",
    "always",
    "between",
    "counts",
    "failing",
    "has_all_of",
    "has_rows",
    "matches",
    "mirror",
    "never_null",
    "one_of",
    "refers_to",
    "same_in_all_rows",
    "set_aside",
    "suite",
    "unique",
]
