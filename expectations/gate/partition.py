"""The part of a table that a gate has to look at again, and up to where it need not."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import great_expectations

from expectations.rules import Suite

WHOLE_AGAIN_AFTER: Final = timedelta(days=7)
"""So old is the oldest look at a whole table: what was changed past replication and runner comes to light."""


@dataclass(frozen=True)
class Partition:
    """Rows that came since every row kept the row-local rules.

    Attributes:
        location: where they are read, such as STAGING.STG_ORDERS__BATCH.
        rows: condition in SQL that chooses them; all when None.
    """

    location: str
    rows: str | None = None

    @classmethod
    def of_nothing(cls, location: str) -> Partition:
        """No row of a table has come since."""
        return cls(location, "FALSE")


def fingerprint(suite: Suite) -> str:
    """A hash of all that a verdict of the suite rests on: another one asks for a look at the whole table."""
    rules: list[Any] = [
        [
            rule.expectation.configuration.to_json_dict(),
            rule.is_row_local,
            rule.sets_aside,
            rule.breaks,
            rule.counted,
        ]
        for rule in suite.rules
    ]
    facts = [great_expectations.__version__, suite.key, suite.rows, rules]
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()
