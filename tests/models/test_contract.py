"""What a contract may say, and what the decorator refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest
from snowflake.snowpark import DataFrame

from snowpark_models import Column, model
from snowpark_models.errors import ContractError, LineageError
from snowpark_models.model import Model

ID = Column("id", "NUMBER(10,0)", "Number of the row.")


def identity(raw_orders: DataFrame) -> DataFrame:
    return raw_orders


def declared(key: str | tuple[str, ...] = "id", contract: tuple[Column, ...] = (ID,)) -> Model:
    return Model(
        function=identity,
        layer="staging",
        key=(key,) if isinstance(key, str) else key,
        contract=contract,
        owner="nobody@shellcorp.example",
        description="What the source holds.",
        grain="one row a row",
    )


def test_one_name_names_function_and_table() -> None:
    stated = declared()
    assert (stated.name, stated.schema, stated.table) == ("identity", "STAGING", "IDENTITY")
    assert stated.upstreams == ("raw_orders",)


@pytest.mark.parametrize(
    ("type_", "family", "scale"),
    [("NUMBER(19,4)", "NUMBER", 4), ("NUMBER(10, 0)", "NUMBER", 0), ("VARCHAR(20)", "VARCHAR", None)],
)
def test_a_type_is_a_family_with_limits(type_: str, family: str, scale: int | None) -> None:
    column = Column("amount", type_, "An amount.")
    assert (column.family, column.scale) == (family, scale)


@pytest.mark.parametrize("type_", ["DECIMAL(10,2)", "NUMBER", "number(10,2)", "TIMESTAMP_LTZ", "DATE --"])
def test_a_type_that_is_none_is_refused(type_: str) -> None:
    with pytest.raises(ContractError, match="column amount"):
        Column("amount", type_, "An amount.")


def test_a_column_must_say_what_it_is() -> None:
    with pytest.raises(ContractError, match="column amount: says nothing"):
        Column("amount", "NUMBER(19,4)", " ")


def test_personal_data_is_told_in_the_comment() -> None:
    assert Column("email", "VARCHAR(320)", "Address.", personal=True).comment == "Address. [personal]"


@pytest.mark.parametrize(
    ("key", "contract", "message"),
    [
        ("order_id", (ID,), "model identity: the key column order_id is not in the contract"),
        ("id", (Column("id", "NUMBER(10,0)", "x", nullable=True),), "key column id cannot be nullable"),
        ("id", (ID, ID), "names id twice"),
        ("id", (ID, Column("ID", "NUMBER(10,0)", "x")), "names id twice"),
        ("id", (ID, Column("_version", "NUMBER(10,0)", "x")), "names that begin with _ are the platform's"),
        ((), (ID,), "needs a key"),
    ],
)
def test_a_contract_that_cannot_hold_is_refused(
    key: str | tuple[str, ...], contract: tuple[Column, ...], message: str
) -> None:
    with pytest.raises(ContractError, match=message):
        declared(key, contract)


def test_what_is_said_of_parts_and_routes_must_be_there() -> None:
    with pytest.raises(ContractError, match="incremental_by column customer_id is not in the contract"):
        replace(declared(), incremental_by=("customer_id",))
    with pytest.raises(ContractError, match="routes names stg_orders, no upstream"):
        replace(declared(), routes={"raw_orders": "stg_orders"})


def test_a_model_lies_in_a_layers_folder() -> None:
    declare = model(key="id", contract=[ID], owner="o", description="d", grain="g")
    with pytest.raises(LineageError, match=r"model identity: .* is no layer; move its file to staging/"):
        declare(identity)
