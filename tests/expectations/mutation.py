"""Mutants of a good table: in each one row is wrong in one way; and which rules of its suite see that.

A rule that one row decides is asked by its own condition, any other by its own query, once for each mutant;
that both find what the gate finds is held in test_suites.py.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from snowflake.connector import SnowflakeConnection

from expectations.rules import NoRowBreaks, Rule, Suite

WRONG_NUMBERS = {"one more": "{c} + 1", "negated": "-{c}", "far off": "{c} * 1000 + 77"}
WRONG_TEXTS = {
    "a blank more": "{c} || ' '",
    "other case": "IFF({c} = UPPER({c}), LOWER({c}), UPPER({c}))",
    "blank": "IFF({c} IS NULL, NULL, '')",
    "one character more": "{c} || 'x'",
}
WRONG_TIMES = {
    "a second later": "DATEADD(second, 1, {c})",
    "a day later": "DATEADD(day, 1, {c})",
    "ten years earlier": "DATEADD(year, -10, {c})",
}
WRONG_VALUES: Mapping[str, Mapping[str, str]] = {
    "NUMBER": WRONG_NUMBERS,
    "FLOAT": WRONG_NUMBERS,
    "TEXT": WRONG_TEXTS,
    "BOOLEAN": {"the other": "NOT {c}"},
    "DATE": {name: change for name, change in WRONG_TIMES.items() if name != "a second later"},
    "TIMESTAMP_NTZ": WRONG_TIMES,
    "TIME": {"a second later": "DATEADD(second, 1, {c})"},
    "BINARY": {"other bytes": "IFF({c} IS NULL, NULL, TO_BINARY('ABCD', 'HEX'))"},
}
OF_ANOTHER_ROW = "IFF({c} IS DISTINCT FROM {c}__LEAST, {c}__LEAST, {c}__GREATEST)"
ROW_GONE, ROW_TWICE = "row gone", "row twice"
COPIES = {ROW_GONE: (0,), ROW_TWICE: (1, 2)}
"""The copies that a mutant has of its row; all other rows are there once."""


@dataclass(frozen=True)
class Mutant:
    """What is wrong in one copy of a table; `column` is empty where a row is gone, or there twice."""

    table: str
    column: str
    kind: str
    row: int = 0
    value: str = ""

    def __str__(self) -> str:
        return f"{self.table}.{self.column or '*'} {self.kind}"


@dataclass(frozen=True)
class GoodTable:
    """A table that keeps its suite: `query` gives its rows."""

    connection: SnowflakeConnection
    layer: str
    table: str
    suite: Suite

    @property
    def name(self) -> str:
        return f"{self.layer}.{self.table}".upper()

    @property
    def query(self) -> str:
        chosen = f" WHERE {self.suite.rows}" if self.suite.rows else ""
        return f"(SELECT * FROM {self.name}{chosen})"

    @property
    def numbered(self) -> str:
        """The rows with their number, N, in the order of the key, and the ends of each column."""
        others = [
            f"{pick}({name}) OVER () AS {name}__{word}"
            for name in self.columns
            for pick, word in (("MIN", "LEAST"), ("MAX", "GREATEST"))
        ]
        numbers = f"ROW_NUMBER() OVER (ORDER BY {', '.join(self.suite.key)}) AS N"
        return f"(SELECT t.*, {numbers}, {', '.join(others)} FROM {self.query} AS t)"

    @cached_property
    def columns(self) -> dict[str, str]:
        """Type of each column."""
        found = self.connection.cursor().execute(
            "SELECT COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS "
            f"WHERE TABLE_SCHEMA = '{self.layer.upper()}' AND TABLE_NAME = '{self.table.upper()}' "
            "ORDER BY ORDINAL_POSITION"
        )
        return {name: str(kind) for name, kind in found.fetchall()}

    def mutants(self, chance: random.Random) -> list[Mutant]:
        """One of each kind in each column, on a row of chance, wherever the value comes to differ."""
        wrong = [
            (column, kind, change.format(c=column))
            for column, family in self.columns.items()
            for kind, change in {
                "NULL": "NULL",
                "another row's": OF_ANOTHER_ROW,
                **WRONG_VALUES[family],
            }.items()
        ]
        differs = ", ".join(f"({change}) IS DISTINCT FROM {column}" for column, _, change in wrong)
        rows = self.connection.cursor().execute(f"SELECT N, {differs} FROM {self.numbered} AS g").fetchall()
        found = [
            Mutant(self.name, column, kind, chance.choice(candidates), change)
            for place, (column, kind, change) in enumerate(wrong, start=1)
            if (candidates := [row[0] for row in rows if row[place]])
        ]
        row = chance.choice([row[0] for row in rows])
        return [*found, Mutant(self.name, "", ROW_GONE, row), Mutant(self.name, "", ROW_TWICE, row)]

    def caught(self, mutants: list[Mutant]) -> set[Mutant]:
        """Those that at least one rule of the suite sees."""
        location = f"{self.name}__MUTANTS"
        cursor = self.connection.cursor()
        cursor.execute(f"CREATE OR REPLACE TABLE {location} AS {self._copies(mutants)}")
        caught: set[int] = set()
        local = " OR ".join(f"({rule.breaks})" for rule in self.suite.rules if rule.breaks)
        chosen = f" AND {self.suite.rows}" if self.suite.rows else ""
        seen = f"SELECT DISTINCT _MUTANT FROM {location} WHERE ({local}){chosen}"
        caught |= {n for (n,) in cursor.execute(seen)}
        for rule in self.suite.rules:
            if not rule.is_row_local and len(caught) < len(mutants):
                caught |= {n for (n,) in cursor.execute(_mutants_seen(rule, self.suite, location, caught))}
        return {mutant for number, mutant in enumerate(mutants) if number in caught}

    def _copies(self, mutants: list[Mutant]) -> str:
        """A copy of the table for each mutant, its number in _MUTANT."""
        cases: dict[str, list[str]] = {}
        for number, mutant in enumerate(mutants):
            if mutant.column:
                cases.setdefault(mutant.column, []).append(f"WHEN {number} THEN {mutant.value}")
        values = ", ".join(
            f"CASE IFF(g.N = m._ROW, m._MUTANT, -1) {' '.join(cases[name])} ELSE g.{name} END AS {name}"
            if name in cases
            else f"g.{name}"
            for name in self.columns
        )
        numbers = " UNION ALL ".join(
            f"SELECT {number} AS _MUTANT, {mutant.row} AS _ROW, {copy} AS _COPY"
            for number, mutant in enumerate(mutants)
            for copy in COPIES.get(mutant.kind, (1,))
        )
        return (
            f"SELECT m._MUTANT, {values} FROM {self.numbered} AS g CROSS JOIN ({numbers}) AS m "
            "WHERE IFF(g.N = m._ROW, m._COPY > 0, m._COPY < 2)"
        )


def _mutants_seen(rule: Rule, suite: Suite, location: str, but: set[int]) -> str:
    """The query for the numbers of the mutants that break a rule, but for some that need not be asked."""
    chosen = f" AND {suite.rows}" if suite.rows else ""
    rows = f"SELECT * FROM {location} WHERE _MUTANT = m._MUTANT{chosen}"
    known = f" WHERE _MUTANT NOT IN ({', '.join(map(str, but))})" if but else ""
    return (
        f"SELECT m._MUTANT FROM (SELECT DISTINCT _MUTANT FROM {location}{known}) AS m "
        f"WHERE EXISTS (WITH checked AS ({rows}) {_failing_rows(rule, suite)})"
    )


def _failing_rows(rule: Rule, suite: Suite) -> str:
    """The rows of `checked` that break a rule."""
    expectation = rule.expectation
    kind = expectation.expectation_type
    if isinstance(expectation, NoRowBreaks):
        query = str(expectation.unexpected_rows_query).removeprefix(
            "WITH checked AS (SELECT * FROM {batch}) "
        )
        return query.replace("{keys}", ", ".join(suite.key))
    if kind == "expect_column_values_to_be_unique":
        return f"SELECT 1 FROM checked GROUP BY {rule.column} HAVING COUNT({rule.column}) > 1"
    assert kind == "expect_table_row_count_to_be_between", kind
    return "SELECT 1 FROM (SELECT COUNT(*) AS N FROM checked) AS counted WHERE N = 0"
