"""A rule: one of Great Expectations' expectations, and what the gate has to know to carry it out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.metadata_types import FailureSeverity

from expectations.severity import Severity


@dataclass(frozen=True)
class Rule:
    """What is always true of the rows of a table.

    Attributes:
        is_row_local: one row alone decides whether it breaks the rule, so rows that did not change need not
            be looked at again.
        sets_aside: rows that break it go to quarantine, in place of closing the gate.
        breaks: of a row-local rule the condition in SQL, TRUE or FALSE and never NULL, of a row that breaks
            it; None for any other rule.
        needs: tables that may not be there yet, such as OPS.RECONCILIATIONS; without them it is not asked.
        about: the column that the rule is about, where the expectation itself names none.
        counted: of a rule about rows together an aggregate in SQL that is 0 where it holds, if there is one:
            then the pass over the table that counts what breaks row-local rules decides it, too.
    """

    expectation: Expectation
    is_row_local: bool
    sets_aside: bool = False
    breaks: str | None = None
    needs: tuple[str, ...] = ()
    about: str | None = None
    counted: str | None = None

    def __post_init__(self) -> None:
        if self.is_row_local != (self.breaks is not None):
            raise ValueError(f"{self.sentence}: a row-local rule, and no other, says which row breaks it")
        if self.sets_aside and not self.is_row_local:
            raise ValueError(
                f"{self.sentence}: no single row breaks this rule, so none can be set aside; "
                "let it close the gate or warn"
            )

    @property
    def sentence(self) -> str:
        """The rule in words."""
        return str(self.expectation.description or self.expectation.expectation_type)

    @property
    def column(self) -> str | None:
        """The one column that the rule is about, if there is one."""
        return self.about or getattr(self.expectation, "column", None)

    @property
    def aggregate(self) -> str | None:
        """What one pass over the table computes of it: an aggregate in SQL, 0 where the rule holds."""
        return self.counted if self.breaks is None else f"COUNT_IF({self.breaks})"

    @property
    def severity(self) -> Severity:
        """How grave it is that the rule is broken."""
        found: Severity = self.expectation.configuration.severity.value
        return found


Phrase = tuple[Rule, ...]
"""What a phrase makes: the rules that it stands for."""


def set_aside(*phrases: Phrase) -> Phrase:
    """Rows that break these rules go to quarantine with their reason; the others are published.

    The rules are critical, whatever they were: where too many rows break them (the suite's `limit`), none is
    set aside, and the gate closes.

    Raises:
        ValueError: one of the rules is not decided by one row alone.
    """
    return tuple(
        replace(
            rule,
            expectation=rule.expectation.copy(update={"severity": FailureSeverity.CRITICAL}, deep=True),
            sets_aside=True,
        )
        for phrase in phrases
        for rule in phrase
    )
