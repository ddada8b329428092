"""Whether a model has to be built, how, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from snowpark_models.runner.state import ModelState

Mode = Literal["rebuild", "incremental", "nothing"]


@dataclass(frozen=True)
class Input:
    """A table that a model reads, as it is now.

    Attributes:
        location: SCHEMA.TABLE.
        version: None where nobody counts its changes: it may always have changed.
        log_from: the first version whose changes its log has; None where it has no log.
    """

    location: str
    version: int | None
    log_from: int | None


@dataclass(frozen=True)
class Decision:
    """How a model is built, and why, for people.

    `reads_all` is True where its upstreams are needed as wholes, not only what is new of them.
    """

    mode: Mode
    reason: str
    reads_all: bool = False


def decide(
    state: ModelState | None,
    code: str,
    inputs: Mapping[str, Input],
    *,
    is_by_parts: bool,
    is_wanted: bool = False,
    wanted_parts: str = "",
) -> Decision:
    """Decide from what the ledger knows.

    Args:
        state: of what is published; None where nothing is.
        code: the hash of its code today.
        inputs: by the parameter that reads them.
        is_by_parts: it can be brought up to date by the parts that changed.
        is_wanted: somebody asked for a rebuild.
        wanted_parts: why some parts are to be computed again, though nothing is new; empty: they are not.
    """
    if state is None:
        return Decision("rebuild", "it was never built")
    if state.is_rebuilding:
        return Decision("rebuild", "a rebuild of it did not end")
    if is_wanted:
        return Decision("rebuild", "a rebuild was asked for")
    if state.code != code:
        return Decision("rebuild", "its code or its contract has changed")
    changed = [name for name, read in inputs.items() if _has_changed(read, state)]
    if not changed and not wanted_parts:
        return Decision("nothing", "nothing is new upstream")
    reasons = [f"new in {', '.join(changed)}"] if changed else []
    reasons += [wanted_parts] if wanted_parts else []
    if not is_by_parts:
        return Decision("rebuild", "; ".join(reasons))
    if state.log_from is None:
        return Decision("rebuild", "its change log is not there")
    unknown = [name for name in changed if not _is_in_log(inputs[name], state)]
    if unknown:
        return Decision("rebuild", f"{', '.join(unknown)} was rebuilt, or keeps no log that reaches back")
    if not state.is_probed:
        return Decision("rebuild", "; ".join([*reasons, "it had too little to be tried by parts"]))
    return Decision("incremental", "; ".join(reasons), reads_all=bool(wanted_parts))


def wanted_parts(backfill: str, *, is_replayed: bool, has_other_rules: bool) -> str:
    """Why some parts of a model are to be computed again, though nothing is new; empty: they are not.

    Args:
        backfill: why a range of it is computed again, if it is.
        is_replayed: somebody asked for what is set aside to be computed again.
        has_other_rules: what is published was sifted by other rules than today's.
    """
    reasons = [backfill] if backfill else []
    reasons += ["a replay of what is set aside was asked for"] if is_replayed else []
    reasons += ["its rules on what is set aside have changed"] if has_other_rules else []
    return "; ".join(reasons)


def _has_changed(read: Input, state: ModelState) -> bool:
    return read.version is None or state.inputs.get(read.location) != read.version


def _is_in_log(read: Input, state: ModelState) -> bool:
    before = state.inputs.get(read.location)
    if before is None or read.log_from is None:
        return False
    counts_on = read.version is None or before <= read.version
    return counts_on and before + 1 >= read.log_from
