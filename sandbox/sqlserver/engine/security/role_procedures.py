"""The older procedures of role membership, which set-up scripts still use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.sqlserver.engine.procedures import ProcedureContext, ProcedureParameter, procedure
from sandbox.sqlserver.engine.types import SYSNAME
from sandbox.sqlserver.results import Result

_ROLE = (ProcedureParameter("rolename", SYSNAME), ProcedureParameter("membername", SYSNAME))
_SERVER_ROLE = (ProcedureParameter("loginame", SYSNAME), ProcedureParameter("rolename", SYSNAME))


def _name(value: Any) -> str:
    return "[" + str(value).replace("]", "]]") + "]"


@procedure("sys.sp_addrolemember", *_ROLE)
def add_role_member(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """ALTER ROLE … ADD MEMBER."""
    role, member = _name(arguments["rolename"]), _name(arguments["membername"])
    yield from context.run(f"ALTER ROLE {role} ADD MEMBER {member}")


@procedure("sys.sp_droprolemember", *_ROLE)
def drop_role_member(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """ALTER ROLE … DROP MEMBER."""
    role, member = _name(arguments["rolename"]), _name(arguments["membername"])
    yield from context.run(f"ALTER ROLE {role} DROP MEMBER {member}")


@procedure("sys.sp_addsrvrolemember", *_SERVER_ROLE)
def add_server_role_member(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """ALTER SERVER ROLE … ADD MEMBER."""
    role, login = _name(arguments["rolename"]), _name(arguments["loginame"])
    yield from context.run(f"ALTER SERVER ROLE {role} ADD MEMBER {login}")


@procedure("sys.sp_dropsrvrolemember", *_SERVER_ROLE)
def drop_server_role_member(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """ALTER SERVER ROLE … DROP MEMBER."""
    role, login = _name(arguments["rolename"]), _name(arguments["loginame"])
    yield from context.run(f"ALTER SERVER ROLE {role} DROP MEMBER {login}")


PROCEDURES = (add_role_member, drop_role_member, add_server_role_member, drop_server_role_member)
