"""Every suite lets good data through."""

from __future__ import annotations

import pytest

from expectations.gate import Gate, suites_of
from expectations.gate.catalog import LAYERS

TABLES = [(layer, table) for layer in LAYERS for table in suites_of(layer)]


@pytest.mark.parametrize(("layer", "table"), TABLES)
def test_good_data_pass(gate: Gate, layer: str, table: str) -> None:
    result = gate.check(layer, table)
    assert result.failures == ()
    assert result.outcome == "open"
    assert result.allows_publishing
