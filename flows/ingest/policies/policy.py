"""How each table is replicated, as people decide it: a TOML file, one section a table.

`[defaults]` holds for every table; `[tables."dbo.customers"]` says what is different there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator

from flows.ingest.errors import ReplicationError
from flows.ingest.policies.pseudonyms import Hasher

OnDrift = Literal["evolve", "freeze", "discard"]

LONGEST_HOURS = 24 * 366


class PolicyError(ReplicationError):
    """The file of policies is wrong; the message names the place and the remedy."""


class TablePolicy(BaseModel):
    """How one table is replicated. Column names are those of the source, in any case."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    on_drift: OnDrift = "evolve"
    """evolve: the mirror follows the source's columns; freeze: the table stops and the run fails; discard:
    the mirror keeps the columns that it has."""
    second_instance: bool = True
    """With evolve: make a second capture instance for added columns, where the login is db_owner; otherwise,
    or when false, the run says the statement that somebody else is to run."""
    exclude: frozenset[str] = frozenset()
    """Columns that never leave the source."""
    hash: frozenset[str] = frozenset()
    """Columns that leave the process as a salted hash only."""
    personal: frozenset[str] = frozenset()
    """Columns that carry personal data: marked so in the warehouse."""
    history: bool = False
    """Keep a history of all versions beside the mirror."""
    priority: int = 0
    """Tables of a higher priority are snapshot first."""
    resnapshot_hours: float = Field(default=24, gt=0, le=LONGEST_HOURS)
    """A table without a key is read anew after this many hours."""


class Policies(BaseModel):
    """The policies of all tables."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    defaults: TablePolicy = TablePolicy()
    tables: Mapping[str, TablePolicy] = {}
    _hasher: Hasher | None = PrivateAttr(default=None)

    @field_validator("tables")
    @classmethod
    def _each_table_once(cls, tables: Mapping[str, TablePolicy]) -> Mapping[str, TablePolicy]:
        """TOML tells names apart by case, SQL Server and `of` do not: one section would hide the other."""
        labels = [label.lower() for label in tables]
        if doubled := sorted({label for label in labels if labels.count(label) > 1}):
            raise ValueError(f"{', '.join(doubled)} has more than one section: make one of them")
        return tables

    @classmethod
    def read(cls, file: Path) -> Policies:
        """The policies of a file.

        Raises:
            PolicyError: the file cannot be read, is no TOML, or says something that no policy knows.
        """
        try:
            return cls.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise PolicyError(f"{file} is missing: set PLATFORM_REPLICATION_FILE to where it is.") from None
        except OSError as error:
            raise PolicyError(f"{file} cannot be read: {error.strerror}.") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise PolicyError(f"{file} is no TOML ({error}): mend it there.") from None
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
                for problem in error.errors(include_input=False, include_url=False)
            )
            raise PolicyError(f'{file}: {problems}. A table is named so: [tables."dbo.orders"].') from None

    def of(self, source_label: str) -> TablePolicy:
        """The policy of a source table, named `schema.table`: what it leaves out comes from the defaults."""
        own = self._by_label.get(source_label.lower(), TablePolicy())
        return self.defaults.model_copy(update=own.model_dump(exclude_unset=True))

    def unknown(self, source_labels: Iterable[str]) -> list[str]:
        """The tables that the file names and the source does not have, or does not capture."""
        return sorted(self._by_label.keys() - {label.lower() for label in source_labels})

    @property
    def hasher(self) -> Hasher | None:
        """Hashes the columns that are to be hashed; None without a salt."""
        return self._hasher

    def with_salt(self, salt: str | None) -> Policies:
        """The same policies with the secret by which columns are hashed; it is never in their file."""
        salted = self.model_copy()
        salted._hasher = None if salt is None else Hasher(salt.encode())
        return salted

    @property
    def _by_label(self) -> dict[str, TablePolicy]:
        return {label.lower(): table for label, table in self.tables.items()}
