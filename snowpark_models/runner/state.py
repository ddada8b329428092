"""What the ledger knows of a model: which version of it is published, made of what, by which code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Versions = Mapping[str, int | None]
"""The version of each table, by SCHEMA.TABLE: how often a transaction has changed it. None: not known."""


@dataclass(frozen=True)
class ModelState:
    """A row of OPS.MODEL_STATES.

    Attributes:
        version: counts what was published; 0 before the first time.
        log_from: the first version whose changes the model's change log has; None without one.
        code: hash of the code that made it.
        inputs: the version of each table that it was made of.
        is_rebuilding: a rebuild is being published, or died while it was.
        is_probed: an incremental model was held to its parts; it is not while it has only one of them.
        sieve: fingerprint of the rules that set rows aside; empty without any.
    """

    model: str
    version: int
    log_from: int | None
    code: str
    inputs: Versions
    is_rebuilding: bool = False
    is_probed: bool = True
    sieve: str = ""
