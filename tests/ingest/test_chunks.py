"""Chunks cover every key once, whatever its type, and their boundaries come back as they were."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.ingest.lsn import Lsn
from flows.ingest.snapshot.chunks import decode_key, encode_key, plan_chunks, read_watermark
from flows.ingest.source import statements
from tests.ingest.given import BIGINT, INT, TEXT, UTC, Answers, lsn, table

LINES = table({"order_id": INT, "line": BIGINT, "note": TEXT}, key=["order_id", "line"])
PAIRS = st.tuples(st.integers(-3, 3), st.integers(-3, 3))


class Keys:
    """A source that answers for boundaries from a list of keys, evaluating the statement's own WHERE."""

    def __init__(self, keys: list[tuple[int, int]]) -> None:
        self.keys = sorted(keys)

    def rows(self, statement: str, _table: str) -> list[tuple[Any, ...]]:
        kept = [key for key in self.keys if holds(statement, key)]
        offset = int(re.search(r"OFFSET (\d+) ROWS", statement)[1])  # type: ignore[index]
        return [tuple(map(str, key)) for key in kept[offset : offset + 1]]


def holds(statement: str, key: tuple[int, int]) -> bool:
    """Whether a key satisfies a statement's WHERE; Python reads the same operators."""
    match = re.search(r"WHERE (.*)", statement)
    if match is None:
        return True
    condition = re.sub(r"CONVERT\(\w+, N'(-?\d+)'\)", r"\1", match[1])
    condition = condition.replace("[order_id]", str(key[0])).replace("[line]", str(key[1]))
    return bool(eval(condition.replace("AND", "and").replace("OR", "or")))  # noqa: S307 - numbers and operators


@given(st.sets(PAIRS, max_size=30), st.integers(1, 7))
def test_chunks_cover_every_key_exactly_once(keys: set[tuple[int, int]], chunk_rows: int) -> None:
    chunks = plan_chunks(Keys(list(keys)), LINES, lsn(1), chunk_rows)  # type: ignore[arg-type]
    contents = [
        {key for key in keys if holds(statements.chunk(LINES, chunk.after, chunk.up_to), key)}
        for chunk in chunks
    ]
    assert sorted(key for content in contents for key in content) == sorted(keys)
    assert all(len(content) <= chunk_rows for content in contents)
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))


@given(st.lists(st.text(), min_size=1, max_size=4).map(tuple))
def test_a_boundary_is_kept_without_loss(key: tuple[str, ...]) -> None:
    assert decode_key(encode_key(key)) == key


def test_an_open_end_stays_open() -> None:
    assert encode_key(None) is None
    assert decode_key(None) is None


@pytest.mark.parametrize(("start", "watermark"), [(lsn(3), lsn(7)), (lsn(9), lsn(9))])
def test_a_watermark_is_never_before_the_start_of_its_capture_instance(start: Lsn, watermark: Lsn) -> None:
    source = Answers({"get_max_lsn": [(bytes.fromhex(lsn(7).hex),)], "lsn_time_mapping": []})
    new = table({"id": INT}, ["id"], start=start)
    assert read_watermark(source, "shop", new, UTC).lsn == watermark  # type: ignore[arg-type]
