"""Text order of positions is the order of the log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.ingest.lsn import POSITION_DIGITS, Lsn, change_position, commit_lsn, snapshot_position

LSN_BYTES = st.binary(min_size=10, max_size=10)
CHANGES = st.tuples(LSN_BYTES, st.integers(0, 2**31 - 1), LSN_BYTES, st.integers(1, 4))


@given(CHANGES, CHANGES)
def test_positions_sort_as_lsn_command_seqval_operation_do(one: tuple, other: tuple) -> None:
    positions = change_position(*one), change_position(*other)
    assert (positions[0] < positions[1]) == (one < other)
    assert (positions[0] == positions[1]) == (one == other)
    assert all(len(position) == POSITION_DIGITS for position in positions)


@given(CHANGES, LSN_BYTES)
def test_a_snapshot_is_after_its_watermark_and_before_all_that_follows(
    change: tuple, watermark: bytes
) -> None:
    is_later = change_position(*change) > snapshot_position(Lsn.from_bytes(watermark))
    assert is_later == (change[0] > watermark)


@given(CHANGES)
def test_a_position_knows_its_commit(change: tuple) -> None:
    assert commit_lsn(change_position(*change)) == Lsn.from_bytes(change[0])


def test_a_change_table_older_than_command_ids_has_null_in_their_place() -> None:
    assert change_position(b"\1" * 10, None, b"\2" * 10, 2) == change_position(b"\1" * 10, 0, b"\2" * 10, 2)


@pytest.mark.parametrize("text", ["", "0" * 19, "g" * 20, "0" * 19 + "a", "0x" + "0" * 18])
def test_what_is_no_lsn_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="20 upper-case hex digits"):
        Lsn(text)
