"""Asks the engine for the types of operands: it binds a copy of the statement in which they are marked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from fakesnow.params import MutableParams, index_of_placeholder
from sqlglot import Expr, exp

from sandbox.snowflake.decimals.sites import Operands, operands_of, sites_of
from sandbox.snowflake.decimals.types import Number

MARK = "operand "
UNFOLDED = exp.Anonymous(this="current_query")
"""A text that the engine knows only when it runs the query: the CASE of a mark stays in the plan."""
NOT_VOLATILE = exp.Anonymous(this="current_schema")
"""A text in its place where the engine refuses what is volatile: in the order of a window, and behind an
alias that is used again. The mark of an operand that reads a column stays in the plan with it, too."""
BOUND = "bound"
"""In the meta of a node: it stands for a placeholder."""
Kind = dict[str, Any]
"""A type as the engine's serialised plan has it: its id, a decimal with width and scale."""
Find = Callable[[Expr], list[Expr]]
Bind = Callable[[str], str]
"""Gives the engine's serialised plan (JSON) of a query."""


def exact_operands(statement: Expr, params: MutableParams | None, bind: Bind) -> dict[int, Operands]:
    """By the place of a site in `sites_of(statement)`: the types of its operands, where all are exact.

    A mark stands for the operand's text within its SELECT: GROUP BY and the columns must keep the same text.

    Raises:
        ValueError: the engine cannot bind the statement; the message is the engine's.
    """
    found = {}
    for place, kinds in enumerate(operand_types(statement, params, bind, sites_of, operands_of)):
        operands = [Number.of(kind) if kind else None for kind in kinds]
        if all(operands):
            found[place] = tuple(operand for operand in operands if operand)
    return found


def operand_types(
    statement: Expr,
    params: MutableParams | None,
    bind: Bind,
    sites_of: Find,
    operands_of: Find,
    neutral: Callable[[Expr], None] = lambda _: None,
) -> list[list[Kind | None]]:
    """For each of `sites_of(statement)`: the engine's types of its operands, None where they do not show.

    Args:
        neutral: puts something of the same type in a marked site's place, where the engine cannot bind it.

    Raises:
        ValueError: the engine cannot bind the statement; the message is the engine's.
    """
    copy = statement.copy()
    marks: dict[tuple[int, str], int] = {}
    sites = sites_of(copy)
    with_values(copy, params)
    scopes = [site.find_ancestor(exp.Select) for site in sites]
    marks_of_sites = []
    for site, scope in zip(sites, scopes, strict=True):
        marks_of_sites.append(_mark(operands_of(site), id(scope), marks))
        neutral(site)
    answer = json.loads(bind(as_query(copy).sql("duckdb")))
    if answer["error"]:
        raise ValueError(answer["error_message"])
    types = dict(_marked(answer["plans"]))
    return [[types.get(number) for number in numbers] for numbers in marks_of_sites]


def _mark(operands: list[Expr], scope: int, marks: dict[tuple[int, str], int]) -> list[int]:
    """Mark the operands of a site; inner sites are marked before, and differ by their marks."""
    numbers = []
    for operand in operands:
        number = marks.setdefault((scope, operand.sql("duckdb")), len(marks))
        text = NOT_VOLATILE if operand.find(exp.Column) or _is_order_of_window(operand) else UNFOLDED
        mark = exp.EQ(this=text.copy(), expression=exp.Literal.string(f"{MARK}{number}"))
        case = exp.Case(ifs=[exp.If(this=mark, true=operand.copy())])
        operand.replace(case)
        numbers.append(number)
    return numbers


def _is_order_of_window(node: Expr) -> bool:
    """Whether it is in the ORDER BY or PARTITION BY of a window."""
    while node.parent and not isinstance(node.parent, exp.Window | exp.Select):
        node = node.parent
    return isinstance(node.parent, exp.Window) and node.arg_key != "this"


def _marked(node: Any) -> Iterator[tuple[int, Kind]]:
    """The marks of a serialised plan and the types they stand for."""
    if isinstance(node, list):
        for item in node:
            yield from _marked(item)
    elif isinstance(node, dict):
        if node.get("expression_class") == "BOUND_CASE":
            mark = _mark_in(node["case_checks"][0]["when_expr"])
            if mark is not None:
                yield mark, node["return_type"]
        for item in node.values():
            yield from _marked(item)


def _mark_in(condition: Any) -> int | None:
    if isinstance(condition, str) and condition.startswith(MARK):
        return int(condition.removeprefix(MARK))
    inner = condition.values() if isinstance(condition, dict) else condition
    found = map(_mark_in, inner) if isinstance(condition, dict | list) else iter(())
    return next((mark for mark in found if mark is not None), None)


def with_values(statement: Expr, params: MutableParams | None) -> Expr:
    """The statement with its bound values in their places: a placeholder has no type."""
    if isinstance(params, list):
        found = list(statement.find_all(exp.Placeholder))
        values = [params[index_of_placeholder(statement, placeholder)] for placeholder in found]
        for placeholder, value in zip(found, values, strict=True):
            made = exp.convert(value)
            made.meta[BOUND] = True
            placeholder.replace(made)
    return statement


def as_query(statement: Expr) -> Expr:
    """A query with the expressions of the statement, in the scope that they have there."""
    if isinstance(statement, exp.Insert | exp.Create):
        source = statement.expression
        query = exp.select("*").from_(source) if isinstance(source, exp.Values) else source
    elif isinstance(statement, exp.Update):
        values = [item.expression for item in statement.expressions]
        query = exp.select(*values).from_(statement.this)
        if source := statement.args.get("from_"):
            query = query.join(source.this, join_type="cross")
        query.set("where", statement.args.get("where"))
    elif isinstance(statement, exp.Merge):
        query = exp.select(*_merged(statement)).from_(statement.this)
        query = query.join(statement.args["using"], on=statement.args["on"])
    elif isinstance(statement, exp.Delete):
        query = exp.select("1").from_(statement.this)
        for source in statement.args.get("using") or []:
            query = query.join(source, join_type="cross")
        query.set("where", statement.args.get("where"))
    else:
        return statement
    if outer := statement.args.get("with_"):
        query.set("with_", outer)
    return query


def _merged(merge: exp.Merge) -> Iterator[Expr]:
    for when in merge.args["whens"].expressions:
        if condition := when.args.get("condition"):
            yield condition
        then = when.args.get("then")
        if isinstance(then, exp.Update):
            yield from (item.expression for item in then.expressions)
        elif isinstance(then, exp.Insert) and isinstance(then.expression, exp.Tuple):
            yield from then.expression.expressions
    yield exp.Literal.number(1)
