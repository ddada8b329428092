"""Hashed values: one secret, one value, one hash, whatever the column's type; NULL stays NULL."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from flows.ingest.policies.columns import apply_policies
from flows.ingest.policies.policy import Policies, PolicyError, TablePolicy
from flows.ingest.policies.pseudonyms import Hasher, hashed
from flows.ingest.source.catalog import SourceColumn, SourceTable
from flows.ingest.source.discovery import Discovered
from flows.ingest.tables.captured import CapturedTable
from flows.ingest.tables.columns import BatchLabel, change_log_batch, change_log_schema
from tests.ingest.given import INT, LONG_TEXT, TEXT, table

SALT = "a secret of the tests"
HASHER = Hasher(SALT.encode())
PEOPLE = table({"id": INT, "email": TEXT, "age": INT, "story": LONG_TEXT}, key=["id"], name="people")


@pytest.mark.parametrize(
    ("arrow", "value", "text"),
    [
        (pa.string(), "Ægir", "Ægir"),
        (pa.int64(), 42, "42"),
        (pa.bool_(), True, "true"),
        (pa.float64(), 1.5, "1.5"),
        (pa.decimal128(9, 2), Decimal("1.50"), "1.50"),
        (pa.date32(), date(2026, 1, 1), "2026-01-01"),
        (pa.timestamp("us"), datetime(2026, 1, 1, 12), "2026-01-01 12:00:00.000000"),
        (pa.binary(), b"\xff\0", b"\xff\0"),
    ],
    ids=str,
)
def test_a_hash_is_the_hmac_of_the_values_text(arrow: pa.DataType, value: Any, text: str | bytes) -> None:
    plain = text if isinstance(text, bytes) else text.encode()
    expected = hmac.new(SALT.encode(), plain, hashlib.sha256).hexdigest()
    assert HASHER.hashed(pa.array([value, None, value], arrow)).to_pylist() == [expected, None, expected]


def test_other_columns_stay_and_another_salt_gives_other_hashes() -> None:
    batch = pa.RecordBatch.from_pydict({"A": ["x", "y"], "B": [1, 2]})
    one, other = (hashed(batch, [None, Hasher(salt)]) for salt in (b"1" * 16, b"2" * 16))
    assert one.column("A") == batch.column("A")
    assert not set(one.column("B").to_pylist()) & set(other.column("B").to_pylist())
    assert hashed(batch, [None, None]) is batch
    assert Hasher(b"1" * 16).fingerprint != Hasher(b"2" * 16).fingerprint
    assert SALT not in repr(HASHER)


def taken_up() -> Discovered:
    columns = tuple(
        SourceColumn(column.ordinal, column.source_name, column.sql_type, is_computed=False)
        for column in PEOPLE.columns
    )
    source = SourceTable("dbo", "people", columns, ("id",), ())
    return Discovered(tables={"PEOPLE": PEOPLE}, catalog={"PEOPLE": source})


def discovered(policy: TablePolicy, salt: str | None = SALT) -> Discovered:
    found = taken_up()
    apply_policies(found, Policies(tables={"dbo.people": policy}).with_salt(salt))
    return found


def test_a_policy_of_no_table_keeps_new_tables_out_if_it_hides_columns() -> None:
    policies = Policies(tables={"dbo.peopel": TablePolicy(exclude=frozenset({"email"}))})
    found = taken_up()
    apply_policies(found, policies)
    assert not found.tables
    assert (
        "of dbo.peopel excludes or hashes columns, and CDC captures no such table"
        in found.refused["dbo.people"]
    )


@pytest.mark.parametrize(
    ("named", "policy", "replicated"),
    [
        ("dbo.peopel", TablePolicy(exclude=frozenset({"email"})), ["dbo.people"]),
        ("dbo.peopel", TablePolicy(history=True), []),
        ("dbo.gone", TablePolicy(hash=frozenset({"email"})), ["dbo.gone"]),
    ],
)
def test_other_tables_go_on(named: str, policy: TablePolicy, replicated: list[str]) -> None:
    found = taken_up()
    apply_policies(found, Policies(tables={named: policy}), replicated)
    assert list(found.tables) == ["PEOPLE"]


def people(policy: TablePolicy) -> CapturedTable:
    return discovered(policy).tables["PEOPLE"]


def test_what_lands_of_a_hashed_column_is_its_hash() -> None:
    hashing = people(TablePolicy(hash=frozenset({"EMAIL", "age", "story"})))
    read = pa.RecordBatch.from_pylist(
        [{"ID": 1, "EMAIL": "a@b.example", "AGE": 42, "STORY": None}], schema=hashing.arrow_schema
    )
    landed = change_log_batch(hashing, read, "0" * 50, 4, None, None, BatchLabel("run", "batch"))
    assert landed.schema == change_log_schema(hashing)
    assert [landed.column(name).to_pylist()[0] for name in ("ID", "EMAIL", "AGE", "STORY")] == [
        1,
        HASHER.hashed(pa.array(["a@b.example"])).to_pylist()[0],
        HASHER.hashed(pa.array([42])).to_pylist()[0],
        None,
    ]
    assert [column.mapping.snowflake for column in hashing.values] == ["VARCHAR(64)"] * 3
    assert [column.name for column in hashing.lobs] == ["STORY"], "an update may still carry no value of it"


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (TablePolicy(hash=frozenset({"e-mail"})), "names the column e-mail, which the table does not have"),
        (TablePolicy(exclude=frozenset({"emial"})), "names the column emial, which the table does not have"),
        (TablePolicy(hash=frozenset({"ID"})), "hashes its key column id"),
    ],
)
def test_a_policy_that_cannot_be_followed_stops_its_table(policy: TablePolicy, reason: str) -> None:
    found = discovered(policy)
    assert found.tables == {}
    assert reason in found.refused["dbo.people"]


def test_hashing_without_a_salt_is_one_line() -> None:
    with pytest.raises(PolicyError, match="there is no salt: set PLATFORM_HASH_SALT"):
        discovered(TablePolicy(hash=frozenset({"email"})), salt=None)
