"""Two mirrors of two rows and five models of them, a gate that is closed by name, and what readers see."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import col

from snowpark_models import Column, Model
from snowpark_models.runner import Candidate, plan

CONTRACT = (
    Column("id", "NUMBER(10,0)", "Number of the row; it's the key."),
    Column("amount", "NUMBER(19,4)", "An amount."),
)


def declared(layer: str, function: Callable[..., DataFrame]) -> Model:
    return Model(function, layer, ("id",), CONTRACT, "owner@shellcorp.example", "Rows.", "one row a row")


def stg_orders(raw_orders: DataFrame) -> DataFrame:
    return raw_orders.select("ID", "AMOUNT")


def stg_payments(raw_payments: DataFrame) -> DataFrame:
    return raw_payments.select("ID", "AMOUNT")


def sales(stg_orders: DataFrame) -> DataFrame:
    return stg_orders.select("AMOUNT", "ID")


def receipts(stg_payments: DataFrame) -> DataFrame:
    return stg_payments.select("ID", (col("AMOUNT") * 2).cast("NUMBER(19,4)").alias("AMOUNT"))


def scores(sales: DataFrame, receipts: DataFrame) -> DataFrame:
    return sales.union_all(receipts.select((col("ID") + 1000).alias("ID"), "AMOUNT"))


MODELS = plan(
    [],
    [
        declared("staging", stg_orders),
        declared("staging", stg_payments),
        declared("marts", sales),
        declared("marts", receipts),
        declared("features", scores),
    ],
)


@dataclass
class Gate:
    """Closed for the tables named, and remembers what it was asked."""

    closed: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def __call__(self, candidate: Candidate) -> bool:
        self.asked.append((candidate.layer, candidate.table, candidate.location))
        return candidate.table not in self.closed


def content(session: Session, *models: Model) -> dict[str, list[tuple[object, ...]]]:
    """All rows of the models' tables, as readers see them."""
    return {m.name: rows(session, f"SELECT * FROM {m.schema}.{m.table} ORDER BY ID, AMOUNT") for m in models}


def rows(session: Session, query: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in session.sql(query).collect()]


def tables(session: Session) -> set[str]:
    listed = "SELECT TABLE_SCHEMA AS SCHEMA_NAME, TABLE_NAME AS NAME FROM INFORMATION_SCHEMA.TABLES"
    layers = ("STAGING", "MARTS", "FEATURES")
    return {without_token(str(name)) for schema, name in rows(session, listed) if schema in layers}


def without_token(name: str) -> str:
    """What a run made aside, without what tells it from other runs."""
    return re.sub(r"_[0-9A-F]{8}$", "", name)


def one_more_order(session: Session, amount: str = "3.75") -> None:
    session.sql(f"INSERT INTO RAW.ORDERS VALUES (3, {amount})").collect()
