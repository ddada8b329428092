"""Of the ways in which one row of a good table can be wrong, how many at least one rule of its suite sees."""

from __future__ import annotations

import random

import pytest
from snowflake.connector import SnowflakeConnection

from expectations.gate import suites_of
from expectations.gate.needs import answerable
from tests.expectations.contracts import suite_of
from tests.expectations.mutation import GoodTable, Mutant

SEED = 6
SHARE_TRIED = 0.3
"""All of them take a minute and a half; SEED chooses which."""

FLOORS = {"raw": 0.95, "staging": 0.92, "marts": 0.97, "features": 0.97}
"""What is not caught cannot be told from what is true, or not yet:

- RAW, a value where the source has NULL: the log has NULL in a column that the source dropped since, too.
- STAGING, a commit time that is off by less than the time to the newest commit, and the newest row gone: the
  mirror moves on while a run builds, so what it has and the table has not may simply have come later.
"""


@pytest.mark.parametrize("layer", FLOORS)
def test_most_rows_that_are_wrong_are_seen(connection: SnowflakeConnection, layer: str) -> None:
    missed: list[Mutant] = []
    tried = 0
    for name in suites_of(layer):
        suite = answerable(connection, suite_of(layer, name))
        table = GoodTable(connection, layer, name, suite)
        chance = random.Random(f"{SEED} {layer}.{name}")
        mutants = table.mutants(chance)
        mutants = chance.sample(mutants, k=round(len(mutants) * SHARE_TRIED))
        caught = table.caught(mutants)
        missed += [mutant for mutant in mutants if mutant not in caught]
        tried += len(mutants)
    share = 1 - len(missed) / tried
    print(f"{layer}: {share:.1%} of {tried} wrong rows are seen; not {', '.join(map(str, missed))}")  # noqa: T201
    assert share >= FLOORS[layer], missed
