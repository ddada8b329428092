"""The rows that SHOW and DESCRIBE answer with, as a query for the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from sandbox.snowflake import grants, parameters
from sandbox.snowflake.errors import does_not_exist
from sandbox.snowflake.names import completed
from sandbox.snowflake.shows.grammar import Show
from sandbox.snowflake.shows.objects import LISTS, SCOPES, TERSE
from sandbox.snowflake.words import Words

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session

OURS = {
    *(f"SHOW {kind}" for kind in LISTS),
    "SHOW PARAMETERS",
    "SHOW VARIABLES",
    "SHOW TRANSACTIONS",
    "SHOW GRANTS",
}
"""The commands that are answered here; fakesnow answers the others."""


def show(command: str, sql: str, session: Session) -> str:
    """The engine's query for a SHOW command that is among `OURS`."""
    kind = command.removeprefix("SHOW ")
    if kind == "PARAMETERS":
        return parameters.shown(sql, session)
    if kind == "VARIABLES":
        return _variables(session)
    if kind == "TRANSACTIONS":
        return _transactions(session)
    if kind == "GRANTS":
        return grants.shown(sql, session)
    return _list(Show.of(kind, sql, session), session)


def _list(statement: Show, session: Session) -> str:
    scope = SCOPES.get(statement.kind, (None, None, None))
    wanted = (statement.database, statement.schema, statement.table)
    conditions = [
        f"{column} = {_text(value)}" for column, value in zip(scope, wanted, strict=True) if column and value
    ]
    if statement.like is not None:
        conditions.append(f"name ILIKE {_text(statement.like)} ESCAPE '\\'")
    if statement.starts_with is not None:
        conditions.append(f"starts_with(name, {_text(statement.starts_with)})")
    if statement.after is not None:
        conditions.append(f"name > {_text(statement.after)}")
    query = LISTS[statement.kind]
    for name in ("database", "schema", "role", "warehouse"):
        query = query.replace(f"${name}", _text(getattr(session, name) or ""))
    query = query.replace("$temporary", _temporary(session))
    columns = _terse(statement) if statement.terse else "*"
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    order = "ORDER BY ALL" if "KEYS" in statement.kind else "ORDER BY name"
    limit = f" LIMIT {statement.limit}" if statement.limit is not None else ""
    return f"SELECT {columns} FROM ({query}){where} {order}{limit}"


def _terse(statement: Show) -> str:
    """The five columns of SHOW TERSE; those that a kind of object does not have are NULL."""
    own = {"SCHEMAS": ("kind", "schema_name"), "DATABASES": ("database_name", "schema_name")}
    missing = own.get(statement.kind, ())
    if statement.kind == "VIEWS":
        return "created_on, name, 'VIEW' AS kind, database_name, schema_name"
    return ", ".join(f"NULL AS {name}" if name in missing else name for name in TERSE)


def _temporary(session: Session) -> str:
    """Database, schema and name of the session's temporary tables."""
    rows = ", ".join(
        "(" + ", ".join(map(_text, name.parts)) + ")" for name in sorted(session.temporary, key=str)
    )
    return f"VALUES {rows}" if rows else "SELECT '', '', '' WHERE false"


def _variables(session: Session) -> str:
    rows = sorted(session.variables._variables.items())
    values = ", ".join(f"({_text(name.upper())}, {_text(value.strip(chr(39)))})" for name, value in rows)
    source = f"(VALUES {values})" if rows else "(SELECT '', '' WHERE false)"
    return (
        f"SELECT {session.id} AS session_id, to_timestamp(0) AS created_on, to_timestamp(0) AS updated_on, "
        f"name, value, 'text' AS type, '' AS comment FROM {source} AS variables(name, value)"
    )


def _transactions(session: Session) -> str:
    known = session.transaction_id or ""
    return (
        f"SELECT {_text(known)} AS id, {_text(session.user)} AS \"user\", '{session.id}' AS session, "
        f"{_text(known)} AS name, to_timestamp(0) AS started_on, 'running' AS state, "
        f"0 AS scope WHERE {_text(known)} <> ''"
    )


def describe_schema(sql: str, session: Session) -> str:
    """What is in a schema or in a database, as DESCRIBE SCHEMA and DESCRIBE DATABASE list it.

    Raises:
        ProgrammingError: 002003, it is not there.
    """
    words = Words(sql)
    words.literal()
    kind, parts = words.literal(), words.name()
    if kind == "DATABASE":
        source = (
            "SELECT schema_name AS name, 'SCHEMA' AS kind FROM duckdb_schemas() "
            f"WHERE database_name = {_text(parts[0])}"
        )
    else:
        database = parts[-2] if len(parts) > 1 else session.database or ""
        source = (
            "SELECT table_name AS name, 'TABLE' AS kind FROM duckdb_tables() "
            f"WHERE database_name = {_text(database)} AND schema_name = {_text(parts[-1])}"
        )
    if session._duck_conn.execute(_known(kind, parts, session)).fetchone() is None:
        raise does_not_exist(f"{kind.title()} '{'.'.join(parts)}'")
    hidden = "('main', 'pg_catalog', 'information_schema', '_fs_information_schema')"
    return (
        f"SELECT to_timestamp(0) AS created_on, name, kind FROM ({source}) "
        f"WHERE name NOT IN {hidden} ORDER BY name"
    )


def _known(kind: str, parts: list[str], session: Session) -> str:
    if kind == "DATABASE":
        return f"SELECT 1 FROM duckdb_databases() WHERE database_name = {_text(parts[0])}"
    database = parts[-2] if len(parts) > 1 else session.database or ""
    return (
        f"SELECT 1 FROM duckdb_schemas() WHERE database_name = {_text(database)} "
        f"AND schema_name = {_text(parts[-1])}"
    )


def describe_stage(sql: str, session: Session) -> str:
    """The properties of a stage that it has here.

    Raises:
        ProgrammingError: 002003, it is not there.
    """
    words = Words(sql)
    words.literal()
    words.literal()
    parts = words.name()
    condition = f"name = {_text(parts[-1])}"
    for column, value in zip(
        ("schema_name", "database_name"), (session.schema, session.database), strict=True
    ):
        place = 2 if column == "schema_name" else 3
        condition += f" AND {column} = {_text(parts[-place] if len(parts) >= place else value or '')}"
    source = f"FROM _fs_global._fs_information_schema._fs_stages WHERE {condition}"
    if session._duck_conn.execute(f"SELECT 1 {source}").fetchone() is None:
        raise does_not_exist(f"Stage '{'.'.join(parts)}'")
    return (
        "SELECT 'STAGE_LOCATION' AS parent_property, 'URL' AS property, 'String' AS property_type, "
        f"url AS property_value, '' AS property_default {source}"
    )


def describe_sequence(sql: str, session: Session) -> str:
    """A sequence, as SHOW SEQUENCES lists it.

    Raises:
        ProgrammingError: 002003, it is not there.
    """
    words = Words(sql)
    words.literal()
    words.literal()
    parts = completed(words.name(), session)
    columns = zip(("database_name", "schema_name", "name"), parts, strict=True)
    conditions = " AND ".join(f"{column} = {_text(value)}" for column, value in columns)
    query = f"SELECT * FROM ({LISTS['SEQUENCES']}) WHERE {conditions}"
    if session._duck_conn.execute(query).fetchone() is None:
        raise does_not_exist(f"Sequence '{'.'.join(parts)}'")
    return query


def _text(value: str) -> str:
    return exp.Literal.string(value).sql("duckdb")
