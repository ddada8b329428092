"""Messages of the databases, without what they quote of rows: those values may be personal."""

from __future__ import annotations

import re

VALUE = "'…'"
_NAMES = (
    "column|constraint|database|file|format|function|identifier|login|name|object|role|schema|stage|table|"
    "user|view|warehouse"
)
_QUOTED = re.compile(
    rf"(?P<name>\b(?:{_NAMES}) '[^']*')"
    r"|'.*'"
    r'|(?<=string )".*"'
    r"|(?<=variant value ).*(?= to )"  # Snowflake, 100071
    r"|(?<=Row Values: )\[.*\]"  # Snowflake, 100090
    r"|(?<=key value is )\(.*\)",  # SQL Server, 2601 and 2627
    re.IGNORECASE,
)


def without_values(message: str) -> str:
    """A message of a driver or a database in which `'…'` stands for each value; names of objects stay.

    What is in quotes is a value unless the word before says that it is a name. Where a value begins, all up
    to the last quote of the line goes: it may have quotes itself.
    """
    return _QUOTED.sub(lambda found: found[0] if found["name"] else VALUE, message)
