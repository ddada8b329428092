"""CURRENT_ROLE, CURRENT_WAREHOUSE and the like: what the session knows of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import Expr, exp

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session

REGION = "LOCAL"
CANCELS = ("SYSTEM$CANCEL_ALL_QUERIES", "SYSTEM$CANCEL_QUERY")


def functions(expression: Expr, session: Session) -> Expr:
    """The value of a context function as a literal."""
    if not isinstance(expression, exp.Func):
        return expression
    name = (expression.name if isinstance(expression, exp.Anonymous) else expression.sql_name()).upper()
    values = {
        "CURRENT_USER": session.user,
        "CURRENT_ROLE": session.role,
        "CURRENT_WAREHOUSE": session.warehouse,
        "CURRENT_DATABASE": session.database,
        "CURRENT_SCHEMA": session.schema,
        "CURRENT_ACCOUNT": session.account,
        "CURRENT_REGION": REGION,
        "CURRENT_SESSION": str(id(session)),
        "CURRENT_TRANSACTION": session.transaction_id,
        "LAST_TRANSACTION": session.last_transaction_id,
    }
    values |= dict.fromkeys(CANCELS, "Nothing was to be cancelled.")
    if name not in values:
        return expression
    value = values[name]
    literal = exp.Literal.string(value) if value else exp.Null()
    in_select = isinstance(expression.parent, exp.Select) and expression.arg_key == "expressions"
    return exp.alias_(literal, f"{name}()", quoted=True) if in_select else literal
