"""What the gate learns of a model: the rules that its contract stands for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from expectations.gate import Contract
from snowpark_models.model import Model
from snowpark_models.runner import discover


def contract_of(model: Model) -> Contract:
    """The contract of a model, as the gate takes it."""
    return Contract(
        key=tuple(name.upper() for name in model.key),
        required=tuple(column.name.upper() for column in model.contract if not column.nullable),
    )


@cache
def contracts() -> Mapping[tuple[str, str], Contract]:
    """The contracts of all models, by layer and table, both in upper case."""
    return {(model.schema, model.table): contract_of(model) for model in discover()}
