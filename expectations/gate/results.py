"""What a gate found: plain values, free of Great Expectations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from expectations.severity import SEVERITIES, Severity

if TYPE_CHECKING:
    from expectations.gate.state import TableState

Outcome = Literal["open", "warned", "closed"]


@dataclass(frozen=True)
class CheckResult:
    """One expectation on one table.

    `expectation` is a sentence. `failing_rows` is None where the rule is not about rows, or could not be
    evaluated. `sample_keys` name at most five failing rows, by their key alone: values of other columns
    may be personal. `error` is the first line of what went wrong in evaluating the rule.
    """

    expectation: str
    column: str | None
    severity: Severity
    success: bool
    failing_rows: int | None
    checked_rows: int | None
    sample_keys: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class GateResult:
    """The verdict on one table, and the checks that it rests on.

    Attributes:
        is_whole: False where row-local rules looked at what had changed alone.
        seconds: what it took.
        owner: who has to hear of it.
        suite: a hash of the rules.
        began_from: what GATE_STATE said of the table before the look at it.
    """

    layer: str
    table: str
    checks: tuple[CheckResult, ...]
    is_whole: bool = True
    seconds: float = 0.0
    owner: str | None = None
    suite: str = ""
    began_from: TableState | None = None

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        """Checks that failed, gravest first."""
        failed = (check for check in self.checks if not check.success)
        return tuple(sorted(failed, key=lambda check: SEVERITIES.index(check.severity)))

    @property
    def outcome(self) -> Outcome:
        """`closed` by a critical failure, `warned` by a warning; a failed info is only told."""
        failed = {check.severity for check in self.failures}
        if "critical" in failed:
            return "closed"
        return "warned" if "warning" in failed else "open"

    @property
    def allows_publishing(self) -> bool:
        """False keeps the last good table and stops what is downstream."""
        return self.outcome != "closed"

    @property
    def rows_checked(self) -> int | None:
        """The most rows that any check looked at."""
        return max((c.checked_rows for c in self.checks if c.checked_rows is not None), default=None)

    @property
    def name(self) -> str:
        """The table as people write it, such as MARTS.ORDER_FACTS."""
        return f"{self.layer}.{self.table}".upper()

    def __str__(self) -> str:
        if not self.failures:
            return f"{self.name}: open, {len(self.checks)} checks passed"
        first = self.failures[0]
        reason = f": {first.expectation}" + (f" ({first.failing_rows} rows)" if first.failing_rows else "")
        return (
            f"{self.name}: {self.outcome}, {len(self.failures)} of {len(self.checks)} checks failed{reason}"
        )
