"""A table that lives: random changes as CDC records them, and the state that they lead to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.ingest.given import lsn

DELETE, INSERT, BEFORE, AFTER = 1, 2, 3, 4
KEYS = 3

Values = tuple[int, str | None]
"""A row's value and its large text."""

ACTIONS = st.one_of(
    st.tuples(st.just("put"), st.integers(1, KEYS), st.text(max_size=3)),
    st.tuples(st.just("set"), st.integers(1, KEYS), st.none()),
    st.tuples(st.just("write"), st.integers(1, KEYS), st.none() | st.text(max_size=3)),
    st.tuples(st.just("delete"), st.integers(1, KEYS), st.none()),
    st.tuples(st.just("move"), st.integers(1, KEYS), st.integers(1, KEYS)),
    st.tuples(st.just("move as update"), st.integers(1, KEYS), st.integers(1, KEYS)),
)
TRANSACTIONS = st.lists(st.lists(ACTIONS, min_size=1, max_size=3), min_size=2, max_size=10)

WHOLE_ROW, VALUE_ONLY, TEXT_ONLY, KEY_AND_ALL = 0b111, 0b010, 0b100, 0b111


@dataclass
class History:
    """Rows of the change table by commit, and the table's content after each commit (index 0: empty)."""

    changes: list[list[tuple[Any, ...]]] = field(default_factory=list)
    states: list[dict[int, Values]] = field(default_factory=lambda: [{}])

    @classmethod
    def of(cls, transactions: list[list[tuple[str, int, Any]]]) -> History:
        """Play transactions; the commit with index i has LSN i + 1."""
        history = cls()
        for actions in transactions:
            history._commit(actions)
        return history

    def _commit(self, actions: list[tuple[str, int, Any]]) -> None:
        state = dict(self.states[-1])
        rows: list[tuple[Any, ...]] = []
        start_lsn = bytes.fromhex(lsn(len(self.states)).hex)
        for command, (action, key, argument) in enumerate(actions, start=1):
            seqval = command.to_bytes(10, "big")
            for operation, mask, row_key, value, text in self._play(state, action, key, argument, command):
                rows.append(
                    (start_lsn, command, seqval, operation, mask.to_bytes(1, "big"), row_key, value, text)
                )
        self.changes.append(rows)
        self.states.append(state)

    def _play(
        self, state: dict[int, Values], action: str, key: int, argument: Any, command: int
    ) -> list[tuple[Any, ...]]:
        """What CDC records of one action: operation, mask, key, value, text."""
        value = 100 * len(self.states) + command
        old = state.get(key)
        if old is None:
            if action != "put":
                return []
            state[key] = (value, argument)
            return [(INSERT, WHOLE_ROW, key, *state[key])]
        if action == "put" or (action.startswith("move") and (argument in state)):
            return []
        if action == "delete":
            del state[key]
            return [(DELETE, WHOLE_ROW, key, old[0], None)]
        if action == "set":
            state[key] = (value, old[1])
            return [(BEFORE, VALUE_ONLY, key, old[0], None), (AFTER, VALUE_ONLY, key, value, None)]
        if action == "write":
            state[key] = (old[0], argument)
            return [(BEFORE, TEXT_ONLY, key, *old), (AFTER, TEXT_ONLY, key, *state[key])]
        del state[key]
        state[argument] = old
        if action == "move":
            return [(DELETE, WHOLE_ROW, key, old[0], None), (INSERT, WHOLE_ROW, argument, *old)]
        return [(BEFORE, KEY_AND_ALL, key, *old), (AFTER, KEY_AND_ALL, argument, *old)]
