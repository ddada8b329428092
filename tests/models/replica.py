"""RAW as replication keeps it: mirrors, change logs and numbered arrivals, changed batch by batch."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count

from snowflake.snowpark import Session

from deployments.connections import connect_snowflake, snowpark_session
from deployments.settings import SnowflakeSettings
from flows.ingest.warehouse.history_sql import create_history
from snowpark_models.runner import Candidate
from snowpark_models.runner.names import identifier
from snowpark_models.sources import SOURCES
from tests.models.given import PLATFORM_COLUMNS, Value, as_query, raw_types
from tests.models.histories import captured, log_types

OPS = (
    "CREATE SCHEMA OPS",
    "CREATE TABLE OPS.ARRIVALS (ARRIVAL NUMBER(19,0), TABLE_NAME VARCHAR, BATCH VARCHAR)",
    "CREATE TABLE OPS.CURSORS (PIPELINE VARCHAR, UPDATED_AT TIMESTAMP_NTZ(9))",
    "CREATE TABLE OPS.REPLICATED_TABLES (TABLE_NAME VARCHAR, STATE VARCHAR)",
)


class Replica:
    """The sources of a session's database, which has none yet."""

    def __init__(self, session: Session, sources: Sequence[str] = tuple(SOURCES)) -> None:
        self.session = session
        self.arrivals = count(1)
        self.positions = count(1)
        for statement in ("CREATE SCHEMA RAW", *OPS):
            session.sql(statement).collect()
        for name in sources:
            source = SOURCES[name]
            if source.is_history:
                session.sql(create_history(captured(source))).collect()
                continue
            session.sql(f"CREATE TABLE RAW.{source.table} AS {as_query(raw_types(name), ())}").collect()
            log = as_query(log_types(source), ())
            session.sql(f"CREATE TABLE RAW.{source.change_log} AS {log}").collect()

    def position(self) -> str:
        """A position later than all others so far."""
        return f"{next(self.positions):050}"

    def deliver(self, name: str, rows: Sequence[dict[str, Value]], position: str | None = None) -> None:
        """Bring a batch in, each key at most once; what is not later than what is there changes nothing."""
        source, types = SOURCES[name], raw_types(name)
        arrival, position = next(self.arrivals), position or self.position()
        query = as_query(types, tuple({**row, "_position": position} for row in rows))
        batch = f"batch-{arrival:06}"
        logged = ", ".join(identifier(column) for column in types if column not in PLATFORM_COLUMNS)
        self.session.sql(
            f"INSERT INTO RAW.{source.change_log} ({logged}, _POSITION, _OPERATION, _COMMITTED_AT, _BATCH) "
            f"SELECT {logged}, _POSITION, IFF(_DELETED, 1, 4), _COMMITTED_AT, '{batch}' FROM ({query}) AS R"
        ).collect()
        names = [identifier(column) for column in types]
        self.session.sql(f"""
            MERGE INTO RAW.{source.table} AS m USING ({query}) AS s
            ON {" AND ".join(f"m.{identifier(key)} = s.{identifier(key)}" for key in source.key)}
            WHEN MATCHED AND s._POSITION >= m._POSITION THEN UPDATE SET
                {", ".join(f"m.{column} = s.{column}" for column in names)}
            WHEN NOT MATCHED THEN INSERT ({", ".join(names)})
            VALUES ({", ".join(f"s.{column}" for column in names)})
        """).collect()
        self.session.sql(
            f"INSERT INTO OPS.ARRIVALS VALUES ({arrival}, '{source.table}', '{batch}')"
        ).collect()


def open_gate(_candidate: Candidate) -> bool:
    return True


@contextmanager
def database(session: Session, snowflake: SnowflakeSettings) -> Iterator[Session]:
    """A session in an empty database of its own."""
    name = f"INCREMENTAL_{uuid.uuid4().hex[:12].upper()}"
    session.sql(f"CREATE DATABASE {name}").collect()
    with connect_snowflake(snowflake.model_copy(update={"database": name}), "incremental") as connection:
        yield snowpark_session(connection)
