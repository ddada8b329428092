"""Which type wins where several meet."""

from __future__ import annotations

from sandbox.sqlserver.engine import printing
from sandbox.sqlserver.engine.types import (
    BINARY,
    EXACT,
    LOB,
    MAX,
    PRECEDENCE,
    TEMPORAL,
    TEXT,
    as_decimal,
    decimal,
)
from sandbox.sqlserver.results import SqlType


def common_type(types: list[SqlType]) -> SqlType:
    """The type of a CASE, COALESCE, UNION… whose branches have these types.

    [Microsoft: "Data type precedence"; "Precision, scale, and length" for decimals and texts.]
    """
    known = [kind for kind in types if kind.name != "null"]
    if not known:
        return SqlType("null")
    winner = min(
        known,
        key=lambda kind: PRECEDENCE.index(
            kind.name.replace("timestamp", "rowversion").replace("xml", "ntext")
        ),
    )
    if winner.name in ("decimal", "numeric"):
        exact = [as_decimal(kind) for kind in known if kind.name in EXACT]
        scale = max(kind.scale for kind in exact)
        return decimal(max(kind.precision - kind.scale for kind in exact) + scale, scale)
    if winner.name in TEXT | BINARY and winner.name not in LOB:
        return _common_length(winner, known)
    if winner.name in ("time", "datetime2", "datetimeoffset"):
        return SqlType(winner.name, scale=max(kind.scale for kind in known if kind.name in TEMPORAL))
    return winner


def _common_length(winner: SqlType, known: list[SqlType]) -> SqlType:
    name = winner.name
    if any(kind != winner for kind in known):
        name = {"nchar": "nvarchar", "char": "varchar", "binary": "varbinary"}.get(name, name)
    lengths = [kind.length if kind.name in TEXT | BINARY else printing.widest(kind) for kind in known]
    return SqlType(name, length=MAX if MAX in lengths else max(lengths))
