"""The comparison sees every kind of difference, and nothing else."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from flows.ingest.health.proof import compare

SCHEMA = pa.schema(
    [
        ("K1", pa.int64()),
        ("K2", pa.string()),
        ("AMOUNT", pa.decimal128(19, 4)),
        ("AT", pa.string()),
        ("DAY", pa.timestamp("us")),
        ("BLOB", pa.binary()),
        ("RATIO", pa.float64()),
        ("NOTE", pa.string()),
    ]
)
GOOD = (1, "a", Decimal("1.0000"), "2026-01-01 00:00:00.0000001", datetime(9999, 12, 31), b"\0", 0.1, "")
OTHER = (2, "b", None, None, None, None, None, "x")


def rows(*values: tuple) -> pa.Table:
    return pa.Table.from_arrays(
        [
            pa.array(column, field.type)
            for column, field in zip(zip(*values, strict=True), SCHEMA, strict=True)
        ],
        schema=SCHEMA,
    )


def test_order_does_not_matter() -> None:
    assert compare(rows(GOOD, OTHER), rows(OTHER, GOOD), ["K1", "K2"]).differences == 0


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (2, Decimal("1.0001")),
        (2, None),
        (3, "2026-01-01 00:00:00.0000002"),  # 100 ns
        (4, datetime(9999, 12, 30)),
        (5, b"\1"),
        (6, 0.1 + 2**-56),
        (7, None),  # not what an empty text is
        (7, " "),
    ],
)
def test_one_value_of_one_column_is_a_difference(place: int, value: object) -> None:
    changed = (*GOOD[:place], value, *GOOD[place + 1 :])
    comparison = compare(rows(GOOD, OTHER), rows(changed, OTHER), ["K1", "K2"])
    assert (comparison.differences, comparison.sample_keys) == (1, ("1, a",))


def test_missing_surplus_and_repeated_rows_are_differences() -> None:
    assert compare(rows(GOOD, OTHER), rows(GOOD), ["K1", "K2"]).sample_keys == ("2, b",)
    assert compare(rows(GOOD), rows(GOOD, OTHER), ["K1", "K2"]).sample_keys == ("2, b",)
    assert compare(rows(GOOD), rows(GOOD, GOOD), ["K1", "K2"]).sample_keys == ("1, a",)


def test_an_empty_mirror_differs_in_every_row() -> None:
    comparison = compare(rows(GOOD, OTHER), SCHEMA.empty_table(), ["K1", "K2"])
    assert comparison.differences == 2
    assert compare(SCHEMA.empty_table(), SCHEMA.empty_table(), ["K1", "K2"]).differences == 0
