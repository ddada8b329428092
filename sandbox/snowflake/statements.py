"""What kind of statement it is: how it meets transactions, what is inert here, and what is refused."""

from __future__ import annotations

from collections import Counter
from enum import Enum, auto

from fakesnow.transforms.merge import operations
from sqlglot import Expr, exp

from sandbox.snowflake import dynamic, history, tags
from sandbox.snowflake.errors import unsupported


class Kind(Enum):
    """How a statement is run."""

    BEGIN = auto()
    COMMIT = auto()
    ROLLBACK = auto()
    SESSION = auto()
    INERT = auto()
    REMOVE = auto()
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
INERT_OBJECTS = ("WAREHOUSE", "ROLE", "RESOURCE MONITOR", "NETWORK POLICY", "TAG")
INERT_COMMANDS = ("GRANT", "REVOKE")
KNOWN_COMMANDS = ("EXPLAIN", "RM", "REMOVE", *INERT_COMMANDS)
KNOWN_SHOWS = ("PARAMETERS", "USER FUNCTIONS", "USER PROCEDURES", "WAREHOUSES")
REFUSED_KINDS = ("FUNCTION", "PROCEDURE", "SEMANTIC VIEW", "STORAGE INTEGRATION")
REFUSED_CLAUSES: dict[type[Expr], str] = {
    exp.MultitableInserts: "INSERT ALL, INSERT FIRST",
    exp.MatchRecognize: "MATCH_RECOGNIZE",
    exp.Connect: "CONNECT BY",
    exp.PivotAny: "PIVOT … IN (ANY): name the values",
}
TABLE_FUNCTIONS = ("FLATTEN", "GENERATOR", "INFER_SCHEMA", "RESULT_SCAN")
INFORMATION_SCHEMA = ("COLUMNS", "DATABASES", "LOAD_HISTORY", "SCHEMATA", "TABLES", "VIEWS")
"""The views of it that are there."""
REFUSED_PROPERTIES = {
    exp.ExternalProperty: "external tables",
    exp.MaterializedProperty: "materialized views",
    exp.UsingTemplateProperty: "CREATE TABLE … USING TEMPLATE",
}


def kind_of(expression: Expr) -> Kind:
    """How the statement is run."""
    if isinstance(expression, exp.Alias) and expression.alias.upper() == "TRANSACTION":
        return Kind.BEGIN  # START TRANSACTION, as sqlglot reads it
    if isinstance(expression, exp.Command) and expression.this.upper() in ("RM", "REMOVE"):
        return Kind.REMOVE
    if isinstance(expression, exp.Alter) and _object(expression) == "SESSION":
        return Kind.SESSION
    return Kind.INERT if _is_inert(expression) else KINDS.get(type(expression), Kind.QUERY)


def refuse(expression: Expr) -> None:
    """Refuse by name what the stand-in does not do.

    Raises:
        ProgrammingError: 0A000, names the statement.
    """
    if isinstance(expression, exp.Command) and not _is_inert(expression):
        _refuse_command(expression)
    if isinstance(expression, exp.Create):
        _refuse_objects(expression)
    if isinstance(expression, exp.Undrop) or expression.find(exp.HistoricalData):
        raise unsupported("time travel (AT, BEFORE, UNDROP)")
    if isinstance(expression, exp.Copy):
        if expression.this.name.startswith("@"):
            raise unsupported("COPY INTO a stage")
        return
    for kind, clause in REFUSED_CLAUSES.items():
        if expression.find(kind):
            raise unsupported(clause)
    _refuse_sources(expression)


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


def _is_inert(expression: Expr) -> bool:
    if isinstance(expression, exp.Create | exp.Drop | exp.Command) and _object(expression).startswith(
        INERT_OBJECTS
    ):
        return True
    if isinstance(expression, exp.Command):
        return str(expression.this).upper() in INERT_COMMANDS
    if isinstance(expression, exp.Use):
        return str(expression.args.get("kind") or "").upper() == "SECONDARY ROLES"
    if isinstance(expression, exp.Alter):
        actions = expression.args.get("actions") or []
        return bool(actions) and all(_is_inert_alteration(action) for action in actions)
    return False


def _is_inert_alteration(action: Expr) -> bool:
    if isinstance(action, exp.Command):
        return (
            str(action.expression).upper().startswith(("PRIMARY KEY", "UNIQUE", "FOREIGN KEY", "CLUSTERING"))
        )
    if isinstance(action, exp.AlterSet):
        return bool(action.args.get("tag")) or not action.find(exp.SchemaCommentProperty)
    return False


def _refuse_command(command: exp.Command) -> None:
    verb = command.this.upper()
    if verb not in KNOWN_COMMANDS and not (verb == "SHOW" and _object(command).startswith(KNOWN_SHOWS)):
        raise unsupported(f"{verb} {' '.join(_object(command).split()[:2])}".strip())


def _refuse_sources(expression: Expr) -> None:
    for function in expression.find_all(exp.TableFromRows):
        if (
            isinstance(function.this, exp.Dot)
            and history.called(function) is None
            and tags.called(function) is None
        ):
            raise unsupported(f"the table function {function.this.sql('snowflake')}")
        if isinstance(function.this, exp.Anonymous) and function.this.name.upper() not in TABLE_FUNCTIONS:
            raise unsupported(f"the table function {function.this.name.upper()}")
    for table in expression.find_all(exp.Table):
        if table.name.startswith("@"):
            raise unsupported("SELECT from a stage")
        if table.db.upper() == "INFORMATION_SCHEMA" and table.name.upper() not in INFORMATION_SCHEMA:
            raise unsupported(f"INFORMATION_SCHEMA.{table.name.upper()}")


def _refuse_objects(create: exp.Create) -> None:
    if _object(create) in REFUSED_KINDS:
        raise unsupported(f"CREATE {_object(create)}")
    if create.args.get("clone") and _object(create) != "TABLE":
        raise unsupported(f"CREATE {_object(create)} … CLONE")
    properties = create.args.get("properties")
    for found in properties.expressions if properties else []:
        if what := REFUSED_PROPERTIES.get(type(found)):
            raise unsupported(what)
        if isinstance(found, exp.DynamicProperty):
            dynamic.check(create)
        if isinstance(found, exp.Property) and found.name.upper() == "CATALOG":
            _refuse_other_catalogs(found)


def _refuse_other_catalogs(option: exp.Property) -> None:
    if option.args["value"].name.upper() != "SNOWFLAKE":
        raise unsupported("Iceberg tables of another catalog than SNOWFLAKE")


def _object(expression: Expr) -> str:
    """The kind of object that a CREATE, DROP or ALTER names, in upper case; for a command its words."""
    if isinstance(expression, exp.Command):
        text = expression.expression
        return (text if isinstance(text, str) else text.name if text else "").strip().upper()
    return str(expression.args.get("kind") or "").upper()
