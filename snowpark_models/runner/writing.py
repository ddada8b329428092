"""Write a result into a table of its contract's columns."""

from __future__ import annotations

from snowflake.snowpark import DataFrame

from snowpark_models.model import Model
from snowpark_models.runner.enforcement import values_fit
from snowpark_models.runner.names import identifier
from snowpark_models.runner.sql import tables as sql
from snowpark_models.runner.warehouse import Warehouse


def fill(warehouse: Warehouse, model: Model, table: str, result: DataFrame) -> None:
    """Make a table anew and write a result into it, in the types of the contract."""
    warehouse.run(sql.create_by_contract(model, table, warehouse.personal_tag))
    columns = [identifier(column.name) for column in model.contract]
    with values_fit(model):
        result.select(columns).write.save_as_table(table.split("."), mode="append", column_order="name")
