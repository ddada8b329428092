"""Snowflake's SQL into the engine's: fakesnow's steps in its order, ours where its own lose values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from fakesnow import transforms as theirs
from fakesnow.params import MutableParams
from sqlglot import Expr, exp

from sandbox.snowflake import context, declared, history, inference, recent, tables, tags
from sandbox.snowflake.decimals import operands
from sandbox.snowflake.mends import (
    binaries,
    checksums,
    counts,
    dialects,
    flatten,
    formats,
    identifiers,
    merges,
    numbers,
    paths,
    positions,
    queries,
    sequences,
    stages,
    temporary,
    texts,
    timestamps,
)

if TYPE_CHECKING:
    from sandbox.snowflake.session import Session

Step = Callable[[Expr], Expr]
OURS = "sandbox.snowflake.mends"
DIALECTS = dialects.LOADED
"""Loaded with this module, before there are threads."""


def translate(expression: Expr, session: Session, params: MutableParams | None) -> Expr:
    """The engine's expression for one Snowflake statement; `expression` itself is changed."""
    for step in _steps(expression, session, params):
        if getattr(step, "__module__", "").startswith(OURS):
            expression = _from_the_leaves(expression, step)
        else:
            expression = expression.transform(step, copy=False)
    return expression


def _from_the_leaves(expression: Expr, step: Step) -> Expr:
    """Apply a step to every node, inner ones first: sqlglot's transform skips what is inside of a change."""
    for node in reversed(list(expression.walk(bfs=False))):
        parent, key, index = node.parent, node.arg_key, node.index
        changed = step(node)
        if changed is not node:
            if parent is None or key is None:
                expression = changed
            else:
                parent.set(key, changed, index)
    return expression


def _steps(expression: Expr, session: Session, params: MutableParams | None) -> Iterator[Step]:
    yield from _names(session, params)
    yield from _semi_structured()
    yield from _values(copies=isinstance(expression, exp.Copy))
    yield from _shows(session)
    yield from _statements(session, params)


def _names(session: Session, params: MutableParams | None) -> Iterator[Step]:
    yield lambda e: inference.infer_schema(e, session, params)
    yield stages.unquoted_reference
    yield theirs.upper_case_unquoted_identifiers
    yield lambda e: temporary.into_session(e, session.temporary, session.database, session.schema)
    yield lambda e: theirs.update_variables(e, variables=session.variables)
    yield theirs.current_version
    yield lambda e: context.functions(e, session)
    yield lambda e: theirs.set_schema(e, current_database=session.database)
    yield declared.without_comments
    yield theirs.information_schema_fs
    yield lambda e: theirs.information_schema_databases(e, current_schema=session.schema)
    yield theirs.drop_schema_cascade
    yield theirs.tag


def _semi_structured() -> Iterator[Step]:
    yield theirs.semi_structured_types
    yield theirs.try_parse_json
    yield theirs.split
    yield theirs.trim_cast_varchar  # before json_extract_cast_as_varchar
    yield paths.chained
    yield theirs.indices_to_json_extract  # before regex_substr
    yield theirs.json_extract_cast_as_varchar
    yield theirs.json_extract_cased_as_varchar
    yield theirs.json_extract_precedence
    yield theirs.flatten_value_cast_as_varchar
    yield queries.split_to_table
    yield flatten.path
    yield theirs.flatten


def _values(*, copies: bool) -> Iterator[Step]:
    yield queries.regexp_replace
    yield theirs.regex_replace
    yield theirs.regex_substr
    yield sequences.default
    yield theirs.sequence_nextval
    yield lambda e: positions.columns(e) if not copies else e
    yield theirs.values_columns
    yield theirs.to_date
    yield theirs.timestamp_offsets
    yield theirs.to_decimal
    yield timestamps.convert_timezone
    yield timestamps.casts
    yield theirs.to_timestamp
    yield theirs.to_variant
    yield queries.array_construct
    yield theirs.object_construct
    yield formats.to_char
    yield texts.casts
    yield binaries.casts
    yield checksums.functions
    yield queries.typeof
    yield queries.greatest_and_least_by
    yield operands.bits
    yield queries.plain_integers
    yield timestamps.types
    yield theirs.float_to_double
    yield numbers.types
    yield numbers.wide_literals
    yield theirs.sample
    yield theirs.array_size
    yield theirs.random
    yield queries.seed
    yield queries.asof_join
    yield queries.sequence_in_window
    yield queries.listagg
    yield counts.count_if
    yield theirs.array_agg_within_group
    yield theirs.array_agg
    yield theirs.object_agg
    yield theirs.array_construct_etc
    yield timestamps.arithmetic
    yield theirs.datediff_string_literal_timestamp_cast


def _shows(session: Session) -> Iterator[Step]:
    """Those that shows/ does not answer."""
    database, schema = session.database, session.schema
    yield theirs.show_functions
    yield theirs.show_procedures
    yield lambda e: theirs.show_tables_etc(e, database, schema)
    yield lambda e: theirs.show_columns(e, database, schema)
    yield theirs.show_users


def _statements(session: Session, params: MutableParams | None) -> Iterator[Step]:
    database, schema = session.database, session.schema
    yield theirs.haversine
    yield theirs.hex_string
    yield theirs.sha256
    yield theirs.alias_in_where
    yield theirs.alter_table_strip_cluster_by
    yield numbers.aggregate_names
    yield lambda e: theirs.create_stage(e, database, schema)
    yield lambda e: theirs.create_file_format(e, database, schema)
    yield lambda e: theirs.list_stage(e, database, schema, session.table_stages)
    yield lambda e: theirs.put_stage(e, database, schema, params, session.table_stages)
    yield merges.unqualified_targets
    yield temporary.without_schema
    yield tables.drop_options
    yield lambda e: tables.truncate_if_exists(e, session)
    yield tables.as_engine_keeps_it
    yield identifiers.quoted
    yield lambda e: recent.result_scan(e, session)
    yield lambda e: history.table(e, session)
    yield lambda e: tags.table(e, session)
