"""Update masks, large values that an update left alone, and gaps."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from flows.ingest.changes import ChangeStream, Proof, is_set, lost_value, prove, unchanged_columns
from flows.ingest.columns import BatchLabel
from flows.ingest.tables import Segment
from flows.ingest.window import Window
from tests.ingest.given import INT, LONG_TEXT, TEXT, Answers, lsn, table

NOTES = table({"id": INT, "name": TEXT, "notes": LONG_TEXT, "body": LONG_TEXT}, key=["id"])
LSN, SEQVAL = b"\1" * 10, b"\2" * 10


def change(operation: int, mask: int, key: int = 1) -> tuple:
    return LSN, 1, SEQVAL, operation, mask.to_bytes(1, "big"), key, "a", None, None


@given(st.sets(st.integers(1, 60)), st.integers(8, 12))
def test_a_mask_has_its_lowest_ordinals_in_the_last_byte(ordinals: set[int], size: int) -> None:
    mask = sum(1 << (ordinal - 1) for ordinal in ordinals).to_bytes(size, "big")
    assert {ordinal for ordinal in range(1, 8 * size + 9) if is_set(mask, ordinal)} == ordinals


def test_column_nine_is_in_the_first_of_two_bytes() -> None:
    assert is_set(b"\x01\x00", 9)  # sqlserver-cdc: seen on the wire
    assert not is_set(b"\x01\x00", 1)


def test_only_an_update_leaves_large_columns_alone() -> None:
    rows = [change(2, 0b1111), change(3, 0b0010), change(4, 0b0010), change(4, 0b0110), change(1, 0b1111)]
    assert unchanged_columns(NOTES, rows) == [None, None, '"NOTES","BODY"', '"BODY"', None]


def test_a_table_without_large_columns_has_nothing_unchanged() -> None:
    assert unchanged_columns(table({"id": INT}, ["id"]), [change(4, 0)]) == [None]


def test_a_new_key_without_its_large_values_is_noticed() -> None:
    rows = [change(3, 0b0001, key=1), change(4, 0b0001, key=2)]
    unchanged = unchanged_columns(NOTES, rows)
    assert 'does not carry "NOTES","BODY"' in (lost_value(NOTES, rows, unchanged, None) or "")
    assert lost_value(NOTES, rows[1:], unchanged[1:], rows[0]) is not None, "over the border of two batches"


def test_an_update_of_the_same_key_loses_nothing() -> None:
    rows = [change(3, 0b0010), change(4, 0b0010)]
    assert lost_value(NOTES, rows, unchanged_columns(NOTES, rows), None) is None


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
