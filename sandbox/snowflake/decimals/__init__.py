"""Decimal arithmetic with Snowflake's result types, on an engine whose division and average are doubles."""

from __future__ import annotations

import json

from duckdb import DuckDBPyConnection
from fakesnow.params import MutableParams
from sqlglot import Expr, exp

from sandbox.snowflake.decimals.probes import as_query, exact_operands, with_values
from sandbox.snowflake.decimals.sites import Operands, changes_exact, is_right, settle, sites_of
from sandbox.snowflake.errors import unsupported

PLAN = "SELECT json_serialize_plan(?)"


def with_exact_types(statement: Expr, params: MutableParams | None, connection: DuckDBPyConnection) -> Expr:
    """The engine's statement with divisions, products, averages and medians of NUMBERs as Snowflake has them.

    Each round asks for the types of operands and settles the sites whose operands are exact. What is computed
    from a settled division becomes exact by that, so it goes on until nothing is left but doubles.

    Raises:
        ProgrammingError: 0A000, the engine takes the statement but does not tell the types.
    """
    if not has_values(statement):
        return statement
    while sites := sites_of(statement):
        try:
            known = exact_operands(statement, params, lambda sql: plan(connection, sql))
        except ValueError as error:
            if binds(connection, statement, params):
                what = f"telling the types of the arithmetic in this statement ({error})"
                raise unsupported(what) from error
            break  # it is wrong: running it says how
        pending = [
            (sites[place], types) for place, types in known.items() if not is_right(sites[place], types)
        ]
        if not pending:
            break
        for site, types in _next(pending):
            settle(site, types)
    return statement


def _next(pending: list[tuple[Expr, Operands]]) -> list[tuple[Expr, Operands]]:
    """The sites to settle in a round: none that waits for another one."""
    first = [(site, types) for site, types in pending if changes_exact(site)] or pending
    known = {id(site) for site, _ in first}
    return [
        (site, types)
        for site, types in first
        if not any(id(node) in known for node in site.walk() if node is not site)
    ]


def has_values(statement: Expr) -> bool:
    """Whether the statement computes something."""
    if isinstance(statement, exp.Insert | exp.Create):
        return isinstance(statement.expression, exp.Query | exp.Values)
    return isinstance(statement, exp.Query | exp.Update | exp.Delete | exp.Merge)


def plan(connection: DuckDBPyConnection, sql: str) -> str:
    """The engine's serialised plan of a query, or its error, as JSON."""
    row = connection.execute(PLAN, [sql]).fetchone()
    return str(row[0]) if row else ""


def binds(connection: DuckDBPyConnection, statement: Expr, params: MutableParams | None) -> bool:
    """Whether the engine takes the statement."""
    found = json.loads(plan(connection, as_query(with_values(statement.copy(), params)).sql("duckdb")))
    return not found["error"]
