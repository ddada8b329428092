"""A closed gate: what readers see of a table and of its quarantine stays, to the last byte, till it opens."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest
from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import col, lit

from deployments.connections import connect_snowflake, snowpark_session
from deployments.settings import SnowflakeSettings
from snowpark_models import DynamicTable, Model
from snowpark_models.contract import VERSION_COLUMNS
from snowpark_models.model import Materialisation
from snowpark_models.runner import Candidate, ModelOutcome, Options, materialise
from snowpark_models.runner.sieve import HAVE_ROWS
from tests.models.quarantined import CONTRACT, SIEVE, Row, Rows, model, split
from tests.models.replica import Replica

WAYS: tuple[Materialisation, ...] = (*HAVE_ROWS, "view", "dynamic_table")
NOBODY = 666
"""A customer whose orders no rule sets aside: the gate closes."""
COLUMNS = "ORDER_ID, CUSTOMER_ID, TOTAL_AMOUNT::INT AS AMOUNT"
CHANGE = ("CREATE", "ALTER", "DROP", "MERGE", "INSERT", "UPDATE", "DELETE", "COMMENT", "TRUNCATE", "GRANT")

Shown = dict[str, list[Row]]


def live(raw_orders: DataFrame) -> DataFrame:
    there = raw_orders.filter(~col("_DELETED"))
    return there.select("ORDER_ID", "CUSTOMER_ID", "TOTAL_AMOUNT", "CURRENCY_CODE")


def stg_orders(raw_orders: DataFrame) -> DataFrame:
    return live(raw_orders)


def stg_gated_orders(raw_orders: DataFrame) -> DataFrame:
    return live(raw_orders)


def checked(stg_orders: DataFrame) -> DataFrame:
    return stg_orders


def checked_of_gated(stg_gated_orders: DataFrame) -> DataFrame:
    return stg_gated_orders


def wrong(stg_orders: DataFrame) -> DataFrame:
    return stg_orders.with_column("CUSTOMER_ID", lit(NOBODY).cast("NUMBER(10,0)"))


def wrong_of_gated(stg_gated_orders: DataFrame) -> DataFrame:
    return wrong(stg_gated_orders)


def staged(function: Callable[..., DataFrame]) -> Model:
    return Model(function, "staging", ("order_id",), CONTRACT, "me", "Orders.", "an order", "incremental")


def named(way: Materialisation, function: Callable[..., DataFrame]) -> Model:
    """The model, materialised in one of the ways and called after it."""

    def renamed(*upstreams: DataFrame, **more: DataFrame) -> DataFrame:
        return function(*upstreams, **more)

    renamed.__name__, renamed.__wrapped__ = f"checked_{way}", function  # type: ignore[attr-defined]
    if way == "dynamic_table":
        return replace(model("table"), function=renamed, materialized=way, storage=DynamicTable("COMPUTE"))
    return replace(model(way), function=renamed)


def of_today(way: Materialisation) -> Model:
    """A view shows its upstream's rows at once, so what it reads has a gate that looks."""
    return named(way, checked_of_gated if way == "view" else checked)


def of_another_day(way: Materialisation) -> Model:
    """Its function is wrong, its description and its comments are others."""
    built = named(way, wrong_of_gated if way == "view" else wrong)
    contract = tuple(
        column if column in VERSION_COLUMNS else replace(column, description=f"{column.description}!")
        for column in built.contract
    )
    return replace(built, description="Orders anew.", contract=contract)


def tables_of(way: Materialisation) -> tuple[str, str, str]:
    """What is published of it: the table, its change log, its quarantine."""
    name = f"CHECKED_{way}".upper()
    return f"MARTS.{name}", f"MARTS.{name}__CHANGES", f"QUALITY.MARTS__{name}"


@dataclass
class House:
    """Orders, models of them behind a gate that looks at their rows, and a reader of another session."""

    session: Session
    reader: Session
    runs: int = 0

    def __post_init__(self) -> None:
        self.replica = Replica(self.session, ["raw_orders"])

    def orders(self, *orders: tuple[int, int, int]) -> None:
        """Deliver (order_id, customer_id, total_amount)."""
        rows = [dict(zip(("order_id", "customer_id", "total_amount"), each, strict=True)) for each in orders]
        moment = {"_committed_at": "2026-01-02 03:04:05", "_deleted": False}
        self.replica.deliver("raw_orders", [{**row, **moment} for row in rows])

    def run(self, models: Sequence[Model]) -> dict[str, ModelOutcome]:
        self.runs += 1
        options = Options(sieves={each.name: SIEVE for each in models if each.materialized in HAVE_ROWS})
        all_of_them = [staged(stg_orders), staged(stg_gated_orders), *models]
        outcomes = materialise(self.session, all_of_them, self.audit, f"run-{self.runs}", options=options)
        return {outcome.model.name: outcome for outcome in outcomes}

    def audit(self, built: Candidate) -> bool:
        """Asks the rows, as gates do; lets all of them into one of the staging models."""
        if built.table == "STG_ORDERS":
            return True
        return (NOBODY,) not in self.rows(f"SELECT CUSTOMER_ID FROM {built.location}", self.session)

    def rows(self, query: str, session: Session | None = None) -> list[Row]:
        return [tuple(row) for row in (session or self.reader).sql(query).collect()]

    def shown(self, way: Materialisation) -> Shown:
        """All that a reader can read of a model: rows, kinds, columns with types and comments, version."""
        names, name = tables_of(way), "TABLE_SCHEMA || '.' || TABLE_NAME"
        which = f"WHERE {name} IN {names} ORDER BY {name}"
        told = {
            "tables": self.rows(f"SELECT {name}, * FROM INFORMATION_SCHEMA.TABLES {which}"),
            "columns": self.rows(f"SELECT * FROM INFORMATION_SCHEMA.COLUMNS {which}, ORDINAL_POSITION"),
            "versions": self.rows(
                "SELECT VERSION, CODE, INPUTS, LOG_FROM, SIEVE, PUBLISHED_AT FROM OPS.MODEL_STATES "
                f"WHERE LOCATION = '{names[0]}'"
            ),
        }
        rows = {str(row[0]): self.rows(f"SELECT * FROM {row[0]}") for row in told["tables"]}
        return told | {table: sorted(found, key=repr) for table, found in rows.items()}

    def source(self) -> Rows:
        return Counter(self.rows(f"SELECT {COLUMNS} FROM RAW.ORDERS WHERE NOT _DELETED"))

    def seen(self, way: Materialisation) -> tuple[Rows, Rows]:
        """What is published now, and what is in quarantine."""
        table, _, quarantine = tables_of(way)
        is_current = "WHERE IS_CURRENT" if way == "scd2" else ""
        good = self.rows(f"SELECT {COLUMNS} FROM {table} {is_current}")
        query = f"SELECT {COLUMNS} FROM {quarantine} {is_current}"
        return Counter(good), Counter(self.rows(query) if way in HAVE_ROWS else ())

    def changed(self) -> set[str]:
        """What is the target of any statement of the last run."""
        history = "SELECT QUERY_TEXT FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 10000))"
        of_the_run = f'WHERE QUERY_TAG LIKE \'%"run": "run-{self.runs}"%\''
        statements = [str(text).strip() for (text,) in self.rows(f"{history} {of_the_run}", self.session)]
        writing = [statement for statement in statements if statement.upper().startswith(CHANGE)]
        targets = [re.search(r'"?(\w+)"?\."?(\w+)"?', statement) for statement in writing]
        return {f"{first[1]}.{first[2]}" for first in targets if first}


@dataclass(frozen=True)
class Closed:
    """A run in which gates were closed, and what readers saw after it, by way."""

    outcomes: dict[str, ModelOutcome]
    shown: dict[Materialisation, Shown]
    changed: set[str]


@dataclass(frozen=True)
class Story:
    """What readers saw before two runs with closed gates, after each, and after the repair."""

    before: dict[Materialisation, Shown]
    closed: list[Closed]
    repaired: dict[str, ModelOutcome]
    changed: set[str]
    seen: dict[Materialisation, tuple[Rows, Rows]]
    source: Rows


@pytest.fixture(scope="module")
def story(session: Session, snowflake: SnowflakeSettings) -> Story:
    """Good and bad orders; then wrong functions; then wrong orders beside changed ones; the repair."""
    database = f"CLOSED_{uuid.uuid4().hex[:12].upper()}"
    session.sql(f"CREATE DATABASE {database}").collect()
    settings = snowflake.model_copy(update={"database": database})
    with connect_snowflake(settings, "runs") as runs, connect_snowflake(settings, "reads") as reads:
        house = House(snowpark_session(runs), snowpark_session(reads))
        today = [of_today(way) for way in WAYS]

        def closed(models: Sequence[Model]) -> Closed:
            outcomes = house.run(models)
            return Closed(outcomes, {way: house.shown(way) for way in WAYS}, house.changed())

        house.orders((1, 1, 10), (2, 1, -1), (3, 2, 30), (4, 13, -4))
        house.run(today)
        house.orders((3, 2, 33))
        house.run([each for each in today if each.is_incremental])
        before = {way: house.shown(way) for way in WAYS}
        first = closed([of_another_day(way) for way in WAYS])
        house.orders((5, NOBODY, 5), (1, 1, -10), (2, 1, 20), (4, 4, 4))
        second = closed(today)
        house.orders((5, 5, 5), (6, 6, -6))
        repaired = house.run(today)
        seen = {way: house.seen(way) for way in WAYS}
        return Story(before, [first, second], repaired, house.changed(), seen, house.source())


@pytest.mark.parametrize("way", WAYS)
def test_what_readers_see_stays_to_the_last_byte_until_the_gate_opens_again(
    story: Story, way: Materialisation
) -> None:
    name, (table, *_) = f"checked_{way}", tables_of(way)
    assert story.before[way][table]
    for number, closed in enumerate(story.closed):
        outcome = closed.outcomes[name]
        is_upstreams = way == "view" and number == 1
        assert outcome.outcome == ("upstream closed" if is_upstreams else "gate closed"), outcome.reason
        assert closed.shown[way] == story.before[way]
        assert not closed.changed & {*tables_of(way)}
    assert story.repaired[name].outcome == "published"
    assert story.seen[way] == (split(story.source) if way in HAVE_ROWS else (story.source, Counter()))
    assert way == "incremental" or table in story.changed, "statements on the table are not seen"
