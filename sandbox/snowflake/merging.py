"""Runs a MERGE: by the engine's own, or by an INSERT where no row of the source has a match.

The engine's MERGE carries each row through every clause and hands it back to be counted; where nothing
matches, an INSERT leaves the same rows at half the cost.
"""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc
from fakesnow.params import MutableParams
from sqlglot import Expr, exp

from sandbox.snowflake.work import Recorder

COMPUTED = (exp.AggFunc, exp.Distinct, exp.Group, exp.Join, exp.Lateral, exp.SetOperation, exp.Window)
"""What makes a source dear to ask twice: first for matches, and then for its rows."""


def run(
    merge: exp.Merge, params: MutableParams | None, engine: Recorder, *, is_repeatable: bool
) -> Counter[str]:
    """Run the engine's statement; how many rows it has inserted, updated and deleted.

    Args:
        merge: the statement.
        params: its bound values, None where it has none.
        engine: the connection.
        is_repeatable: whether it gives the same when it is computed twice.

    Raises:
        duckdb.Error: it cannot be run, or two rows of the source match one of the target.
    """
    insert = _insert(merge) if is_repeatable and not params else None
    if insert is not None and not _has_matches(merge, engine):
        ((count,),) = engine.execute(insert.sql("duckdb")).fetchall()
        return Counter(INSERT=count)
    done: pa.Table = engine.execute(merge.sql("duckdb") + " RETURNING merge_action", params).to_arrow_table()
    counts = pc.value_counts(done.column(0)).to_pylist()
    return Counter({str(found["values"]): int(found["counts"]) for found in counts})


def _has_matches(merge: exp.Merge, engine: Recorder) -> bool:
    matches = exp.select("1").from_(merge.this).join(merge.args["using"], on=merge.args["on"]).limit(1)
    return bool(engine.execute(matches.sql("duckdb")).fetchall())


def _insert(merge: exp.Merge) -> exp.Insert | None:
    """What the statement comes to when nothing matches; None where that is no plain INSERT of its source."""
    source = merge.args["using"]
    unmatched = [when for when in merge.args["whens"].expressions if not when.args["matched"]]
    if len(unmatched) != 1 or unmatched[0].args.get("source") or any(source.find_all(*COMPUTED)):
        return None
    then = unmatched[0].args["then"]
    if not (isinstance(then, exp.Insert) and isinstance(then.expression, exp.Tuple)):
        return None
    values = then.expression.expressions
    if any(map(_is_default, values)):
        return None
    rows = exp.select(*values).from_(source)
    if condition := unmatched[0].args.get("condition"):
        rows = rows.where(condition)
    target = merge.this.copy()
    target.set("alias", None)
    if then.this:
        target = exp.Schema(this=target, expressions=[name.copy() for name in then.this.expressions])
    return exp.Insert(this=target, expression=rows)


def _is_default(value: Expr) -> bool:
    return isinstance(value, exp.Var) and value.name.upper() == "DEFAULT"
