"""Which models' code is not what built them: what state:modified selects."""

from __future__ import annotations

from collections.abc import Sequence

from snowpark_models.model import Model
from snowpark_models.runner.code import code_hash
from snowpark_models.runner.ledger import read_known_states
from snowpark_models.runner.names import Namespace
from snowpark_models.runner.warehouse import Warehouse


def modified(warehouse: Warehouse, models: Sequence[Model]) -> set[str]:
    """Names of the models that the ledger knows by another code hash, or not at all; nothing is written.

    A developer's run compares with what that developer has built, and with production for the rest.
    """
    states = read_known_states(warehouse, warehouse.kinds())
    found = set()
    for model in models:
        places = [f"{each.schema(model.layer)}.{model.table}" for each in (warehouse.namespace, Namespace())]
        state = next((states[place] for place in places if place in states), None)
        if state is None or state.code != code_hash(model):
            found.add(model.name)
    return found
