"""FLATTEN: fakesnow 0.12.1 reads INPUT only and passes over PATH, OUTER, RECURSIVE and MODE without a word.

To be dropped when fakesnow's `transforms.flatten` reads all of the function's arguments.
"""

from __future__ import annotations

from sqlglot import Expr, exp

from sandbox.snowflake.errors import unsupported

DEFAULTS = {"OUTER": "FALSE", "RECURSIVE": "FALSE", "MODE": "BOTH"}


def path(expression: Expr) -> Expr:
    """FLATTEN(INPUT => v, PATH => 'p') as FLATTEN(INPUT => GET_PATH(v, 'p')).

    Raises:
        ProgrammingError: 0A000, another argument has another value than its default.
    """
    if not (
        isinstance(expression, exp.Lateral | exp.TableFromRows) and isinstance(expression.this, exp.Explode)
    ):
        return expression
    flatten = expression.this
    given = [flatten.this, *flatten.expressions]
    arguments = {a.this.name.upper(): a.expression for a in given if isinstance(a, exp.Kwarg)}
    for name, default in DEFAULTS.items():
        if name in arguments and _word(arguments[name]) != default:
            raise unsupported(f"FLATTEN with {name} => {_word(arguments[name])}")
    source = arguments.get("INPUT", flatten.this)
    place = arguments.get("PATH")
    if place is not None and place.name:
        keys = [exp.JSONPathRoot(), *(exp.JSONPathKey(this=key) for key in place.name.split("."))]
        source = exp.JSONExtract(this=source.copy(), expression=exp.JSONPath(expressions=keys))
    flatten.set("this", source.copy())
    flatten.set("expressions", [])
    return expression


def _word(value: Expr) -> str:
    return (str(value.this) if isinstance(value, exp.Boolean) else value.name).upper()
