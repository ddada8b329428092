"""What a table declares and the engine does not keep: comment, keys, clustering, whether it is transient.

It is kept as JSON in the engine's own comment of the table, so it follows a table that is renamed, swapped or
restored. Comments of columns are the engine's as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlglot import Expr, exp

from sandbox.snowflake.errors import unsupported
from sandbox.snowflake.names import Name, upper_case

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session

STORED = """
SELECT comment FROM duckdb_tables() WHERE database_name = $1 AND schema_name = $2 AND table_name = $3
UNION ALL
SELECT comment FROM duckdb_views() WHERE database_name = $1 AND schema_name = $2 AND view_name = $3
"""
COLUMN_COMMENTS = """
SELECT column_name, comment FROM duckdb_columns()
WHERE database_name = $1 AND schema_name = $2 AND table_name = $3 AND comment IS NOT NULL
"""
KEPT_HERE = (exp.CommentColumnConstraint, exp.Tags)
"""What a column declares that the engine does not know."""


@dataclass(frozen=True)
class Key:
    """A key that Snowflake records and does not enforce."""

    kind: str
    """PRIMARY, UNIQUE or FOREIGN."""
    name: str
    columns: list[str]
    references: list[str] = field(default_factory=list)
    """Database, schema and table that a FOREIGN key points to."""
    referenced: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Declared:
    """What a table or a view declares beside its columns."""

    comment: str = ""
    transient: bool = False
    cluster_by: str = ""
    keys: list[Key] = field(default_factory=list)
    dynamic: str = ""
    """The statement that makes a dynamic table anew; empty for others."""
    iceberg: bool = False
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    """Values by the tags' full names, by column; those of the table itself under the empty name."""

    @classmethod
    def stored(cls, name: Name, session: Session) -> Declared:
        """What was declared of a table that is there."""
        row = session._duck_conn.execute(STORED, list(name.parts)).fetchone()
        if row is None or not row[0]:
            return cls()
        values: dict[str, Any] = json.loads(row[0])
        return cls(**values | {"keys": [Key(**key) for key in values["keys"]]})

    def sql(self, name: Name, kind: str = "TABLE") -> str:
        """The engine's statement that keeps it."""
        return f"COMMENT ON {kind} {name.sql} IS {_text(json.dumps(asdict(self)))}"


def statements(original: Expr, session: Session) -> list[str]:
    """The engine's statements that keep what a DDL statement of Snowflake's declares; to be run after it.

    Raises:
        ProgrammingError: 0A000, a comment on an object whose comments are not kept.
    """
    kind = str(original.args.get("kind") or "").upper()
    if isinstance(original, exp.Create) and kind in ("TABLE", "VIEW"):
        return list(_created(original, kind, session))
    if isinstance(original, exp.Comment):
        return [_commented(original, kind, session)]
    if isinstance(original, exp.Alter) and kind in ("TABLE", "VIEW"):
        return list(_altered(original, kind, session))
    return []


def is_all(original: Expr) -> bool:
    """Whether all that the statement does is declare: COMMENT, keys, clustering."""
    if isinstance(original, exp.Comment):
        return True
    actions = original.args.get("actions") or []
    return isinstance(original, exp.Alter) and bool(actions) and all(map(_declares, actions))


def is_kept(original: Expr, session: Session) -> bool:
    """Whether the statement's declarations count: not those of CREATE … IF NOT EXISTS of what is there."""
    if not (isinstance(original, exp.Create) and original.args.get("exists")):
        return True
    table = original.this.this if isinstance(original.this, exp.Schema) else original.this
    if not isinstance(table, exp.Table):
        return True
    return session._duck_conn.execute(STORED, list(session.name_of(table).parts)).fetchone() is None


def _declares(action: Expr) -> bool:
    if isinstance(action, exp.AlterColumn):
        return action.args.get("comment") is not None
    if isinstance(action, exp.AlterSet):
        return action.find(exp.SchemaCommentProperty) is not None
    return isinstance(action, exp.AddConstraint | exp.ClusterProperty | exp.Cluster)


def without_comments(expression: Expr) -> Expr:
    """A column's definition without its comment and its tags."""
    if isinstance(expression, exp.ColumnDef):
        constraints = expression.args.get("constraints") or []
        expression.set(
            "constraints",
            [c for c in constraints if not isinstance(c.args.get("kind"), KEPT_HERE)],
        )
    return expression


def copies(source: Name, target: Name, session: Session) -> list[str]:
    """The statements that give a clone what its source declares."""
    declared = Declared.stored(source, session)
    rows = session._duck_conn.execute(COLUMN_COMMENTS, list(source.parts)).fetchall()
    columns = [f"COMMENT ON COLUMN {target.sql}.{_quoted(name)} IS {_text(text)}" for name, text in rows]
    return [declared.sql(target), *columns]


def _created(create: exp.Create, kind: str, session: Session) -> Iterator[str]:
    properties = create.args.get("properties")
    found = list(properties.expressions) if properties else []
    if create.args.get("clone") or any(isinstance(item, exp.LikeProperty) for item in found):
        return
    table = create.this.this if isinstance(create.this, exp.Schema) else create.this
    name = session.name_of(table)
    if any(isinstance(item, exp.TemporaryProperty) for item in found) and kind == "TABLE":
        name = Name.of(upper_case(table), session.database, session.schema).in_temporary()
    columns = create.this.expressions if isinstance(create.this, exp.Schema) else []
    declared = Declared(
        comment=next((i.this.name for i in found if isinstance(i, exp.SchemaCommentProperty)), ""),
        transient=any(isinstance(item, exp.TransientProperty) for item in found),
        cluster_by=next(
            (_clustering(i) for i in found if isinstance(i, exp.ClusterProperty | exp.Cluster)), ""
        ),
        keys=list(_keys(columns, name, session)),
        dynamic=_definition(create, session) if create.find(exp.DynamicProperty) else "",
        iceberg=create.find(exp.IcebergProperty) is not None,
        tags=_tags(columns, session),
    )
    if declared != Declared():
        yield declared.sql(name, kind)
    for column in columns:
        for comment in column.find_all(exp.CommentColumnConstraint):
            yield _on_column(name, _stored_name(column), comment.this.name)


def _definition(create: exp.Create, session: Session) -> str:
    """The statement that makes a dynamic table anew, whatever the session's schema is then."""
    again = create.copy()
    again.set("replace", True)
    again.set("exists", None)
    own_names = {cte.alias.upper() for cte in again.find_all(exp.CTE)}
    for table in again.find_all(exp.Table):
        is_name = isinstance(table.this, exp.Identifier) and (table.db or table.name.upper() not in own_names)
        if is_name and not table.db:
            table.set("db", exp.to_identifier(session.schema, quoted=True))
        if is_name and not table.catalog:
            table.set("catalog", exp.to_identifier(session.database, quoted=True))
    text: str = again.sql("snowflake")
    return text


def _commented(comment: exp.Comment, kind: str, session: Session) -> str:
    text = comment.expression.name
    if kind in ("TABLE", "VIEW"):
        name = session.name_of(comment.this)
        return replace(Declared.stored(name, session), comment=text).sql(name, kind)
    if kind == "COLUMN":
        column = comment.this
        table = exp.Table(
            this=column.args["table"], db=column.args.get("db"), catalog=column.args.get("catalog")
        )
        return _on_column(session.name_of(table), _stored_name(column), text)
    raise unsupported(f"COMMENT ON {kind}")


def _altered(alter: exp.Alter, kind: str, session: Session) -> Iterator[str]:
    name = session.name_of(alter.this)
    before = declared = Declared.stored(name, session)
    for action in alter.args.get("actions") or []:
        if isinstance(action, exp.AlterColumn) and (comment := action.args.get("comment")):
            yield _on_column(name, _stored_name(action), comment.name)
        elif isinstance(action, exp.AlterSet) and (found := action.find(exp.SchemaCommentProperty)):
            declared = replace(declared, comment=found.this.name)
        elif isinstance(action, exp.AddConstraint):
            declared = replace(declared, keys=[*declared.keys, *_keys(action.expressions, name, session)])
        elif isinstance(action, exp.RenameColumn):
            old, new = _stored_name(action.this), _stored_name(action.args["to"])
            tags = {new if column == old else column: own for column, own in declared.tags.items()}
            declared = replace(declared, keys=[_renamed(k, old, new) for k in declared.keys], tags=tags)
        elif isinstance(action, exp.Drop) and str(action.args.get("kind")).upper() == "COLUMN":
            dropped = {_stored_name(column) for column in action.find_all(exp.Column)}
            tags = {column: own for column, own in declared.tags.items() if column not in dropped}
            keys = [k for k in declared.keys if not dropped & set(k.columns)]
            declared = replace(declared, keys=keys, tags=tags)
        elif isinstance(action, exp.ClusterProperty | exp.Cluster):
            declared = replace(declared, cluster_by=_clustering(action))
    if declared != before:
        yield declared.sql(name, kind)


def _tags(columns: list[Expr], session: Session) -> dict[str, dict[str, str]]:
    """What columns are tagged with where they are defined: `WITH TAG (name = 'value')`."""
    from sandbox.snowflake.tags import known_tags

    found = {}
    for column in columns:
        given = {
            ".".join(_stored_name(part) for part in _parts(each.this)): each.args["value"].name
            for item in column.find_all(exp.Tags)
            for each in item.expressions
        }
        if given:
            found[_stored_name(column)] = known_tags(given, session)
    return found


def _parts(name: Expr) -> list[Expr]:
    return [*_parts(name.this), *_parts(name.expression)] if isinstance(name, exp.Dot) else [name]


def _clustering(action: Expr) -> str:
    return "LINEAR(" + ", ".join(item.sql("snowflake").upper() for item in action.expressions) + ")"


def _renamed(key: Key, old: str, new: str) -> Key:
    return replace(key, columns=[new if column == old else column for column in key.columns])


def _keys(items: list[Expr], table: Name, session: Session) -> Iterator[Key]:
    for item in items:
        if isinstance(item, exp.Constraint):
            for inner in item.expressions:
                yield from _key(inner, _stored_name(item), [], table, session)
        elif isinstance(item, exp.ColumnDef):
            for constraint in item.args.get("constraints") or []:
                named = constraint.this.name if constraint.this else ""
                yield from _key(constraint.args["kind"], named, [_stored_name(item)], table, session)
        else:
            yield from _key(item, "", [], table, session)


def _key(item: Expr, name: str, columns: list[str], table: Name, session: Session) -> Iterator[Key]:
    if isinstance(item, exp.PrimaryKey | exp.PrimaryKeyColumnConstraint):
        yield Key("PRIMARY", name or _made_up("PK", table), columns or _columns(item.expressions))
    elif isinstance(item, exp.UniqueColumnConstraint):
        inside = item.this.expressions if isinstance(item.this, exp.Schema) else []
        yield Key("UNIQUE", name or _made_up("UQ", table), columns or _columns(inside))
    elif isinstance(item, exp.ForeignKey | exp.Reference):
        reference = item.args["reference"] if isinstance(item, exp.ForeignKey) else item
        target = reference.this.this if isinstance(reference.this, exp.Schema) else reference.this
        referenced = reference.this.expressions if isinstance(reference.this, exp.Schema) else []
        pointed = Name.of(upper_case(target), table.database, table.schema)
        yield Key(
            "FOREIGN",
            name or _made_up("FK", table),
            columns or _columns(item.expressions),
            list(pointed.parts),
            _columns(referenced) or _primary(pointed, session),
        )


def _primary(table: Name, session: Session) -> list[str]:
    keys = Declared.stored(table, session).keys
    return next((key.columns for key in keys if key.kind == "PRIMARY"), [])


def _columns(items: list[Expr]) -> list[str]:
    return [_stored_name(item) for item in items]


def _made_up(prefix: str, table: Name) -> str:
    """A name for a key without one; Snowflake's is SYS_CONSTRAINT_ and a random id."""
    return f"SYS_CONSTRAINT_{prefix}_{table.table}"


def _stored_name(item: Expr) -> str:
    identifier = item if isinstance(item, exp.Identifier) else item.find(exp.Identifier, bfs=True)
    if identifier is None:
        return item.name.upper()
    name: str = identifier.name
    return name if identifier.args.get("quoted") else name.upper()


def _on_column(table: Name, column: str, text: str) -> str:
    return f"COMMENT ON COLUMN {table.sql}.{_quoted(column)} IS {_text(text)}"


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql("duckdb")


def _text(value: str) -> str:
    return exp.Literal.string(value).sql("duckdb")
