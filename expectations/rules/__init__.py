"""The phrases that suites are written with: each makes `Rule`s, in words.

A rule says what is always true of the rows. Critical closes the gate, warning publishes and tells, info is
only kept. docs/gates.md says which phrase to use when. Suites may use any other expectation of Great
Expectations beside these: `Rule(expectation, is_row_local=False)`.
"""

from expectations.rules.columns import between, counts, matches, never_null, one_of
from expectations.rules.in_sql import always, computed, failing
from expectations.rules.mirrors import (
    LIVE_ROWS,
    as_its_log_says,
    as_the_source_was,
    rows_of_mirror,
    versions_of_mirror,
)
from expectations.rules.over_time import (
    changes_with_the_source,
    fresh,
    has_not_drifted,
    keeps_up_with,
    mean_is_usual,
    volume_is_usual,
)
from expectations.rules.parents import has_all_of, refers_to
from expectations.rules.rule import Rule, set_aside
from expectations.rules.suites import Limit, Suite, mirror, suite
from expectations.rules.tables import has_rows, same_in_all_rows, unique
from expectations.rules.unexpected_rows import SAMPLE_SIZE, NoRowBreaks
from expectations.rules.upstreams import (
    adds_up_to,
    as_of_the_newest_commit,
    at_as_of,
    same_as,
    totals_are_those_of,
)
from expectations.rules.versions import (
    covers_the_versions_of,
    each_version_differs,
    nothing_from,
    one_current_version,
    versions_follow_each_other,
)

__all__ = [
    "LIVE_ROWS",
    "SAMPLE_SIZE",
    "Limit",
    "NoRowBreaks",
    "Rule",
    "Suite",
    "adds_up_to",
    "always",
    "as_its_log_says",
    "as_of_the_newest_commit",
    "as_the_source_was",
    "at_as_of",
    "between",
    "changes_with_the_source",
    "computed",
    "counts",
    "covers_the_versions_of",
    "each_version_differs",
    "failing",
    "fresh",
    "has_all_of",
    "has_not_drifted",
    "has_rows",
    "keeps_up_with",
    "matches",
    "mean_is_usual",
    "mirror",
    "never_null",
    "nothing_from",
    "one_current_version",
    "one_of",
    "refers_to",
    "rows_of_mirror",
    "same_as",
    "same_in_all_rows",
    "set_aside",
    "suite",
    "totals_are_those_of",
    "unique",
    "versions_follow_each_other",
    "versions_of_mirror",
    "volume_is_usual",
]
