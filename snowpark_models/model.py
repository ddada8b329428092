"""A model: a pure function of Snowpark DataFrames, and what the platform has to know about its result.

    @model(key="order_id", grain="one row an order", owner="…", description="…", contract=[Column(…), …])
    def order_facts(stg_orders: DataFrame, stg_payments: DataFrame) -> DataFrame:
        return …

One name for one thing: the file, the function, the model and the table are called alike, the folder is the
layer and the schema. A parameter is named after the model it reads, or after a source: `raw_orders`.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from snowflake.connector.errors import Error as SnowflakeError
from snowflake.snowpark import DataFrame
from snowflake.snowpark.exceptions import SnowparkClientException

from snowpark_models.contract import VERSION_COLUMNS, Column, check_contract
from snowpark_models.errors import ContractError, DefinitionError, LineageError, ModelError
from snowpark_models.storage import DOWNSTREAM, DynamicTable, Storage, check_storage

LAYERS: Final = ("staging", "marts", "features")
"""In the order of the data's way; a folder of this package and a schema of the warehouse each."""

Materialisation = Literal["view", "table", "incremental", "scd2", "dynamic_table", "iceberg_table"]
ModelFunction = Callable[..., DataFrame]


@dataclass(frozen=True)
class Model:
    """A function with its contract. Calling the model calls the function.

    Attributes:
        key: the columns of its grain, NOT NULL and unique together.
        incremental_by: rows depend on upstream rows of the same values only; the key unless said otherwise.
        routes: for an upstream without those columns, the upstream that has them and its key.
        storage: of a dynamic or an Iceberg table, what its DDL asks for.
    """

    function: ModelFunction
    layer: str
    key: tuple[str, ...]
    contract: tuple[Column, ...]
    owner: str
    description: str
    grain: str
    materialized: Materialisation = "table"
    incremental_by: tuple[str, ...] = ()
    routes: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    storage: Storage | None = None

    def __post_init__(self) -> None:
        if self.layer not in LAYERS:
            raise LineageError(f"model {self.name}: {self.layer} is no layer; move its file to {_folders()}")
        if self.materialized not in get_args(Materialisation):
            known = ", ".join(get_args(Materialisation))
            raise ContractError(
                f"model {self.name}: materialized={self.materialized!r} is not one of {known}"
            )
        try:
            check_contract(self.contract, self.key, self.incremental_by)
            check_storage(self.materialized, self.storage, self.upstreams, self.contract)
        except ContractError as error:
            raise ContractError(f"model {self.name}: {error}") from None
        if unknown := sorted({*self.routes, *self.routes.values()} - {*self.upstreams}):
            raise ContractError(f"model {self.name}: routes names {', '.join(unknown)}, no upstream")

    def __call__(self, *upstreams: DataFrame, **named: DataFrame) -> DataFrame:
        """The model's result over the given upstreams.

        Raises:
            DefinitionError: its function failed, or returned something else than a DataFrame.
        """
        try:
            result = self.function(*upstreams, **named)
        except (ModelError, SnowparkClientException, SnowflakeError):
            raise
        except Exception as error:
            own = inspect.getsourcefile(self.function)
            places = traceback.extract_tb(error.__traceback__)
            place = next((each for each in reversed(places) if each.filename == own), places[-1])
            raise DefinitionError(
                f"model {self.name}: {type(error).__name__}: {error} ({place.name}, line {place.lineno})"
            ) from error
        if not isinstance(result, DataFrame):
            raise DefinitionError(f"model {self.name} returned {result!r}: return a DataFrame")
        return result

    @property
    def name(self) -> str:
        """Name of the function, of its file and, in upper case, of its table."""
        return self.function.__name__

    @property
    def upstreams(self) -> tuple[str, ...]:
        """Names of the models and sources it reads: its parameters."""
        return tuple(inspect.signature(self.function).parameters)

    @property
    def schema(self) -> str:
        """Schema of the warehouse that its table lies in."""
        return self.layer.upper()

    @property
    def table(self) -> str:
        """Name of its table in the schema."""
        return self.name.upper()

    @property
    def parts(self) -> tuple[str, ...]:
        """The columns by whose values it can be computed part by part, if it is incremental."""
        return self.incremental_by or self.key

    @property
    def is_incremental(self) -> bool:
        """True when it is computed part by part, merged, and logged."""
        return self.materialized in ("incremental", "scd2")

    @property
    def state(self) -> tuple[Column, ...]:
        """The contract's columns that the function returns: of an SCD2 model those of what is now."""
        is_versioned = self.materialized == "scd2"
        return tuple(c for c in self.contract if not (is_versioned and c in VERSION_COLUMNS))

    @property
    def shows_its_upstreams(self) -> bool:
        """True when its rows change with its upstreams', and not with its runs alone."""
        lags = isinstance(self.storage, DynamicTable) and self.storage.target_lag != DOWNSTREAM
        return self.materialized == "view" or lags

    @property
    def columns(self) -> frozenset[str]:
        """Names of the contract's columns, in upper case."""
        return frozenset(column.name.upper() for column in self.contract)


def model(
    *,
    key: str | Sequence[str],
    contract: Sequence[Column],
    owner: str,
    description: str,
    grain: str,
    materialized: Materialisation = "table",
    incremental_by: str | Sequence[str] = (),
    routes: Mapping[str, str] | None = None,
    tags: Sequence[str] = (),
    storage: Storage | None = None,
) -> Callable[[ModelFunction], Model]:
    """Make a model of a function; its layer is the folder that its file lies in.

    An SCD2 model's key and contract are those of what its function returns: the columns that say from when
    until when a version was there are added to both.

    Raises:
        ContractError: the contract is not well formed.
        LineageError: the file lies in no layer's folder.
    """

    is_versioned = materialized == "scd2"

    def declare(function: ModelFunction) -> Model:
        return Model(
            function=function,
            layer=function.__module__.split(".")[-2] if "." in function.__module__ else function.__module__,
            key=(*_names(key), "valid_from") if is_versioned else _names(key),
            contract=(*contract, *VERSION_COLUMNS) if is_versioned else tuple(contract),
            owner=owner,
            description=" ".join(description.split()),
            grain=grain,
            materialized=materialized,
            incremental_by=_names(incremental_by) or (_names(key) if is_versioned else ()),
            routes=dict(routes or {}),
            tags=tuple(tags),
            storage=storage,
        )

    return declare


def _names(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _folders() -> str:
    return ", ".join(f"{layer}/" for layer in LAYERS)
