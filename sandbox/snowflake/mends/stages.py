"""Stage references in quotes, as in `PUT … '@stage/a path'` and `COPY INTO t FROM '@stage/path'`."""

from __future__ import annotations

from sqlglot import Expr, exp


def unquoted_reference(expression: Expr) -> Expr:
    """The same statement with its stage reference as fakesnow knows it: without quotes."""
    if isinstance(expression, exp.Put):
        target = expression.args["target"]
        if isinstance(target, exp.Var) and target.name.startswith("'"):
            target.set("this", target.name[1:-1].replace("''", "'"))
    if isinstance(expression, exp.Copy):
        for file in expression.args.get("files") or []:
            if isinstance(file.this, exp.Literal) and file.this.name.startswith("@"):
                file.set("this", exp.Var(this=file.this.name))
    return expression
