"""Tags of databases and schemas (containers.py), of tables and their columns (declared.py): who has which.

A tag on a schema is that of its tables' columns, unless they have it themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
from snowflake.connector.errors import ProgrammingError
from sqlglot import Expr, exp

from sandbox.snowflake.declared import Declared
from sandbox.snowflake.errors import does_not_exist, unsupported
from sandbox.snowflake.inert import OBJECTS, POLICY, SUCCESS, Remembered, full_name, known_in
from sandbox.snowflake.names import Name, completed
from sandbox.snowflake.recent import scanned
from sandbox.snowflake.words import Words

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session

FUNCTIONS = ("TAG_REFERENCES", "TAG_REFERENCES_ALL_COLUMNS", "POLICY_REFERENCES")
TAG_COLUMNS = ("TAG_DATABASE", "TAG_SCHEMA", "TAG_NAME", "TAG_VALUE", "LEVEL", "OBJECT_DATABASE",
               "OBJECT_SCHEMA", "OBJECT_NAME", "DOMAIN", "COLUMN_NAME")  # fmt: skip
POLICY_COLUMNS = ("POLICY_DB", "POLICY_SCHEMA", "POLICY_NAME", "POLICY_KIND", "REF_DATABASE_NAME",
                  "REF_SCHEMA_NAME", "REF_ENTITY_NAME", "REF_ENTITY_DOMAIN", "REF_COLUMN_NAME")  # fmt: skip
COLUMNS = """
SELECT column_name FROM duckdb_columns()
WHERE database_name = ? AND schema_name = ? AND table_name = ? ORDER BY column_index
"""
Row = tuple[str | None, ...]
Tags = dict[str, str]
"""Values by the tags' full names."""


def known_tags(given: Mapping[str, str], session: Session) -> Tags:
    """Tags by their full names.

    Raises:
        ProgrammingError: 002003, one is not there; 391801, it does not allow the value.
    """
    found = {}
    for name, value in given.items():
        full = full_name("TAG", name.split("."), session)
        allowed = json.loads(known_in("TAG", full, session).get("ALLOWED_VALUES", "[]"))
        if allowed and value not in allowed:
            raise ProgrammingError(
                msg=f"Tag value '{value}' is not allowed for tag '{full}'.", errno=391801, sqlstate="22023"
            )
        found[full] = value
    return found


def is_tagging(sql: str) -> bool:
    """Whether an ALTER TABLE or VIEW sets or unsets tags."""
    words = Words(sql)
    return words.skip_to("SET", "TAG") or words.skip_to("UNSET", "TAG")


def alter(sql: str, session: Session) -> str:
    """ALTER TABLE or VIEW … [MODIFY COLUMN c] SET TAG …[, COLUMN d SET TAG …]; says what was done.

    Raises:
        ProgrammingError: 002003, the table or the tag is not there; 000904, the column; 0A000, another form.
    """
    words = Words(sql)
    words.take("ALTER")
    kind = words.literal()
    words.take("IF", "EXISTS")
    name = _place(words.name(), session)
    declared = _declared(name, session)
    while words and not words.take(";"):
        column = ""
        if words.take("MODIFY") or words.take("ALTER") or words.take(",") or words.take("COLUMN"):
            words.take("COLUMN")
            column = words.literal()
            _check_column(name, column, session)
        own = dict(declared.tags.get(column, {}))
        if words.take("SET", "TAG"):
            own |= known_tags(_assigned(words), session)
        elif words.take("UNSET", "TAG"):
            own.pop(full_name("TAG", words.name(), session), None)
        else:
            raise unsupported(f"ALTER {kind} … {' '.join(words.rest()[:2])}")
        declared = replace(declared, tags=declared.tags | {column: own})
    session._duck_conn.execute(declared.sql(name, kind))
    return SUCCESS


def table(expression: Expr, session: Session) -> Expr:
    """TABLE([database.]INFORMATION_SCHEMA.TAG_REFERENCES…(…)) and POLICY_REFERENCES(…) as their rows."""
    function = called(expression)
    if not isinstance(function, exp.Anonymous):
        return expression
    texts = [_argument(argument) for argument in function.expressions]
    which = function.name.upper()
    names: tuple[str, ...]
    if which == "POLICY_REFERENCES":
        names, rows = POLICY_COLUMNS, _policies(Words(texts[0]).name(), session)
    else:
        parts = Words(texts[0]).name()
        rows = _references(parts, texts[1].upper(), session, all_columns=which != "TAG_REFERENCES")
        names = TAG_COLUMNS
    values = list(rows)
    found = pa.table(
        {name: pa.array([row[place] for row in values], pa.string()) for place, name in enumerate(names)}
    )
    return scanned(session, found, [(name, "VARCHAR") for name in names], expression.args.get("alias"))


def called(expression: Expr) -> Expr | None:
    """The function in `TABLE([database.]INFORMATION_SCHEMA.TAG_REFERENCES(…))`."""
    if not isinstance(expression, exp.TableFromRows):
        return None
    inner = expression.this
    while isinstance(inner, exp.Dot):
        inner = inner.expression
    return inner if isinstance(inner, exp.Anonymous) and inner.name.upper() in FUNCTIONS else None


def _argument(argument: Expr) -> str:
    value = argument.expression if isinstance(argument, exp.Kwarg) else argument
    if not isinstance(value, exp.Literal):
        raise unsupported(f"the argument {argument.sql('snowflake')}: give a text")
    return str(value.name)


def _references(parts: list[str], domain: str, session: Session, *, all_columns: bool) -> Iterator[Row]:
    if domain in ("DATABASE", "SCHEMA"):
        full = completed(parts, session, 2) if domain == "SCHEMA" else parts
        database, schema = (full[0], full[1]) if domain == "SCHEMA" else (full[0], "")
        for tag, (value, level) in _inherited(database, schema, session).items():
            place = (None, schema) if domain == "SCHEMA" else (None, None)
            yield _row(tag, value, level, (database, place[0], full[-1]), domain, None)
        return
    if domain not in ("TABLE", "VIEW"):
        raise unsupported(f"TAG_REFERENCES of a {domain}")
    name = _place(parts, session)
    declared = _declared(name, session)
    above = _inherited(name.database, name.schema, session)
    above |= {tag: (value, "TABLE") for tag, value in declared.tags.get("", {}).items()}
    if not all_columns:
        for tag, (value, level) in above.items():
            yield _row(tag, value, level, name.parts, domain, None)
        return
    for (column,) in session._duck_conn.execute(COLUMNS, list(name.parts)).fetchall():
        own = {tag: (value, "COLUMN") for tag, value in declared.tags.get(column, {}).items()}
        for tag, (value, level) in (above | own).items():
            yield _row(tag, value, level, name.parts, "COLUMN", column)


def _inherited(database: str, schema: str, session: Session) -> dict[str, tuple[str, str]]:
    """Value and level of each tag that a schema, or a database, has."""
    found: dict[str, tuple[str, str]] = {}
    places = [("DATABASE", database), *([("SCHEMA", f"{database}.{schema}")] if schema else [])]
    for kind, name in places:
        given = Remembered(kind, name).options(session) or {}
        found |= {n.removeprefix("TAG "): (v, kind) for n, v in given.items() if n.startswith("TAG ")}
    return found


def _row(
    tag: str, value: str, level: str, place: tuple[str, str | None, str], domain: str, column: str | None
) -> Row:
    return (*tag.split("."), value, level, *place, domain, column)


def _policies(parts: list[str], session: Session) -> Iterator[Row]:
    """The tags that have a masking policy."""
    policy = full_name("MASKING POLICY", parts, session)
    known_in("MASKING POLICY", policy, session)
    rows = session._duck_conn.execute(f"SELECT name, options FROM {OBJECTS} WHERE kind = 'TAG'").fetchall()
    for name, given in rows:
        if POLICY + policy in json.loads(given):
            yield (*policy.split("."), "MASKING_POLICY", *name.split("."), "TAG", None)


def _assigned(words: Words) -> dict[str, str]:
    """`name = 'value'` and more of them, up to another column."""
    found = {}
    while True:
        name = ".".join(words.name())
        words.take("=")
        found[name] = words.literal()
        if words.comes(",", "COLUMN") or words.comes(",", "MODIFY") or not words.take(","):
            return found


def _place(parts: list[str], session: Session) -> Name:
    return Name(*completed(parts, session))


def _declared(name: Name, session: Session) -> Declared:
    if not session._duck_conn.execute(COLUMNS, list(name.parts)).fetchall():
        raise does_not_exist(f"Table '{name}'")
    return Declared.stored(name, session)


def _check_column(name: Name, column: str, session: Session) -> None:
    known = {row[0] for row in session._duck_conn.execute(COLUMNS, list(name.parts)).fetchall()}
    if column not in known:
        raise ProgrammingError(msg=f"invalid identifier '{column}'", errno=904, sqlstate="42000")
