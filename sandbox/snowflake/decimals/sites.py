"""The places of a statement whose result type follows from the types of their operands."""

from __future__ import annotations

from sqlglot import Expr, exp

from sandbox.snowflake.decimals.types import MOST_DIGITS, Number, average, median, product, ratio

SITES = (exp.Div, exp.Avg, exp.Mul, exp.Median, exp.PercentileCont)
DIGITS_OF_INT64 = 18
"""The engine computes in 64 bits, and overflows, where both operands have no more digits."""
SETTLED = "settled"
"""In the meta of a node: it has its type already, and stays in its place."""
AROUND_AN_AGGREGATE = (exp.Filter, exp.Window, exp.WithinGroup)
Operands = tuple[Number, ...]


def sites_of(expression: Expr) -> list[Expr]:
    """Divisions, products, averages and medians, inner ones first."""
    nodes = reversed(list(expression.walk(bfs=False)))
    return [node for node in nodes if isinstance(node, SITES) and not node.meta.get(SETTLED)]


def operands_of(site: Expr) -> list[Expr]:
    """The nodes whose types the result's type follows from."""
    if isinstance(site, exp.Binary):
        return [site.this, site.expression]
    if isinstance(site, exp.PercentileCont):
        order = site.parent.expression if isinstance(site.parent, exp.WithinGroup) else site
        return [ordered.this for ordered in order.expressions if isinstance(ordered, exp.Ordered)]
    return [site.this.expressions[0] if isinstance(site.this, exp.Distinct) else site.this]


def changes_exact(site: Expr) -> bool:
    """Whether the engine's own result is exact as well: what is around it must wait for the right one."""
    return isinstance(site, exp.Mul | exp.Median | exp.PercentileCont)


def is_right(site: Expr, types: Operands) -> bool:
    """Whether the engine by itself gives the right type."""
    if not isinstance(site, exp.Mul):
        return False
    left, right = types
    narrow, wide = sorted((left.precision, right.precision))
    is_wide = wide > DIGITS_OF_INT64 or narrow + wide <= DIGITS_OF_INT64
    are_integers = left.scale == right.scale == 0 and wide < MOST_DIGITS
    return product(left, right).scale == left.scale + right.scale and is_wide and not are_integers


def settle(site: Expr, types: Operands) -> None:
    """Put the engine's expression with Snowflake's type in the place of the site."""
    if isinstance(site, exp.Div):
        quotient = _ratio(site.this, site.expression, *types)
        _put(site, _as(ratio(*types), quotient))
    elif isinstance(site, exp.Mul):
        _put(site, _product(site, *types))
    elif isinstance(site, exp.Avg):
        _put_average(site, *types)
    else:
        site.meta[SETTLED] = True
        for operand in operands_of(site):
            _put(operand, _as(median(*types), operand))


def _put_average(site: Expr, number: Number) -> None:
    """AVG as a sum divided by a count, each with the FILTER and the window of the AVG."""
    whole = site
    while isinstance(whole.parent, AROUND_AN_AGGREGATE) and whole.arg_key == "this":
        whole = whole.parent
    total, count = (_with_aggregate(whole, site, kind) for kind in (exp.Sum, exp.Count))
    some = exp.Nullif(this=count, expression=exp.Literal.number(0))
    quotient = _ratio(total, some, Number(38, number.scale), Number(19, 0))
    _put(whole, _as(average(number), quotient))


def _with_aggregate(whole: Expr, site: Expr, kind: type[exp.AggFunc]) -> Expr:
    aggregate = kind(this=site.this.copy())
    if whole is site:
        return aggregate
    copy = whole.copy()
    inner = copy
    while not isinstance(inner, type(site)):
        inner = inner.this
    inner.replace(aggregate)
    return copy


def _ratio(left: Expr, right: Expr, of_left: Number, of_right: Number) -> Expr:
    """The quotient, rounded half away from zero at its last digit: see `_sf_ratio`."""
    scale = ratio(of_left, of_right).scale
    shift = exp.cast(exp.Literal.number(10 ** (scale - of_left.scale + of_right.scale)), "INT128")
    unit = _as(Number(scale, scale), exp.Literal.number(f"0.{'1':0>{scale}}"))
    return exp.Anonymous(this="_sf_ratio", expressions=[left.copy(), right.copy(), shift, unit])


def _product(site: Expr, left: Number, right: Number) -> Expr:
    first = _as(Number(MOST_DIGITS, left.scale), site.this)
    if left.scale == right.scale == 0:
        first = exp.cast(site.this.copy(), "INT128")
    found = exp.Anonymous(this="multiply", expressions=[first, site.args["expression"].copy()])
    return _as(product(left, right), found)


def _as(number: Number, value: Expr) -> Expr:
    digits = [exp.DataTypeParam(this=exp.Literal.number(n)) for n in (number.precision, number.scale)]
    kind = exp.DataType(this=exp.DataType.Type.DECIMAL, expressions=digits, nested=False)
    return exp.Cast(this=value.copy() if value.parent else value, to=kind)


def _put(site: Expr, value: Expr) -> None:
    site.replace(value)
