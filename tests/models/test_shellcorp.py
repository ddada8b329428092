"""All models over one small Shellcorp, held against SQL on RAW that was written apart from them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence

import pytest
from snowflake.snowpark import Session

from deployments.connections import connect_snowflake, snowpark_session
from deployments.settings import SnowflakeSettings
from snowpark_models.runner import ModelOutcome, Options, materialise, plan
from snowpark_models.sources import SOURCES
from tests.models.given import as_query, raw_types
from tests.models.histories import histories_of_mirrors
from tests.models.shellcorp import Shellcorp

SEED = 20260601


@pytest.fixture(scope="module")
def shellcorp(session: Session, snowflake: SnowflakeSettings) -> Iterator[Session]:
    """A session in a database of its own whose RAW holds a small Shellcorp."""
    database = f"SHELLCORP_{uuid.uuid4().hex[:12].upper()}"
    session.sql(f"CREATE DATABASE {database}").collect()
    connection = connect_snowflake(snowflake.model_copy(update={"database": database}), "tests of the models")
    opened = snowpark_session(connection)
    opened.sql("CREATE SCHEMA RAW").collect()
    for source, rows in Shellcorp(SEED).rows().items():
        query = as_query(raw_types(source), tuple(rows))
        opened.sql(f"CREATE TABLE RAW.{SOURCES[source].table} AS {query}").collect()
    for statement in histories_of_mirrors():
        opened.sql(statement).collect()
    yield opened
    connection.close()


@pytest.fixture(scope="module")
def published(shellcorp: Session) -> list[ModelOutcome]:
    """What became of every model there is, with all gates open."""
    return materialise(shellcorp, plan(), lambda _layer, _table, _location: True, "run-1")


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


ORDER_FACTS = (
    """
    SELECT ORDER_ID, LINE_COUNT, LINES_AMOUNT, ORDER_TOTAL_MATCHES_LINES, CAPTURED_AMOUNT, REFUNDED_AMOUNT,
           PAYMENT_ATTEMPTS, CUSTOMER_EXISTS
    FROM MARTS.ORDER_FACTS ORDER BY ORDER_ID
    """,
    """
    WITH L AS (SELECT * FROM RAW.ORDER_LINES WHERE NOT _DELETED),
         P AS (SELECT * FROM RAW.PAYMENTS WHERE NOT _DELETED)
    SELECT
        O.ORDER_ID AS ORDER_ID,
        (SELECT COUNT(*) FROM L WHERE L.ORDER_ID = O.ORDER_ID) AS LINE_COUNT,
        COALESCE((SELECT SUM(L.LINE_AMOUNT) FROM L WHERE L.ORDER_ID = O.ORDER_ID), 0) AS LINES_AMOUNT,
        COALESCE((SELECT SUM(L.LINE_AMOUNT) FROM L WHERE L.ORDER_ID = O.ORDER_ID) = O.TOTAL_AMOUNT, FALSE)
            AS ORDER_TOTAL_MATCHES_LINES,
        COALESCE((SELECT SUM(P.AMOUNT) FROM P WHERE P.ORDER_ID = O.ORDER_ID AND P.STATUS = 'captured'), 0)
            AS CAPTURED_AMOUNT,
        COALESCE((SELECT SUM(P.AMOUNT) FROM P WHERE P.ORDER_ID = O.ORDER_ID AND P.STATUS = 'refunded'), 0)
            AS REFUNDED_AMOUNT,
        (SELECT COUNT(*) FROM P WHERE P.ORDER_ID = O.ORDER_ID) AS PAYMENT_ATTEMPTS,
        O.CUSTOMER_ID IN (SELECT C.CUSTOMER_ID FROM RAW.CUSTOMERS AS C WHERE NOT C._DELETED)
            AS CUSTOMER_EXISTS
    FROM RAW.ORDERS AS O WHERE NOT O._DELETED ORDER BY O.ORDER_ID
    """,
)
DAILY_REVENUE = (
    """
    SELECT PLACED_ON, CURRENCY_CODE, ORDERS, CANCELLED_ORDERS, CUSTOMERS, ORDERED_AMOUNT, REVENUE_AMOUNT
    FROM MARTS.DAILY_REVENUE ORDER BY PLACED_ON, CURRENCY_CODE
    """,
    """
    SELECT
        O.PLACED_AT::DATE AS PLACED_ON,
        O.CURRENCY_CODE AS CURRENCY_CODE,
        COUNT(*) AS ORDERS,
        SUM(CASE WHEN O.STATUS = 'cancelled' THEN 1 ELSE 0 END) AS CANCELLED_ORDERS,
        COUNT(DISTINCT O.CUSTOMER_ID) AS CUSTOMERS,
        SUM(CASE WHEN O.STATUS <> 'cancelled' THEN O.TOTAL_AMOUNT ELSE 0 END) AS ORDERED_AMOUNT,
        SUM(CASE WHEN O.STATUS IN ('paid', 'shipped') THEN O.TOTAL_AMOUNT ELSE 0 END) AS REVENUE_AMOUNT
    FROM RAW.ORDERS AS O WHERE NOT O._DELETED
    GROUP BY O.PLACED_AT::DATE, O.CURRENCY_CODE ORDER BY PLACED_ON, CURRENCY_CODE
    """,
)
SUPPORT_LOAD = (
    "SELECT DAY, PRIORITY, OPENED, CLOSED, BACKLOG FROM MARTS.SUPPORT_LOAD ORDER BY DAY, PRIORITY",
    """
    WITH T AS (SELECT * FROM RAW.SUPPORT_TICKETS WHERE NOT _DELETED),
         D AS (SELECT OPENED_AT::DATE AS DAY FROM T
               UNION SELECT CLOSED_AT::DATE AS DAY FROM T WHERE CLOSED_AT IS NOT NULL),
         P AS (SELECT DISTINCT PRIORITY AS PRIORITY FROM T)
    SELECT
        D.DAY AS DAY,
        P.PRIORITY AS PRIORITY,
        (SELECT COUNT(*) FROM T WHERE T.PRIORITY = P.PRIORITY AND T.OPENED_AT::DATE = D.DAY) AS OPENED,
        (SELECT COUNT(*) FROM T WHERE T.PRIORITY = P.PRIORITY AND T.CLOSED_AT::DATE = D.DAY) AS CLOSED,
        (SELECT COUNT(*) FROM T WHERE T.PRIORITY = P.PRIORITY AND T.OPENED_AT::DATE <= D.DAY
            AND (T.CLOSED_AT IS NULL OR T.CLOSED_AT::DATE > D.DAY)) AS BACKLOG
    FROM D CROSS JOIN P ORDER BY D.DAY, P.PRIORITY
    """,
)
CUSTOMER_360 = (
    """
    SELECT CUSTOMER_ID, ACCOUNTS, OPEN_ACCOUNTS, BALANCE, ORDERS, REVENUE_EUR, REVENUE_SEK, LAST_ORDER_AT,
           OPEN_TICKETS, OPEN_ACTIVITIES, SESSIONS, LAST_SESSION_AT
    FROM MARTS.CUSTOMER_360 ORDER BY CUSTOMER_ID
    """,
    """
    WITH A AS (SELECT * FROM RAW.ACCOUNTS WHERE NOT _DELETED),
         O AS (SELECT * FROM RAW.ORDERS WHERE NOT _DELETED AND STATUS <> 'cancelled'),
         S AS (SELECT * FROM RAW.PORTAL_SESSIONS WHERE NOT _DELETED)
    SELECT
        C.CUSTOMER_ID AS CUSTOMER_ID,
        (SELECT COUNT(*) FROM A WHERE A.CUSTOMER_ID = C.CUSTOMER_ID) AS ACCOUNTS,
        (SELECT COUNT(*) FROM A
            WHERE A.CUSTOMER_ID = C.CUSTOMER_ID AND A.STATUS <> 'closed') AS OPEN_ACCOUNTS,
        COALESCE((SELECT SUM(A.BALANCE) FROM A WHERE A.CUSTOMER_ID = C.CUSTOMER_ID), 0) AS BALANCE,
        (SELECT COUNT(*) FROM O WHERE O.CUSTOMER_ID = C.CUSTOMER_ID) AS ORDERS,
        COALESCE((SELECT SUM(O.TOTAL_AMOUNT) FROM O WHERE O.CUSTOMER_ID = C.CUSTOMER_ID
            AND O.STATUS IN ('paid', 'shipped') AND O.CURRENCY_CODE = 'EUR'), 0) AS REVENUE_EUR,
        COALESCE((SELECT SUM(O.TOTAL_AMOUNT) FROM O WHERE O.CUSTOMER_ID = C.CUSTOMER_ID
            AND O.STATUS IN ('paid', 'shipped') AND O.CURRENCY_CODE = 'SEK'), 0) AS REVENUE_SEK,
        (SELECT MAX(O.PLACED_AT) FROM O WHERE O.CUSTOMER_ID = C.CUSTOMER_ID) AS LAST_ORDER_AT,
        (SELECT COUNT(*) FROM RAW.SUPPORT_TICKETS AS T
            WHERE T.CUSTOMER_ID = C.CUSTOMER_ID AND NOT T._DELETED AND T.STATUS <> 'closed') AS OPEN_TICKETS,
        (SELECT COUNT(*) FROM RAW.ACTIVITIES AS W WHERE W.CUSTOMER_ID = C.CUSTOMER_ID AND NOT W._DELETED
            AND W.STATUS IN ('planned', 'open')) AS OPEN_ACTIVITIES,
        (SELECT COUNT(*) FROM S WHERE S.CUSTOMER_ID = C.CUSTOMER_ID) AS SESSIONS,
        (SELECT MAX(S.STARTED_AT) FROM S WHERE S.CUSTOMER_ID = C.CUSTOMER_ID) AS LAST_SESSION_AT
    FROM RAW.CUSTOMERS AS C WHERE NOT C._DELETED ORDER BY C.CUSTOMER_ID
    """,
)


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("mart", "by_hand"),
    [ORDER_FACTS, DAILY_REVENUE, SUPPORT_LOAD, CUSTOMER_360],
    ids=["order_facts", "daily_revenue", "support_load", "customer_360"],
)
def test_a_mart_says_what_sql_on_raw_says(shellcorp: Session, mart: str, by_hand: str) -> None:
    expected = answers(shellcorp, by_hand)
    assert len(expected) > 1
    assert answers(shellcorp, mart) == expected


@pytest.mark.usefixtures("published")
def test_no_feature_saw_anything_from_its_own_instant_on(shellcorp: Session) -> None:
    leaks = "EVENT_TS >= AS_OF OR AVAILABLE_TS >= AS_OF"
    assert answers(
        shellcorp, f"SELECT COUNT(*) AS N FROM FEATURES.CUSTOMER_CHURN_FEATURES WHERE {leaks}"
    ) == [(0,)]


@pytest.mark.usefixtures("published")
def test_what_tells_the_time_gives_the_same_tables_when_it_is_built_again(shellcorp: Session) -> None:
    clocked = plan(["activity_lifecycle", "customer_360", "customer_churn_features"])
    tables = [(f"{m.schema}.{m.table}", ", ".join(m.key)) for m in clocked]
    before = [answers(shellcorp, f"SELECT * FROM {table} ORDER BY {key}") for table, key in tables]
    rebuilt = Options(rebuilt={model.name for model in clocked})
    materialise(shellcorp, clocked, lambda _layer, _table, _location: True, "run-2", options=rebuilt)
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
        results = materialise(opened, plan(), lambda _layer, _table, _location: True, "run-1")
    assert {(result.outcome, result.row_count) for result in results} == {("published", 0)}
