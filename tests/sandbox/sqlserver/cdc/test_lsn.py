"""LSNs keep the order of commits; sequence values lie between a commit and the one before."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sandbox.sqlserver.cdc import lsn

COMMITS = st.integers(1, 2**40)
RECORDS = st.integers(0, 2**31 - 1)


@given(COMMITS, RECORDS, RECORDS)
def test_order_is_commit_then_marker_then_the_next_commits_records(commit: int, one: int, other: int) -> None:
    records = np.array(sorted((one, other)))
    first, second = lsn.sequence_values(np.array([commit + 1] * 2), records).to_pylist()
    marker = lsn.marker_after(commit, None)
    assert lsn.commit_lsn(commit) < marker < lsn.marker_after(commit, marker) < first <= second
    assert second < lsn.commit_lsn(commit + 1)
    assert (first == second) == (one == other)


@given(COMMITS)
def test_a_commit_and_its_markers_know_their_number(commit: int) -> None:
    assert lsn.commit_number(lsn.commit_lsn(commit)) == commit
    assert lsn.commit_number(lsn.marker_after(commit, None)) == commit
    assert lsn.commit_lsns(np.array([commit])).to_pylist() == [lsn.commit_lsn(commit)]


def test_a_marker_is_later_than_what_is_known() -> None:
    late = lsn.marker_after(7, None)
    assert lsn.marker_after(3, late) > late


def test_an_lsn_has_ten_bytes_and_is_shown_in_three_parts() -> None:
    assert len(lsn.commit_lsn(1)) == lsn.LENGTH
    assert lsn.display(bytes.fromhex("0000002A000001B80003")) == "0000002a:000001b8:0003"
