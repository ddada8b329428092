"""Columns that people have excluded, hashed or marked as personal: what that means for a source's tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from flows.ingest.policies.policy import Policies, PolicyError, TablePolicy
from flows.ingest.policies.pseudonyms import HASHED
from flows.ingest.source.catalog import SourceTable
from flows.ingest.source.discovery import Discovered
from flows.ingest.tables.captured import CapturedTable, Column

PERSONAL = "personal data"
HASHED_COMMENT = "hashed (HMAC-SHA256, salted)"


def apply_policies(discovered: Discovered, policies: Policies, replicated: Collection[str] = ()) -> None:
    """Have the columns that are to be hashed hashed, wherever they are read from.

    A table whose policy cannot be followed is refused: better it stands than its values leave in the clear.
    So are tables that are not replicated yet, while a policy that hides columns is of no table: it may be
    meant for one of them.

    Args:
        discovered: what is captured; changed.
        policies: of all tables.
        replicated: the tables that the ledger has, as `schema.table`.

    Raises:
        PolicyError: columns are to be hashed, and there is no salt.
    """
    hiding = [name for name in tableless(discovered, policies, replicated) if _hides(policies.of(name))]
    for name, table in list(discovered.tables.items()):
        policy = policies.of(table.source_label)
        reason = _contradiction(policy, table, discovered.catalog[name])
        if reason is None and hiding and table.source_label not in replicated:
            reason = (
                f"The policy of {', '.join(hiding)} excludes or hashes columns, and CDC captures no such "
                "table: mend its name, or take it out of the policies. Until then no new table is taken up."
            )
        if reason is not None:
            discovered.refused[table.source_label] = reason
            del discovered.tables[name]
        elif policy.hash:
            discovered.tables[name] = _with_hashes(table, policy, policies)


def tableless(discovered: Discovered, policies: Policies, replicated: Collection[str]) -> list[str]:
    """The names that have a policy and are of no table that is captured or was replicated."""
    captured = [table.source_label for table in discovered.tables.values()]
    return policies.unknown([*captured, *discovered.refused, *replicated])


def comment_of(column: Column, policy: TablePolicy) -> str:
    """What Snowflake tells of a column of a mirror, its change log and its history."""
    parts = [PERSONAL] if column.source_name.lower() in _lower(policy.personal) else []
    parts += [HASHED_COMMENT] if column.hasher is not None else []
    return "; ".join(parts)


def _hides(policy: TablePolicy) -> bool:
    return bool(policy.exclude or policy.hash)


def _contradiction(policy: TablePolicy, table: CapturedTable, source: SourceTable) -> str | None:
    """Why a policy cannot be followed; None where it can."""
    columns = {column.name.lower() for column in source.columns}
    unknown = sorted(_lower(policy.exclude | policy.hash | policy.personal) - columns)
    if unknown:
        return (
            f"The policy of {table.source_label} names the column {', '.join(unknown)}, which the table does "
            "not have: mend its name, or take it out of the policy. Until then the table stands still."
        )
    keys = sorted(_lower(policy.hash) & _lower(table.key_names))
    if keys:
        return (
            f"The policy of {table.source_label} hashes its key column {', '.join(keys)}, by which its rows "
            "are told apart: take it out of the policy. Until then the table stands still."
        )
    return None


def _with_hashes(table: CapturedTable, policy: TablePolicy, policies: Policies) -> CapturedTable:
    hasher = policies.hasher
    if hasher is None:
        raise PolicyError(
            f"The policy of {table.source_label} hashes columns, and there is no salt: set "
            "PLATFORM_HASH_SALT to a secret of at least 16 characters, and keep it: another one makes other "
            "hashes."
        )
    names = _lower(policy.hash)

    def change(column: Column) -> Column:
        if column.source_name.lower() not in names:
            return column
        return replace(column, mapping=HASHED, travels_as=column.mapping, hasher=hasher)

    return table.with_columns(change)


def _lower(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)
