"""What everything is called in an environment, and the mark by which the set-up knows its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, get_args

EnvironmentName = Literal["local", "dev", "prod"]
ENVIRONMENTS: Final = get_args(EnvironmentName)
DATABASES: Final[dict[str, str]] = {"local": "SHELLCORP", "dev": "SHELLCORP_DEV", "prod": "SHELLCORP"}
_NAME: Final = re.compile(r"[A-Z_][A-Z0-9_]*")


class SetUpError(Exception):
    """What was asked for cannot be set up; the message names it and the remedy."""


@dataclass(frozen=True)
class Names:
    """The names of one environment; roles, warehouses and users stand beside those of others in an account.

    In `local` they are the platform's defaults (role, warehouse and user PLATFORM, database SHELLCORP);
    elsewhere they begin with the database's name, such as SHELLCORP_DEV_LOADER.
    """

    environment: EnvironmentName
    database: str
    prefix: str

    @classmethod
    def of(cls, environment: EnvironmentName, database: str | None = None) -> Names:
        """The names of an environment, in its own database or in another one.

        Raises:
            SetUpError: the database's name would have to be quoted wherever it is used.
        """
        name = database or DATABASES[environment]
        if not _NAME.fullmatch(name):
            raise SetUpError(
                f"{name!r} is no name for a database here: use upper-case letters, digits and _, and begin "
                "with a letter."
            )
        is_default = environment == "local" and name == DATABASES["local"]
        return cls(environment, name, "" if is_default else f"{name}_")

    def own(self, name: str) -> str:
        """A role, a warehouse or another object of the account."""
        return f"{self.prefix}{name}"

    @property
    def mark(self) -> str:
        """What the comments of all that the set-up has made end with."""
        return f"[set-up {self.environment} {self.database}]"

    def marked(self, comment: str) -> str:
        """A comment with the mark."""
        return f"{comment} {self.mark}"

    def is_marked(self, comment: str | None) -> bool:
        """Whether the set-up of this environment has made what has this comment."""
        return (comment or "").endswith(self.mark)
