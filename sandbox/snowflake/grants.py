"""GRANT and REVOKE: remembered and shown, not enforced. Grants on tables follow their tables.

Future grants count when a table, a view or a stage is made; COPY GRANTS keeps what the replaced one had.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlglot import Expr, exp

from sandbox.snowflake.errors import does_not_exist
from sandbox.snowflake.inert import GRANTS, OBJECTS, SUCCESS
from sandbox.snowflake.mends import temporary
from sandbox.snowflake.names import Name, completed
from sandbox.snowflake.words import Words

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session

CREATION = f"""
CREATE TABLE IF NOT EXISTS {GRANTS} (
    created_on TIMESTAMPTZ, privilege VARCHAR, granted_on VARCHAR, name VARCHAR, granted_to VARCHAR,
    grantee_name VARCHAR, grant_option BOOLEAN, granted_by VARCHAR, is_future BOOLEAN
);
"""
SAME = (
    "privilege = ? AND granted_on = ? AND name = ? AND granted_to = ? AND grantee_name = ? AND is_future = ?"
)
ACCOUNT_KINDS = ("ACCOUNT", "DATABASE", "EXTERNAL_VOLUME", "INTEGRATION", "RESOURCE_MONITOR", "ROLE", "USER",
                 "WAREHOUSE")  # fmt: skip
"""Kinds whose names stand alone; of a schema the name has a database, of all others a schema, too."""
CHECKED = {"ROLE": "ROLE", "USER": "USER", "WAREHOUSE": "WAREHOUSE", "TAG": "TAG",
           "MASKING_POLICY": "MASKING POLICY", "EXTERNAL_VOLUME": "EXTERNAL VOLUME",
           "RESOURCE_MONITOR": "RESOURCE MONITOR"}  # fmt: skip
"""Kinds of which it is known what is there, and how inert.py calls them."""
RELATIONS = """
SELECT database_name || '.' || schema_name || '.' || table_name AS name, 'TABLE' AS kind, comment
FROM duckdb_tables() WHERE NOT internal
UNION ALL
SELECT database_name || '.' || schema_name || '.' || view_name, 'VIEW', comment
FROM duckdb_views() WHERE NOT internal
"""
KIND_OF_RELATION = """
CASE WHEN json_extract_string(comment, '$.iceberg') = 'true' THEN 'ICEBERG_TABLE'
    WHEN coalesce(json_extract_string(comment, '$.dynamic'), '') <> '' THEN 'DYNAMIC_TABLE' ELSE kind END
"""


@dataclass(frozen=True)
class Statement:
    """What a GRANT or a REVOKE names."""

    privileges: list[str]
    kind: str
    name: str
    grantee_kind: str
    grantee: str
    scope: str = ""
    """ALL or FUTURE objects of the kind in the schema or database `name`; empty for one object."""


def run(sql: str, session: Session) -> str:
    """Remember a GRANT, or forget what a REVOKE takes away; says what was done.

    Raises:
        ProgrammingError: 002003, the object or who shall get it is not there.
    """
    words = Words(sql)
    grants = words.take("GRANT")
    words.take("REVOKE")
    words.take("GRANT", "OPTION", "FOR")
    statement = _read(words, "TO" if grants else "FROM", session)
    option = words.take("WITH", "GRANT", "OPTION")
    if grants:
        _check(statement, session)
    for kind, name in _objects(statement, session):
        for privilege in statement.privileges:
            to, is_future = [statement.grantee_kind, statement.grantee], statement.scope == "FUTURE"
            row = [privilege, kind, name, *to, is_future]
            session._duck_conn.execute(f"DELETE FROM {GRANTS} WHERE {SAME}", row)
            if grants:
                _insert(row, session, has_option=option)
    return SUCCESS


def shown(sql: str, session: Session) -> str:
    """The query for SHOW [FUTURE] GRANTS with ON kind name, TO ROLE r, TO USER u, OF ROLE r or IN scope."""
    words = Words(sql)
    words.take("SHOW")
    is_future = words.take("FUTURE")
    words.take("GRANTS")
    columns = "created_on, privilege, granted_on, name, granted_to, grantee_name, grant_option, granted_by"
    if words.take("OF", "ROLE"):
        columns = "created_on, name AS role, granted_to, grantee_name, granted_by"
        condition = f"granted_on = 'ROLE' AND name = {_text('.'.join(words.name()))}"
    elif words.take("TO"):
        kind = words.literal()
        condition = f"granted_to = {_text(kind)} AND grantee_name = {_text('.'.join(words.name()))}"
    elif words.take("ON"):
        kind, name = _one(_until(words), session)
        condition = f"granted_on = {_text(kind)} AND name = {_text(name)}"
    elif words.take("IN"):
        _, name = _one(_until(words), session)
        condition = f"starts_with(name, {_text(name + '.<')})"
    else:
        condition = f"granted_to = 'USER' AND grantee_name = {_text(session.user)}"
    if is_future:
        columns = (
            "created_on, privilege, granted_on AS grant_on, name, granted_to AS grant_to, grantee_name, "
            "grant_option"
        )
    return (
        f"SELECT {columns} FROM {GRANTS} WHERE {condition} AND is_future = {is_future} "
        "ORDER BY created_on, privilege"
    )


def following(expression: Expr, session: Session) -> list[str]:
    """The engine's statements that bring grants along with a DDL statement, to be run after it.

    Asked before, as it looks at what is there.
    """
    if isinstance(expression, exp.Drop):
        return _dropped(expression, session)
    if not session._duck_conn.execute(f"SELECT 1 FROM {GRANTS} LIMIT 1").fetchall():
        return []
    if isinstance(expression, exp.Create):
        return _made(expression, session)
    if isinstance(expression, exp.Alter) and isinstance(expression.this, exp.Table):
        old = str(session.name_of(expression.this))
        if swapped := expression.find(exp.SwapTable):
            return [_renaming({old: (new := str(session.name_of(swapped.this))), new: old})]
        if renamed := expression.find(exp.AlterRename):
            return [_renaming({old: str(session.name_of(renamed.this))})]
    return []


def _made(create: exp.Create, session: Session) -> list[str]:
    kind = str(create.args.get("kind") or "").upper()
    table = create.this.this if isinstance(create.this, exp.Schema) else create.this
    if kind not in ("TABLE", "VIEW", "STAGE") or not isinstance(table, exp.Table):
        return []
    if temporary.created(create) is not None:
        return []
    name = session.name_of(table)
    is_there = kind != "STAGE" and _is_there(name, session)
    if is_there and not create.args.get("replace"):
        return []
    properties = create.args.get("properties")
    source = create.args.get("clone") or (properties.find(exp.LikeProperty) if properties else None)
    own = _kind_made(create, kind)
    if create.find(exp.CopyGrantsProperty) and (is_there or source):
        if is_there or source is None:
            return [f"UPDATE {GRANTS} SET granted_on = {_text(own)} WHERE {_of(str(name))}"]
        return [_copying(f"{_of(str(session.name_of(source.this)))}", own, str(name))]
    future = f"is_future AND name = {_text(f'{name.database}.{name.schema}.<{own}>')}"
    return [f"DELETE FROM {GRANTS} WHERE {_of(str(name))}", _copying(future, own, str(name))]


def _kind_made(create: exp.Create, kind: str) -> str:
    if create.find(exp.DynamicProperty):
        return "DYNAMIC_TABLE"
    return "ICEBERG_TABLE" if create.find(exp.IcebergProperty) else kind


def _copying(condition: str, kind: str, name: str) -> str:
    return (
        f"INSERT INTO {GRANTS} SELECT now(), privilege, {_text(kind)}, {_text(name)}, granted_to, "
        f"grantee_name, grant_option, granted_by, false FROM {GRANTS} WHERE {condition}"
    )


def _of(name: str) -> str:
    """Condition: grants on a table, view or stage of that name."""
    return f"NOT is_future AND name = {_text(name)} AND granted_on NOT IN ('DATABASE', 'SCHEMA')"


def _renaming(names: dict[str, str]) -> str:
    cases = " ".join(f"WHEN {_text(old)} THEN {_text(new)}" for old, new in names.items())
    known = ", ".join(map(_text, names))
    return f"UPDATE {GRANTS} SET name = CASE name {cases} END WHERE NOT is_future AND name IN ({known})"


def _dropped(drop: exp.Drop, session: Session) -> list[str]:
    kind = str(drop.args.get("kind") or "").upper()
    found = []
    for table in drop.args.get("tables") or [drop.this]:
        if not isinstance(table, exp.Table):
            continue
        if kind in ("DATABASE", "SCHEMA"):
            parts = [p.name if p.args.get("quoted") else p.name.upper() for p in table.parts]
            name = ".".join(
                parts if kind == "DATABASE" or len(parts) > 1 else [session.database or "", *parts]
            )
            inside = f"starts_with(name, {_text(name + '.')})"
            found.append(
                f"DELETE FROM {GRANTS} WHERE granted_on = {_text(kind)} AND name = {_text(name)} OR {inside}"
            )
            found.append(
                f"DELETE FROM {OBJECTS} WHERE kind = {_text(kind)} AND name = {_text(name)} "
                f"OR kind IN ('SCHEMA', 'TAG', 'MASKING POLICY') AND {inside}"
            )
        elif kind in ("TABLE", "VIEW", "STAGE"):
            full = session.name_of(table)
            found.append(f"DELETE FROM {GRANTS} WHERE {_of(str(full))}")
    return found


def _read(words: Words, direction: str, session: Session) -> Statement:
    granted = _until(words, "ON", "TO", "FROM")
    if granted[0] == "ROLE" or granted[:2] == ["DATABASE", "ROLE"]:
        privileges, kind, name, scope = ["USAGE"], "_".join(granted[:-1]), granted[-1], ""
    else:
        privileges = [part.strip() for part in " ".join(granted).replace(" ,", ",").split(",")]
        target = _until(words, direction)
        scope = target[0] if target[0] in ("ALL", "FUTURE") else ""
        if scope:
            place = target.index("IN")
            kind = _singular(target[1:place])
            _, name = _one(target[place + 1 :], session)
        else:
            kind, name = _one(target, session)
    grantee_kind = "USER" if words.take("USER") else "ROLE"
    words.take("ROLE")
    return Statement(privileges, kind, name, grantee_kind, ".".join(words.name()), scope)


def _one(target: list[str], session: Session) -> tuple[str, str]:
    """Kind and full name of one object: `TABLE`, `t` → `TABLE`, `DB.SCHEMA.T`."""
    if target == ["ACCOUNT"]:
        return "ACCOUNT", ""
    kind, parts = "_".join(target[:-1]), target[-1].split(".")
    if kind in ACCOUNT_KINDS:
        return kind, target[-1]
    return kind, ".".join(completed(parts, session, 2 if kind == "SCHEMA" else 3))


def _objects(statement: Statement, session: Session) -> Iterator[tuple[str, str]]:
    if statement.scope == "FUTURE":
        yield statement.kind, f"{statement.name}.<{statement.kind}>"
    elif statement.scope == "ALL":
        query = f"SELECT name FROM ({RELATIONS}) WHERE starts_with(name, ?) AND {KIND_OF_RELATION} = ?"
        for (name,) in session._duck_conn.execute(query, [statement.name + ".", statement.kind]).fetchall():
            yield statement.kind, name
    else:
        yield statement.kind, statement.name


def _check(statement: Statement, session: Session) -> None:
    found: list[tuple[str, str]] = [(statement.grantee_kind, statement.grantee)]
    if not statement.scope:
        found.append((statement.kind, statement.name))
    for kind, name in found:
        if kind in CHECKED:
            query, values = f"SELECT 1 FROM {OBJECTS} WHERE kind = ? AND name = ?", [CHECKED[kind], name]
        elif kind == "DATABASE":
            query, values = "SELECT 1 FROM duckdb_databases() WHERE database_name = ?", [name]
        elif kind == "SCHEMA":
            query = "SELECT 1 FROM duckdb_schemas() WHERE database_name || '.' || schema_name = ?"
            values = [name]
        elif kind in ("TABLE", "VIEW"):
            query, values = f"SELECT 1 FROM ({RELATIONS}) WHERE name = ?", [name]
        else:
            continue
        if session._duck_conn.execute(query, values).fetchone() is None:
            raise does_not_exist(f"{kind.replace('_', ' ').title()} '{name}'")


def _is_there(name: Name, session: Session) -> bool:
    query = f"SELECT 1 FROM ({RELATIONS}) WHERE name = ?"
    return session._duck_conn.execute(query, [str(name)]).fetchone() is not None


def _insert(row: list[Any], session: Session, *, has_option: bool) -> None:
    *named, is_future = row
    values = [datetime.now(UTC), *named, has_option, session.role, is_future]
    session._duck_conn.execute(f"INSERT INTO {GRANTS} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def _singular(words: list[str]) -> str:
    text = "_".join(words)
    return text[:-3] + "Y" if text.endswith("IES") else text.removesuffix("S")


def _until(words: Words, *ends: str) -> list[str]:
    """The words before one of the ends, which is taken; a name with dots is one word."""
    found: list[str] = []
    while words and not words.take(";") and not any(words.take(end) for end in ends):
        if words.take("."):
            found[-1] += "." + words.literal()
        else:
            found.append(words.literal())
    return found


def _text(value: str) -> str:
    return exp.Literal.string(value).sql("duckdb")
