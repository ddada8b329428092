"""Hold an incremental model to what it promises: parts computed alone are what they are in the whole."""

from __future__ import annotations

from collections.abc import Sequence

from snowpark_models.errors import LocalityError
from snowpark_models.model import Model
from snowpark_models.runner.enforcement import shown
from snowpark_models.runner.frames import Frames
from snowpark_models.runner.locality import Route
from snowpark_models.runner.names import Tables, identifier
from snowpark_models.runner.sql import changes as sql
from snowpark_models.runner.sql import tables as tables_sql
from snowpark_models.runner.warehouse import Warehouse
from snowpark_models.runner.writing import fill

SAMPLE_PARTS = 100
SHOWN_KEYS = 3


def probe(
    warehouse: Warehouse, model: Model, tables: Tables, frames: Frames, routes: Sequence[Route]
) -> bool:
    """Compute two samples of the candidate's parts again, each upstream restricted to them.

    No part is in both, so what depends on a row that only one of them has differs in the other. Of one part
    alone nothing can be told: then it returns False.

    Raises:
        LocalityError: they differ from the candidate, so that its rows depend on more than their own parts.
    """
    is_told = True
    try:
        for every_other in (0, 1):
            sample = sql.create_sample(
                tables.sample, model.parts, tables.candidate, every_other, SAMPLE_PARTS
            )
            warehouse.run(sample)
            is_told = is_told and warehouse.number(tables_sql.count_rows(tables.sample)) > 0
            fill(warehouse, model, tables.probe, frames.of_parts(model, routes, tables.sample))
            _compare(warehouse, model, tables)
    finally:
        warehouse.run(tables_sql.drop_table(tables.probe))
        warehouse.run(tables_sql.drop_table(tables.sample))
    return is_told


def _compare(warehouse: Warehouse, model: Model, tables: Tables) -> None:
    whole = sql.of_parts(tables.candidate, tables.sample, model.parts)
    alone = f"SELECT * FROM {tables.probe}"
    for one, other in ((whole, alone), (alone, whole)):
        found = warehouse.rows(sql.rows_that_differ(model, one, other, SHOWN_KEYS))
        if found:
            keys = "; ".join(shown(model, model.key, row) for row in found)
            parts = " and ".join(model.parts)
            raise LocalityError(
                f"model {model.name} cannot be incremental: computed for some {parts} alone, "
                f"{found[0]['ALL_OF_THEM']} rows are not what they are in the whole, such as "
                f"{', '.join(model.key)} = {keys} ({_columns(warehouse, model, whole, alone)}). Let each row "
                f'depend on rows of its own {parts} only, or make it materialized="table".'
            )


def _columns(warehouse: Warehouse, model: Model, whole: str, alone: str) -> str:
    """Which columns of the first differing rows differ, in words."""
    joined = " AND ".join(f"w.{identifier(name)} = a.{identifier(name)}" for name in model.key)
    differ = [
        f"MAX(IFF(w.{name} IS DISTINCT FROM a.{name}, 1, 0)) AS {name}"
        for name in (identifier(column.name) for column in model.contract)
    ]
    query = f"SELECT {', '.join(differ)} FROM ({whole}) AS w JOIN ({alone}) AS a ON {joined}"
    row = warehouse.rows(query)[0].as_dict()
    columns = [name.lower() for name, is_different in row.items() if is_different]
    return f"in {', '.join(columns)}" if columns else "rows are missing or surplus"
