"""What the wire refuses, in the words that the whole stand-in uses."""

from __future__ import annotations

from sandbox.sqlserver.results import SqlServerError


def not_modelled(what: str) -> SqlServerError:
    """Error 40517, SQL Server's number for what a server does not offer."""
    return SqlServerError(40517, f"not modelled by the stand-in: {what}")
