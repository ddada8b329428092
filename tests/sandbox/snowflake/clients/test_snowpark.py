"""Snowpark: what a data scientist calls, with the answers that Snowflake's documentation gives."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from snowflake.snowpark import Column, DataFrame, GroupingSets, Session, Window
from snowflake.snowpark import functions as f
from snowflake.snowpark.exceptions import SnowparkSQLException
from snowflake.snowpark.functions import col, lit
from snowflake.snowpark.types import (
    DateType,
    DecimalType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from sandbox.process import Service
from tests.sandbox.snowflake.snowflake_client import open_connection

SCHEMA = "SNOWPARK_SUITE"
ROWS = [
    [1, "a", Decimal("1.50"), datetime(2024, 1, 31, 10, 30)],
    [2, "b", Decimal("2.25"), None],
    [3, "a", None, None],
]
JANUARY = lit(datetime(2024, 1, 31, 10, 30))
DOCUMENT = f.parse_json(lit('{"a": {"b": [1, 2.5, {"c": "x"}]}, "d": null}'))


@pytest.fixture(scope="module")
def session(snowflake_service: Service) -> Iterator[Session]:
    with open_connection(snowflake_service) as first:
        first.cursor().execute(f"CREATE OR REPLACE SCHEMA {SCHEMA}")
    connection = open_connection(snowflake_service, schema=SCHEMA, paramstyle="qmark")
    made = Session.builder.configs({"connection": connection}).create()
    made.create_dataframe(ROWS, schema=["id", "kind", "amount", "at"]).write.save_as_table("orders")
    yield made
    made.sql(f"DROP SCHEMA {SCHEMA}").collect()
    made.close()


@pytest.fixture
def orders(session: Session) -> DataFrame:
    return session.table("orders")


def rows(frame: DataFrame) -> list[tuple[Any, ...]]:
    """The rows in the order of their values, None first."""
    return sorted(
        (tuple(row) for row in frame.collect()), key=lambda row: [(v is not None, str(v)) for v in row]
    )


def test_frames_of_rows_of_pandas_and_of_many_rows(session: Session, orders: DataFrame) -> None:
    assert rows(orders) == [tuple(row) for row in ROWS]
    every = [[1, "x", Decimal("1.5"), date(2024, 1, 31), True, None, 2.5, b"\x01x"]]
    assert [tuple(r) for r in session.create_dataframe(every, schema=list("abcdefgh")).collect()] == [
        (1, "x", Decimal("1.5"), date(2024, 1, 31), True, None, 2.5, bytearray(b"\x01x"))
    ]
    schema = StructType(
        [
            StructField("A", LongType()),
            StructField("B", StringType(5)),
            StructField("C", DecimalType(10, 2)),
            StructField("D", DateType()),
        ]
    )
    many = session.create_dataframe([[i, "a", None, date(2024, 1, 1)] for i in range(600)], schema=schema)
    assert many.agg(f.sum("A"), f.count("C"), f.count("*")).collect()[0][:3] == (179700, 0, 600)
    frame = pd.DataFrame({"A": [1, 2], "T": pd.to_datetime(["2024-01-01", None]), "S": ["x", None]})
    session.write_pandas(frame, "FRAME", auto_create_table=True, overwrite=True, use_logical_type=True)
    back = session.table("FRAME").sort("A")
    pd.testing.assert_frame_equal(back.to_pandas(), frame, check_dtype=False)
    assert session.create_dataframe(frame).count() == 2
    assert sum(len(batch) for batch in back.to_pandas_batches()) == 2
    assert [row["A"] for row in back.to_local_iterator()] == [1, 2]


def test_modes_of_save_as_table(session: Session, orders: DataFrame) -> None:
    for mode, table_type, count in (
        ("errorifexists", "", 3), ("append", "", 6), ("truncate", "", 3), ("ignore", "", 3),
        ("overwrite", "transient", 3), ("append", "", 6),
    ):  # fmt: skip
        orders.write.save_as_table("copy", mode=mode, table_type=table_type)
        assert session.table("copy").count() == count
    with pytest.raises(SnowparkSQLException) as raised:
        orders.write.save_as_table("copy", mode="errorifexists")
    assert raised.value.sql_error_code == 2002
    session.table("copy").filter(col("id") > 1).write.save_as_table("copy", mode="overwrite")
    assert session.table("copy").count() == 4
    orders.write.save_as_table(
        "aside", mode="overwrite", table_type="temp", comment="c", clustering_keys=["id"]
    )
    orders.select("kind", "id").write.save_as_table("aside", mode="append", column_order="name")
    orders.write.insert_into("aside")
    assert session.table("aside").count() == 9
    orders.write.insert_into("aside", overwrite=True)
    assert rows(session.table("aside")) == rows(orders)


def test_merge_update_and_delete(session: Session, orders: DataFrame) -> None:
    orders.write.save_as_table("changed", mode="overwrite")
    changed = session.table("changed")
    changes = session.create_dataframe([[1, "z"], [9, "new"]], schema=["id", "kind"])
    merged = changed.merge(
        changes,
        changed["id"] == changes["id"],
        [
            f.when_matched().update({"kind": changes["kind"]}),
            f.when_not_matched().insert({"id": changes["id"], "kind": changes["kind"]}),
        ],
    )
    assert tuple(merged) == (1, 1, 0)
    assert changed.update({"kind": lit("u")}, col("id") == 9).rows_updated == 1
    assert changed.update({"kind": changes["kind"]}, changed["id"] == changes["id"], changes)[0] == 2
    assert changed.delete(changed["id"] == changes["id"], changes).rows_deleted == 2
    assert rows(session.table("changed").select("id")) == [(2,), (3,)]
    changed.drop_table()


def test_joins_and_unions(session: Session, orders: DataFrame) -> None:
    names = session.create_dataframe([["a", "A"], ["c", "C"]], schema=["kind", "name"])
    counts = {how: orders.join(names, "kind", how=how).count() for how in ("inner", "left", "right", "full")}
    assert counts == {"inner": 2, "left": 3, "right": 3, "full": 4}
    assert rows(orders.join(names, "kind", how="semi").select("id")) == [(1,), (3,)]
    assert rows(orders.join(names, "kind", how="anti").select("id")) == [(2,)]
    assert orders.cross_join(names).count() == 6
    prices = session.create_dataframe([[0, 10], [2, 20]], schema=["since", "price"])
    priced = orders.join(prices, how="asof", match_condition=orders.id >= prices.since)
    assert rows(priced.select("id", "price")) == [(1, 10), (2, 20), (3, 20)]
    two = orders.select("id", "kind")
    turned = session.create_dataframe([["a", 1]], schema=["kind", "id"])
    assert (two.union(two).count(), two.union_all(two).count()) == (3, 6)
    assert (two.union_by_name(turned).count(), two.union_all_by_name(turned).count()) == (3, 4)
    assert (two.intersect(two).count(), two.except_(two.filter(col("id") == 1)).count()) == (3, 2)


def test_groups(orders: DataFrame) -> None:
    grouped = orders.group_by("kind").agg(
        f.count_distinct("id").alias("n"),
        f.sum("amount").alias("s"),
        f.stddev("id").alias("sd"),
        f.median("id").alias("med"),
        f.approx_percentile("id", 0.5).alias("p"),
        f.max_by("id", "amount").alias("m"),
        f.listagg("id", ",").within_group(col("id")).alias("l"),
        f.array_agg("id").within_group(col("id")).alias("arr"),
    )
    answer = [(*row[:7], row[7].replace("\n", "").replace(" ", "")) for row in rows(grouped.drop("arr"))]
    assert answer == [
        ("a", 2, Decimal("1.50"), 2**0.5, Decimal(2), 2.0, 1, "1,3"),
        ("b", 1, Decimal("2.25"), None, Decimal(2), 2.0, 2, "2"),
    ]
    arrays = {row["KIND"]: "".join(row["ARR"].split()) for row in grouped.select("kind", "arr").collect()}
    assert arrays == {"a": "[1,3]", "b": "[2]"}
    assert rows(orders.rollup("kind").agg(f.sum("id"))) == [(None, 6), ("a", 4), ("b", 2)]
    assert orders.cube("kind", "id").count().count() == 9
    sets = GroupingSets([col("kind")], [col("id")])
    assert orders.group_by_grouping_sets(sets).count().count() == 5
    assert orders.stat.approx_quantile("id", [0.0, 0.5, 1.0]) == [1.0, 2.0, 3.0]
    assert orders.stat.corr("id", "amount") == pytest.approx(1.0)
    crossed = {row[0]: row.as_dict() for row in orders.stat.crosstab("kind", "id").collect()}
    assert (crossed["a"]["1"], crossed["a"]["2"], crossed["b"]["2"]) == (1, 0, 1)


def test_pivot_and_unpivot(session: Session, orders: DataFrame) -> None:
    pivoted = orders.select("id", "kind", "amount").pivot("kind", ["a", "b"]).agg(f.sum("amount"))
    assert pivoted.columns == ["ID", "\"'a'\"", "\"'b'\""]
    assert rows(pivoted) == [(1, Decimal("1.5"), None), (2, None, Decimal("2.25")), (3, None, None)]
    months = session.create_dataframe([[1, 10, 20], [2, 30, None]], schema=["id", "jan", "feb"])
    assert rows(months.unpivot("amount", "month", ["jan", "feb"])) == [
        (1, "FEB", 20), (1, "JAN", 10), (2, "JAN", 30),
    ]  # fmt: skip


def test_windows(orders: DataFrame) -> None:
    window = Window.partition_by("kind").order_by("id")
    ranged = Window.order_by("id").range_between(-1, Window.CURRENT_ROW)
    running = window.rows_between(Window.UNBOUNDED_PRECEDING, Window.CURRENT_ROW)
    measured = orders.select(
        "id",
        f.rank().over(Window.order_by("kind")),
        f.lag("id", 1, 0).over(window),
        f.lead("id").over(window),
        f.sum("id").over(running),
        f.sum("id").over(ranged),
        f.last_value("id").over(window),
        f.ntile(lit(2)).over(Window.order_by("id")),
    )
    assert rows(measured) == [
        (1, 1, 0, 3, 1, 1, 3, 1),
        (2, 3, 0, None, 2, 3, 2, 1),
        (3, 1, 1, None, 4, 5, 3, 2),
    ]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (f.when(lit(1) == 2, "x").when(lit(1) == 1, "y").otherwise("z"), "y"),
        (f.iff(lit(None) > 1, lit("x"), lit("y")), "y"),
        (f.coalesce(lit(None), lit(0)), 0),
        (f.year(JANUARY), 2024),
        (f.dayofweek(JANUARY), 3),
        (f.weekofyear(JANUARY), 5),
        (f.last_day(JANUARY), date(2024, 1, 31)),
        (f.add_months(JANUARY, 1), datetime(2024, 2, 29, 10, 30)),
        (f.dateadd("month", lit(1), JANUARY), datetime(2024, 2, 29, 10, 30)),
        (f.datediff("month", lit(date(2024, 1, 31)), lit(date(2024, 3, 1))), 2),
        (f.date_trunc("week", JANUARY), datetime(2024, 1, 29)),
        (f.next_day(JANUARY, lit("mo")), date(2024, 2, 5)),
        (f.to_varchar(JANUARY, "YYYY-MM-DD HH24:MI"), "2024-01-31 10:30"),
        (f.dayname(JANUARY), "Wed"),
        (f.to_date(lit("2024-02-29")), date(2024, 2, 29)),
        (f.try_cast(lit("x"), IntegerType()), None),
        (f.try_cast(lit("1.256"), DecimalType(5, 2)), Decimal("1.26")),
        (lit("7").cast(IntegerType()), 7),
        (f.regexp_extract(lit("abc-12"), r"(\w+)-(\d+)", 2), "12"),
        (f.regexp_replace(lit("a1b22"), r"\d+", "#"), "a#b#"),
        (f.regexp_count(lit("a1b22"), r"\d"), 3),
        (lit("abc-12").rlike(r"[a-c]+-\d+"), True),
        (lit("abc-12").rlike("abc"), False),
        (lit("abc").like("ab%"), True),
        (f.split_part(lit("a,b"), lit(","), lit(2)), "b"),
        (f.initcap(lit("ab cd")), "Ab Cd"),
        (f.lpad(lit("7"), 3, lit("0")), "007"),
        (f.sha2(lit("a"), 256), "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
        (f.round(lit(Decimal("2.55")), 1), Decimal("2.6")),
        (f.log(2, lit(8)), 3.0),
        (f.div0(lit(3), lit(0)), 0),
        (f.bitand(lit(6), lit(3)), 2),
        (f.greatest(lit(1), lit(3)), 3),
        (DOCUMENT["a"]["b"][2]["c"].cast(StringType()), "x"),
        (DOCUMENT["a"]["b"][1].cast(DecimalType(3, 1)), Decimal("2.5")),
        (f.get_path(DOCUMENT, lit("a.b[0]")).cast(IntegerType()), 1),
        (f.typeof(DOCUMENT["a"]["b"]), "ARRAY"),
        (f.typeof(DOCUMENT["a"]["b"][0]), "INTEGER"),
        (f.array_size(DOCUMENT["a"]["b"]), 3),
        (f.is_null_value(DOCUMENT["d"]), True),
    ],
)  # fmt: skip
def test_functions(session: Session, column: Column, expected: object) -> None:
    row = session.range(1).select(column.alias("value")).collect()[0]
    assert row["VALUE"] == expected


def test_nested_values_become_rows(session: Session) -> None:
    nested = session.range(1).select(DOCUMENT.alias("v"))
    flat = nested.join_table_function("flatten", col("v")["a"]["b"]).select("index", "value")
    assert [(index, "".join(value.split())) for index, value in rows(flat)] == [
        (0, "1"), (1, "2.5"), (2, '{"c":"x"}'),
    ]  # fmt: skip
    texts = session.create_dataframe([["a,b"]], schema=["v"])
    parts = texts.join_table_function("split_to_table", col("v"), lit(",")).select("index", "value")
    assert rows(parts) == [(1, "a"), (2, "b")]
    split = texts.select(f.split("v", lit(",")).alias("parts")).join_table_function("flatten", col("parts"))
    assert rows(split.select(col("value").cast(StringType()))) == [("a",), ("b",)]


def test_cleaning_and_sampling(session: Session, orders: DataFrame) -> None:
    assert rows(orders.na.fill({"amount": Decimal(0)}).select("amount"))[0] == (Decimal(0),)
    dropped = orders.na.drop(), orders.na.drop(how="all"), orders.na.drop(thresh=3)
    assert [frame.count() for frame in dropped] == [1, 3, 2]
    assert rows(orders.na.replace({"a": "z"}, subset=["kind"]).select("kind")) == [("b",), ("z",), ("z",)]
    assert (orders.drop_duplicates("kind").count(), orders.distinct().count()) == (2, 3)
    assert orders.sample(n=2).count() == 2
    assert orders.sample(frac=0.5).count() <= 3
    assert sum(part.count() for part in orders.random_split([0.5, 0.5], seed=1)) == 3
    summary = {row["SUMMARY"]: row["ID"] for row in orders.describe("id").collect()}
    assert summary == {"count": 3, "mean": 2, "stddev": 1, "min": 1, "max": 3}
    assert session.generator(f.seq4(), rowcount=5).count() == 5


def test_views_caches_and_results_that_come_later(
    session: Session, orders: DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    few = orders.filter(col("id") > 1)
    few.create_or_replace_view("few", comment="seen")
    few.create_or_replace_temp_view("few_now")
    assert session.table("few").count() == session.table("few_now").count() == 2
    cached = few.cache_result()
    assert cached.count() == 2
    job = orders.select("id").collect_nowait()
    assert sorted(row[0] for row in job.result()) == [1, 2, 3]
    assert job.is_done()
    assert session.create_async_job(job.query_id).result("row") == job.result()
    assert session.sql("SELECT COUNT(*) AS n FROM orders WHERE id > ?", params=[1]).collect()[0]["N"] == 2
    orders.select("id").sort("id").show(2)
    assert '|"ID"  |' in capsys.readouterr().out
    session.query_tag = "suite"
    assert session.query_tag == "suite"
    session.query_tag = None
    with session.query_history() as history:
        few.count()
    assert len(history.queries) == 1
    assert orders.queries["queries"] == ["SELECT  *  FROM orders"]


def test_eight_threads_share_one_session(session: Session) -> None:
    def one(number: int) -> int:
        return int(session.sql(f"SELECT {number} AS n, SUM(id) AS s FROM orders").collect()[0]["N"])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(24))) == list(range(24))


def test_what_is_not_there_is_refused_by_its_name(session: Session, orders: DataFrame) -> None:
    session.sql("CREATE OR REPLACE STAGE landing").collect()
    session.file.put_stream(io.BytesIO(b"1,a"), "@landing/a.csv", auto_compress=False)
    integer = IntegerType()

    def register_function() -> object:
        return session.udf.register(lambda x: x, return_type=integer, input_types=[integer], name="u")

    def register_procedure() -> object:
        return session.sproc.register(
            lambda _: 1, return_type=integer, name="p", packages=["snowflake-snowpark-python"]
        )

    for name, call in {
        "CREATE FUNCTION": register_function,
        "INFORMATION_SCHEMA.PACKAGES": register_procedure,
        "SELECT from a stage": lambda: session.read.csv("@landing/a.csv").collect(),
        "COPY INTO a stage": lambda: orders.write.copy_into_location("@landing/out", file_format_type="csv"),
        "PIVOT … IN (ANY)": lambda: orders.select("id", "kind").pivot("kind").agg(f.sum("id")).collect(),
    }.items():
        with pytest.raises(SnowparkSQLException, match=re.escape(f"stand-in: {name}")) as raised:
            call()
        assert raised.value.sql_error_code == 2
    with pytest.raises(Exception, match="stand-in: the REST API"):
        session.catalog.list_databases()
