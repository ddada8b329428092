"""The words of a command that sqlglot does not read: SHOW, GRANT and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator

WORD = re.compile(
    r"""--[^\n]*|/\*.*?\*/|(?P<text>'(?:[^'\\]|''|\\.)*')|(?P<quoted>"(?:[^"]|"")*")|(?P<bare>[\w$]+)|(?P<sign>\S)""",
    re.DOTALL,
)

ENDS_OF_NAMES = ((";", True), (",", True), (")", True))


class Words:
    """A statement's words, taken one after the other."""

    def __init__(self, sql: str) -> None:
        self._words = list(_words(sql))
        self._starts = [found.start() for found in WORD.finditer(sql) if found.lastgroup]
        self._sql = sql
        self._place = 0

    def __bool__(self) -> bool:
        return self._place < len(self._words)

    def take(self, *expected: str) -> bool:
        """Whether these words come next; they are taken then."""
        following = self._words[self._place : self._place + len(expected)]
        if [word for word, is_code in following if is_code] != list(expected):
            return False
        self._place += len(expected)
        return True

    def comes(self, *expected: str) -> bool:
        """Whether these words come next; none is taken."""
        place = self._place
        is_next = self.take(*expected)
        self._place = place
        return is_next

    def skip_to(self, *expected: str) -> bool:
        """Skip what comes before these words, and take them; False, and nothing is skipped, without them."""
        start = self._place
        while self:
            if self.take(*expected):
                return True
            self._place += 1
        self._place = start
        return False

    def literal(self) -> str:
        """The text or the number that comes next."""
        word, _ = self._words[self._place] if self else ("", False)
        self._place += 1
        return word

    def name(self) -> list[str]:
        """The parts of the name that comes next, as Snowflake stores them; empty where none comes."""
        parts: list[str] = []
        while self and self._words[self._place] not in ENDS_OF_NAMES:
            parts.append(self._words[self._place][0])
            self._place += 1
            if not self.take("."):
                break
        return parts

    def until(self, *expected: str) -> str:
        """The words before these, which are taken."""
        start = self._place
        self.skip_to(*expected)
        return " ".join(word for word, _ in self._words[start : self._place - len(expected)])

    def text_left(self) -> str:
        """All that is left, as it was written."""
        start = self._starts[self._place] if self else len(self._sql)
        self._place = len(self._words)
        return self._sql[start:].strip().removesuffix(";").rstrip()

    def rest(self) -> list[str]:
        """All words that are left."""
        left = [word for word, _ in self._words[self._place :]]
        self._place = len(self._words)
        return left


def _words(sql: str) -> Iterator[tuple[str, bool]]:
    """Each word, and whether it is code: upper-case words and signs; texts and quoted names are not."""
    for found in WORD.finditer(sql):
        if text := found["text"]:
            yield text[1:-1].replace("''", "'"), False
        elif quoted := found["quoted"]:
            yield quoted[1:-1].replace('""', '"'), False
        elif word := found["bare"] or found["sign"]:
            yield word.upper(), True
