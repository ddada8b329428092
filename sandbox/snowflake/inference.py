"""TABLE(INFER_SCHEMA(…)): the columns of the Parquet files of a stage."""

from __future__ import annotations

import re
from pathlib import Path

from fakesnow.params import MutableParams, index_of_placeholder
from fakesnow.transforms import stage
from sqlglot import Expr, exp

from sandbox.snowflake.errors import unsupported
from sandbox.snowflake.session import Session

TYPES = {
    "VARCHAR": "TEXT",
    "DOUBLE": "REAL",
    "FLOAT": "REAL",
    "BLOB": "BINARY",
    "TIMESTAMP": "TIMESTAMP_NTZ",
    "TIMESTAMP_NS": "TIMESTAMP_NTZ(9)",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP_TZ",
    "TIMESTAMPTZ_NS": "TIMESTAMP_TZ(9)",
}
COLUMNS = ("COLUMN_NAME", "TYPE", "NULLABLE", "EXPRESSION", "FILENAMES", "ORDER_ID")


def infer_schema(expression: Expr, session: Session, params: MutableParams | None) -> Expr:
    """The table function as the rows that it returns.

    Raises:
        ProgrammingError: the stage has no such file, or it is no Parquet.
    """
    if not (
        isinstance(expression, exp.TableFromRows)
        and isinstance(expression.this, exp.Anonymous)
        and expression.this.name.upper() == "INFER_SCHEMA"
    ):
        return expression
    arguments = {kwarg.this.name.upper(): kwarg.expression for kwarg in expression.this.expressions}
    values = {name: _value(value, expression.root(), params) for name, value in arguments.items()}
    if isinstance(params, list):
        for value in reversed([v for v in arguments.values() if isinstance(v, exp.Placeholder)]):
            params.pop(index_of_placeholder(expression.root(), value))
    file = _first_file(values["LOCATION"], session)
    source = exp.Literal.string(str(file)).sql("duckdb")
    columns = session._duck_conn.execute(f"DESCRIBE SELECT * FROM read_parquet({source})").fetchall()
    rows = [
        (row[0], _type(row[1]), True, f'$1:"{row[0]}"::{_type(row[1])}', file.name, place)
        for place, row in enumerate(columns)
    ]
    return exp.values(rows, alias="inferred", columns=COLUMNS)


def _value(value: Expr, root: Expr, params: MutableParams | None) -> str:
    if isinstance(value, exp.Placeholder) and isinstance(params, list):
        return str(params[index_of_placeholder(root, value)])
    return str(value.name)


def _first_file(location: str, session: Session) -> Path:
    var, _, below = location.strip("'").removeprefix("@").partition("/")
    database, schema, name = stage.parts_from_var(var, session.database, session.schema)
    root = Path(stage.internal_dir(f"{database}.{schema}.{name}"))
    files = sorted(f for f in root.rglob("*") if f.is_file() and str(f.relative_to(root)).startswith(below))
    if not files:
        raise unsupported(f"INFER_SCHEMA of {location}, which has no file")
    return files[0]


def _type(kind: str) -> str:
    if kind.startswith("DECIMAL"):
        return "NUMBER" + kind.removeprefix("DECIMAL")
    if re.fullmatch(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?", kind):
        return "NUMBER(38, 0)"
    return TYPES.get(kind, kind)
