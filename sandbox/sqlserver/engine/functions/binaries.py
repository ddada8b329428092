"""Functions of bytes and GUIDs: HASHBYTES, NEWID, ISNUMERIC's kin."""

from __future__ import annotations

from sandbox.sqlserver.engine.bound import Bound, not_modelled
from sandbox.sqlserver.engine.conversion import convert
from sandbox.sqlserver.engine.functions.signature import Function, simple
from sandbox.sqlserver.engine.types import BINARY, MAX, TEXT, UNIQUEIDENTIFIER
from sandbox.sqlserver.results import SqlServerError, SqlType

_HASHES = {"MD5": "md5", "SHA": "sha1", "SHA1": "sha1", "SHA2_256": "sha256"}


def _hashbytes(algorithm: Bound, value: Bound) -> Bound:
    name = str(algorithm.constant).upper()
    if name not in _HASHES:
        raise not_modelled(f"HASHBYTES('{name}')")
    if value.type.name not in TEXT | BINARY:
        raise SqlServerError(
            8116, f"Argument data type {value.type.name} is invalid for argument 2 of hashbytes function."
        )
    content = convert(value, SqlType("varbinary", length=MAX))
    return Bound(f"unhex({_HASHES[name]}({content.sql}))", SqlType("varbinary", length=8000), value.nullable)


def _checksum(*_values: Bound) -> Bound:
    raise not_modelled("CHECKSUM (its exact values are not documented); HASHBYTES is")


FUNCTIONS: dict[str, Function] = {
    "HASHBYTES": simple(_hashbytes, 2),
    "NEWID": simple(lambda: Bound("uuid()", UNIQUEIDENTIFIER, nullable=False), 0),
    "CHECKSUM": simple(_checksum, 1, 254),
    "BINARY_CHECKSUM": simple(_checksum, 1, 254),
}
