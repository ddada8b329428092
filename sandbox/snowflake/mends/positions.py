"""`$1`, `$2` …: columns of a VALUES clause by their position.

sqlglot 30.22.0 takes them for parameters of a prepared statement. To be dropped when fakesnow's
`transforms.values_columns` names them.
"""

from __future__ import annotations

from sqlglot import Expr, exp

from sandbox.snowflake.errors import unsupported


def columns(expression: Expr) -> Expr:
    """A positional column by the name that the clause gives it.

    Raises:
        ProgrammingError: 0A000, what is read is no VALUES clause.
    """
    if not (isinstance(expression, exp.Parameter) and isinstance(expression.this, exp.Literal)):
        return expression
    select = expression.find_ancestor(exp.Select)
    source = select.args.get("from_") if select else None
    values = source.this if source else None
    if not isinstance(values, exp.Values):
        raise unsupported(f"the positional column {expression.sql('snowflake')} outside of VALUES and COPY")
    place = int(expression.this.name)
    alias = values.args.get("alias")
    names = [column.name for column in alias.columns] if alias else []
    name = names[place - 1] if len(names) >= place else f"COLUMN{place}"
    return exp.column(exp.to_identifier(name, quoted=True))
