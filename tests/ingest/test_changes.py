"""Update masks, large values that an update left alone, and gaps."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from flows.ingest.changes.columns import change_schema
from flows.ingest.changes.stream import ChangeStream, Proof, prove
from flows.ingest.changes.unchanged import is_set, lost_value, unchanged_columns
from flows.ingest.changes.window import Window
from flows.ingest.lsn import Lsn
from flows.ingest.source.session import to_arrow
from flows.ingest.tables.captured import Segment
from flows.ingest.tables.columns import BatchLabel
from tests.ingest import rowwise
from tests.ingest.given import INT, LONG_TEXT, TEXT, Answers, lsn, table

NOTES = table({"id": INT, "name": TEXT, "notes": LONG_TEXT, "body": LONG_TEXT}, key=["id"])
LSN, SEQVAL = b"\1" * 10, b"\2" * 10


def change(operation: int, mask: int, key: int = 1) -> tuple:
    return LSN, 1, SEQVAL, operation, mask.to_bytes(1, "big"), key, "a", None, None


def batch(rows: Sequence[tuple]) -> pa.RecordBatch:
    return to_arrow(rows, change_schema(NOTES))


@given(st.sets(st.integers(1, 60)), st.integers(8, 12))
def test_a_mask_has_its_lowest_ordinals_in_the_last_byte(ordinals: set[int], size: int) -> None:
    mask = sum(1 << (ordinal - 1) for ordinal in ordinals).to_bytes(size, "big")
    assert {ordinal for ordinal in range(1, 8 * size + 9) if is_set(mask, ordinal)} == ordinals


def test_column_nine_is_in_the_first_of_two_bytes() -> None:
    assert is_set(b"\x01\x00", 9)  # sqlserver-cdc: seen on the wire
    assert not is_set(b"\x01\x00", 1)


def test_only_an_update_leaves_large_columns_alone() -> None:
    rows = [change(2, 0b1111), change(3, 0b0010), change(4, 0b0010), change(4, 0b0110), change(1, 0b1111)]
    expected = [None, None, '"NOTES","BODY"', '"BODY"', None]
    assert unchanged_columns(NOTES, batch(rows)).to_pylist() == expected


def test_a_table_without_large_columns_has_nothing_unchanged() -> None:
    small = table({"id": INT}, ["id"])
    changes = to_arrow([change(4, 0)[:6]], change_schema(small))
    assert unchanged_columns(small, changes).to_pylist() == [None]


def test_a_new_key_without_its_large_values_is_noticed() -> None:
    rows = [change(3, 0b0001, key=1), change(4, 0b0001, key=2)]
    both, before, after = batch(rows), batch(rows[:1]), batch(rows[1:])
    lost = lost_value(NOTES, both, unchanged_columns(NOTES, both), None)
    assert 'does not carry "NOTES","BODY"' in (lost or "")
    unchanged = unchanged_columns(NOTES, after)
    assert lost_value(NOTES, after, unchanged, before) == lost, "over the border of two batches"


def test_an_update_of_the_same_key_loses_nothing() -> None:
    rows = batch([change(3, 0b0010), change(4, 0b0010)])
    assert lost_value(NOTES, rows, unchanged_columns(NOTES, rows), None) is None


SOME_BYTES = st.sampled_from([bytes(10), b"\1" * 10, b"\xfe" * 9 + b"\0", b"\0" * 9 + b"\xff"])
CHANGES = st.lists(
    st.tuples(
        SOME_BYTES,
        st.sampled_from([None, 0, 1, 2**31 - 1]),
        SOME_BYTES,
        st.integers(1, 4),
        st.sampled_from([None, b"\0", b"\x0f", b"\x04", b"\x08", b"\0\x0c"]),
        st.integers(1, 2),
        st.none(),
        st.none(),
        st.none(),
    ),
    min_size=1,
    max_size=12,
)


class Batches(Answers):
    """Gives its rows cut where a test says."""

    def __init__(self, rows: list[tuple], cuts: list[int]) -> None:
        super().__init__({"": rows})
        self.cuts = cuts

    def read(self, statement: str, schema: pa.Schema, *_: object) -> list[pa.RecordBatch]:  # type: ignore[override]
        ends = sorted({0, len(self.answers[""]), *self.cuts})
        whole = to_arrow(self.rows(statement), schema)
        return [whole.slice(start, end - start) for start, end in pairwise(ends) if start < end]


@given(CHANGES, st.sets(SOME_BYTES), st.data())
def test_whole_batches_mean_what_their_rows_mean(
    rows: list[tuple], known: set[bytes], data: st.DataObject
) -> None:
    """However they are cut; each batch but the first begins in the middle of its buffers."""
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=3))
    times = {Lsn.from_bytes(at): datetime(2026, 1, 1) + timedelta(seconds=at[1]) for at in known}
    window = Window(lsn(0), lsn(9), times, 1)
    label = BatchLabel("run", "batch")
    stream = ChangeStream(Batches(rows, cuts), NOTES, window, lsn(0), label)  # type: ignore[arg-type]
    landed = pa.Table.from_batches(list(stream)).to_pylist()
    assert [row["_POSITION"] for row in landed] == [rowwise.position(row) for row in rows]
    assert [row["_OPERATION"] for row in landed] == [row[3] for row in rows]
    assert [row["_COMMITTED_AT"] for row in landed] == [rowwise.committed_at(row, times) for row in rows]
    assert [row["_UNCHANGED"] for row in landed] == [rowwise.unchanged(NOTES, row) for row in rows]
    assert {(row["_RUN_ID"], row["_BATCH"]) for row in landed} == {("run", "batch")}
    assert [row["ID"] for row in landed] == [row[5] for row in rows]
    assert (stream.lost_value is not None) == rowwise.loses_value(NOTES, rows)


def test_a_change_whose_commit_cleanup_has_just_forgotten_is_read_for_gaps_to_judge() -> None:
    """Cleanup trims cdc.lsn_time_mapping and the change tables one after the other."""
    rows = [
        (bytes.fromhex(lsn(number).hex), 1, SEQVAL, 2, b"\x0f", number, "a", None, None) for number in (3, 4)
    ]
    source = Answers({"FROM [cdc].[dbo_things_CT]": rows})
    window = Window(lsn(2), lsn(4), {lsn(4): datetime(2026, 1, 1)}, 1)
    stream = ChangeStream(source, NOTES, window, lsn(2), BatchLabel("run", "batch"))  # type: ignore[arg-type]
    (batch,) = list(stream)
    assert batch.column("_COMMITTED_AT").to_pylist() == [None, datetime(2026, 1, 1)]


def proof(low: bytes, after: int) -> Proof:
    source = Answers({"fn_cdc_get_min_lsn(N'dbo_things')": [(bytes.fromhex(lsn(9).hex), low)]})
    return prove(source, [Segment(NOTES, lsn(after), lsn(20))])  # type: ignore[arg-type]


def test_case_6_changes_are_contiguous_up_to_the_lsn_that_is_needed() -> None:
    low = bytes.fromhex(lsn(5).hex)
    assert proof(low, after=5) == Proof({}, lsn(9))
    gap = proof(low, after=4).gaps["THINGS"]
    assert f"kept from {lsn(5)}, needed from {lsn(4)}" in gap.reason


def test_case_9_min_lsn_zero_means_lost_and_not_the_beginning_of_time() -> None:
    gap = proof(bytes(10), after=4).gaps["THINGS"]
    assert gap.is_instance_lost
    assert "dbo_things of dbo.things is gone, or the login may not read it" in gap.reason
