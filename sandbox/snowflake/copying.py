"""COPY INTO a table: Parquet matched by column name, with Snowflake's casts and load metadata.

Other formats are left to fakesnow. Everything happens in the session's transaction, the load metadata too;
purged files are deleted when it commits.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from fakesnow.copy_into import stage_url_from_var
from fakesnow.transforms import stage
from sqlglot import exp

from sandbox.snowflake.errors import does_not_exist, unsupported
from sandbox.snowflake.names import Name
from sandbox.snowflake.session import Session
from sandbox.snowflake.work import Recorder
from sandbox.snowflake.zoned.columns import ENGINE_TYPE

OPTIONS = {"FILE_FORMAT", "FORCE", "PURGE", "FILES", "MATCH_BY_COLUMN_NAME", "ON_ERROR"}
SWITCHES = {"FORCE", "PURGE"}
RESULT = pa.schema(
    [
        ("file", pa.string()),
        ("status", pa.string()),
        ("rows_parsed", pa.int64()),
        ("rows_loaded", pa.int64()),
        ("error_limit", pa.int64()),
        ("errors_seen", pa.int64()),
        ("first_error", pa.string()),
        ("first_error_line", pa.int64()),
        ("first_error_character", pa.int64()),
        ("first_error_column_name", pa.string()),
    ]
)
NOTHING = pa.table({"status": ["Copy executed with 0 files processed."]})

COLUMNS = """
SELECT column_name, data_type FROM duckdb_columns()
WHERE upper(database_name) = upper(?) AND upper(schema_name) = upper(?) AND upper(table_name) = upper(?)
ORDER BY column_index
"""
LOADED_BEFORE = """
SELECT 1 FROM {history} WHERE file_name = ? AND schema_name = ? AND table_name = ? LIMIT 1
"""
REMEMBER = """
INSERT INTO {history} (schema_name, file_name, table_name, last_load_time, status, row_count, row_parsed)
VALUES (?, ?, ?, ?, 'LOADED', ?, ?)
"""
OFFSET_AFTER_SPACE = r"'(\d)\s+([+-]\d{2}:?(?:\d{2})?|Z)$', '\1\2'"


@dataclass(frozen=True)
class Options:
    """The options of a COPY that matter here."""

    matches_names: bool
    is_parquet: bool
    force: bool
    purge: bool
    files: tuple[str, ...]

    @classmethod
    def of(cls, copy: exp.Copy) -> Options:
        """Read the options, and take those that are switched off out of the statement.

        Raises:
            ProgrammingError: 0A000, names an option that the stand-in does not have.
        """
        values = {parameter.this.name.upper(): parameter for parameter in copy.args.get("params") or []}
        for name in values:
            if name not in OPTIONS:
                raise unsupported(f"the COPY option {name}")
        on = {name for name in SWITCHES & values.keys() if _is_true(values[name])}
        kept = [p for name, p in values.items() if name not in SWITCHES or name in on - {"PURGE"}]
        copy.set("params", kept)
        text = values["FILE_FORMAT"].sql("snowflake").upper() if "FILE_FORMAT" in values else ""
        match = values.get("MATCH_BY_COLUMN_NAME")
        named = values.get("FILES")
        return cls(
            matches_names=match is not None and "CASE" in match.sql("snowflake").upper(),
            is_parquet="PARQUET" in text,
            force="FORCE" in on,
            purge="PURGE" in on,
            files=tuple(literal.name for literal in named.find_all(exp.Literal)) if named else (),
        )


def source_files(copy: exp.Copy, options: Options, session: Session) -> list[Path]:
    """The files of the internal stage that a COPY reads.

    Raises:
        ProgrammingError: 002003, the stage is not there.
    """
    reference = next((t.this for t in copy.args["files"][0].find_all(exp.Table)), copy.args["files"][0].this)
    name = reference.name
    if not name.startswith("@"):
        raise unsupported("COPY from a place outside of Snowflake")
    table = copy.this.this if isinstance(copy.this, exp.Schema) else copy.this
    url = stage_url_from_var(
        name[1:], session._duck_conn, session.database, session.schema, session.table_stages, table
    )
    if options.files:
        return [Path(f"{url.rstrip('/')}/{file}") for file in options.files]
    database, schema, root, *_ = Path(url).relative_to(stage.LOCAL_BUCKET_PATH).parts
    folder = Path(stage.LOCAL_BUCKET_PATH) / database / schema / root
    found = (file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("."))
    return sorted(file for file in found if str(file).startswith(url))


def copy_parquet(target: Name, files: Iterable[Path], options: Options, session: Session) -> pa.Table:
    """Load Parquet files by column name; returns Snowflake's result rows, one a file.

    Raises:
        ProgrammingError: 002003, the table is not there.
        duckdb.Error: a value cannot be cast, is too long, or is NULL where none may be.
    """
    engine = session.recorder
    columns = dict(engine.execute(COLUMNS, list(target.parts)).fetchall())
    if not columns:
        raise does_not_exist(f"Table '{target}'")
    history = f'"{session.database}"._fs_information_schema._fs_load_history'
    rows = []
    for file in files:
        key = f"{file}#{hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()}"
        place = [key, target.schema, target.table]
        known = engine.execute(LOADED_BEFORE.format(history=history), place).fetchone()
        if known and not options.force:
            rows.append(_result(file, "LOAD_SKIPPED", 0, "File was loaded before."))
            continue
        count = _load(engine, target, columns, file)
        now = datetime.now(UTC)
        engine.execute(
            REMEMBER.format(history=history), [target.schema, key, target.table, now, count, count]
        )
        rows.append(_result(file, "LOADED", count, None))
    return pa.Table.from_pylist(rows, RESULT) if rows else NOTHING


def _load(engine: Recorder, target: Name, columns: dict[str, str], file: Path) -> int:
    source = f"read_parquet({_text(str(file))})"
    in_file = {row[0].upper(): row for row in engine.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
    loaded = {name: in_file[name.upper()] for name in columns if name.upper() in in_file}
    if not loaded:
        return int(engine.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0])
    names = ", ".join(_quoted(name) for name in loaded)
    values = ", ".join(_cast(_quoted(row[0]), row[1], columns[name]) for name, row in loaded.items())
    sql = f"INSERT INTO {target.sql} ({names}) SELECT {values} FROM {source}"
    return int(engine.execute(sql).fetchall()[0][0])


def _cast(column: str, kind: str, target: str) -> str:
    """A file's column as Snowflake casts it into a table's: binary from hex, offsets after a space."""
    if kind == "VARCHAR" and target == "BLOB":
        return f"from_hex({column})"
    if target == ENGINE_TYPE:
        return f"_sf_timestamp_tz({column})"
    if kind == "VARCHAR" and target in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"):
        return f"CAST(regexp_replace({column}, {OFFSET_AFTER_SPACE}) AS {target})"
    if kind == "VARCHAR" and target == "TIMESTAMP_NS":
        return f"_sf_timestamp_ns({column})"
    if kind == "BLOB" and target == "VARCHAR":
        return f"decode({column})"
    return f"CAST({column} AS {target})"


def _result(file: Path, status: str, count: int, error: str | None) -> dict[str, object]:
    return {
        "file": stage.internal_file_name(str(file)),
        "status": status,
        "rows_parsed": count,
        "rows_loaded": count,
        "error_limit": None if error else 1,
        "errors_seen": 1 if error else 0,
        "first_error": error,
    }


def _is_true(parameter: exp.CopyParameter) -> bool:
    return re.search(r"\bFALSE\b", parameter.sql("snowflake"), re.IGNORECASE) is None


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql("duckdb")


def _text(value: str) -> str:
    return exp.Literal.string(re.sub(r"([*?\[])", r"[\1]", value)).sql("duckdb")
