"""The tables that the arguments of a catalog procedure mean."""

from __future__ import annotations

import re
from typing import Any

from sandbox.sqlserver.engine.model import TableDef
from sandbox.sqlserver.engine.patterns import regular_expression
from sandbox.sqlserver.engine.procedures import ProcedureContext
from sandbox.sqlserver.engine.types import FIXED
from sandbox.sqlserver.results import SqlServerError, SqlType

SYSNAME, INT, SMALLINT, TINYINT = FIXED["sysname"], FIXED["int"], FIXED["smallint"], FIXED["tinyint"]
NAME = SqlType("nvarchar", length=384)
"""The names that procedures take: patterns can be longer than names."""


def check_qualifier(context: ProcedureContext, arguments: dict[str, Any], name: str) -> None:
    """The database, where it is given, is the current one. Raises SqlServerError 15250."""
    qualifier = arguments[name]
    if qualifier and qualifier.lower() != context.database.lower():
        raise SqlServerError(
            15250,
            "The database name component of the object qualifier must be the name of the current database.",
        )


def matches(text: str, pattern: str | None, *, is_pattern: bool = True) -> bool:
    """Whether a name is like a pattern, or equal to a plain name, in any letter case; None is like all."""
    if pattern is None:
        return True
    if not is_pattern:
        return text.lower() == pattern.lower()
    return re.fullmatch(regular_expression(pattern, None), text, re.IGNORECASE | re.DOTALL) is not None


def tables_named(
    context: ProcedureContext, name: str | None, owner: str | None, *, is_pattern: bool
) -> list[TableDef]:
    """The tables of the database whose name and schema match, by schema and name.

    A plain name without a schema means the one in dbo.
    """
    if not is_pattern and owner is None:
        owner = "dbo"
    found = [
        table
        for table in context.catalog.tables()
        if context.sees(table)
        and matches(table.name, name, is_pattern=is_pattern)
        and matches(table.schema, owner, is_pattern=is_pattern)
    ]
    return sorted(found, key=lambda table: (table.schema.lower(), table.name.lower()))
