"""What changed since the run before, and which rules failed most often lately, as shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from expectations.gate.results import GateResult
from expectations.report.changes import Changes, Move, Rule
from expectations.report.findings import keys_of, since_words
from expectations.report.history import History
from expectations.report.limits import Limits
from expectations.report.ownership import Ownership
from expectations.report.trends import failing_rules
from expectations.report.words import one_line, whole

RULES = 6
MOVES = 8


@dataclass(frozen=True)
class RuleLine:
    """A rule and, behind it, what there is to say of it."""

    table: str
    sentence: str
    note: str


@dataclass(frozen=True)
class RuleLines:
    """The first rules of a list, and how many more there are."""

    lines: tuple[RuleLine, ...]
    more: int


@dataclass(frozen=True)
class MoveLine:
    """Rows of a table before and now; `percent` is the width of its bar."""

    table: str
    before: str
    after: str
    change: str
    percent: int
    is_loss: bool


@dataclass(frozen=True)
class ChangesShown:
    """What changed since the run before."""

    is_first: bool
    newly_failing: RuleLines
    mended: RuleLines
    lasting: RuleLines
    moves: tuple[MoveLine, ...]
    more_moves: int

    @property
    def is_nothing(self) -> bool:
        """Whether all is as it was."""
        rules = (self.newly_failing, self.mended, self.lasting)
        return not (self.moves or any(listed.lines for listed in rules))


@dataclass(frozen=True)
class TopRule:
    """One of the rules that failed most often; `keys` of rows that break it now."""

    table: str
    owner: str | None
    sentence: str
    extent: str
    is_failing: bool
    keys: tuple[str, ...]


def changes_shown(changes: Changes, zone: tzinfo, limits: Limits) -> ChangesShown:
    """What changed, cut to what is read."""
    moves = min(MOVES, limits.lines)
    return ChangesShown(
        is_first=changes.is_first,
        newly_failing=_lines([(rule, "") for rule in changes.newly_failing], limits),
        mended=_lines([(rule, "") for rule in changes.mended], limits),
        lasting=_lines([(rule, since_words(since, zone)) for rule, since in changes.lasting.items()], limits),
        moves=tuple(_move(move, limits) for move in changes.moves[:moves]),
        more_moves=max(0, len(changes.moves) - moves),
    )


def top_rules(
    history: History, ownership: Ownership, limits: Limits, gates: Sequence[GateResult] = ()
) -> tuple[TopRule, ...]:
    """The rules that failed most often in some runs; with keys where one of the gates has just found them."""
    now = {Rule(gate.name, check.expectation): check for gate in gates for check in gate.failures}
    shown = []
    for trend in failing_rules(history)[: min(RULES, limits.lines)]:
        facts, check = ownership.get(trend.rule.table), now.get(trend.rule)
        shown.append(
            TopRule(
                table=one_line(trend.rule.table, limits.name),
                owner=one_line(facts.owner, limits.name) if facts and facts.owner else None,
                sentence=one_line(trend.rule.expectation, limits.sentence),
                extent=f"failed in {whole(trend.failed)} of {whole(trend.checked)} runs",
                is_failing=trend.is_failing,
                keys=keys_of(check, facts, limits) if check else (),
            )
        )
    return tuple(shown)


def _lines(rules: Sequence[tuple[Rule, str]], limits: Limits) -> RuleLines:
    shown = tuple(
        RuleLine(one_line(rule.table, limits.name), one_line(rule.expectation, limits.sentence), note)
        for rule, note in rules[: limits.lines]
    )
    return RuleLines(shown, len(rules) - len(shown))


def _move(move: Move, limits: Limits) -> MoveLine:
    difference = move.after - move.before
    share = f" ({100 * difference / move.before:+.1f} %)" if move.before else ""
    return MoveLine(
        table=one_line(move.table, limits.name),
        before=whole(move.before),
        after=whole(move.after),
        change=f"{difference:+,}{share}",
        percent=max(1, round(100 * abs(move.share))),
        is_loss=difference < 0,
    )
