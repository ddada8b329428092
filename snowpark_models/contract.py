"""The contract of a model: the columns that its readers can rely on."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from snowpark_models.errors import ContractError

FAMILIES: Final = (
    "BINARY",
    "BOOLEAN",
    "DATE",
    "FLOAT",
    "NUMBER",
    "TIME",
    "TIMESTAMP_NTZ",
    "TIMESTAMP_TZ",
    "VARCHAR",
    "VARIANT",
)
_TYPE = re.compile(r"(?P<family>[A-Z_]+)(?:\((?P<first>\d+)(?:, ?(?P<second>\d+))?\))?")


@dataclass(frozen=True)
class Column:
    """One column of a contract.

    `type` is a Snowflake type, such as NUMBER(19,4). `personal` marks data about a person, for masking and
    for whoever asks what is stored. Columns are NOT NULL unless said otherwise.
    """

    name: str
    type: str
    description: str
    nullable: bool = False
    personal: bool = False

    def __post_init__(self) -> None:
        match = _TYPE.fullmatch(self.type)
        if match is None or match["family"] not in FAMILIES:
            raise ContractError(f"column {self.name}: {self.type!r} is not one of {', '.join(FAMILIES)}")
        if match["family"] == "NUMBER" and match["second"] is None:
            raise ContractError(f"column {self.name}: give precision and scale, such as NUMBER(19,4)")
        if not self.description.strip():
            raise ContractError(f"column {self.name}: says nothing in its description")

    @property
    def family(self) -> str:
        """The type without its limits, such as NUMBER."""
        return self.type.partition("(")[0]

    @property
    def scale(self) -> int | None:
        """Digits after the point; None where the type has none to lose."""
        return int(self.type.rstrip(")").rpartition(",")[2]) if self.family == "NUMBER" else None

    @property
    def comment(self) -> str:
        """What Snowflake shows beside the column."""
        return f"{self.description} [personal]" if self.personal else self.description


VERSION_COLUMNS: Final = (
    Column("valid_from", "TIMESTAMP_NTZ", "When a run saw it first, UTC."),
    Column("valid_to", "TIMESTAMP_NTZ", "When a run saw it no more, UTC; NULL: it still is.", nullable=True),
    Column("is_current", "BOOLEAN", "It still is."),
)
"""What the runner adds to the contract of an SCD2 model."""


def check_contract(columns: tuple[Column, ...], key: tuple[str, ...], parts: tuple[str, ...] = ()) -> None:
    """Hold what every contract needs: columns of distinct names, and a key, and parts, of NOT NULL columns.

    Raises:
        ContractError: says which column is at fault.
    """
    counts = Counter(column.name.upper() for column in columns)
    twice = sorted(name.lower() for name, count in counts.items() if count > 1)
    if twice:
        raise ContractError(f"the contract names {', '.join(twice)} twice")
    if reserved := sorted(column.name for column in columns if column.name.startswith("_")):
        raise ContractError(f"{', '.join(reserved)}: names that begin with _ are the platform's own")
    by_name = {column.name: column for column in columns}
    for kind, names in (("key", key), ("incremental_by", parts)):
        for name in names:
            if name not in by_name:
                raise ContractError(f"the {kind} column {name} is not in the contract")
            if by_name[name].nullable:
                raise ContractError(f"the {kind} column {name} cannot be nullable")
    if not key:
        raise ContractError("a model needs a key: the columns that its grain is made of")
