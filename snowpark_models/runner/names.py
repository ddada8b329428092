"""Names in the warehouse: quoting, and the schemas of production or of one developer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from snowpark_models.errors import ModelError
from snowpark_models.model import Model

OPS = "OPS"
_DEVELOPER = re.compile(r"[A-Z][A-Z0-9]{0,29}")


def identifier(name: str) -> str:
    """A quoted identifier of Snowflake, in upper case."""
    return '"' + name.upper().replace('"', '""') + '"'


def qualified(schema: str, table: str) -> str:
    """A table in a schema of the session's database, quoted."""
    return f"{identifier(schema)}.{identifier(table)}"


def literal(text: str) -> str:
    """A string literal of Snowflake."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def listed(names: Iterable[str], alias: str = "") -> str:
    """Quoted names, one after the other; of a table by its alias where one is given."""
    prefix = f"{alias}." if alias else ""
    return ", ".join(f"{prefix}{identifier(name)}" for name in names)


@dataclass(frozen=True)
class Namespace:
    """Where a run writes: production's schemas, or those of a developer, such as ANA_MARTS."""

    developer: str = ""

    def __post_init__(self) -> None:
        if self.developer and not _DEVELOPER.fullmatch(self.developer):
            raise ModelError(
                f"{self.developer!r} cannot begin the name of a schema: use a letter, then letters and digits"
            )

    @property
    def is_production(self) -> bool:
        """True when no developer's schemas are written."""
        return not self.developer

    def schema(self, name: str) -> str:
        """The schema that stands for one of production's."""
        return f"{self.developer}_{name.upper()}" if self.developer else name.upper()

    def location(self, model: Model) -> str:
        """SCHEMA.TABLE that a model is published as."""
        return f"{self.schema(model.layer)}.{model.table}"

    @property
    def ops(self) -> str:
        """The schema of the runner's ledger."""
        return self.schema(OPS)


BESIDE = ("CANDIDATE", "BATCH", "AUDIT", "PARTS", "IMAGES", "PROBE", "SAMPLE")
"""Of tables that a run makes beside a model's own, and that are gone when all went well."""


@dataclass(frozen=True)
class Tables:
    """The tables of one model in one namespace, each quoted with its schema.

    Attributes:
        published: what readers see.
        change_log: rows that went and came, by version.
        candidate: the whole table anew, before its gate.
        batch: the rows of the parts that an incremental run computes.
        audit: a view of what the table would be with the batch.
        parts: which parts that are.
        images: rows that go and come.
        probe: some parts, computed alone.
        sample: which parts that are.
    """

    published: str
    change_log: str
    candidate: str
    batch: str
    audit: str
    parts: str
    images: str
    probe: str
    sample: str

    @classmethod
    def of(cls, model: Model, namespace: Namespace) -> Tables:
        """The tables of a model."""
        schema = namespace.schema(model.layer)
        suffixes = ("", "__CHANGES", *(f"__{suffix}" for suffix in BESIDE))
        return cls(*(qualified(schema, f"{model.table}{suffix}") for suffix in suffixes))
