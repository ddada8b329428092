"""What suites set aside, as the runner of the models takes it: the two rooms do not know each other."""

from __future__ import annotations

from collections.abc import Container, Sequence

from expectations.gate import load_suite
from expectations.rules import Suite
from flows.overrides import name_of
from snowpark_models.model import Model
from snowpark_models.runner.sieve import Sieve, Sift


def sieves(models: Sequence[Model], unlimited: Container[str] = ()) -> dict[str, Sieve]:
    """Which rows are set aside, by the name of the model; models that set nothing aside are left out.

    Args:
        models: those that are built.
        unlimited: tables, such as MARTS.ORDER_FACTS, of which any number of rows may be.

    Raises:
        SuiteMissing: a model has no suite; names the file to add.
    """
    found = {model.name: _sieve(load_suite(model.layer, model.table)) for model in models}
    return {
        model.name: found[model.name].without_limit() if name_of(model) in unlimited else found[model.name]
        for model in models
        if found[model.name].rules
    }


def _sieve(suite: Suite) -> Sieve:
    rules = tuple(Sift(rule.sentence, str(rule.breaks)) for rule in suite.rules if rule.sets_aside)
    return Sieve(rules, suite.limit.rows, suite.limit.share)
