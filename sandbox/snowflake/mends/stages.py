"""Stage references in quotes, as in `PUT … '@stage/a path'` and `COPY INTO t FROM '@stage/path'`.

fakesnow 0.12.1 refuses them in PUT: "does not start with @". To be dropped when fakesnow's
`transforms.put_stage` and its COPY read them.
"""

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
            for table in file.find_all(exp.Table):
                if isinstance(table.this, exp.Literal) and table.this.name.startswith("@"):
                    table.set("this", exp.Var(this=table.this.name))
    return expression
