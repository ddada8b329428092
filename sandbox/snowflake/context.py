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
        "CURRENT_CLIENT": session.client,
        "CURRENT_SESSION": str(session.id),
        "CURRENT_TRANSACTION": session.transaction_id,
        "LAST_TRANSACTION": session.last_transaction_id,
    }
    if name == "LAST_QUERY_ID":
        values[name] = session.results.last_id(_place(expression))
    values |= dict.fromkeys(CANCELS, "Nothing was to be cancelled.")
    if name not in values:
        return expression
    value = values[name]
    literal = exp.Literal.string(value) if value else exp.Null()
    in_select = isinstance(expression.parent, exp.Select) and expression.arg_key == "expressions"
    return exp.alias_(literal, f"{name}()", quoted=True) if in_select else literal


def _place(function: exp.Func) -> int:
    """Which query LAST_QUERY_ID(place) asks for; the last one without an argument."""
    given = function.expressions[0].sql() if function.expressions else "-1"
    return int(given)
