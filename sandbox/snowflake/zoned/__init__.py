"""TIMESTAMP_TZ with its offset: what a statement stores, compares and computes, on an engine without."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from duckdb import DuckDBPyConnection
from fakesnow.params import MutableParams, index_of_placeholder
from sqlglot import Expr, exp

from sandbox.snowflake.decimals import binds, has_values, plan
from sandbox.snowflake.decimals.probes import as_query, operand_types, with_values
from sandbox.snowflake.errors import unsupported
from sandbox.snowflake.names import Name
from sandbox.snowflake.zoned.codec import BoundMoment
from sandbox.snowflake.zoned.columns import (
    CONVERSION,
    ENGINE_TYPE,
    Columns,
    converted,
    filled_columns,
    is_zoned,
    store,
    tables_of,
)
from sandbox.snowflake.zoned.sites import neutral, operands_of, settle, sites_of

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session

CONVERSIONS = (CONVERSION, "_sf_tz_in_zone")


def with_offsets(statement: Expr, params: MutableParams | None, session: Session) -> Expr:
    """The engine's statement with TIMESTAMP_TZ values as Snowflake has them.

    Raises:
        ProgrammingError: 0A000, names what the stand-in does not do with such a value.
    """

    def columns_of(table: exp.Table) -> Columns:
        name = Name.of(table, session.database, session.schema)
        return session.known_columns.of(name, session.engine.commits.definitions)

    if isinstance(params, list):
        _take_bound(statement, params)
    has_columns = any(any(columns_of(table).values()) for table in tables_of(statement))
    if not has_columns and not any(map(_makes_value, statement.walk())):
        return statement
    store(statement, columns_of)
    if has_values(statement):
        _settle(statement, params, session)
        query = as_query(with_values(statement.copy(), params)).sql("duckdb")
        _check(query, filled_columns(statement, columns_of), session._duck_conn)
    return statement


def _take_bound(statement: Expr, params: list[Any]) -> None:
    """Bound TIMESTAMP_TZ values are texts: make them such values."""
    for placeholder in list(statement.find_all(exp.Placeholder)):
        if isinstance(params[index_of_placeholder(statement, placeholder)], BoundMoment):
            placeholder.replace(converted(placeholder))


def _makes_value(node: Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        return node.name in CONVERSIONS
    return isinstance(node, exp.DataType) and is_zoned(node)


def _settle(statement: Expr, params: MutableParams | None, session: Session) -> None:
    connection = session._duck_conn
    sites = sites_of(statement)
    try:
        types = operand_types(
            statement, params, lambda sql: plan(connection, sql), sites_of, operands_of, neutral
        )
    except ValueError as error:
        if ENGINE_TYPE in str(error) or binds(connection, statement, params):
            raise unsupported(f"this with a TIMESTAMP_TZ: {_readable(error)}") from error
        return  # it is wrong: running it says how
    for site, kinds in zip(sites, types, strict=True):
        operands = zip(operands_of(site), kinds, strict=True)
        if zoned := [operand for operand, kind in operands if kind and kind["id"] == ENGINE_TYPE]:
            settle(site, zoned)


def _check(query: str, filled: list[bool], connection: DuckDBPyConnection) -> None:
    """Refuse what the engine would cast by itself, as it would give the text of an INTERVAL."""
    found = json.loads(plan(connection, query))
    if found["error"]:
        return  # it is wrong: running it says how
    if any(map(_is_cast, _nodes(found["plans"]))):
        raise unsupported("a TIMESTAMP_TZ together with values of another type: cast them")
    if filled:
        kinds = [row[1] for row in connection.execute(f"DESCRIBE {query}").fetchall()]
        if any(kind == ENGINE_TYPE and not is_zoned for kind, is_zoned in zip(kinds, filled, strict=False)):
            raise unsupported("storing a TIMESTAMP_TZ in a column of another type: cast it")


def _is_cast(node: dict[str, Any]) -> bool:
    return (
        node.get("type") == "OPERATOR_CAST"
        and node["arguments"][0]["id"] == ENGINE_TYPE
        and node["return_type"]["id"] != ENGINE_TYPE
    )


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for item in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _nodes(item)


def _readable(error: ValueError) -> str:
    return str(error).split("\n")[0].replace(ENGINE_TYPE, "TIMESTAMP_TZ")
