"""A model: a pure function of Snowpark DataFrames, and what the platform has to know about its result.

    @model(key="order_id", grain="one row an order", owner="…", description="…", contract=[Column(…), …])
    def order_facts(stg_orders: DataFrame, stg_payments: DataFrame) -> DataFrame:
        return …

One name for one thing: the file, the function, the model and the table are called alike, the folder is the
layer and the schema. A parameter is named after the model it reads, or after a source: `raw_orders`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from snowflake.snowpark import DataFrame

from snowpark_models.contract import Column, check_contract
from snowpark_models.errors import ContractError, LineageError

LAYERS: Final = ("staging", "marts", "features")
"""In the order of the data's way; a folder of this package and a schema of the warehouse each."""

Materialisation = Literal["table"]
ModelFunction = Callable[..., DataFrame]


@dataclass(frozen=True)
class Model:
    """A function with its contract. Calling the model calls the function."""

    function: ModelFunction
    layer: str
    key: tuple[str, ...]
    contract: tuple[Column, ...]
    owner: str
    description: str
    grain: str
    materialized: Materialisation = "table"

    def __post_init__(self) -> None:
        if self.layer not in LAYERS:
            raise LineageError(f"model {self.name}: {self.layer} is no layer; move its file to {_folders()}")
        if self.materialized not in get_args(Materialisation):
            known = ", ".join(get_args(Materialisation))
            raise ContractError(
                f"model {self.name}: materialized={self.materialized!r} is not one of {known}"
            )
        try:
            check_contract(self.contract, self.key)
        except ContractError as error:
            raise ContractError(f"model {self.name}: {error}") from None

    def __call__(self, *upstreams: DataFrame, **named: DataFrame) -> DataFrame:
        """The model's result over the given upstreams."""
        return self.function(*upstreams, **named)

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
    def candidate(self) -> str:
        """Name of the table that is built aside and audited before it takes the place of `table`."""
        return f"{self.table}__CANDIDATE"


def model(
    *,
    key: str | Sequence[str],
    contract: Sequence[Column],
    owner: str,
    description: str,
    grain: str,
    materialized: Materialisation = "table",
) -> Callable[[ModelFunction], Model]:
    """Make a model of a function; its layer is the folder that its file lies in.

    Raises:
        ContractError: the contract is not well formed.
        LineageError: the file lies in no layer's folder.
    """

    def declare(function: ModelFunction) -> Model:
        return Model(
            function=function,
            layer=function.__module__.split(".")[-2] if "." in function.__module__ else function.__module__,
            key=(key,) if isinstance(key, str) else tuple(key),
            contract=tuple(contract),
            owner=owner,
            description=" ".join(description.split()),
            grain=grain,
            materialized=materialized,
        )

    return declare


def _folders() -> str:
    return ", ".join(f"{layer}/" for layer in LAYERS)
