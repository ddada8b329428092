"""Which rows of a model are set aside: the rules of its suite that single rows break, as plain data."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from snowpark_models.errors import QuarantineError
from snowpark_models.model import Model
from snowpark_models.runner.code import hash_of
from snowpark_models.runner.state import ModelState

HAVE_ROWS = ("table", "incremental", "scd2", "iceberg_table")
"""The materialisations whose rows this runner writes, so that it can leave some of them out."""


@dataclass(frozen=True)
class Sift:
    """One rule: what holds of a good row, in words, and the condition in SQL of a row that breaks it."""

    sentence: str
    breaks: str


@dataclass(frozen=True)
class Sieve:
    """The rules whose failing rows are set aside, and how many rows that may be.

    Attributes:
        rows: so many may always be set aside.
        share: of all rows; more than this, and more than `rows`, close the gate.
        is_limited: False lets any number be set aside.
    """

    rules: tuple[Sift, ...] = ()
    rows: int = 0
    share: float = 1.0
    is_limited: bool = True

    @property
    def fingerprint(self) -> str:
        """Tells other rules; empty where there are none."""
        return hash_of(*(f"{rule.sentence}\n{rule.breaks}" for rule in self.rules)) if self.rules else ""

    def without_limit(self) -> Sieve:
        """The same rules for whoever knows that many rows are bad."""
        return replace(self, is_limited=False)

    def excess(self, set_aside: int, all_rows: int) -> str:
        """Why that is too many, for people; empty where it is not."""
        if set_aside <= self.rows or set_aside <= self.share * all_rows:
            return ""
        return (
            f"{set_aside:,} of {all_rows:,} rows break rules that set rows aside, "
            f"and no more than {self.rows:,} rows or {self.share:.2%} may be"
        )


NO_SIEVE = Sieve()

Sieves = Mapping[str, Sieve] | None
"""Which rows are set aside, by name of the model; None where nobody knows, as on the command line."""


def sieve_of(model: Model, sieves: Sieves) -> Sieve:
    """Which rows of a model are set aside."""
    return (sieves or {}).get(model.name, NO_SIEVE)


def has_other_rules(model: Model, sieves: Sieves, state: ModelState | None) -> bool:
    """Whether what is published was sifted by other rules than today's."""
    return sieves is not None and state is not None and state.sieve != sieve_of(model, sieves).fingerprint


def check_sieves(models: Sequence[Model], sieves: Sieves, replayed: Collection[str]) -> None:
    """Hold that rows of these models can be set aside, and what is to be replayed is one of them.

    Raises:
        QuarantineError: names the model, and what to do instead.
    """
    for model in models:
        if sieve_of(model, sieves).rules and model.materialized not in HAVE_ROWS:
            raise QuarantineError(
                f"model {model.name}: its suite sets rows aside, and it is a {model.materialized}, whose "
                f'rows nobody writes. Take set_aside(…) out of its suite, or make it materialized="table".'
            )
    by_name = {model.name: model for model in models}
    for name in replayed:
        if name not in by_name:
            raise QuarantineError(f"{name} cannot be replayed: it is none of the models of this run")
        if not sieve_of(by_name[name], sieves).rules:
            raise QuarantineError(f"{name} cannot be replayed: its suite has no set_aside(…)")
