from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal

import pandas as pd
import pytest
from snowflake.snowpark import Session, Window
from snowflake.snowpark import functions as f
from snowflake.snowpark.functions import col

from tests.sandbox.snowflake.snowflake_client import Connect


@pytest.fixture
def session(connect: Connect) -> Iterator[Session]:
    made = Session.builder.configs({"connection": connect()}).create()
    made.create_dataframe(
        [
            [1, "a", Decimal("1.50"), datetime(2024, 1, 31)],
            [2, "b", Decimal("2.25"), None],
            [3, "a", None, None],
        ],
        schema=["id", "kind", "amount", "at"],
    ).write.save_as_table("orders", mode="overwrite")
    yield made
    made.close()


def test_modes_of_save_as_table(session: Session) -> None:
    orders = session.table("orders")
    for mode, table_type, rows in (
        ("append", "", 3),
        ("append", "", 6),
        ("truncate", "", 3),
        ("overwrite", "transient", 3),
        ("ignore", "", 3),
    ):
        orders.write.save_as_table("copy", mode=mode, table_type=table_type)
        assert session.table("copy").count() == rows
    session.table("copy").filter(col("id") > 1).write.save_as_table("copy", mode="overwrite")
    assert session.table("copy").count() == 2


def test_groups_joins_windows_and_asof(session: Session) -> None:
    orders = session.table("orders")
    groups = orders.group_by("kind").agg(
        f.sum("amount").alias("s"),
        f.count_distinct("id").alias("n"),
        f.max_by("id", "amount").alias("m"),
        f.listagg("id", ",").within_group(col("id")).alias("ids"),
    )
    assert [tuple(row) for row in groups.sort("kind").collect()] == [
        ("a", Decimal("1.50"), 2, 1, "1,3"),
        ("b", Decimal("2.25"), 1, 2, "2"),
    ]
    names = session.create_dataframe([["a", "A"]], schema=["kind", "name"])
    assert orders.join(names, ["kind"], how="left").filter(col("name").is_null()).count() == 1
    latest = Window.partition_by("kind").order_by(col("id").desc())
    first = orders.with_column("place", f.row_number().over(latest)).filter(col("place") == 1)
    assert [row["ID"] for row in first.sort("id").collect()] == [2, 3]
    prices = session.create_dataframe([[0, 10], [2, 20]], schema=["since", "price"])
    priced = orders.join(prices, how="asof", match_condition=orders.id >= prices.since)
    assert [row["PRICE"] for row in priced.sort("id").collect()] == [10, 20, 20]
    assert orders.select("id", "kind", "amount").pivot("kind", ["a", "b"]).agg(f.sum("amount")).count() == 3


def test_dates_keep_their_types(session: Session) -> None:
    row = (
        session.table("orders")
        .filter(col("id") == 1)
        .select(
            f.dateadd("month", f.lit(1), col("at")).alias("later"),
            f.date_trunc("month", f.dateadd("month", f.lit(1), f.to_date("at"))).alias("month"),
            f.datediff("day", col("at"), f.lit(datetime(2024, 2, 29))).alias("days"),
        )
        .collect()[0]
    )
    assert [str(value) for value in row] == ["2024-02-29 00:00:00", "2024-02-01", "29"]


def test_merge_update_and_delete(session: Session) -> None:
    orders = session.table("orders")
    changes = session.create_dataframe([[1, "z"], [9, "new"]], schema=["id", "kind"])
    merged = orders.merge(
        changes,
        orders["id"] == changes["id"],
        [
            f.when_matched().update({"kind": changes["kind"]}),
            f.when_not_matched().insert({"id": changes["id"], "kind": changes["kind"]}),
        ],
    )
    assert (merged.rows_inserted, merged.rows_updated) == (1, 1)
    assert orders.update({"kind": f.lit("u")}, col("id") == 9).rows_updated == 1
    assert orders.delete(col("id") == 9).rows_deleted == 1
    assert session.table("orders").count() == 3


def test_pandas_both_ways(session: Session) -> None:
    frame = pd.DataFrame({"A": [1, 2], "T": pd.to_datetime(["2024-01-01", None]), "S": ["x", None]})
    session.write_pandas(frame, "FRAME", auto_create_table=True, overwrite=True, use_logical_type=True)
    back = session.table("FRAME").sort("A").to_pandas()
    pd.testing.assert_frame_equal(back, frame, check_dtype=False)
    assert session.create_dataframe(frame).count() == 2
    assert session.table("FRAME").cache_result().count() == 2


def test_eight_threads_share_one_session(session: Session) -> None:
    def one(number: int) -> int:
        return int(session.sql(f"SELECT {number} AS n, SUM(id) AS s FROM orders").collect()[0]["N"])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(40))) == list(range(40))
