"""Warehouses, roles, users, policies and the like: remembered, so that SHOW lists them; without any effect.

What databases and schemas declare beside their tables is kept in the same place.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from snowflake.connector.errors import ProgrammingError

from sandbox.snowflake.errors import does_not_exist, unsupported
from sandbox.snowflake.names import completed
from sandbox.snowflake.options import Options, options
from sandbox.snowflake.words import Words

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session

IN_SCHEMAS = ("TAG", "MASKING POLICY")
"""Kinds whose names have a database and a schema."""
KINDS = (
    "WAREHOUSE",
    "ROLE",
    "USER",
    "RESOURCE MONITOR",
    "NETWORK POLICY",
    "EXTERNAL VOLUME",
    *IN_SCHEMAS,
)
SYSTEM_ROLES = ("ACCOUNTADMIN", "SECURITYADMIN", "USERADMIN", "SYSADMIN", "PUBLIC")
OBJECTS = "_fs_global._fs_information_schema._sf_objects"
GRANTS = "_fs_global._fs_information_schema._sf_granted"
CREATION = f"""
CREATE TABLE IF NOT EXISTS {OBJECTS} (
    kind VARCHAR, name VARCHAR, created_on TIMESTAMPTZ, options JSON, PRIMARY KEY (kind, name)
);
""" + "".join(
    f"INSERT OR IGNORE INTO {OBJECTS} VALUES ('ROLE', '{role}', to_timestamp(0), '{{}}');\n"
    for role in SYSTEM_ROLES
)
CREATION += f"INSERT OR IGNORE INTO {OBJECTS} VALUES ('USER', 'PLATFORM', to_timestamp(0), '{{}}');\n"
POLICY = "MASKING POLICY "
"""Before the full name of a policy, among the options of the tag that has it."""
SUCCESS = "Statement executed successfully."


@dataclass(frozen=True)
class Remembered:
    """An object that is remembered, by kind and full name."""

    kind: str
    name: str

    def options(self, session: Session) -> Options | None:
        """What it was given; None where it is not there."""
        rows = session._duck_conn.execute(
            f"SELECT options FROM {OBJECTS} WHERE kind = ? AND name = ?", [self.kind, self.name]
        ).fetchall()
        return dict(json.loads(rows[0][0])) if rows else None

    def keep(self, given: Options, session: Session) -> None:
        """Remember it with these options, and since when it is there."""
        session._duck_conn.execute(
            f"INSERT INTO {OBJECTS} VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET options = excluded.options",
            [self.kind, self.name, datetime.now(UTC), json.dumps(given)],
        )

    def forget(self, session: Session) -> None:
        """It is gone."""
        session._duck_conn.execute(
            f"DELETE FROM {OBJECTS} WHERE kind = ? AND name = ?", [self.kind, self.name]
        )


def run(command: str, sql: str, session: Session) -> str:
    """Remember what a command makes, changes or drops; says what was done.

    Raises:
        ProgrammingError: 002002, the object is there already; 002003, it is not there; 0A000, another ALTER
            than those that are known here.
    """
    words = Words(sql)
    verb, _, kind = command.partition(" ")
    if kind not in KINDS:
        return SUCCESS
    replaces = words.take("CREATE", "OR", "REPLACE")
    words.skip_to(*kind.split())
    tolerant = words.take("IF", "NOT", "EXISTS") or words.take("IF", "EXISTS")
    found = Remembered(kind, full_name(kind, words.name(), session))
    known = found.options(session)
    if verb == "CREATE":
        if known is not None and not replaces:
            if tolerant:
                return f"{found.name} already exists, statement succeeded."
            raise ProgrammingError(msg=f"Object '{found.name}' already exists.", errno=2002, sqlstate="42710")
        found.keep(_body(words, kind), session)
        return f"{kind.title()} {found.name} successfully created."
    if known is None:
        if tolerant:
            return SUCCESS
        raise does_not_exist(f"{kind.title()} '{found.name}'")
    if verb == "DROP":
        found.forget(session)
        _forget_grants(kind, found.name, session)
        return f"{found.name} successfully dropped."
    found.keep(_altered(known, words, kind, session), session)
    return SUCCESS


def _forget_grants(kind: str, name: str, session: Session) -> None:
    """Forget what was granted on an object, and to it."""
    session._duck_conn.execute(
        f"DELETE FROM {GRANTS} WHERE granted_on = ? AND name = ? OR granted_to = ? AND grantee_name = ?",
        [kind.replace(" ", "_"), name, kind, name],
    )


def full_name(kind: str, parts: list[str], session: Session) -> str:
    """A name with database and schema, where objects of its kind have them."""
    return ".".join(completed(parts, session) if kind in IN_SCHEMAS else parts)


def known_in(kind: str, name: str, session: Session) -> Options:
    """What an object was given.

    Raises:
        ProgrammingError: 002003, it is not there.
    """
    found = Remembered(kind, name).options(session)
    if found is None:
        raise does_not_exist(f"{kind.title()} '{name}'")
    return found


def _altered(known: Options, words: Words, kind: str, session: Session) -> Options:
    """The options after ALTER … SET, UNSET, SUSPEND and the like.

    Raises:
        ProgrammingError: 0A000, it is none of those; 002003, a masking policy is not there.
    """
    if words.take("UNSET"):
        gone = _with_policies(options(words), session) if kind == "TAG" else dict.fromkeys(words.rest(), "")
        return {name: value for name, value in known.items() if name not in gone}
    if kind == "MASKING POLICY" and words.take("SET", "BODY"):
        words.take("-", ">")
        return known | {"BODY": words.text_left()}
    if words.take("RENAME") or words.take("ADD") or words.take("DROP"):
        raise unsupported(f"ALTER {kind} … RENAME, ADD and DROP")
    return known | _with_policies(options(words), session)


def _with_policies(given: Options, session: Session) -> Options:
    """The options, masking policies by their full names."""
    found = {}
    for name, value in given.items():
        if name.startswith(POLICY):
            full = full_name("MASKING POLICY", name.removeprefix(POLICY).split("."), session)
            known_in("MASKING POLICY", full, session)
            name = POLICY + full
        found[name] = value
    return found


def _body(words: Words, kind: str) -> Options:
    """The options of CREATE; of a masking policy its signature and its body, too."""
    if kind != "MASKING POLICY":
        if kind == "TAG" and words.take("ALLOWED_VALUES"):
            values = [words.literal()]
            while words.take(","):
                values.append(words.literal())
            return {"ALLOWED_VALUES": json.dumps(values)} | options(words)
        return options(words)
    words.take("AS", "(")
    signature, returns = words.until("RETURNS"), words.until("-", ">")
    body, *comment = words.text_left().rsplit("COMMENT =", 1)
    given = {"SIGNATURE": "(" + signature.replace(" )", ")"), "RETURNS": returns, "BODY": body.strip()}
    return given | ({"COMMENT": Words(comment[0]).literal()} if comment else {})
