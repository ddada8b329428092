"""Every command of Snowflake's SQL reference: does it work here, is it inert, or is it refused by its name?

Source: Snowflake's documentation, "SQL command reference", all commands. docs/snowflake-stand-in.md lists the
same in short; a test compares the two.
"""

from __future__ import annotations

import re
from enum import Enum

from sandbox.snowflake.errors import unsupported


class Handling(Enum):
    """What becomes of a command."""

    WORKS = "works"
    INERT = "accepted and without effect"
    REFUSED = "refused by its name"


WORKS = """
ALTER DYNAMIC TABLE, ALTER SEQUENCE, ALTER SESSION, ALTER TABLE, ALTER VIEW, BEGIN, COMMENT, COMMIT, COPY
INTO, CREATE DATABASE, CREATE DYNAMIC TABLE, CREATE FILE FORMAT, CREATE ICEBERG TABLE, CREATE SCHEMA,
CREATE SEQUENCE, CREATE STAGE, CREATE TABLE, CREATE VIEW, DELETE, DESCRIBE DATABASE, DESCRIBE MASKING
POLICY, DESCRIBE SCHEMA, DESCRIBE SEQUENCE, DESCRIBE STAGE, DESCRIBE TABLE, DESCRIBE USER, DESCRIBE VIEW,
DROP DATABASE, DROP DYNAMIC TABLE, DROP FILE FORMAT, DROP ICEBERG TABLE, DROP SCHEMA, DROP SEQUENCE, DROP
STAGE, DROP TABLE, DROP VIEW, EXECUTE IMMEDIATE, INSERT, LIST, MERGE, PUT, REMOVE, ROLLBACK, SELECT, SET,
SHOW COLUMNS, SHOW DATABASES, SHOW EXPORTED KEYS, SHOW EXTERNAL VOLUMES, SHOW FILE FORMATS, SHOW
FUNCTIONS, SHOW GRANTS, SHOW IMPORTED KEYS, SHOW MASKING POLICIES, SHOW NETWORK POLICIES, SHOW OBJECTS,
SHOW PARAMETERS, SHOW PRIMARY KEYS, SHOW PROCEDURES, SHOW RESOURCE MONITORS, SHOW ROLES, SHOW SCHEMAS,
SHOW SEQUENCES, SHOW STAGES, SHOW TABLES, SHOW TAGS, SHOW TRANSACTIONS, SHOW UNIQUE KEYS, SHOW USERS,
SHOW VARIABLES, SHOW VIEWS, SHOW WAREHOUSES, START TRANSACTION, TRUNCATE TABLE, UNSET, UPDATE, USE, USE
DATABASE, USE ROLE, USE SCHEMA, USE WAREHOUSE
"""
INERT = """
ALTER DATABASE, ALTER EXTERNAL VOLUME, ALTER MASKING POLICY, ALTER NETWORK POLICY, ALTER RESOURCE
MONITOR, ALTER ROLE, ALTER SCHEMA, ALTER TAG, ALTER USER, ALTER WAREHOUSE, CREATE EXTERNAL VOLUME, CREATE
MASKING POLICY, CREATE NETWORK POLICY, CREATE RESOURCE MONITOR, CREATE ROLE, CREATE TAG, CREATE USER,
CREATE WAREHOUSE, DROP EXTERNAL VOLUME, DROP MASKING POLICY, DROP NETWORK POLICY, DROP RESOURCE MONITOR,
DROP ROLE, DROP TAG, DROP USER, DROP WAREHOUSE, GRANT, REVOKE, USE SECONDARY ROLES
"""
REFUSED = """
ALTER ACCOUNT, ALTER FILE FORMAT, ALTER ICEBERG TABLE, ALTER STAGE, CALL, COPY FILES, CREATE ACCOUNT,
DECLARE, DESCRIBE DYNAMIC TABLE, DESCRIBE EXTERNAL VOLUME, DESCRIBE FILE FORMAT, DESCRIBE ICEBERG TABLE,
DESCRIBE INTEGRATION, DESCRIBE NETWORK POLICY, DESCRIBE RESULT, DESCRIBE ROLE, DESCRIBE TRANSACTION,
DESCRIBE WAREHOUSE, DROP ACCOUNT, DROP CONNECTION, EXECUTE ALERT, EXECUTE IMMEDIATE FROM, EXECUTE JOB
SERVICE, EXECUTE MANAGED TASK, EXECUTE NOTEBOOK, EXECUTE SERVICE, EXECUTE TASK, EXPLAIN, GET, SAVEPOINT,
SHOW ACCOUNTS, SHOW CLASSES, SHOW DELEGATED AUTHORIZATIONS, SHOW DYNAMIC TABLES, SHOW GLOBAL ACCOUNTS,
SHOW ICEBERG TABLES, SHOW LOCKS, SHOW MANAGED ACCOUNTS, SHOW REGIONS, SHOW REPLICATION ACCOUNTS, SHOW
REPLICATION DATABASES, UNDROP ACCOUNT, UNDROP DATABASE, UNDROP DYNAMIC TABLE, UNDROP EXTERNAL VOLUME,
UNDROP ICEBERG TABLE, UNDROP SCHEMA, UNDROP TABLE, UNDROP TAG, UNDROP VIEW
"""
REFUSED_OBJECTS = """
AGENT, AGGREGATION POLICY, ALERT, API INTEGRATION, APPLICATION, APPLICATION PACKAGE, APPLICATION ROLE,
AUTHENTICATION POLICY, BACKUP POLICY, BACKUP SET, CATALOG INTEGRATION, COMPUTE POOL, CONNECTION, CONTACT,
CORTEX SEARCH SERVICE, DATA METRIC FUNCTION, DATABASE ROLE, DATASET, DBT PROJECT, EVENT TABLE, EXTERNAL
ACCESS INTEGRATION, EXTERNAL FUNCTION, EXTERNAL TABLE, FAILOVER GROUP, FEATURE POLICY, FUNCTION, GATEWAY,
GIT REPOSITORY, HYBRID TABLE, IMAGE REPOSITORY, INDEX, INTEGRATION, JOIN POLICY, LISTING, MANAGED
ACCOUNT, MATERIALIZED VIEW, MCP SERVER, MODEL, MODEL MONITOR, NETWORK RULE, NOTEBOOK, NOTIFICATION
INTEGRATION, ORGANIZATION ACCOUNT, ORGANIZATION LISTING, ORGANIZATION PROFILE, PACKAGES POLICY, PASSWORD
POLICY, PIPE, PRIVACY POLICY, PROCEDURE, PROJECTION POLICY, PROVISIONED THROUGHPUT, REPLICATION GROUP,
ROW ACCESS POLICY, SECRET, SECURITY INTEGRATION, SEMANTIC VIEW, SERVICE, SESSION POLICY, SHARE, SNAPSHOT,
STORAGE INTEGRATION, STORAGE LIFECYCLE POLICY, STREAM, STREAMLIT, TASK, TYPE, WORKSPACE
"""
VERBS_OF_OBJECTS = ("ALTER", "CREATE", "DESCRIBE", "DROP", "SHOW", "UNDROP")
VERBS = (*VERBS_OF_OBJECTS, "EXECUTE", "USE", "COPY", "GRANT", "REVOKE")
"""A statement that begins with one of these, and is none of the commands, is refused, too."""

SYNONYMS = {"DESC": "DESCRIBE", "LS": "LIST", "RM": "REMOVE", "WITH": "SELECT", "VALUES": "SELECT"}
MODIFIERS = {"OR", "REPLACE", "TRANSIENT", "TEMP", "TEMPORARY", "VOLATILE", "LOCAL", "GLOBAL", "SECURE",
             "RECURSIVE", "SCOPED", "TERSE", "IF", "NOT", "EXISTS", "USER", "BUILTIN", "FUTURE"}  # fmt: skip
LONGEST = 4
"""Words of the longest command's name."""
BEGINNING = 2000
"""Characters among which a statement's first words are."""
COMMENT = re.compile(r"--[^\n]*|//[^\n]*|/\*.*?\*/", re.DOTALL)
PIECE = re.compile(
    r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"]|\"\")*\"|\$\$.*?\$\$|--[^\n]*|//[^\n]*|/\*.*?\*/|;", re.DOTALL
)
"""A literal, a quoted name, a comment, or the end of a statement."""
TRANSACTION_WORDS = ("TRANSACTION", "WORK", "NAME")
WORDS = re.compile(r"(?:[A-Za-z_]\w*\s*)+")


def _names(text: str) -> list[str]:
    return [" ".join(name.split()) for name in text.split(",")]


def plural(kind: str) -> str:
    """How SHOW names objects of a kind."""
    if kind.endswith("Y") and not kind.endswith("AY"):
        return kind[:-1] + "IES"
    return kind + ("ES" if kind.endswith(("X", "S")) else "S")


def _table() -> dict[str, Handling]:
    table = {
        f"{verb} {plural(kind) if verb == 'SHOW' else kind}": Handling.REFUSED
        for kind in _names(REFUSED_OBJECTS)
        for verb in VERBS_OF_OBJECTS
    }
    table |= dict.fromkeys(_names(REFUSED), Handling.REFUSED)
    table |= dict.fromkeys(_names(INERT), Handling.INERT)
    return table | dict.fromkeys(_names(WORKS), Handling.WORKS)


COMMANDS: dict[str, Handling] = _table()
"""By name, in upper case."""


def command_of(sql: str) -> str | None:
    """The command that a statement is; None where it is none of Snowflake's.

    Raises:
        ProgrammingError: 0A000, it begins like a command of Snowflake's but is none that is known here.
    """
    words = leading_words(sql)
    if not words:
        return None
    verb, others = words[0], words[1:]
    if verb in VERBS_OF_OBJECTS:
        while others and others[0] in MODIFIERS and f"{verb} {' '.join(others[:2])}" not in COMMANDS \
                and f"{verb} {others[0]}" not in COMMANDS:  # fmt: skip
            others = others[1:]
    if verb == "BEGIN" and others and others[0] not in TRANSACTION_WORDS:
        raise unsupported("BEGIN … END (Snowflake Scripting)")
    if verb == "TRUNCATE":
        return "TRUNCATE TABLE"
    for length in range(LONGEST, -1, -1):
        name = " ".join([verb, *others[:length]])
        if name in COMMANDS and len(others) >= length:
            return name
    if verb == "DESCRIBE":
        return "DESCRIBE TABLE"
    if verb in VERBS:
        raise unsupported(" ".join([verb, *others[:2]]))
    return None


def refuse(command: str | None) -> None:
    """Refuse a command that is refused by its name.

    Raises:
        ProgrammingError: 0A000, names the command.
    """
    if command is not None and COMMANDS[command] is Handling.REFUSED:
        raise unsupported(command)


def split(sql: str) -> list[str]:
    """The statements of a text, which semicolons separate; comments alone are none.

    Raises:
        ProgrammingError: 0A000, it is a block of Snowflake Scripting.
    """
    statements, start = [], 0
    for found in PIECE.finditer(sql):
        if found[0] == ";":
            statements.append(sql[start : found.start()])
            start = found.end()
    statements.append(sql[start:])
    kept = [statement for statement in statements if COMMENT.sub("", statement).strip()]
    for statement in kept:
        refuse(command_of(statement) if leading_words(statement)[:1] in (["BEGIN"], ["DECLARE"]) else None)
    return kept


def leading_words(sql: str) -> list[str]:
    """The words with which a statement begins, in upper case and without comments."""
    code = COMMENT.sub(" ", sql[:BEGINNING]).lstrip()
    if code.startswith("("):
        return ["SELECT"]
    found = WORDS.match(code)
    words = found[0].upper().split() if found else []
    return [SYNONYMS.get(words[0], words[0]), *words[1:]] if words else []
