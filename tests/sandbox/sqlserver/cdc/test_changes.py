"""Rows of a change table, from row images: operations, masks, LOBs, moved keys."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from sandbox.sqlserver.cdc.changes import CapturedColumn, LogRecord, change_rows

COLUMNS = [CapturedColumn("id"), CapturedColumn("name")]


def image(rows: list[dict[str, Any]] | None) -> pa.Table | None:
    return None if rows is None else pa.Table.from_pylist(rows)


def record(
    kind: str,
    before: list[dict[str, Any]] | None = None,
    after: list[dict[str, Any]] | None = None,
    sequence: int = 0,
) -> LogRecord:
    return LogRecord(1, 1, sequence, kind, image(before), image(after))


def changes(records: list[LogRecord], columns: list[CapturedColumn], key: list[str]) -> list[dict[str, Any]]:
    table = change_rows(records, columns, key)
    assert table is not None
    order = [(name, "ascending") for name in ("__$command_id", "__$seqval", "__$operation")]
    return list(table.sort_by(order).to_pylist())


def test_the_mask_has_the_lowest_ordinals_in_its_last_byte() -> None:
    columns = [CapturedColumn(f"c{n}") for n in range(1, 11)]
    old = {f"c{n}": 0 for n in range(1, 11)}
    (before, after) = changes([record("update", [old], [{**old, "c1": 5, "c9": 5}])], columns, ["c1"])
    assert before["__$update_mask"] == after["__$update_mask"] == bytes.fromhex("0101")
    (inserted,) = changes([record("insert", after=[old])], columns, ["c1"])
    assert inserted["__$update_mask"] == bytes.fromhex("03FF")
    (deleted,) = changes([record("delete", before=[old])], columns, ["c1"])
    assert deleted["__$update_mask"] == bytes.fromhex("03FF")


def test_before_and_after_of_an_update_share_their_sequence_value() -> None:
    rows = changes(
        [record("update", [{"id": 1, "name": "a"}, {"id": 2, "name": "a"}],
                [{"id": 1, "name": "b"}, {"id": 2, "name": None}])],
        COLUMNS, ["id"],
    )  # fmt: skip
    assert [(r["__$operation"], r["id"], r["name"]) for r in rows] == [
        (3, 1, "a"),
        (4, 1, "b"),
        (3, 2, "a"),
        (4, 2, None),
    ]
    assert len({r["__$seqval"] for r in rows}) == 2


def test_an_update_that_changes_no_captured_column_leaves_no_row() -> None:
    old = {"id": 1, "name": "a", "not_captured": 1}
    assert change_rows([record("update", [old], [{**old, "not_captured": 2}])], COLUMNS, ["id"]) is None


@pytest.mark.parametrize(
    ("lob", "expected"),
    [
        # changed by the update: before, after · untouched: before, after · value in a delete
        ("max", [("old", "new"), (None, None), "old"]),
        ("text", [(None, "new"), (None, None), None]),
    ],
)
def test_lobs(lob: Any, expected: list[Any]) -> None:
    columns = [CapturedColumn("id"), CapturedColumn("n"), CapturedColumn("big", lob)]
    old = {"id": 1, "n": 1, "big": "old"}

    before, after = changes([record("update", [old], [{**old, "big": "new"}])], columns, ["id"])
    assert ((before["big"], after["big"]), before["__$update_mask"]) == (expected[0], b"\x04")
    before, after = changes([record("update", [old], [{**old, "n": 2}])], columns, ["id"])
    assert ((before["big"], after["big"]), before["__$update_mask"]) == (expected[1], b"\x02")
    (deleted,) = changes([record("delete", [old])], columns, ["id"])
    assert deleted["big"] == expected[2]
    (inserted,) = changes([record("insert", after=[old])], columns, ["id"])
    assert inserted["big"] == "old"


def test_a_lob_that_becomes_null_is_marked_as_changed() -> None:
    columns = [CapturedColumn("id"), CapturedColumn("big", "max")]
    before, after = changes(
        [record("update", [{"id": 1, "big": "old"}], [{"id": 1, "big": None}])], columns, ["id"]
    )
    assert (before["big"], after["big"], after["__$update_mask"]) == ("old", None, b"\x02")


def test_computed_columns_are_null_and_columns_the_image_lacks_too() -> None:
    columns = [CapturedColumn("id"), CapturedColumn("total", is_computed=True), CapturedColumn("dropped")]
    (row,) = changes([record("insert", after=[{"id": 1, "total": 7}])], columns, ["id"])
    assert (row["id"], row["total"], row["dropped"]) == (1, None, None)


def test_a_key_update_is_a_delete_and_an_insert_with_one_sequence_value() -> None:
    rows = changes(
        [record("delete", [{"id": 1, "name": "a"}]), record("insert", after=[{"id": 9, "name": "a"}])],
        COLUMNS,
        ["id"],
    )
    assert [(r["__$operation"], r["id"]) for r in rows] == [(1, 1), (2, 9)]
    assert rows[0]["__$seqval"] == rows[1]["__$seqval"]


def test_keys_that_pass_from_row_to_row_are_updates_of_those_keys() -> None:
    rows = changes(
        [
            record("delete", [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]),
            record("insert", after=[{"id": 2, "name": "a"}, {"id": 3, "name": "b"}]),
        ],
        COLUMNS,
        ["id"],
    )
    assert [(r["__$operation"], r["id"], r["name"]) for r in rows] == [
        (1, 1, "a"),
        (3, 2, "b"),
        (4, 2, "a"),
        (2, 3, "b"),
    ]


def test_offsets_and_instants_are_compared_together() -> None:
    moment = {"utc": 1, "offset_minutes": 60}
    old, new = {"id": 1, "at": moment}, {"id": 1, "at": {**moment, "offset_minutes": 0}}
    columns = [CapturedColumn("id"), CapturedColumn("at")]
    _, after = changes([record("update", [old], [new])], columns, ["id"])
    assert after["__$update_mask"] == b"\x02"
    _, after = changes([record("update", [{"id": 1, "at": None}], [old])], columns, ["id"])
    assert after["__$update_mask"] == b"\x02"
    assert change_rows([record("update", [old], [old])], columns, ["id"]) is None
