"""Objects that are no tables: databases, stages and file formats, created and dropped here."""

from __future__ import annotations

from sqlglot import Expr, exp

from sandbox.snowflake import stages
from sandbox.snowflake.errors import does_not_exist
from sandbox.snowflake.names import Name, upper_case
from sandbox.snowflake.session import Session

DROPPED = "{} successfully dropped."


def define(expression: Expr, session: Session) -> str | None:
    """Run CREATE or DROP of such an object; says what was done, None where the statement is another.

    Raises:
        ProgrammingError: 002002, it is there already; 002003, it is not there.
    """
    if not isinstance(expression, exp.Create | exp.Drop):
        return None
    kind = str(expression.args.get("kind") or "").upper()
    table = expression.find(exp.Table)
    if table is None:
        return None
    tolerant = bool(expression.args.get("exists"))
    if kind == "DATABASE":
        name = upper_case(table).name
        if isinstance(expression, exp.Create):
            return session.engine.create_database(name, exists_ok=tolerant)
        return session.engine.drop_database(name, missing_ok=tolerant)
    if isinstance(expression, exp.Drop) and kind == "STAGE":
        return _drop_stage(table, session, missing_ok=tolerant)
    if isinstance(expression, exp.Drop) and kind == "FILE FORMAT":
        stages.drop_file_format(session.name_of(table), session)
        return DROPPED.format(table.name)
    return None


def is_there_already(expression: Expr, session: Session) -> str | None:
    """The name in CREATE TABLE IF NOT EXISTS where it is that of a temporary table of the session."""
    if not (isinstance(expression, exp.Create) and expression.args.get("exists")):
        return None
    table = expression.this.this if isinstance(expression.this, exp.Schema) else expression.this
    if not isinstance(table, exp.Table) or str(expression.args.get("kind")).upper() != "TABLE":
        return None
    name = Name.of(upper_case(table), session.database, session.schema)
    return name.table if name in session.temporary else None


def _drop_stage(table: exp.Table, session: Session, *, missing_ok: bool) -> str:
    name = session.name_of(table)
    if not stages.exists(name, session) and not missing_ok:
        raise does_not_exist(f"Stage '{name}'")
    stages.drop(name, session)
    return DROPPED.format(name.table)
