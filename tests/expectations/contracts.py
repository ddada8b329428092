"""Suites as the gate asks them: with the rules of the model's contract, which mirrors have none of."""

from __future__ import annotations

from expectations.gate import Contract, load_suite
from expectations.gate.contract import under_contract
from expectations.rules import Suite
from flows.contracts import contracts


def contract_of_table(layer: str, table: str) -> Contract | None:
    """The contract that the flow transform hands to the gate."""
    return contracts().get((layer.upper(), table.upper()))


def suite_of(layer: str, table: str) -> Suite:
    """The suite of a table under its contract."""
    contract = contract_of_table(layer, table)
    suite = load_suite(layer, table)
    return under_contract(suite, contract) if contract else suite
