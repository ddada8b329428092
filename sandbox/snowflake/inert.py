"""Roles, warehouses, grants and the like: remembered, so that SHOW lists them, and without any effect."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from snowflake.connector.errors import ProgrammingError

from sandbox.snowflake.errors import does_not_exist
from sandbox.snowflake.words import Words

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session

KINDS = ("WAREHOUSE", "ROLE", "RESOURCE MONITOR", "NETWORK POLICY", "TAG")
OBJECTS = "_fs_global._fs_information_schema._sf_inert_objects"
GRANTS = "_fs_global._fs_information_schema._sf_grants"
CREATION = f"""
CREATE TABLE IF NOT EXISTS {OBJECTS} (
    kind VARCHAR, name VARCHAR, comment VARCHAR, size VARCHAR, created_on TIMESTAMPTZ, PRIMARY KEY (kind,
    name)
);
CREATE TABLE IF NOT EXISTS {GRANTS} (
    created_on TIMESTAMPTZ, privilege VARCHAR, granted_on VARCHAR, name VARCHAR, granted_to VARCHAR,
    grantee_name VARCHAR, grant_option BOOLEAN, granted_by VARCHAR
);
"""
SUCCESS = "Statement executed successfully."


def run(command: str, sql: str, session: Session) -> str:
    """Remember what an inert command makes, changes or drops; says what was done.

    Raises:
        ProgrammingError: 002002, the object is there already; 002003, it is not there.
    """
    words = Words(sql)
    verb, _, kind = command.partition(" ")
    if command == "GRANT":
        return _grant(words, session)
    if command == "REVOKE":
        return _revoke(words, session)
    if kind not in KINDS:
        return SUCCESS
    replaces = words.take("CREATE", "OR", "REPLACE")
    words.skip_to(*kind.split())
    tolerant = words.take("IF", "NOT", "EXISTS") or words.take("IF", "EXISTS")
    name = ".".join(words.name())
    engine = session._duck_conn
    known = engine.execute(f"SELECT 1 FROM {OBJECTS} WHERE kind = ? AND name = ?", [kind, name]).fetchone()
    if verb == "CREATE":
        if known and not replaces:
            if tolerant:
                return f"{name} already exists, statement succeeded."
            raise ProgrammingError(msg=f"Object '{name}' already exists.", errno=2002, sqlstate="42710")
        return _create(kind, name, words.rest(), session)
    if known is None and not tolerant:
        raise does_not_exist(f"{kind.title()} '{name}'")
    if verb == "DROP":
        engine.execute(f"DELETE FROM {OBJECTS} WHERE kind = ? AND name = ?", [kind, name])
        return f"{name} successfully dropped."
    return SUCCESS


def _create(kind: str, name: str, options: list[str], session: Session) -> str:
    values = [kind, name, _option(options, "COMMENT"), _option(options, "WAREHOUSE_SIZE"), datetime.now(UTC)]
    session._duck_conn.execute(f"INSERT OR REPLACE INTO {OBJECTS} VALUES (?, ?, ?, ?, ?)", values)
    return f"{kind.title()} {name} successfully created."


def _option(options: list[str], name: str) -> str | None:
    """The value in `NAME = value`."""
    for place, word in enumerate(options[:-2]):
        if word == name and options[place + 1] == "=":
            return options[place + 2]
    return None


def _grant(words: Words, session: Session) -> str:
    """`GRANT privileges ON object TO role`, or `GRANT ROLE r TO …`; one row a privilege."""
    privileges, kind, name, grantee_kind, grantee = _parts(words, "TO")
    option = words.take("WITH", "GRANT", "OPTION")
    for privilege in privileges:
        session._duck_conn.execute(
            f"INSERT INTO {GRANTS} VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [datetime.now(UTC), privilege, kind, name, grantee_kind, grantee, option, session.role],
        )
    return SUCCESS


def _revoke(words: Words, session: Session) -> str:
    privileges, kind, name, grantee_kind, grantee = _parts(words, "FROM")
    for privilege in privileges:
        session._duck_conn.execute(
            f"DELETE FROM {GRANTS} WHERE privilege = ? AND granted_on = ? AND name = ? "
            "AND granted_to = ? AND grantee_name = ?",
            [privilege, kind, name, grantee_kind, grantee],
        )
    return SUCCESS


def _parts(words: Words, direction: str) -> tuple[list[str], str, str, str, str]:
    """Privileges, kind and name of what is granted, kind and name of who gets it."""
    words.literal()  # GRANT or REVOKE
    words.take("GRANT", "OPTION", "FOR")
    granted = _until(words, "ON", "TO", "FROM")
    if granted[0] == "ROLE" or granted[:2] == ["DATABASE", "ROLE"]:
        privileges, kind, name = ["USAGE"], "ROLE", granted[-1]
    else:
        privileges = [part.strip() for part in " ".join(granted).split(",")]
        target = _until(words, direction)
        kind, name = " ".join(target[:-1]) or target[0], "".join(target[-1:])
    grantee_kind = "USER" if words.take("USER") else "ROLE"
    words.take("ROLE")
    return privileges, kind, name, grantee_kind, ".".join(words.name())


def _until(words: Words, *ends: str) -> list[str]:
    """The words before one of the ends, which is taken; a name with dots is one word."""
    found: list[str] = []
    while words and not any(words.take(end) for end in ends):
        if words.take("."):
            found[-1] += "." + words.literal()
        else:
            found.append(words.literal())
    return found
