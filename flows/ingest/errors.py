"""What replication can meet and cannot mend by itself; each message names the object and the remedy."""

from __future__ import annotations


class ReplicationError(Exception):
    """Base of all expected failures: shown to people as one line, without a traceback."""


class SourceError(ReplicationError):
    """SQL Server, its CDC or one of its tables is not as replication needs it."""


class TableError(SourceError):
    """One table cannot be read or kept as it is; the others can."""


class TablesStandError(SourceError):
    """Some tables can no longer be followed; all the others are up to date."""


class WarehouseError(ReplicationError):
    """Snowflake refused a statement, or its tables are not as replication needs them."""


class ConcurrentRunError(ReplicationError):
    """Another run moved the cursor in the meantime; this one rolled back."""
