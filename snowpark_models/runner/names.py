"""Names in the warehouse: quoting, and the schemas of production or of one developer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from snowpark_models.errors import ModelError
from snowpark_models.model import Model

OPS = "OPS"
QUALITY = "QUALITY"
_DEVELOPER = re.compile(r"[A-Z][A-Z0-9]{0,29}")


def identifier(name: str) -> str:
    """A quoted identifier of Snowflake, in upper case."""
    return '"' + name.upper().replace('"', '""') + '"'


def qualified(schema: str, table: str) -> str:
    """A table in a schema of the session's database, quoted."""
    return f"{identifier(schema)}.{identifier(table)}"


def plain(table: str) -> str:
    """SCHEMA.TABLE of a quoted one."""
    return table.replace('"', "")


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

    def quarantine(self, model: Model) -> tuple[str, str]:
        """Schema and table of the rows of a model that are set aside."""
        return self.schema(QUALITY), f"{model.schema}__{model.table}"

    @property
    def ops(self) -> str:
        """The schema of the runner's ledger."""
        return self.schema(OPS)


BESIDE = ("CANDIDATE", "BATCH", "AUDIT", "PARTS", "IMAGES", "LOG", "EARLIER", "PROBE", "SAMPLE")
"""Of tables that a run makes beside a model's own, and that are gone when all went well."""
ASIDE = "ASIDE"
"""Of the table that a run makes beside a model's quarantine."""
_BESIDE = re.compile(rf"__({'|'.join((*BESIDE, ASIDE))})_[0-9A-F]{{8}}")


def is_beside(table: str, name: str) -> bool:
    """Whether a run made the table `name` beside `table`."""
    return name.startswith(table) and _BESIDE.fullmatch(name.removeprefix(table)) is not None


@dataclass(frozen=True)
class Tables:
    """The tables of one model in one namespace, each quoted with its schema.

    Those beside the first two are one run's own: a run that goes on after another one has begun to build the
    model neither writes nor publishes what that one made.

    Attributes:
        published: what readers see.
        change_log: rows that went and came, by version.
        candidate: the whole table anew, before its gate.
        batch: the rows of the parts that an incremental run computes.
        audit: a view of what the table would be with the batch.
        parts: which parts that are.
        images: rows that go and come.
        log: the change log anew.
        earlier: what was published, while something of another kind takes its place.
        probe: some parts, computed alone.
        sample: which parts that are.
        quarantine: rows that the published table leaves out.
        aside: rows that what is being built leaves out.
    """

    published: str
    change_log: str
    candidate: str
    batch: str
    audit: str
    parts: str
    images: str
    log: str
    earlier: str
    probe: str
    sample: str
    quarantine: str
    aside: str

    @classmethod
    def of(cls, model: Model, namespace: Namespace, token: str) -> Tables:
        """The tables of a model in a run, which the token (8 hex digits) tells from all others."""
        schema = namespace.schema(model.layer)
        suffixes = ("", "__CHANGES", *(f"__{suffix}_{token}" for suffix in BESIDE))
        own = (qualified(schema, f"{model.table}{suffix}") for suffix in suffixes)
        quality, quarantine = namespace.quarantine(model)
        set_aside = (qualified(quality, f"{quarantine}{suffix}") for suffix in ("", f"__{ASIDE}_{token}"))
        return cls(*own, *set_aside)
