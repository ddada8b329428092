"""DDL of tables: what Snowflake declares and the engine cannot, as definitions that the engine keeps.

VARCHAR(n) becomes a CHECK, keys are dropped (Snowflake does not enforce them), LIKE and CLONE copy a
definition, and an ALTER that the engine refuses builds the table anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlglot
from snowflake.connector.errors import ProgrammingError
from sqlglot import Expr, exp

from sandbox.snowflake import declared
from sandbox.snowflake.errors import does_not_exist, unsupported
from sandbox.snowflake.mends import temporary
from sandbox.snowflake.names import Name

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session

TEXTS = (exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT, exp.DataType.Type.CHAR)
KEYS = (exp.PrimaryKey, exp.ForeignKey, exp.UniqueColumnConstraint, exp.Constraint)
COLUMN_KEYS = (exp.PrimaryKeyColumnConstraint, exp.UniqueColumnConstraint, exp.Reference)
KEPT_PROPERTIES = (exp.TemporaryProperty, exp.LikeProperty)
NOTHING = "SELECT 1"
DEFINITION = """
SELECT sql FROM duckdb_tables()
WHERE upper(database_name) = upper(?) AND upper(schema_name) = upper(?) AND upper(table_name) = upper(?)
"""


def as_engine_keeps_it(expression: Expr) -> Expr:
    """CREATE TABLE without keys and with a CHECK for each VARCHAR(n); other statements as they are."""
    if not (isinstance(expression, exp.Create) and isinstance(expression.this, exp.Schema)):
        return expression
    columns = [item for item in expression.this.expressions if not isinstance(item, KEYS)]
    for column in columns:
        if isinstance(column, exp.ColumnDef):
            _mend_column(column)
    expression.this.set("expressions", columns)
    return expression


def drop_options(expression: Expr) -> Expr:
    """CREATE TABLE and VIEW without what is inert here: TRANSIENT, CLUSTER BY, retention and the like."""
    if isinstance(expression, exp.Create) and (properties := expression.args.get("properties")):
        kept = [found for found in properties.expressions if isinstance(found, KEPT_PROPERTIES)]
        properties.set("expressions", kept)
    if isinstance(expression, exp.Drop):
        expression.set("iceberg", None)
    return expression


def statements_for(expression: Expr, session: Session) -> list[str]:
    """The engine's statements where one of Snowflake's stands for several; else empty.

    Raises:
        ProgrammingError: 002003, a table is not there.
    """
    if isinstance(expression, exp.Alter):
        name = session.name_of(expression.this)
        if other := expression.find(exp.SwapTable):
            return _swapped(name, session.name_of(other.this))
        if _needs_a_new_table(expression):
            return _altered(expression, name, session)
    if isinstance(expression, exp.Create) and (source := _source_of_copy(expression)):
        return _copied(expression, session.name_of(source), session)
    if _declares_and_fills(expression):
        return _filled(expression, session)
    return []


def truncate_if_exists(expression: Expr, session: Session) -> Expr:
    """TRUNCATE TABLE IF EXISTS, which the engine does not know, without its condition."""
    if isinstance(expression, exp.TruncateTable) and expression.args.get("exists"):
        name = Name.of(expression.expressions[0], session.database, session.schema)
        expression.set("exists", None)
        if session._duck_conn.execute(DEFINITION, list(name.parts)).fetchone() is None:
            return exp.select(exp.alias_(exp.Literal.string("Statement executed successfully."), "status"))
    return expression


def _definition(name: Name, session: Session) -> str:
    row = session._duck_conn.execute(DEFINITION, list(name.parts)).fetchone()
    if row is None:
        raise does_not_exist(f"Table '{name}'")
    return str(row[0])


def _source_of_copy(create: exp.Create) -> exp.Table | None:
    """The table that `CREATE TABLE … LIKE | CLONE` copies."""
    properties = create.args.get("properties")
    found = create.args.get("clone") or (properties.find(exp.LikeProperty) if properties else None)
    return found.this if found and create.args.get("kind") == "TABLE" else None


def _copied(create: exp.Create, source: Name, session: Session) -> list[str]:
    """The statements of `CREATE TABLE … LIKE | CLONE source`."""
    target = session.name_of(create.this)
    is_temporary = temporary.created(create) is not None
    target = target.in_temporary() if is_temporary else target
    known = session._duck_conn.execute(DEFINITION, list(target.parts)).fetchone()
    if known and create.args.get("exists"):
        return [NOTHING]
    made = _parsed(_definition(source, session))
    _rename(made, target)
    made.set("replace", create.args.get("replace"))
    if is_temporary:
        made.set("properties", exp.Properties(expressions=[exp.TemporaryProperty()]))
    statements = [made.sql("duckdb", identify=True)]
    if create.args.get("clone"):
        statements.append(f"INSERT INTO {target.sql} SELECT * FROM {source.sql}")
    return statements + declared.copies(source, target, session)


def _declares_and_fills(expression: Expr) -> bool:
    """Whether it is CREATE TABLE (columns) AS query."""
    return (
        isinstance(expression, exp.Create)
        and expression.args.get("kind") == "TABLE"
        and isinstance(expression.this, exp.Schema)
        and isinstance(expression.expression, exp.Query)
    )


def _filled(create: Expr, session: Session) -> list[str]:
    """The statements of `CREATE TABLE (columns) AS query`: the declared lengths and NOT NULL are checked.

    The query may read the table that is replaced, so the new one is filled under another name.
    """
    is_temporary = temporary.created(create) is not None
    target = session.name_of(create.this.this)
    target = target.in_temporary() if is_temporary else target
    known = session._duck_conn.execute(DEFINITION, list(target.parts)).fetchone()
    if known and create.args.get("exists"):
        return [NOTHING]
    replaces = bool(known and create.args.get("replace"))
    made = Name(target.database, target.schema, f"{target.table}__FILLED") if replaces else target
    filled = create.copy()
    filled.set("expression", None)
    name = exp.Table(this=exp.to_identifier(made.table, quoted=True)) if is_temporary else made.expression()
    filled.this.set("this", name)
    statements = [filled.sql("duckdb"), f"INSERT INTO {made.sql} {create.expression.sql('duckdb')}"]
    if replaces:
        statements += [
            f"DROP TABLE {target.sql}",
            f"ALTER TABLE {made.sql} RENAME TO {_quoted(target.table)}",
        ]
    return statements


def _altered(alter: exp.Alter, table: Name, session: Session) -> list[str]:
    """The statements that build `table` anew with changed column types or with added columns."""
    made = _parsed(_definition(table, session))
    columns = [column.name for column in made.this.expressions if isinstance(column, exp.ColumnDef)]
    for action in alter.args["actions"]:
        _apply(made.this, action)
    fresh = Name(table.database, table.schema, f"{table.table}__ALTERED")
    _rename(made, fresh)
    kept = ", ".join(_quoted(column) for column in columns)
    return [
        made.sql("duckdb", identify=True),
        f"INSERT INTO {fresh.sql} ({kept}) SELECT {kept} FROM {table.sql}",
        *declared.copies(table, fresh, session),
        f"DROP TABLE {table.sql}",
        f"ALTER TABLE {fresh.sql} RENAME TO {_quoted(table.table)}",
    ]


def _needs_a_new_table(expression: Expr) -> bool:
    """Whether an ALTER adds a column or changes a type, which the engine refuses where constraints are."""
    return isinstance(expression, exp.Alter) and any(
        isinstance(action, exp.ColumnDef)
        or (isinstance(action, exp.AlterColumn) and action.args.get("dtype") is not None)
        for action in expression.args.get("actions") or []
    )


def _parsed(definition: str) -> exp.Create:
    made = sqlglot.parse_one(definition, read="duckdb")
    if not isinstance(made, exp.Create):
        raise TypeError(f"not a table's definition: {definition}")
    return made


def _rename(create: exp.Create, name: Name) -> None:
    create.this.set("this", name.expression())


def _apply(schema: exp.Schema, action: Expr) -> None:
    columns = {c.name.upper(): c for c in schema.expressions if isinstance(c, exp.ColumnDef)}
    known = columns.get(action.name.upper())
    if isinstance(action, exp.ColumnDef):
        if known is None:
            _mend_column(action)
            action.set("exists", None)
            schema.append("expressions", action)
        elif not action.args.get("exists"):
            raise ProgrammingError(msg=f"column '{action.name}' already exists", errno=1430, sqlstate="42601")
        return
    if known is None:
        raise ProgrammingError(msg=f"column '{action.name}' does not exist", errno=904, sqlstate="42000")
    _drop_length(schema, known)
    known.set("kind", action.args["dtype"])
    _mend_column(known)


def _drop_length(schema: exp.Schema, column: exp.ColumnDef) -> None:
    kept = [
        item
        for item in schema.expressions
        if isinstance(item, exp.ColumnDef)
        or not any(found.name.upper() == column.name.upper() for found in item.find_all(exp.Column))
    ]
    schema.set("expressions", kept)


def _mend_column(column: exp.ColumnDef) -> None:
    kept = [
        c for c in column.args.get("constraints") or [] if not isinstance(c.args.get("kind"), COLUMN_KEYS)
    ]
    kind = column.args.get("kind")
    if isinstance(kind, exp.DataType) and kind.this in TEXTS and kind.expressions:
        length = exp.Length(this=exp.column(exp.to_identifier(column.name, quoted=True)))
        check = exp.LTE(this=length, expression=exp.Literal.number(kind.expressions[0].name))
        kept.append(exp.ColumnConstraint(kind=exp.CheckColumnConstraint(this=check)))
        kind.set("expressions", [])
    column.set("constraints", kept)


def _swapped(ours: Name, theirs: Name) -> list[str]:
    """The renames that `ALTER TABLE ours SWAP WITH theirs` stands for.

    Raises:
        ProgrammingError: the tables are in different schemas.
    """
    if ours.parts[:2] != theirs.parts[:2]:
        raise unsupported("ALTER TABLE … SWAP WITH a table of another schema")
    aside = Name(ours.database, ours.schema, f"{ours.table}__SWAPPED")
    steps = [(ours, aside), (theirs, ours), (aside, theirs)]
    return [f"ALTER TABLE {old.sql} RENAME TO {_quoted(new.table)}" for old, new in steps]


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql("duckdb")
