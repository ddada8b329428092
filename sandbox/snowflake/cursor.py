"""Runs one statement of a session: what kind it is, in which transaction it runs, and what it returns."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
import sqlglot
from fakesnow import transforms
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.params import MutableParams
from sqlglot import Expr, exp
from sqlglot.errors import ParseError

from sandbox.snowflake import (
    commands,
    containers,
    copying,
    decimals,
    declared,
    direct,
    dynamic,
    errors,
    grants,
    merging,
    objects,
    stages,
    tables,
    tags,
    zoned,
)
from sandbox.snowflake.footprint import Footprint, defined, footprint
from sandbox.snowflake.mends import identifiers, moments, overwrites, syntax, temporary, variables
from sandbox.snowflake.names import Name, upper_case
from sandbox.snowflake.session import Session
from sandbox.snowflake.statements import Kind, kind_of, merge_counts, refuse, session_parameters
from sandbox.snowflake.translate import translate

SUCCESS = "SELECT 'Statement executed successfully.' AS \"status\""


@dataclass(frozen=True)
class Upload:
    """Where the client of a PUT must write its files."""

    stage: str
    data: dict[str, Any]


class Cursor(FakeSnowflakeCursor):
    """fakesnow's cursor inside Snowflake's transactions, with the engine's own MERGE."""

    _conn: Session
    _arrow_table: Any
    _rowcount: Any
    _sfqid: Any
    _last_transformed: Any

    def __init__(self, conn: Session, duck_conn: duckdb.DuckDBPyConnection) -> None:
        super().__init__(conn, duck_conn)
        self._statement: Expr = exp.Select()
        self.columns: list[tuple[str, str]] = []
        """Names and engine types of the result's columns."""

    def execute(
        self,
        command: str,
        params: Sequence[Any] | dict[Any, Any] | None = None,
        *args: Any,  # noqa: ARG002 - fakesnow's signature
        **kwargs: Any,
    ) -> Cursor:
        """Run one statement; its result is in the cursor.

        Raises:
            snowflake.connector.errors.Error: whatever went wrong, with Snowflake's number and SQL state.
        """
        bound = kwargs.get("binding_params") or params
        values: MutableParams | None = (
            dict(bound) if isinstance(bound, dict) else list(bound) if bound else None
        )
        with self._one_statement():
            self._run_command(direct.unwrapped(command), values)
        self._sfqid = kwargs.get("query_id") or str(uuid.uuid4())
        self._conn.results.keep(self._sfqid, self.table, self.columns)
        return self

    @contextmanager
    def _one_statement(self) -> Iterator[None]:
        """Around all that a statement does: in its time, with Snowflake's errors, nothing kept after it."""
        try:
            with errors.translated(), self._conn.within_its_time():
                yield
        finally:
            self._conn.let_go()

    def execute_batch(self, command: str, rows: list[tuple[Any, ...]]) -> None:
        """Run one statement for each row of bound values; the result counts all of them."""
        with self._one_statement():
            self._run_batch(self._parse(command), rows)

    def _run_batch(self, expression: Expr, rows: list[tuple[Any, ...]]) -> None:
        refuse(expression)
        if kind_of(expression) is not Kind.DML:
            raise errors.unsupported(
                "binding arrays to a statement that is no INSERT, UPDATE, DELETE or MERGE"
            )
        count = 0
        self._statement = expression.copy()
        moments.fixed(expression)
        with self._conn.writing(footprint(expression, self._conn)):
            for row in rows:
                values: MutableParams = list(row)
                self._run_parts(self._with_names(expression.copy(), values), values)
                count += self.rowcount or 0
        self._arrow_table = pa.table({self.columns[0][0]: [count]})
        self.columns = self.columns[:1]

    def describe_only(self, command: str) -> None:
        """Describe the result of a statement without running it; the cursor has columns and no row."""
        with self._one_statement():
            name = commands.command_of(command)
            commands.refuse(name)
            if name == "SELECT":
                self._describe_query(self._parse(command))
            elif name and name.startswith(("SHOW", "DESCRIBE", "LIST")):
                self._run_command(command, None)
                self._arrow_table = self.table.slice(0, 0)
            else:
                self._answer(direct.description(self._parse(command)))
                self._arrow_table = self.table.slice(0, 0)

    def _describe_query(self, expression: Expr) -> None:
        refuse(expression)
        self.check_db_and_schema(expression)
        self._statement = expression.copy()
        without_values = expression.transform(lambda e: exp.Null() if isinstance(e, exp.Placeholder) else e)
        sql = self._transform(without_values, None).sql(dialect="duckdb")
        with self._conn.reading(footprint(expression, self._conn)):
            described = self._duck_conn.execute(f"DESCRIBE {sql}").fetchall()
        self.columns = [(row[0], row[1]) for row in described]
        self._arrow_table = pa.table({name: pa.array([], pa.string()) for name, _ in self.columns})

    @property
    def table(self) -> pa.Table:
        """The rows of the result."""
        return self._arrow_table

    @property
    def statement(self) -> Expr:
        """The statement as Snowflake has it, parsed."""
        return self._statement

    @property
    def upload(self) -> Upload | None:
        """What a client must do to put files, where the statement was PUT."""
        arguments: dict[str, Any] = self._last_transformed.args if self._last_transformed else {}
        data = arguments.get("put_stage_data")
        return Upload(arguments["put_stage_name"], data) if data else None

    def _parse(self, command: str) -> Expr:
        code = variables.inlined(command, self._conn.variables._variables)
        try:
            return sqlglot.parse_one(syntax.readable(code), read="snowflake")
        except ParseError as error:
            raise errors.syntax(error) from error

    def _run_command(self, command: str, params: MutableParams | None) -> None:
        name = commands.command_of(command)
        commands.refuse(name)
        if name is None:
            raise errors.no_command(command)
        if name in dynamic.COMMANDS:
            command = dynamic.rewritten(name, command, self._conn)
        if name in containers.CREATES:
            with containers.remembering(name, command, self._conn) as plain:
                self._run(self._parse(plain), params)
            return
        if name in ("ALTER TABLE", "ALTER VIEW") and tags.is_tagging(command):
            self._statement = exp.Command(this=name)
            with self._conn.defining(frozenset()):
                self._answer_rows(pa.table({"status": [tags.alter(command, self._conn)]}))
            return
        if not direct.is_direct(name):
            self._run(self._parse(command), params)
            return
        self._statement = exp.Command(this=name)
        conn = self._conn
        with conn.defining(frozenset()) if direct.defines(name) else conn.reading(Footprint()):
            self._answer(direct.answer(name, command, self._conn))

    def _run(self, expression: Expr, params: MutableParams | None) -> None:
        refuse(expression)
        self._statement = expression.copy()
        expression = self._with_names(expression, params)
        if given := variables.assignments(expression):
            self._set_variables(given, params)
            return
        match kind_of(expression):
            case Kind.BEGIN:
                self._conn.begin()
                self._answer(SUCCESS)
            case Kind.COMMIT:
                self._conn.commit()
                self._answer(SUCCESS)
            case Kind.ROLLBACK:
                self._conn.rollback()
                self._answer(SUCCESS)
            case Kind.SESSION:
                self._conn.set_parameters(session_parameters(expression))
                self._answer(SUCCESS)
            case Kind.INERT:
                self._answer(SUCCESS)
            case Kind.REMOVE:
                removed = stages.remove(expression, self._conn)
                self._answer_rows(
                    pa.table({"name": pa.array(removed, pa.string()), "result": ["removed"] * len(removed)})
                )
            case Kind.DDL:
                self._define(expression, params)
            case Kind.DML | Kind.QUERY as kind:
                around = self._conn.writing if kind is Kind.DML else self._conn.reading
                with around(footprint(expression, self._conn)):
                    self._run_parts(moments.fixed(expression), params)

    def _set_variables(self, given: list[tuple[str, Expr]], params: MutableParams | None) -> None:
        """SET: the values are computed now."""
        query = exp.select(*(exp.alias_(value, name, quoted=True) for name, value in given))
        with self._conn.reading(footprint(query, self._conn)):
            self._run_parts(moments.fixed(query), params)
        (values,) = self.table.to_pylist()
        self._conn.variables._variables.update(
            {name: exp.convert(v).sql("snowflake") for name, v in values.items()}
        )
        self._answer(SUCCESS)

    def _with_names(self, expression: Expr, params: MutableParams | None) -> Expr:
        """The statement with the tables that IDENTIFIER(…) names, checked to have a database and a schema."""
        expression = expression.transform(lambda e: identifiers.from_function(e, params), copy=False)
        self.check_db_and_schema(expression)
        return expression

    def _define(self, expression: Expr, params: MutableParams | None) -> None:
        """Run DDL, and keep account of the session's temporary tables."""
        known = self._conn.temporary
        made = temporary.created(expression)
        if made is None and (name := objects.is_there_already(expression, self._conn)):
            self._answer_rows(pa.table({"status": [f"{name} already exists, statement succeeded."]}))
            return
        dropped = expression.args.get("tables") or [] if isinstance(expression, exp.Drop) else []
        with self._conn.defining(defined(expression, self._conn)):
            followed = grants.following(expression, self._conn)
            if done := objects.define(expression, self._conn):
                self._answer_rows(pa.table({"status": [done]}))
            else:
                self._run_parts(expression, params)
            for statement in followed:
                self._duck_conn.execute(statement)
        if made is not None:
            known.add(Name.of(upper_case(made), self._conn.database, self._conn.schema))
        for table in dropped:
            known.discard(Name.of(upper_case(table), self._conn.database, self._conn.schema))

    def _run_parts(self, expression: Expr, params: MutableParams | None) -> None:
        for part in self._transform_explode(expression):
            original = part.copy()
            keeps = declared.is_kept(original, self._conn)
            if declared.is_all(original):
                self._keep_declared(original)
                self._answer(SUCCESS)
                continue
            transformed = self._transform(part, params)
            needs = params if transformed.find(exp.Placeholder) else None
            if overwrites.is_aside(transformed):
                self._duck_conn.execute(transformed.sql("duckdb"), needs)
            elif isinstance(transformed, exp.Copy):
                self._copy(transformed, needs)
            elif isinstance(transformed, exp.Merge):
                self._merge(transformed, needs, is_repeatable=footprint(original, self._conn).is_repeatable)
            elif statements := tables.statements_for(transformed, self._conn):
                self._in_one_transaction(statements, needs)
            else:
                self._execute(transformed, needs)
            if keeps:
                self._keep_declared(original)

    def _keep_declared(self, original: Expr) -> None:
        for statement in declared.statements(original, self._conn):
            self._duck_conn.execute(statement)

    def _transform(self, expression: Expr, params: MutableParams | None) -> Expr:
        translated = translate(expression, self._conn, params)
        translated = zoned.with_offsets(translated, params, self._conn)
        return decimals.with_exact_types(translated, params, self._conn._duck_conn)

    def _transform_explode(self, expression: Expr) -> list[Expr]:
        for split in (
            transforms.create_table_autoincrement,
            overwrites.insert_overwrite,
        ):
            parts: list[Expr] = split(expression)
            if len(parts) > 1:
                return parts
        return [expression]

    def _execute(self, transformed: Expr, params: MutableParams | None = None) -> None:
        super()._execute(transformed, params)
        self._note_columns()

    def _copy(self, copy: exp.Copy, params: MutableParams | None) -> None:
        options = copying.Options.of(copy)
        files = copying.source_files(copy, options, self._conn)
        is_plain = not isinstance(copy.args["files"][0], exp.Subquery) and isinstance(copy.this, exp.Table)
        if options.is_parquet and options.matches_names and is_plain:
            loaded = copying.copy_parquet(self._conn.name_of(copy.this), files, options, self._conn)
            self._answer_rows(loaded)
        else:
            self._execute(copy, params)
        if options.purge:
            self._conn.files_to_purge.extend(files)

    def _merge(self, merge: exp.Merge, params: MutableParams | None, *, is_repeatable: bool) -> None:
        actions = merging.run(merge, params, self._conn.recorder, is_repeatable=is_repeatable)
        self._answer(merge_counts(merge, actions))
        self._rowcount = sum(actions.values())
        self._last_transformed = merge

    def _in_one_transaction(self, statements: list[str], params: MutableParams | None) -> None:
        self._duck_conn.execute("BEGIN")
        try:
            for statement in statements:
                self._duck_conn.execute(statement, params if statement.startswith("INSERT") else None)
            self._duck_conn.execute("COMMIT")
        except duckdb.Error:
            self._duck_conn.execute("ROLLBACK")
            raise
        self._answer(SUCCESS)

    def _answer(self, sql: str) -> None:
        """Make the rows of `sql`, which reads no table, the statement's result."""
        with self._duck_conn.cursor() as aside:
            aside.execute(sql)
            self.columns = [(name, str(kind)) for name, kind, *_ in aside.description]
            self._show(aside.to_arrow_table())

    def _answer_rows(self, table: pa.Table) -> None:
        """Make rows of texts and integers the statement's result."""
        self.columns = [
            (f.name, "BIGINT" if pa.types.is_integer(f.type) else "VARCHAR") for f in table.schema
        ]
        self._show(table)

    def _show(self, table: pa.Table) -> None:
        self._arrow_table = table
        self._rowcount = table.num_rows
        self._sfqid = str(uuid.uuid4())
        self._last_transformed = exp.Select()

    def _note_columns(self) -> None:
        self.columns = [(name, str(kind)) for name, kind, *_ in self._duck_conn.description or []]
