"""What a model's contract already says of its table: no suite has to repeat it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from expectations.rules import Suite, never_null, unique


@dataclass(frozen=True)
class Contract:
    """The grain of a table, and which of its columns always have a value; names in upper case.

    Attributes:
        key: the columns that name a row, unique together.
        required: all columns that are never NULL, those of the key among them.
    """

    key: tuple[str, ...]
    required: tuple[str, ...]


def under_contract(suite: Suite, contract: Contract) -> Suite:
    """The suite with the rules of the contract, behind its first ones: those that it has already stay once.

    Raises:
        ValueError: the suite names rows by other columns than the contract.
    """
    if suite.key != contract.key:
        raise ValueError(
            f"the suite's key is {', '.join(suite.key)} and the contract's {', '.join(contract.key)}: "
            "let the suite name the contract's"
        )
    said = {rule.sentence for rule in suite.rules}
    derived = (*never_null(*contract.required), *unique(*contract.key))
    return replace(suite, rules=(*suite.rules, *(rule for rule in derived if rule.sentence not in said)))
