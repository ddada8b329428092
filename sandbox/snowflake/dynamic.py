"""Dynamic tables: tables with their query, which nobody runs again but ALTER DYNAMIC TABLE … REFRESH.

The statement that made one is kept with it, see declared.py: to refresh it is to run that again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from snowflake.connector.errors import ProgrammingError
from sqlglot import Expr, exp

from sandbox.snowflake.declared import Declared
from sandbox.snowflake.errors import does_not_exist, unsupported
from sandbox.snowflake.names import Name
from sandbox.snowflake.words import Words

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session

COMMANDS = ("ALTER DYNAMIC TABLE", "DROP DYNAMIC TABLE")
NOTHING = "SELECT 'Statement executed successfully.' AS status"
DROP = re.compile(r"DYNAMIC\s+", re.IGNORECASE)


def rewritten(command: str, sql: str, session: Session) -> str:
    """The statement that an ALTER or a DROP of a dynamic table stands for.

    Raises:
        ProgrammingError: 002003, there is no such dynamic table; 0A000, another ALTER than REFRESH, SUSPEND
            and RESUME.
    """
    words = Words(sql)
    words.skip_to("DYNAMIC", "TABLE")
    tolerant = words.take("IF", "EXISTS")
    *before, table = words.name()
    current = [session.database or "", session.schema or ""]
    database, schema = [*current[: 2 - len(before)], *before]
    name = Name(database, schema, table)
    declared = Declared.stored(name, session)
    if not declared.dynamic:
        if tolerant:
            return NOTHING
        raise does_not_exist(f"Dynamic Table '{name}'")
    if command == "DROP DYNAMIC TABLE":
        return DROP.sub("", sql, count=1)
    if words.take("REFRESH"):
        return declared.dynamic
    if words.take("SUSPEND") or words.take("RESUME"):
        return NOTHING
    raise unsupported(f"ALTER DYNAMIC TABLE … {' '.join(words.rest()[:2])}")


def check(create: Expr) -> None:
    """Hold what Snowflake wants of CREATE DYNAMIC TABLE: a lag and a warehouse.

    Raises:
        ProgrammingError: names the options that are missing.
    """
    properties = create.args.get("properties")
    given = {item.name.upper() for item in (properties.find_all(exp.Property) if properties else [])}
    missing = [name for name in ("TARGET_LAG", "WAREHOUSE") if name not in given]
    if missing:
        raise ProgrammingError(
            msg=f"SQL compilation error: Missing option(s): {missing}", errno=2029, sqlstate="42601"
        )
