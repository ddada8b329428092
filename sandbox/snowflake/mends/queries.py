"""Clauses and functions of queries that sqlglot 30.22.0 and fakesnow 0.12.1 pass on as DuckDB lacks them.

Each function is to be dropped by itself, when plain fakesnow gives Snowflake's answer to its line in the
test.
"""

from __future__ import annotations

from sqlglot import Expr, exp

from sandbox.snowflake.errors import unsupported

SEQUENCES = (exp.Seq1, exp.Seq2, exp.Seq4, exp.Seq8)
SEEDS = 1_000_003


def asof_join(expression: Expr) -> Expr:
    """ASOF JOIN … MATCH_CONDITION as the engine's ASOF LEFT JOIN: Snowflake keeps every row of the left side.

    Raises:
        ProgrammingError: 0A000, the join has USING.
    """
    if isinstance(expression, exp.Join) and (condition := expression.args.get("match_condition")):
        if expression.args.get("using"):
            raise unsupported("ASOF JOIN … USING: write ON")
        on = expression.args.get("on")
        expression.set("on", exp.and_(on.copy(), condition.copy()) if on else condition.copy())
        expression.set("match_condition", None)
        expression.set("side", "LEFT")
    return expression


def sequence_in_window(expression: Expr) -> Expr:
    """SEQ8() in the order of a window: the rows come in that order anyway."""
    if isinstance(expression, SEQUENCES) and expression.find_ancestor(exp.Order):
        return exp.Literal.number(1)
    return expression


def plain_integers(expression: Expr) -> Expr:
    """`date + 1 :: INT` with a plain 1, because the engine adds no decimals to dates."""
    if isinstance(expression, exp.Add | exp.Sub):
        for side in ("this", "expression"):
            operand = expression.args[side]
            inner = operand.this if isinstance(operand, exp.Paren) else operand
            if (
                isinstance(inner, exp.Cast)
                and isinstance(inner.this, exp.Literal)
                and not inner.this.is_string
                and inner.to.this in (exp.DataType.Type.INT, exp.DataType.Type.BIGINT)
            ):
                operand.replace(inner.this.copy())
    return expression


def regexp_replace(expression: Expr) -> Expr:
    """REGEXP_REPLACE with position, occurrence and parameters, where they are the defaults."""
    if isinstance(expression, exp.RegexpReplace):
        defaults = {"position": "1", "occurrence": "0", "modifiers": "c"}
        for name, default in defaults.items():
            given = expression.args.get(name)
            if isinstance(given, exp.Literal) and given.name in (default, ""):
                expression.args.pop(name)
            elif given is None:
                expression.args.pop(name, None)
    return expression


def listagg(expression: Expr) -> Expr:
    """LISTAGG of nothing is an empty text."""
    if isinstance(expression, exp.GroupConcat) and not isinstance(
        expression.parent, exp.Window | exp.WithinGroup | exp.Coalesce | exp.Filter
    ):
        return exp.Coalesce(this=expression, expressions=[exp.Literal.string("")])
    return expression


def greatest_and_least_by(expression: Expr) -> Expr:
    """MAX_BY and MIN_BY give what stands in the row, NULL too: the engine's would pass such a row over."""
    if isinstance(expression, exp.ArgMax | exp.ArgMin) and not expression.args.get("count"):
        name = "arg_max_null" if isinstance(expression, exp.ArgMax) else "arg_min_null"
        return exp.Anonymous(this=name, expressions=[expression.this, expression.expression])
    return expression


def typeof(expression: Expr) -> Expr:
    """TYPEOF(variant) names the kind of the value, not the engine's type of the column."""
    if isinstance(expression, exp.Typeof):
        return exp.Anonymous(this="_sf_typeof", expressions=[expression.this])
    return expression


def split_to_table(expression: Expr) -> Expr:
    """TABLE(SPLIT_TO_TABLE(text, separator)) as its rows: SEQ, INDEX from 1, VALUE."""
    if not (
        isinstance(expression, exp.TableFromRows | exp.Lateral)
        and isinstance(expression.this, exp.SplitToTable)
    ):
        return expression
    text, separator = expression.this.this, expression.this.expression
    parts = exp.Anonymous(this="string_split", expressions=[text.copy(), separator.copy()])
    places = exp.Anonymous(this="generate_subscripts", expressions=[parts, exp.Literal.number(1)])
    rows = exp.select(
        exp.alias_(exp.Literal.number(1), "SEQ", quoted=True),
        exp.alias_(places, "INDEX", quoted=True),
        exp.alias_(exp.Anonymous(this="unnest", expressions=[parts.copy()]), "VALUE", quoted=True),
    )
    alias = expression.args.get("alias") or exp.TableAlias(this=exp.to_identifier("parts"))
    return exp.Subquery(this=rows, alias=alias.copy())


def seed(expression: Expr) -> Expr:
    """RANDOM(seed) for any seed: the engine takes one between -1 and 1."""
    given = expression.args.get("seed")
    if isinstance(given, str) and "/" in given:
        number = int(given.split("/")[0])
        expression.args["seed"] = str(number % SEEDS / SEEDS)
    return expression


def array_construct(expression: Expr) -> Expr:
    """ARRAY_CONSTRUCT as a column: values of several types in one array."""
    if isinstance(expression, exp.Array) and isinstance(expression.parent, exp.Alias):
        return exp.Anonymous(this="json_array", expressions=expression.expressions)
    return expression
