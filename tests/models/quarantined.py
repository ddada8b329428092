"""A model of orders whose bad rows are set aside, and all that a reader can see of it."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.exceptions import SnowparkSQLException

from deployments.connections import connect_snowflake, snowpark_session
from deployments.settings import SnowflakeSettings
from snowpark_models import Column, Model
from snowpark_models.contract import VERSION_COLUMNS
from snowpark_models.model import Materialisation
from snowpark_models.runner import Audit, ModelOutcome, Options, materialise
from snowpark_models.runner.names import Namespace
from snowpark_models.runner.sieve import Sieve, Sift
from snowpark_models.storage import IcebergTable
from tests.models.replica import Replica, open_gate

CONTRACT = (
    Column("order_id", "NUMBER(10,0)", "Number of the order."),
    Column("customer_id", "NUMBER(10,0)", "Who ordered; it's a number."),
    Column("total_amount", "NUMBER(19,4)", "What it comes to."),
    Column("currency_code", "VARCHAR", "In what.", nullable=True),
)
POSITIVE = Sift("total_amount is at least 0", "TOTAL_AMOUNT < 0")
KNOWN = Sift("It's a customer's", "CUSTOMER_ID IS NULL OR CUSTOMER_ID = 13")
SMALL = Sift("No order is too small", "TOTAL_AMOUNT < 10")
SIEVE = Sieve((POSITIVE, KNOWN))
PRODUCTION = Namespace()
MOMENT = "2026-01-02 03:04:05"

Row = tuple[object, ...]
Rows = Counter[Row]


def checked(raw_orders: DataFrame) -> DataFrame:
    live = raw_orders.filter(~raw_orders["_DELETED"])
    return live.select("ORDER_ID", "CUSTOMER_ID", "TOTAL_AMOUNT", "CURRENCY_CODE")


def model(materialized: Materialisation, *more: Column, by: str = "order_id") -> Model:
    """The model, materialised in one of the ways."""
    is_versioned = materialized == "scd2"
    return Model(
        checked,
        "marts",
        ("order_id", "valid_from") if is_versioned else ("order_id",),
        (*CONTRACT, *more, *(VERSION_COLUMNS if is_versioned else ())),
        "me@shellcorp.example",
        "Orders.",
        "an order",
        materialized,
        incremental_by=(by,) if is_versioned else (),
        storage=IcebergTable(external_volume="LAKE") if materialized == "iceberg_table" else None,
    )


@dataclass
class World:
    """The mirror of orders, what is built of it, and a reader of another session."""

    session: Session
    reader: Session
    settings: SnowflakeSettings
    namespace: Namespace = PRODUCTION
    runs: int = 0

    def __post_init__(self) -> None:
        self.replica = Replica(self.session, ["raw_orders"])

    def orders(self, *orders: tuple[int, int, int], deleted: Collection[int] = ()) -> None:
        """Deliver (order_id, customer_id, total_amount)."""
        self.replica.deliver(
            "raw_orders",
            [
                {
                    "order_id": order,
                    "customer_id": customer,
                    "total_amount": amount,
                    "_committed_at": MOMENT,
                    "_deleted": order in deleted,
                }
                for order, customer, amount in orders
            ],
        )

    def run(
        self,
        built: Model,
        sieve: Sieve = SIEVE,
        audit: Audit = open_gate,
        *,
        session: Session | None = None,
        replayed: Collection[str] = (),
        rebuilt: Collection[str] = (),
        namespace: Namespace | None = None,
    ) -> ModelOutcome:
        """Bring the model up to date."""
        self.runs += 1
        options = Options(
            namespace or self.namespace, rebuilt=rebuilt, sieves={built.name: sieve}, replayed=replayed
        )
        (outcome,) = materialise(session or self.session, [built], audit, f"run-{self.runs}", options=options)
        return outcome

    def rows(self, query: str) -> list[Row]:
        return [tuple(row) for row in self.reader.sql(query).collect()]

    def table(self, namespace: Namespace | None = None) -> str:
        return f"{(namespace or self.namespace).schema('marts')}.CHECKED"

    def quarantine(self, namespace: Namespace | None = None) -> str:
        return f"{(namespace or self.namespace).schema('quality')}.MARTS__CHECKED"

    def source(self) -> Rows:
        """What the function returns."""
        return Counter(
            self.rows("SELECT ORDER_ID, CUSTOMER_ID, TOTAL_AMOUNT::INT FROM RAW.ORDERS WHERE NOT _DELETED")
        )

    def seen(self, where: str = "TRUE", namespace: Namespace | None = None) -> tuple[Rows, Rows] | None:
        """What is published and what is in quarantine, in one statement; None where one of them is away."""
        columns = "ORDER_ID, CUSTOMER_ID, TOTAL_AMOUNT::INT AS AMOUNT"
        query = f"""
            SELECT 0 AS IS_ASIDE, {columns} FROM {self.table(namespace)} WHERE {where}
            UNION ALL SELECT 1, {columns} FROM {self.quarantine(namespace)} WHERE {where}"""
        try:
            found = self.rows(query)
        except SnowparkSQLException as error:
            if "does not exist" not in str(error):
                raise
            return None
        published, aside = (Counter(row[1:] for row in found if row[0] == side) for side in (0, 1))
        return published, aside

    @contextmanager
    def another_session(self) -> Iterator[Session]:
        """A session of a run that will die."""
        with connect_snowflake(self.settings, "another run") as connection:
            yield snowpark_session(connection)


def split(rows: Rows, sieve: Sieve = SIEVE) -> tuple[Rows, Rows]:
    """The good and the bad ones of (order_id, customer_id, total_amount), as the rules above have it."""

    def is_bad(row: Row) -> bool:
        _order, customer, amount = row
        tests: Mapping[Sift, bool] = {
            POSITIVE: int(str(amount)) < 0,
            SMALL: int(str(amount)) < 10,
            KNOWN: customer == 13,
        }
        return any(tests[rule] for rule in sieve.rules)

    return (
        Counter({row: times for row, times in rows.items() if not is_bad(row)}),
        Counter({row: times for row, times in rows.items() if is_bad(row)}),
    )


def other_rules(*rules: Sift) -> Sieve:
    """Other rules, and no limit that matters."""
    return replace(SIEVE, rules=rules)


@contextmanager
def four_orders(session: Session, snowflake: SnowflakeSettings) -> Iterator[World]:
    """A database of its own with four orders in the mirror, the second and the fourth of them bad."""
    name = f"QUARANTINE_{uuid.uuid4().hex[:12].upper()}"
    session.sql(f"CREATE DATABASE {name}").collect()
    settings = snowflake.model_copy(update={"database": name})
    with connect_snowflake(settings, "runs") as runs, connect_snowflake(settings, "reads") as reads:
        opened = World(snowpark_session(runs), snowpark_session(reads), settings)
        opened.orders((1, 1, 10), (2, 1, -1), (3, 2, 30), (4, 13, -4))
        yield opened
