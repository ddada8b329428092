from __future__ import annotations

from urllib.parse import quote

import great_expectations as gx
import pytest
from great_expectations import expectations as gxe
from sqlalchemy import Engine, create_engine, inspect, text

from sandbox.process import Service
from tests.sandbox.snowflake.snowflake_client import Run

TABLE = """
CREATE TABLE customers (
    id NUMBER(10, 0) NOT NULL, name VARCHAR(50), amount NUMBER(12, 2), at TIMESTAMP_NTZ(3)
)
"""


@pytest.fixture
def url(snowflake_service: Service, schema: str, run: Run) -> str:
    run(TABLE)
    run("INSERT INTO customers VALUES (1, 'Ann', 1.5, '2024-01-01'), (2, 'Bo', 200, NULL)")
    password = quote(snowflake_service.password("PLATFORM"))
    return f"snowflake://PLATFORM:{password}@shellcorp/SHELLCORP/{schema}?warehouse=W&role=R"


@pytest.fixture
def address(snowflake_service: Service) -> dict[str, object]:
    port = snowflake_service.port
    return {"host": "127.0.0.1", "port": port, "protocol": "http", "account": "shellcorp"}


def test_inspection_and_temporary_tables(url: str, address: dict[str, object]) -> None:
    engine: Engine = create_engine(url, connect_args=address)
    columns = [(c["name"], str(c["type"]), c["nullable"]) for c in inspect(engine).get_columns("customers")]
    assert columns == [
        ("id", "DECIMAL(10, 0)", False),
        ("name", "VARCHAR(50)", True),
        ("amount", "DECIMAL(12, 2)", True),
        ("at", "TIMESTAMP_NTZ", True),
    ]
    assert inspect(engine).has_table("customers")
    assert not inspect(engine).has_table("nope")
    with engine.begin() as connection:
        connection.execute(text("CREATE TEMPORARY TABLE few AS SELECT id FROM customers"))
        assert connection.execute(text("SELECT id FROM few WHERE id > :least"), {"least": 1}).all() == [(2,)]
    engine.dispose()


def test_expectations_are_pushed_down(url: str, address: dict[str, object]) -> None:
    context = gx.get_context(mode="ephemeral")
    source = context.data_sources.add_snowflake("sf", connection_string=url, kwargs={"connect_args": address})
    batch = (
        source.add_table_asset("c", table_name="customers")
        .add_batch_definition_whole_table("all")
        .get_batch()
    )
    passing = [
        gxe.ExpectColumnValuesToNotBeNull(column="id"),
        gxe.ExpectColumnValuesToBeUnique(column="id"),
        gxe.ExpectColumnValuesToMatchRegex(column="name", regex="^[A-Z]"),
        gxe.ExpectColumnMeanToBeBetween(column="amount", min_value=100, max_value=101),
        gxe.ExpectTableRowCountToEqual(value=2),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["id", "name"]),
        gxe.ExpectColumnValueLengthsToBeBetween(column="name", min_value=2, max_value=3),
    ]
    failing = [
        gxe.ExpectColumnValuesToBeBetween(column="amount", max_value=100),
        gxe.ExpectColumnValuesToNotBeNull(column="at"),
        gxe.UnexpectedRowsExpectation(unexpected_rows_query="SELECT * FROM {batch} WHERE amount > 100"),
    ]
    suite = gx.ExpectationSuite("s", expectations=[*passing, *failing])
    form = {"result_format": "COMPLETE", "unexpected_index_column_names": ["id"]}
    results = batch.validate(suite, result_format=form).results
    outcome = {result.expectation_config.type: result for result in results}
    assert sorted(result.success for result in results) == [False] * 3 + [True] * 7
    between = outcome["expect_column_values_to_be_between"]
    assert between.result["unexpected_index_list"] == [{"id": 2, "amount": 200}]
