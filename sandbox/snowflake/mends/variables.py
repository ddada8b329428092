"""Session variables: fakesnow 0.12.1 pastes their values into the text of a statement.

There `$A` also replaces the beginning of `$AB`, and `\'$A\'` within a literal; a value with a backslash is
an error; what SET is given is kept as it is written, so that `$A * 2` after `SET A = 1 + 1` is 3, and a
query is asked anew each time. To be dropped when fakesnow's `Variables.inline_variables` reads whole names
outside of literals and `Variables.update_variables` keeps values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from snowflake.connector.errors import ProgrammingError
from sqlglot import Expr, exp

LITERAL = re.compile(r"('(?:[^'\\]|''|\\.)*'|\"(?:[^\"]|\"\")*\"|\$\$.*?\$\$)", re.DOTALL)
"""A string, a quoted identifier, or a string between dollars."""
VARIABLE = re.compile(r"(?<![\w$])\$([A-Za-z_]\w*)")


def inlined(sql: str, values: Mapping[str, str]) -> str:
    """The statement with the values of variables, by their upper-case names, in its code.

    Raises:
        ProgrammingError: 002211, there is no such variable.
    """

    def value(found: re.Match[str]) -> str:
        name = found[1].upper()
        if name not in values:
            message = f"SQL compilation error:\nSession variable '${name}' does not exist"
            raise ProgrammingError(msg=message, errno=2211, sqlstate="02000")
        return values[name]

    parts = LITERAL.split(sql)
    return "".join(part if number % 2 else VARIABLE.sub(value, part) for number, part in enumerate(parts))


def assignments(expression: Expr) -> list[tuple[str, Expr]]:
    """Names and values of `SET name = value` and `SET (name, …) = (value, …)`; empty for other statements."""
    if not isinstance(expression, exp.Set) or expression.args.get("unset"):
        return []
    pairs: list[tuple[str, Expr]] = []
    for item in expression.expressions:
        if not (isinstance(item, exp.SetItem) and isinstance(item.this, exp.EQ)):
            return []
        names, values = item.this.this, item.this.expression
        if isinstance(names, exp.Tuple) and isinstance(values, exp.Tuple):
            pairs += zip((name.name.upper() for name in names.expressions), values.expressions, strict=True)
        else:
            pairs.append((names.name.upper(), values))
    return pairs
