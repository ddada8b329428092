"""Hold a result to its model's contract: columns and types before it is built, NULLs and keys after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from snowflake.connector.errors import Error as SnowflakeError
from snowflake.snowpark import DataFrame, Row
from snowflake.snowpark import types as t
from snowflake.snowpark.exceptions import SnowparkSQLException

from deployments.messages import without_values
from snowpark_models.contract import Column
from snowpark_models.errors import ContractError
from snowpark_models.model import Model
from snowpark_models.runner.sql import tables as sql
from snowpark_models.runner.warehouse import Warehouse

SAMPLE_KEYS = 3

_FAMILIES: tuple[tuple[type, str], ...] = (
    (t.StringType, "VARCHAR"),
    (t.BooleanType, "BOOLEAN"),
    (t.DateType, "DATE"),
    (t.TimeType, "TIME"),
    (t.BinaryType, "BINARY"),
    (t.VariantType, "VARIANT"),
    (t.FloatType, "FLOAT"),
    (t.DoubleType, "FLOAT"),
    (t.DecimalType, "NUMBER"),
    (t.ByteType, "NUMBER"),
    (t.ShortType, "NUMBER"),
    (t.IntegerType, "NUMBER"),
    (t.LongType, "NUMBER"),
)


DOES_NOT_FIT = {
    100038: "a value is of another type",
    100039: "a number is too large",
    100078: "a text is too long",
}
"""Snowflake's errors on values that a column's type cannot hold."""


@contextmanager
def values_fit(model: Model) -> Iterator[None]:
    """Take values that the contract's types cannot hold as what they are: a broken contract.

    Raises:
        ContractError: with the warehouse's words, but not the value, which may be personal.
    """
    try:
        yield
    except (SnowparkSQLException, SnowflakeError) as error:
        number = error.sql_error_code if isinstance(error, SnowparkSQLException) else error.errno
        if number not in DOES_NOT_FIT:
            raise
        problem = f"{DOES_NOT_FIT[number]} for its column ({_last_line(error)})"
        raise ContractError(f"{model.schema}.{model.table} breaks its contract: {problem}") from None


def check_columns(model: Model, result: DataFrame, contract: Sequence[Column] | None = None) -> None:
    """Compare a result's columns with the contract, before anything is written.

    Types agree when the family does and no digit behind the point is lost. Precision and length are held by
    the warehouse: a value that does not fit the contract's type fails the insert. `contract` is the model's
    where none is given.

    Raises:
        ContractError: lists every column that is missing, unexpected or of another type.
    """
    found = {_plain(field.name): field.datatype for field in result.schema.fields}
    expected = {column.name.upper(): column for column in contract or model.contract}
    problems = [f"{name} is missing" for name in expected if name not in found]
    problems += [f"{name} is not in the contract" for name in found if name not in expected]
    problems += [
        f"{name} is {_described(found[name])}, not {column.type}"
        for name, column in expected.items()
        if name in found and not _fits(found[name], column)
    ]
    _raise(model, problems)


def check_rows(model: Model, warehouse: Warehouse, table: str) -> int:
    """Hold what was written to NOT NULL columns and a unique key.

    Returns:
        its number of rows.

    Raises:
        ContractError: says which columns have NULLs and which keys are there more than once.
    """
    row_count, nulls = _row_and_null_counts(model, warehouse, table)
    problems = [f"{name.upper()} is NULL in {count} rows" for name, count in nulls.items() if count]
    duplicated, sample = _duplicated_keys(model, warehouse, table)
    if duplicated:
        keys = "; ".join(sample)
        problems.append(f"{duplicated} keys ({', '.join(model.key)}) occur more than once, such as {keys}")
    _raise(model, problems)
    return row_count


def _row_and_null_counts(model: Model, warehouse: Warehouse, table: str) -> tuple[int, dict[str, int]]:
    required = [column for column in model.contract if not column.nullable]
    row = warehouse.rows(sql.count_rows_and_nulls(table, required))[0]
    nulls = {column.name: int(row[f"NULLS_{position}"]) for position, column in enumerate(required)}
    return int(row["ROW_COUNT"]), nulls


def _duplicated_keys(model: Model, warehouse: Warehouse, table: str) -> tuple[int, list[str]]:
    rows = warehouse.rows(sql.duplicated_keys(table, model.key, SAMPLE_KEYS))
    count = int(rows[0]["DUPLICATED"]) if rows else 0
    return count, [shown(model, model.key, row) for row in rows]


def shown(model: Model, names: Sequence[str], row: Row) -> str:
    """Values of a row for people, such as those of its key; what is personal is masked."""
    personal = {column.name.upper() for column in model.contract if column.personal}
    return ", ".join("•••" if name.upper() in personal else str(row[name.upper()]) for name in names)


def _last_line(error: Exception) -> str:
    return without_values(str(error).strip().splitlines()[-1])


def _raise(model: Model, problems: list[str]) -> None:
    if problems:
        raise ContractError(f"{model.schema}.{model.table} breaks its contract: {', '.join(problems)}")


def _fits(found: t.DataType, column: Column) -> bool:
    if _family(found) != column.family:
        return False
    return column.scale is None or _scale(found) <= column.scale


def _family(found: t.DataType) -> str:
    if isinstance(found, t.TimestampType):
        return f"TIMESTAMP_{found.tz.name}"
    return next((family for kind, family in _FAMILIES if isinstance(found, kind)), type(found).__name__)


def _scale(found: t.DataType) -> int:
    return int(found.scale) if isinstance(found, t.DecimalType) else 0


def _described(found: t.DataType) -> str:
    return f"NUMBER({found.precision},{found.scale})" if isinstance(found, t.DecimalType) else _family(found)


def _plain(name: str) -> str:
    """A column's name without the quotes that Snowpark keeps where it needs them."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
