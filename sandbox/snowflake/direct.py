"""Commands that are answered directly, from what the stand-in knows, without the parser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import Expr, exp

from sandbox.snowflake import containers, grants, inert
from sandbox.snowflake.commands import COMMANDS, Handling, command_of
from sandbox.snowflake.errors import unsupported
from sandbox.snowflake.shows import answers, described
from sandbox.snowflake.words import Words

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session

DESCRIPTIONS = {
    "DESCRIBE SCHEMA": answers.describe_schema,
    "DESCRIBE DATABASE": answers.describe_schema,
    "DESCRIBE SEQUENCE": answers.describe_sequence,
    "DESCRIBE STAGE": answers.describe_stage,
    "DESCRIBE USER": described.describe_user,
    "DESCRIBE MASKING POLICY": described.describe_masking_policy,
}
USES = ("USE ROLE", "USE WAREHOUSE")
SUCCESS = "SELECT 'Statement executed successfully.' AS status"
COUNTS: dict[type[Expr], tuple[str, ...]] = {
    exp.Insert: ("number of rows inserted",),
    exp.Update: ("number of rows updated", "number of multi-joined rows updated"),
    exp.Delete: ("number of rows deleted",),
}


def is_direct(name: str) -> bool:
    """Whether the command is answered here."""
    return COMMANDS[name] is Handling.INERT or name in answers.OURS or name in DESCRIPTIONS or name in USES


def defines(name: str) -> bool:
    """Whether the command is DDL, which commits the open transaction."""
    return COMMANDS[name] is Handling.INERT


def answer(name: str, sql: str, session: Session) -> str:
    """The engine's query for the rows that the command answers with."""
    if COMMANDS[name] is Handling.INERT:
        return f"SELECT {_text(_remembered(name, sql, session))} AS status"
    if name in USES:
        return _use(name, sql, session)
    if name in DESCRIPTIONS:
        return DESCRIPTIONS[name](sql, session)
    return answers.show(name, sql, session)


def _remembered(name: str, sql: str, session: Session) -> str:
    if name in ("GRANT", "REVOKE"):
        return grants.run(sql, session)
    if name in containers.ALTERS:
        return containers.alter(name, sql, session)
    return inert.run(name, sql, session)


def description(expression: Expr) -> str:
    """A query with the columns that a statement, which is no query, answers with, and no row."""
    columns = COUNTS.get(type(expression))
    if columns is None:
        return "SELECT '' AS status LIMIT 0"
    return "SELECT " + ", ".join(f'0::BIGINT AS "{name}"' for name in columns) + " LIMIT 0"


def unwrapped(sql: str) -> str:
    """The statement that `EXECUTE IMMEDIATE 'statement'` runs; others as they are.

    Raises:
        ProgrammingError: 0A000, it is no literal, it has USING, or it is a block of Snowflake Scripting.
    """
    if command_of(sql) != "EXECUTE IMMEDIATE":
        return sql
    dollars = sql.split("$$")
    words = Words(sql if len(dollars) == 1 else dollars[0] + "''")
    words.take("EXECUTE", "IMMEDIATE")
    literal = words.literal()
    inner = literal if len(dollars) == 1 else dollars[1]
    words.take(";")
    if words or not inner.strip() or " " not in inner.strip():
        raise unsupported("EXECUTE IMMEDIATE of anything but one statement in quotes, without USING")
    if inner.strip().rstrip(";").count(";") or command_of(inner) in ("DECLARE", "EXECUTE IMMEDIATE"):
        raise unsupported("EXECUTE IMMEDIATE of Snowflake Scripting")
    return inner


def _use(name: str, sql: str, session: Session) -> str:
    words = Words(sql)
    words.take(*name.split())
    value = ".".join(words.name())
    if name == "USE ROLE":
        session.role = value
    else:
        session.warehouse = value
    return SUCCESS


def _text(value: str) -> str:
    return exp.Literal.string(value).sql("duckdb")
