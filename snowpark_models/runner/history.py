"""The past of an SCD2 model: versions that the runs before have seen, ended or begun by what is now.

What `dbt snapshot` does with strategy check and hard_deletes invalidate; tests/models/test_scd2.py holds both
against each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from snowflake.snowpark import Column as Expression
from snowflake.snowpark import DataFrame
from snowflake.snowpark.functions import col, lit, sql_expr

from snowpark_models.contract import VERSION_COLUMNS, Column
from snowpark_models.errors import ContractError
from snowpark_models.model import Model
from snowpark_models.runner.enforcement import check_columns, shown
from snowpark_models.runner.locations import Locations
from snowpark_models.runner.names import identifier, qualified
from snowpark_models.runner.sql import changes as sql
from snowpark_models.runner.sql import versions as versions_sql
from snowpark_models.runner.warehouse import Warehouse

VERSIONS = {column.name.upper() for column in VERSION_COLUMNS}
_REMEDY = "Keep them in the contract, or give the model another name; if the past may go,"
NOW = "NOW__"
"""Begins the names of columns of what is now, where both are joined."""


@dataclass(frozen=True)
class History:
    """The versions that are published, and the moment at which this run looks.

    Attributes:
        versions: a query of them, in the contract's columns: those that are new in it are NULL.
        seen_at: later than all that any run has written, whatever the clock says; UTC.
    """

    warehouse: Warehouse
    model: Model
    versions: str
    seen_at: str

    @classmethod
    def begun(cls, warehouse: Warehouse, locations: Locations, model: Model) -> History:
        """Look up what is published and what is set aside of it; a table without versions has no past."""
        places = [locations.written(model)] if locations.exists(model) else []
        if places and locations.quarantine(model) in locations.kinds:
            places.append(".".join(locations.quarantine(model)))
        tables = [qualified(*place.split(".")) for place in places]
        columns = {table: set(warehouse.session.table(table).columns) for table in tables}
        past = {table: known for table, known in columns.items() if known >= VERSIONS}
        versions = versions_sql.in_columns(model.contract, past)
        (row,) = warehouse.rows(versions_sql.next_moment(versions))
        return cls(warehouse, model, versions, row["MOMENT"])

    def and_now(self, state: DataFrame, parts: str | None = None) -> DataFrame:
        """All versions after this run has seen the state: of everything, or of the parts that a table holds.

        Raises:
            ContractError: the state's columns are not those of the contract.
        """
        columns = self.model.state
        check_columns(self.model, state, columns)
        self._check_keys(state)
        past = f"({self.versions})"
        before = self.warehouse.frame(sql.of_parts(past, parts, self.model.parts) if parts else self.versions)
        now = state.select(*(_cast(column).alias(NOW + column.name.upper()) for column in columns))
        current, ended = before.filter(col("IS_CURRENT")), before.filter(~col("IS_CURRENT"))
        same = _all_equal(columns)
        at = lit(self.seen_at).cast("TIMESTAMP_NTZ")
        kept = current.join(now, same, "leftsemi")
        gone = current.join(now, same, "leftanti").select(
            *_names(columns), "VALID_FROM", at.alias("VALID_TO"), lit(False).alias("IS_CURRENT")
        )
        come = now.join(current, same, "leftanti").select(
            *(col(NOW + name).alias(name) for name in _names(columns)),
            at.alias("VALID_FROM"),
            lit(None).cast("TIMESTAMP_NTZ").alias("VALID_TO"),
            lit(True).alias("IS_CURRENT"),
        )
        return ended.union_all(kept).union_all(gone).union_all(come)

    def _check_keys(self, state: DataFrame) -> None:
        """Hold that a key has one row now; where two were alike, the versions could not tell them apart."""
        keys = [name.upper() for name in self.model.key if name != "valid_from"]
        twice = state.group_by(*keys).count().filter(col("COUNT") > 1).limit(1).collect()
        if twice:
            told = shown(self.model, keys, twice[0])
            raise ContractError(
                f"model {self.model.name}: it has more than one row of {', '.join(keys)} = {told}"
            )


def check_past(warehouse: Warehouse, locations: Locations, model: Model) -> None:
    """Hold that no column of a table of versions, which are nowhere else, would go or lose digits.

    Raises:
        ContractError: names the table and the columns.
    """
    if not locations.exists(model):
        return
    location = locations.written(model)
    past = warehouse.session.table(qualified(*location.split(".")))
    known = set(past.columns)
    if not known >= VERSIONS:
        return
    gone = sorted(known - model.columns)
    if gone:
        raise ContractError(
            f"model {model.name}: {location} has the versions that runs have seen, and its columns "
            f"{', '.join(gone)} would be lost. {_REMEDY} drop {location} first."
        )
    kept = [column for column in model.contract if column.name.upper() in known]
    try:
        check_columns(model, past, kept)
    except ContractError as error:
        raise ContractError(
            f"model {model.name}: {location} has the versions that runs have seen, in types that would be "
            f"cut ({error}). {_REMEDY} drop {location} first."
        ) from None


def _names(columns: tuple[Column, ...]) -> list[str]:
    return [column.name.upper() for column in columns]


def _cast(column: Column) -> Expression:
    """In SQL: the cast of a DataFrame does not know every type."""
    return sql_expr(f"CAST({identifier(column.name)} AS {column.type})")


def _all_equal(columns: tuple[Column, ...]) -> Expression:
    """A row of the past and one of now say the same; NULL is equal to NULL."""
    same = lit(True)
    for name in _names(columns):
        same = same & col(name).equal_null(col(NOW + name))
    return same
