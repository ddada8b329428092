"""All models over one small Shellcorp, held against SQL by hand on its tables, on another engine."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pytest
from snowflake.snowpark import Session

from deployments.connections import connect_snowflake, snowpark_session
from deployments.settings import SnowflakeSettings
from snowpark_models import Model
from snowpark_models.runner import ModelOutcome, Options, materialise, plan
from snowpark_models.runner.names import identifier
from snowpark_models.sources import SOURCES
from tests.models.by_hand.edge_cases import EDGE_CASES
from tests.models.by_hand.edge_changes import earlier_changes, last_rows
from tests.models.given import as_query, raw_types
from tests.models.histories import HISTORIES, histories_of_mirrors, log_types
from tests.models.shellcorp import Shellcorp

SEED = 20260601
BY_HAND = Path(__file__).parent / "by_hand"
MARTS = plan(["marts"])
ASKED = [mart for mart in MARTS if (BY_HAND / f"{mart.name}.sql").exists()]


@pytest.fixture(scope="module")
def shellcorp(session: Session, snowflake: SnowflakeSettings) -> Iterator[Session]:
    """A session in a database of its own whose RAW holds a small Shellcorp: random rows, and given ones."""
    database = f"SHELLCORP_{uuid.uuid4().hex[:12].upper()}"
    session.sql(f"CREATE DATABASE {database}").collect()
    connection = connect_snowflake(snowflake.model_copy(update={"database": database}), "tests of the models")
    opened = snowpark_session(connection)
    opened.sql("CREATE SCHEMA RAW").collect()
    for source, rows in Shellcorp(SEED).rows().items():
        query = as_query(raw_types(source), (*rows, *EDGE_CASES.get(source, ()), *last_rows(source)))
        opened.sql(f"CREATE TABLE RAW.{SOURCES[source].table} AS {query}").collect()
    for statement in histories_of_mirrors():
        opened.sql(statement).collect()
    for known in HISTORIES:
        query = as_query(log_types(known), tuple(earlier_changes(f"raw_{known.table.lower()}")))
        names = ", ".join(identifier(name) for name in opened.table(f"RAW.{known.change_log}").columns)
        opened.sql(f"INSERT INTO RAW.{known.change_log} ({names}) SELECT {names} FROM ({query})").collect()
    yield opened
    connection.close()


@pytest.fixture(scope="module")
def source(shellcorp: Session) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same rows in DuckDB: mirrors and change logs, and a view of each mirror without its tombstones."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA raw")
        cursor = shellcorp.connection.cursor()
        for known in SOURCES.values():
            table = known.change_log if known.is_history else known.table
            rows = cursor.execute(f"SELECT * FROM RAW.{table}").fetch_arrow_all(force_return_table=True)
            connection.register("copied", rows)
            connection.execute(f"CREATE TABLE raw.{table} AS FROM copied")
            if not known.is_history:
                connection.execute(f"CREATE VIEW {table} AS FROM raw.{table} WHERE NOT _deleted")
        yield connection


@pytest.fixture(scope="module")
def published(shellcorp: Session) -> list[ModelOutcome]:
    """What became of every model there is, with all gates open."""
    return materialise(shellcorp, plan(), lambda _candidate: True, "run-1")


def answers(session: Session, query: str) -> Sequence[tuple[object, ...]]:
    return [tuple(row) for row in session.sql(query).collect()]


def test_every_model_keeps_its_contract_and_is_published(published: list[ModelOutcome]) -> None:
    assert {outcome.model.name: outcome.reason for outcome in published if not outcome.is_published} == {}
    assert all(outcome.row_count for outcome in published)


def test_staging_holds_what_the_source_has_now(shellcorp: Session, published: list[ModelOutcome]) -> None:
    for outcome in published:
        source = SOURCES.get(outcome.model.upstreams[0])
        if source and not source.is_history:
            table = source.table
            live = answers(shellcorp, f"SELECT COUNT(*) AS N FROM RAW.{table} WHERE NOT _DELETED")
            assert live == [(outcome.row_count,)], table


def test_the_answers_of_every_mart_are_worked_out_by_hand() -> None:
    """In SQL beside the others, or in a test of its own, as `python -m snowpark_models new` makes one."""
    alone = [mart for mart in MARTS if (BY_HAND.parent / f"test_{mart.name}.py").exists()]
    assert {mart.name for mart in MARTS} == {mart.name for mart in (*ASKED, *alone)}


@pytest.mark.parametrize("mart", ASKED, ids=[mart.name for mart in ASKED])
@pytest.mark.usefixtures("published")
def test_a_mart_says_what_sql_by_hand_says(
    shellcorp: Session, source: duckdb.DuckDBPyConnection, mart: Model
) -> None:
    """`by_hand/<mart>.sql` asks the source's tables the mart's question, in the SQL of another engine."""
    by_hand = source.sql((BY_HAND / f"{mart.name}.sql").read_text())
    assert {name.upper() for name in by_hand.columns} == mart.columns
    others = sorted(mart.columns - set(map(str.upper, mart.key)))
    columns = ", ".join([*mart.key, *others])
    expected = by_key(by_hand.select(columns).fetchall(), mart)
    assert len(expected) > 1
    assert by_key(answers(shellcorp, f"SELECT {columns} FROM MARTS.{mart.table}"), mart) == expected


def by_key(rows: Sequence[tuple[object, ...]], mart: Model) -> list[tuple[object, ...]]:
    """Rows whose first columns are the mart's key, sorted by it."""
    return sorted(rows, key=lambda row: tuple(map(str, row[: len(mart.key)])))


MONEY = """
SELECT CURRENCY_CODE, SUM(ORDERED_AMOUNT), SUM(REVENUE_AMOUNT), SUM(CAPTURED_AMOUNT), SUM(REFUNDED_AMOUNT),
    SUM(OUTSTANDING_AMOUNT)
FROM MARTS.{} GROUP BY CURRENCY_CODE ORDER BY CURRENCY_CODE
"""
OWED = "SELECT CURRENCY_CODE, SUM({}) FROM MARTS.{} GROUP BY CURRENCY_CODE ORDER BY CURRENCY_CODE"


@pytest.mark.usefixtures("published")
def test_money_is_the_same_by_day_by_customer_and_by_age(shellcorp: Session) -> None:
    by_day = answers(shellcorp, MONEY.format("DAILY_REVENUE"))
    assert len(by_day) > 1
    assert answers(shellcorp, MONEY.format("CUSTOMER_REVENUE")) == by_day
    owed = answers(shellcorp, OWED.format("RECEIVABLE_AMOUNT", "CUSTOMER_REVENUE"))
    assert answers(shellcorp, OWED.format("GREATEST(OUTSTANDING_AMOUNT, 0)", "ORDER_FACTS")) == owed
    assert answers(shellcorp, OWED.format("RECEIVABLE_AMOUNT", "RECEIVABLES_AGEING")) == owed


@pytest.mark.usefixtures("published")
def test_no_feature_saw_anything_from_its_own_instant_on(shellcorp: Session) -> None:
    leaks = "EVENT_TS >= AS_OF OR AVAILABLE_TS >= AS_OF"
    assert answers(
        shellcorp, f"SELECT COUNT(*) AS N FROM FEATURES.CUSTOMER_CHURN_FEATURES WHERE {leaks}"
    ) == [(0,)]


@pytest.mark.usefixtures("published")
def test_what_tells_the_time_gives_the_same_tables_when_it_is_built_again(shellcorp: Session) -> None:
    clocked = plan(["activity_lifecycle", "customer_360", "receivables_ageing", "customer_churn_features"])
    tables = [(f"{m.schema}.{m.table}", ", ".join(m.key)) for m in clocked]
    before = [answers(shellcorp, f"SELECT * FROM {table} ORDER BY {key}") for table, key in tables]
    rebuilt = Options(rebuilt={model.name for model in clocked})
    materialise(shellcorp, clocked, lambda _candidate: True, "run-2", options=rebuilt)
    assert [answers(shellcorp, f"SELECT * FROM {table} ORDER BY {key}") for table, key in tables] == before


def test_empty_mirrors_give_empty_tables(session: Session, snowflake: SnowflakeSettings) -> None:
    database = f"EMPTY_{uuid.uuid4().hex[:12].upper()}"
    session.sql(f"CREATE DATABASE {database}").collect()
    with connect_snowflake(snowflake.model_copy(update={"database": database}), "empty") as connection:
        opened = snowpark_session(connection)
        opened.sql("CREATE SCHEMA RAW").collect()
        for source, known in SOURCES.items():
            if not known.is_history:
                opened.sql(f"CREATE TABLE RAW.{known.table} AS {as_query(raw_types(source), ())}").collect()
        for statement in histories_of_mirrors():
            opened.sql(statement).collect()
        results = materialise(opened, plan(), lambda _candidate: True, "run-1")
    assert {(result.outcome, result.row_count) for result in results} == {("published", 0)}
