"""What kind of statement it is: how it meets transactions, what is inert here, and what is refused."""

from __future__ import annotations

from collections import Counter
from enum import Enum, auto
from typing import TYPE_CHECKING

from fakesnow.transforms.merge import operations
from snowflake.connector.errors import ProgrammingError
from sqlglot import Expr, exp

from sandbox.snowflake.errors import unsupported

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session


class Kind(Enum):
    """How a statement meets the session's transaction."""

    BEGIN = auto()
    COMMIT = auto()
    ROLLBACK = auto()
    SESSION = auto()
    INERT = auto()
    DML = auto()
    DDL = auto()
    QUERY = auto()


KINDS: dict[type[Expr], Kind] = {
    exp.Transaction: Kind.BEGIN,
    exp.Commit: Kind.COMMIT,
    exp.Rollback: Kind.ROLLBACK,
    exp.Insert: Kind.DML,
    exp.Update: Kind.DML,
    exp.Delete: Kind.DML,
    exp.Merge: Kind.DML,
    exp.Copy: Kind.DML,
    exp.Create: Kind.DDL,
    exp.Drop: Kind.DDL,
    exp.Alter: Kind.DDL,
    exp.Comment: Kind.DDL,
    exp.TruncateTable: Kind.DDL,
    exp.Grant: Kind.INERT,
    exp.Revoke: Kind.INERT,
}
INERT_OBJECTS = ("WAREHOUSE", "ROLE", "USER", "RESOURCE MONITOR", "NETWORK POLICY")
REFUSED_OBJECTS = (
    "STREAM", "TASK", "PIPE", "PROCEDURE", "FUNCTION", "EXTERNAL", "SEMANTIC VIEW", "MASKING POLICY",
    "ROW ACCESS POLICY", "ALERT", "SHARE",
)  # fmt: skip


def kind_of(expression: Expr) -> Kind:
    """How the statement meets the session's transaction."""
    if isinstance(expression, exp.Alias) and expression.alias.upper() == "TRANSACTION":
        return Kind.BEGIN  # START TRANSACTION, as sqlglot reads it
    if isinstance(expression, exp.Alter) and expression.args.get("kind") == "SESSION":
        return Kind.SESSION
    if isinstance(expression, exp.Create | exp.Drop | exp.Command) and _object(expression).startswith(
        INERT_OBJECTS
    ):
        return Kind.INERT
    return KINDS.get(type(expression), Kind.QUERY)


def refuse(expression: Expr) -> None:
    """Refuse by name what the stand-in does not do.

    Raises:
        ProgrammingError: 0A000, names the statement.
    """
    if isinstance(expression, exp.Create | exp.Command) and _object(expression).startswith(REFUSED_OBJECTS):
        raise unsupported(_object(expression))
    if isinstance(expression, exp.Undrop) or expression.find(exp.HistoricalData):
        raise unsupported("time travel")
    if isinstance(expression, exp.Command) and expression.this.upper() in ("CALL", "EXECUTE", "GET"):
        raise unsupported(expression.this.upper())


def session_parameters(expression: Expr) -> dict[str, str | None]:
    """What `ALTER SESSION SET name = value …` sets, by upper-case name; None where it unsets."""
    parameters: dict[str, str | None] = {}
    for item in expression.find_all(exp.SetItem):
        if isinstance(item.this, exp.EQ):
            value = item.this.expression
            text = str(value.this) if isinstance(value, exp.Boolean) else value.name
            parameters[item.this.this.name.upper()] = text
        else:
            parameters[item.this.name.upper()] = None
    return parameters


def merge_counts(merge: exp.Merge, actions: Counter[str]) -> str:
    """A query that returns what a MERGE returns: a count for each operation that its clauses have."""
    counts = {"inserted": actions["INSERT"], "updated": actions["UPDATE"], "deleted": actions["DELETE"]}
    done = [operation for operation, clauses in operations(merge).items() if clauses]
    return "SELECT " + ", ".join(f'{counts[name]}::BIGINT AS "number of rows {name}"' for name in done)


def swap(expression: Expr, session: Session) -> list[str]:
    """The renames that `ALTER TABLE a SWAP WITH b` stands for; empty for another statement.

    Raises:
        ProgrammingError: the tables are in different schemas.
    """
    if not isinstance(expression, exp.Alter) or not (other := expression.find(exp.SwapTable)):
        return []
    ours, theirs = expression.this, other.this
    place = [(t.catalog or session.database, t.db or session.schema) for t in (ours, theirs)]
    if place[0] != place[1]:
        raise unsupported("ALTER TABLE … SWAP WITH a table of another schema")
    schema = ".".join(exp.to_identifier(part, quoted=True).sql("duckdb") for part in place[0])
    a, b, aside = (
        exp.to_identifier(name, quoted=True).sql("duckdb")
        for name in (ours.name, theirs.name, f"{ours.name}__SWAP")
    )
    return [
        f"ALTER TABLE {schema}.{a} RENAME TO {aside}",
        f"ALTER TABLE {schema}.{b} RENAME TO {a}",
        f"ALTER TABLE {schema}.{aside} RENAME TO {b}",
    ]


def _object(expression: Expr) -> str:
    """The kind of object that a CREATE, DROP, ALTER or GRANT names, in upper case."""
    if isinstance(expression, exp.Command):
        text = expression.expression
        return (text if isinstance(text, str) else text.name if text else "").strip().upper()
    return str(expression.args.get("kind") or "").upper()


__all__ = ["Kind", "ProgrammingError", "kind_of", "merge_counts", "refuse", "swap"]
