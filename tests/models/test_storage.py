"""Dynamic and Iceberg tables: the DDL that makes them, what readers see of them, and who is refused."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import col

from deployments.settings import SnowflakeSettings
from snowpark_models import Column, DynamicTable, IcebergTable, Model
from snowpark_models.errors import BuildError, ContractError
from snowpark_models.runner import Candidate, Options, materialise
from snowpark_models.runner.names import Namespace
from snowpark_models.runner.outcome import Outcome
from snowpark_models.runner.sql import stored as stored_sql
from snowpark_models.storage import Storage
from tests.models.replica import database

ID = Column("id", "NUMBER(10,0)", "Number of the row; it's the key.")
ORDERS = Column("orders", "NUMBER(18,0)", "How many.")
DYNAMIC = DynamicTable(warehouse="TRANSFORMING")
ICEBERG = IcebergTable(external_volume="LAKE")


def stg_orders(raw_orders: DataFrame) -> DataFrame:
    return raw_orders


def sales(stg_orders: DataFrame) -> DataFrame:
    return stg_orders.group_by("ID").count().with_column_renamed("COUNT", "ORDERS")


def declared(function: object, kind: str, storage: Storage | None = None, *columns: Column) -> Model:
    layer = "staging" if function is stg_orders else "marts"
    contract = columns or ((ID,) if function is stg_orders else (ID, ORDERS))
    return Model(function, layer, ("id",), contract, "me", "Rows.", "a row", kind, storage=storage)  # type: ignore[arg-type]


class House:
    """A mirror without keys, staged as a view and counted in a mart."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.name = uuid.uuid4().hex  # other tests' runs stand in the same history
        self.runs = 0
        self.is_open = True
        for statement in ("CREATE SCHEMA RAW", "CREATE TABLE RAW.ORDERS (ID NUMBER(10,0))"):
            session.sql(statement).collect()
        self.orders(1)

    def orders(self, *ids: int) -> None:
        self.session.sql(f"INSERT INTO RAW.ORDERS VALUES {', '.join(f'({n})' for n in ids)}").collect()

    @property
    def run_id(self) -> str:
        return f"{self.name}-{self.runs}"

    def run(self, mart: Model) -> Outcome:
        self.runs += 1
        models = [declared(stg_orders, "table"), mart]
        outcomes = materialise(self.session, models, self.audit, self.run_id)
        return outcomes[-1].outcome

    def audit(self, candidate: Candidate) -> bool:
        return self.is_open or candidate.layer == "staging"

    def sales(self) -> list[int]:
        return [row[0] for row in self.session.sql("SELECT ID FROM MARTS.SALES ORDER BY 1").collect()]

    def kind(self) -> tuple[object, ...]:
        (row,) = self.session.sql(
            "SELECT TABLE_TYPE, IS_DYNAMIC, IS_ICEBERG, COMMENT FROM INFORMATION_SCHEMA.TABLES "
            "WHERE TABLE_SCHEMA = 'MARTS'"
        ).collect()
        return tuple(row)

    def statements(self, about: str) -> list[str]:
        """What the last run told the warehouse, as far as it is about something."""
        rows = self.session.sql(
            "SELECT QUERY_TEXT FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 10000)) "
            f"WHERE QUERY_TAG LIKE '%{self.run_id}\"%' AND QUERY_TEXT LIKE '%{about}%'"
        ).collect()
        return [" ".join(row[0].split()) for row in rows if "QUERY_HISTORY" not in row[0]]


@pytest.fixture
def house(session: Session, snowflake: SnowflakeSettings) -> Iterator[House]:
    with database(session, snowflake) as opened:
        yield House(opened)


def test_a_dynamic_table_is_made_once_and_refreshed_after_its_gate(house: House) -> None:
    mart = declared(sales, "dynamic_table", DYNAMIC)
    assert house.run(mart) == "published"
    (made,) = house.statements("DYNAMIC TABLE")
    assert made.startswith('CREATE OR REPLACE DYNAMIC TABLE "MARTS"."SALES" ( "ID" NUMBER(10,0) COMMENT ')
    for clause in ("TARGET_LAG = DOWNSTREAM", 'WAREHOUSE = "TRANSFORMING"', "INITIALIZE = ON_CREATE"):
        assert clause in made
    assert house.kind() == ("BASE TABLE", "YES", "NO", "Rows. Grain: a row. Owner: me.")

    house.orders(2)
    house.is_open = False
    assert house.run(mart) == "gate closed"
    assert house.sales() == [1]
    house.is_open = True
    assert house.run(mart) == "published"
    assert house.sales() == [1, 2]
    assert house.statements("DYNAMIC TABLE") == ['ALTER DYNAMIC TABLE "MARTS"."SALES" REFRESH']
    lagging = replace(mart, storage=replace(DYNAMIC, target_lag="1 hour"))
    assert house.run(lagging) == "published"
    assert "TARGET_LAG = '1 hour'" in house.statements("DYNAMIC TABLE")[0]


def test_an_iceberg_table_is_written_by_one_statement_after_its_gate(house: House) -> None:
    mart = declared(sales, "iceberg_table", ICEBERG)
    assert house.run(mart) == "published"
    (made,) = house.statements("ICEBERG TABLE")
    for clause in ("EXTERNAL_VOLUME = 'LAKE'", "CATALOG = 'SNOWFLAKE'", "BASE_LOCATION = 'marts/sales'"):
        assert clause in made
    house.orders(2)
    house.is_open = False
    assert house.run(mart) == "gate closed"
    assert house.sales() == [1]
    house.is_open = True
    assert house.run(mart) == "published"
    assert house.sales() == [1, 2]
    assert house.kind() == ("BASE TABLE", "NO", "YES", "Rows. Grain: a row. Owner: me.")


def test_a_model_can_be_stored_in_another_way_at_any_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = [
        declared(sales, "table"),
        declared(sales, "dynamic_table", DYNAMIC),
        declared(sales, "iceberg_table", ICEBERG),
        declared(sales, "view"),
    ]
    kinds = []
    monkeypatch.setattr(stored_sql, "create_iceberg", lambda *_: "CREATE TABLE NO_SUCH.T (A INT)")
    house.run(ways[0])
    with pytest.raises(BuildError, match="Published tables are as they were"):
        house.run(ways[2])
    assert house.sales() == [1]
    monkeypatch.undo()
    for mart in (*ways, *reversed(ways)):
        assert house.run(mart) == "published"
        assert house.sales() == [1]
        kinds.append(house.kind()[:3])
    expected = [
        ("BASE TABLE", "NO", "NO"),
        ("BASE TABLE", "YES", "NO"),
        ("BASE TABLE", "NO", "YES"),
        ("VIEW", None, None),
    ]
    assert kinds == [*expected, *reversed(expected)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((sales, "dynamic_table"), r"needs storage=DynamicTable"),
        ((sales, "dynamic_table", ICEBERG), r"needs storage=DynamicTable"),
        ((sales, "table", DYNAMIC), r"has no storage=DynamicTable"),
        ((stg_orders, "dynamic_table", DYNAMIC), "cannot read raw_orders"),
        ((sales, "dynamic_table", DynamicTable("W", "soon")), "neither DOWNSTREAM nor a time"),
        (
            (sales, "dynamic_table", replace(DYNAMIC, refresh_mode="SLOW")),
            "refresh_mode='SLOW' is not one of AUTO, FULL, INCREMENTAL",
        ),
        (
            (sales, "iceberg_table", ICEBERG, ID, Column("at", "TIMESTAMP_NTZ", "When.")),
            "cannot have at TIMESTAMP_NTZ: declare",
        ),
    ],
)
def test_what_cannot_be_stored_so_is_refused(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        declared(*arguments)  # type: ignore[arg-type]


def test_a_developers_dynamic_table_follows_what_the_developer_builds(
    session: Session, snowflake: SnowflakeSettings
) -> None:
    def first_order(raw_orders: DataFrame) -> DataFrame:
        return raw_orders.filter(col("ID") == 1)

    first_order.__name__ = stg_orders.__name__
    staged, dynamic = declared(stg_orders, "table"), declared(sales, "dynamic_table", DYNAMIC)
    with database(session, snowflake) as opened:
        house = House(opened)
        house.orders(2)
        materialise(opened, [staged], house.audit, "production")
        eve = Options(Namespace("EVE"), known=[staged])
        materialise(opened, [dynamic], house.audit, "reads production", options=eve)
        mine = replace(staged, function=first_order)
        materialise(opened, [mine, dynamic], house.audit, "reads her own", options=eve)
        assert [row[0] for row in opened.sql("SELECT ID FROM EVE_MARTS.SALES").collect()] == [1]
