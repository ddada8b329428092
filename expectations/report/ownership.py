"""Whose a table is, and what of it is personal: handed over by whoever knows the contracts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MASK: Final = "•••"
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


@dataclass(frozen=True)
class TableFacts:
    """What is known of a table beside its rows; `personal` are names of columns in upper case."""

    owner: str | None = None
    personal: frozenset[str] = frozenset()


Ownership = Mapping[str, TableFacts]
"""The facts by table, such as MARTS.ORDER_FACTS. Of a table that is not in it, all counts as personal."""


def masked_key(key: str, facts: TableFacts | None) -> str:
    """A failing row's key, `ORDER_ID=7, LINE_NUMBER=2`, without what is personal.

    From the first personal column on nothing is shown: a value may itself look like the column that follows.
    """
    names = r"[A-Za-z_][\w$]*" if facts is None else "|".join(map(re.escape, sorted(facts.personal)))
    if not names:
        return key
    found = re.search(rf"(?:^|, )({names})=", key, re.IGNORECASE)
    if found is None:
        return MASK if facts is None else key
    value = key[found.end() :]
    return key[: found.end()] + (value if value == "NULL" else MASK)


def masked_error(error: str, facts: TableFacts | None) -> str:
    """A database's error without the values that it quotes, where they may be personal."""
    return error if facts is not None and not facts.personal else _QUOTED.sub(f"'{MASK}'", error)
