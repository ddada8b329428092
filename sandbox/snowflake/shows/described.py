"""DESCRIBE of what is remembered: users and masking policies; and the parameters of a warehouse."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from sandbox.snowflake.inert import full_name, known_in
from sandbox.snowflake.words import Words

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session

WAREHOUSE_PARAMETERS = {
    "MAX_CONCURRENCY_LEVEL": "8",
    "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS": "0",
    "STATEMENT_TIMEOUT_IN_SECONDS": "172800",
}
USER_PROPERTIES = ("COMMENT", "DEFAULT_NAMESPACE", "DEFAULT_ROLE", "DEFAULT_WAREHOUSE", "DISABLED", "EMAIL",
                   "LOGIN_NAME", "RSA_PUBLIC_KEY", "RSA_PUBLIC_KEY_2", "TYPE")  # fmt: skip


def describe_user(sql: str, session: Session) -> str:
    """Properties of a user.

    Raises:
        ProgrammingError: 002003, it is not there.
    """
    words = Words(sql)
    words.skip_to("USER")
    name = ".".join(words.name())
    given = known_in("USER", name, session)
    rows = {"NAME": name} | {each: given.get(each, "null") for each in USER_PROPERTIES}
    for each in ("RSA_PUBLIC_KEY", "RSA_PUBLIC_KEY_2"):
        rows[f"{each}_FP"] = fingerprint(given[each]) if given.get(each) else "null"
    return _rows(("property", "value"), list(rows.items()))


def fingerprint(public_key: str) -> str:
    """Of a public key in base64, as Snowflake shows it."""
    digest = hashlib.sha256(base64.b64decode(public_key)).digest()
    return "SHA256:" + base64.b64encode(digest).decode()


def describe_masking_policy(sql: str, session: Session) -> str:
    """Name, signature, return type and body.

    Raises:
        ProgrammingError: 002003, it is not there.
    """
    words = Words(sql)
    words.skip_to("MASKING", "POLICY")
    name = full_name("MASKING POLICY", words.name(), session)
    given = known_in("MASKING POLICY", name, session)
    row = (name.split(".")[-1], given["SIGNATURE"], given["RETURNS"], given["BODY"])
    return _rows(("name", "signature", "return_type", "body"), [row])


def warehouse_parameters(words: Words, like: str, session: Session) -> str:
    """SHOW PARAMETERS … IN WAREHOUSE name.

    Raises:
        ProgrammingError: 002003, it is not there.
    """
    given = known_in("WAREHOUSE", ".".join(words.name()), session)
    rows = [
        (name, given.get(name, default), default, "WAREHOUSE" if name in given else "")
        for name, default in WAREHOUSE_PARAMETERS.items()
    ]
    query = _rows(("key", "value", "default", "level"), rows)
    pattern = exp.Literal.string(like).sql("duckdb")
    return f"SELECT * FROM ({query}) WHERE \"key\" ILIKE {pattern} ESCAPE '\\'"


def _rows(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    values = ", ".join(
        "(" + ", ".join(exp.Literal.string(value).sql("duckdb") for value in row) + ")" for row in rows
    )
    quoted = ", ".join(f'"{name}"' for name in names)
    return f"SELECT * FROM (VALUES {values}) AS found({quoted})"
