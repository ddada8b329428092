"""Where Snowflake keeps a model that is no ordinary table: what its DDL asks for.

@model(…, materialized="dynamic_table", storage=DynamicTable(warehouse="TRANSFORMING"))
@model(…, materialized="iceberg_table", storage=IcebergTable(external_volume="LAKE"))
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from snowpark_models.contract import Column
from snowpark_models.errors import ContractError

DOWNSTREAM: Final = "DOWNSTREAM"
RefreshMode = Literal["AUTO", "FULL", "INCREMENTAL"]
_LAG = re.compile(r"[1-9]\d* (second|minute|hour|day)s?")
_ICEBERG_TYPE = re.compile(
    r"BINARY|BOOLEAN|DATE|FLOAT|NUMBER\(.*\)|TIME\([0-6]\)|TIMESTAMP_NTZ\([0-6]\)|VARCHAR"
)


@dataclass(frozen=True)
class DynamicTable:
    """A dynamic table: Snowflake keeps its query, and what that gave when it was refreshed.

    Attributes:
        warehouse: that refreshes it.
        target_lag: DOWNSTREAM: it is refreshed by runs alone, after the gate. With a time, such as `1 hour`,
            Snowflake refreshes it between runs as well, from upstreams that have passed their gates.
        refresh_mode: INCREMENTAL is refused by Snowflake where it cannot.
    """

    warehouse: str
    target_lag: str = DOWNSTREAM
    refresh_mode: RefreshMode = "AUTO"

    def check(self, upstreams: Sequence[str], contract: Sequence[Column]) -> None:  # noqa: ARG002 - as below
        """Hold that gates can stand before all that it reads.

        Raises:
            ContractError: the lag or the mode is none, or it reads a mirror.
        """
        if self.refresh_mode not in get_args(RefreshMode):
            known = ", ".join(get_args(RefreshMode))
            raise ContractError(f"refresh_mode={self.refresh_mode!r} is not one of {known}")
        if self.target_lag != DOWNSTREAM and not _LAG.fullmatch(self.target_lag):
            raise ContractError(
                f"target_lag={self.target_lag!r} is neither DOWNSTREAM nor a time like '1 hour'"
            )
        mirrors = [name for name in upstreams if name.startswith("raw_")]
        if mirrors:
            raise ContractError(
                f"a dynamic table cannot read {', '.join(mirrors)}, which changes when no gate looks: let it "
                "read a staging model"
            )


@dataclass(frozen=True)
class IcebergTable:
    """A table in Apache Iceberg's format in a bucket of one's own, with Snowflake as its catalog.

    Attributes:
        external_volume: the object of the account that names the bucket.
        base_location: the folder in it; schema/table in lower case where left out.
    """

    external_volume: str
    base_location: str = ""

    def check(self, upstreams: Sequence[str], contract: Sequence[Column]) -> None:  # noqa: ARG002 - as above
        """Hold the contract to the types that Iceberg tables have (Snowflake, "Data types for Iceberg").

        Raises:
            ContractError: names the columns, and what to declare.
        """
        others = [f"{each.name} {each.type}" for each in contract if not _ICEBERG_TYPE.fullmatch(each.type)]
        if others:
            raise ContractError(
                f"an Iceberg table cannot have {', '.join(others)}: declare VARCHAR without a length, "
                "TIMESTAMP_NTZ(6) and TIME(6), and no VARIANT or TIMESTAMP_TZ"
            )


Storage = DynamicTable | IcebergTable
STORED_AS: Final[dict[str, type[Storage]]] = {"dynamic_table": DynamicTable, "iceberg_table": IcebergTable}
"""The materialisations that have to say how they are stored."""


def check_storage(
    materialized: str, storage: Storage | None, upstreams: Sequence[str], contract: Sequence[Column]
) -> None:
    """Hold that what is stored in a way of its own says so, and nothing else does.

    Raises:
        ContractError: says what is missing or wrong.
    """
    wanted = STORED_AS.get(materialized)
    if wanted is None:
        if storage is not None:
            raise ContractError(f"materialized={materialized!r} has no storage={type(storage).__name__}(…)")
    elif not isinstance(storage, wanted):
        raise ContractError(f"materialized={materialized!r} needs storage={wanted.__name__}(…)")
    else:
        storage.check(upstreams, contract)
