"""Who gets what: each address gets one mail, about all tables or about those of its layers and owners."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parseaddr

from expectations.report.ownership import Ownership


@dataclass(frozen=True)
class Concern:
    """The tables that a mail is about: those of some layers and owners (lower case); of neither, all."""

    layers_and_owners: frozenset[str] = frozenset()

    @property
    def is_all(self) -> bool:
        """Whether it is about everything."""
        return not self.layers_and_owners

    def covers(self, layer: str, table: str, ownership: Ownership) -> bool:
        """Whether the mail is about this table."""
        facts = ownership.get(f"{layer}.{table}".upper())
        names = {layer.lower(), (facts.owner or "").lower() if facts else ""}
        return self.is_all or bool(names & self.layers_and_owners)

    def __str__(self) -> str:
        return ", ".join(sorted(self.layers_and_owners)) or "all tables"


EVERYTHING = Concern()


@dataclass(frozen=True)
class Group:
    """Addresses, with or without a name, that get the same mail."""

    addresses: tuple[str, ...]
    concern: Concern


def groups_of(everything: Iterable[str], routes: Mapping[str, Iterable[str]]) -> tuple[Group, ...]:
    """Each address once, together with those that the same concerns; first those that get everything.

    Args:
        everything: the addresses that hear of all tables.
        routes: further addresses by what they hear of, a layer or an owner.
    """
    written: dict[str, str] = {}
    concerns: defaultdict[str, set[str]] = defaultdict(set)
    for address in everything:
        written.setdefault(_plain(address), address)
    all_tables = set(written)
    for name, addresses in routes.items():
        for address in addresses:
            written.setdefault(_plain(address), address)
            concerns[_plain(address)].add(name.lower())
    groups: defaultdict[Concern, list[str]] = defaultdict(list)
    for plain, address in written.items():
        concern = EVERYTHING if plain in all_tables else Concern(frozenset(concerns[plain]))
        groups[concern].append(address)
    return tuple(Group(tuple(addresses), concern) for concern, addresses in groups.items())


def _plain(address: str) -> str:
    return parseaddr(address)[1].casefold()
