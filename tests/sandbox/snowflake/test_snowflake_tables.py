from __future__ import annotations

from decimal import Decimal

import pytest
from snowflake.connector.errors import DatabaseError, ProgrammingError

from tests.sandbox.snowflake.snowflake_client import Connect, Run


def test_swap_exchanges_rows_and_columns_at_once(run: Run) -> None:
    run("CREATE TABLE live (id NUMBER)")
    run("CREATE TABLE candidate (id NUMBER, name VARCHAR(3))")
    run("INSERT INTO candidate VALUES (1, 'abc')")
    run("CREATE VIEW v AS SELECT COUNT(*) AS n FROM live")
    run("ALTER TABLE live SWAP WITH candidate")
    assert run("SELECT * FROM live") == [(1, "abc")]
    assert run("SELECT n FROM v") == [(1,)]
    assert [row[0] for row in run("DESCRIBE TABLE candidate")] == ["ID"]
    with pytest.raises(ProgrammingError, match="NOPE"):
        run("ALTER TABLE live SWAP WITH nope")
    assert run("SELECT * FROM live") == [(1, "abc")]
    with pytest.raises(DatabaseError) as raised:
        run("INSERT INTO live VALUES (2, 'long text')")
    assert raised.value.errno == 100078


@pytest.mark.parametrize(("how", "rows"), [("LIKE", 0), ("CLONE", 1)])
def test_a_copied_table_keeps_lengths_nulls_and_defaults(run: Run, how: str, rows: int) -> None:
    run("CREATE TABLE t (id NUMBER(5, 0) NOT NULL, name VARCHAR(3), v VARCHAR DEFAULT 'x')")
    run("INSERT INTO t (id) VALUES (1)")
    run(f"CREATE OR REPLACE TRANSIENT TABLE u {how} t")
    run(f"CREATE TABLE IF NOT EXISTS u {how} t")
    assert run("SELECT COUNT(*) FROM u") == [(rows,)]
    for values in ("(NULL, 'a')", "(1, 'abcd')"):
        with pytest.raises(DatabaseError):
            run(f"INSERT INTO u (id, name) VALUES {values}")
    run("INSERT INTO u (id) VALUES (2)")
    assert run("SELECT v FROM u WHERE id = 2") == [("x",)]


def test_columns_can_be_added_widened_renamed_and_dropped(run: Run) -> None:
    run("CREATE TABLE t (id NUMBER(5, 0), name VARCHAR(3))")
    run("INSERT INTO t VALUES (1, 'abc')")
    run("ALTER TABLE t ADD COLUMN a VARCHAR(2), b NUMBER(10, 2) DEFAULT 7 NOT NULL")
    run("ALTER TABLE t ADD COLUMN IF NOT EXISTS a VARCHAR(9)")
    run("ALTER TABLE t ALTER COLUMN name SET DATA TYPE VARCHAR(6)")
    run("ALTER TABLE t ALTER COLUMN id SET DATA TYPE NUMBER(12, 0)")
    run("ALTER TABLE t RENAME COLUMN a TO c")
    run("INSERT INTO t (id, name) VALUES (123456789012, 'abcdef')")
    assert [(row[0], row[1], row[3]) for row in run("DESCRIBE TABLE t")] == [
        ("ID", "NUMBER(12,0)", "Y"),
        ("NAME", "VARCHAR(6)", "Y"),
        ("C", "VARCHAR(2)", "Y"),
        ("B", "NUMBER(10,2)", "N"),
    ]
    run("ALTER TABLE t DROP COLUMN c")
    assert run("SELECT name, b FROM t ORDER BY id") == [("abc", 7), ("abcdef", 7)]


def test_keys_are_not_enforced_and_inert_statements_are_accepted(run: Run, schema: str) -> None:
    run("CREATE TABLE t (id NUMBER PRIMARY KEY, name VARCHAR UNIQUE, PRIMARY KEY (id, name)) CLUSTER BY (id)")
    run("INSERT INTO t VALUES (1, 'a'), (1, 'a')")
    for statement in (
        "ALTER TABLE t ADD PRIMARY KEY (id)",
        "ALTER TABLE t CLUSTER BY (name)",
        "ALTER TABLE t SET DATA_RETENTION_TIME_IN_DAYS = 1",
        "COMMENT ON TABLE t IS 'what it is'",
        "CREATE ROLE IF NOT EXISTS readers",
        "GRANT SELECT ON TABLE t TO ROLE readers",
        f"GRANT USAGE ON SCHEMA {schema} TO ROLE readers",
        "CREATE WAREHOUSE IF NOT EXISTS w WITH WAREHOUSE_SIZE = 'XSMALL'",
        "USE WAREHOUSE w",
        "ALTER SESSION SET QUERY_TAG = 'x'",
    ):
        run(statement)
    assert run("SELECT COUNT(*) FROM t") == [(2,)]
    assert run("SELECT comment FROM information_schema.tables WHERE table_name = 'T' AND table_schema = "
               "CURRENT_SCHEMA()") == [("what it is",)]  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("CREATE STREAM s ON TABLE t", "CREATE STREAM"),
        ("CREATE TASK k AS SELECT 1", "CREATE TASK"),
        ("CREATE FUNCTION f() RETURNS INT AS '1'", "CREATE FUNCTION"),
        ("CREATE PROCEDURE p() RETURNS INT LANGUAGE SQL AS 'x'", "CREATE PROCEDURE"),
        ("CREATE HYBRID TABLE h (a INT PRIMARY KEY)", "HYBRID TABLE"),
        ("CREATE ICEBERG TABLE i (a INT) CATALOG = 'glue' BASE_LOCATION = 'i'", "another catalog"),
        ("CREATE SEMANTIC VIEW sv AS SELECT 1", "SEMANTIC VIEW"),
        ("CREATE EXTERNAL FUNCTION f(a INT) RETURNS INT AS 'x'", "CREATE EXTERNAL FUNCTION"),
        ("SELECT * FROM t AT (OFFSET => -60)", "time travel"),
        ("UNDROP TABLE t", "UNDROP TABLE"),
        ("CALL p()", "CALL"),
        ("SELECT $1 FROM @stage", "a stage|positional"),
        ("COPY INTO @stage FROM t", "COPY INTO a stage"),
        ("EXECUTE IMMEDIATE FROM @stage/x.sql", "EXECUTE IMMEDIATE FROM"),
        ("EXECUTE IMMEDIATE 'BEGIN DELETE FROM t; END'", "Scripting"),
        ("BEGIN DELETE FROM t; END", "Scripting"),
        ("SHOW STREAMS", "SHOW STREAMS"),
        ("ALTER SESSION SET TIMEZONE = 'Asia/Tokyo'", "TIMEZONE"),
        ("SELECT value FROM TABLE(FLATTEN(INPUT => PARSE_JSON('[]'), OUTER => TRUE))", "OUTER"),
    ],
)
def test_what_it_cannot_do_is_refused_by_name(run: Run, statement: str, name: str) -> None:
    run("CREATE TABLE t (id NUMBER)")
    with pytest.raises(ProgrammingError, match=name) as raised:
        run(statement)
    assert raised.value.sqlstate == "0A000"


def test_a_temporary_clone_is_the_sessions_own_and_stands_still(connect: Connect) -> None:
    ours, theirs = connect().cursor(), connect().cursor()
    ours.execute("CREATE TABLE living (id NUMBER(10,0) NOT NULL, name VARCHAR(3))")
    ours.execute("INSERT INTO living VALUES (1, 'a')")
    for _ in range(2):
        ours.execute("CREATE OR REPLACE TEMPORARY TABLE resting CLONE living")
    theirs.execute("UPDATE living SET name = 'b'")
    assert ours.execute("SELECT * FROM resting").fetchall() == [(1, "a")]
    with pytest.raises(ProgrammingError):
        theirs.execute("SELECT * FROM resting")
    with pytest.raises(ProgrammingError):
        ours.execute("INSERT INTO resting VALUES (2, 'too long')")
    ours.execute("DROP TABLE resting")
    assert ours.execute("SELECT name FROM living").fetchall() == [("b",)]


def test_temporary_tables_are_the_sessions_own(connect: Connect) -> None:
    ours, theirs = connect().cursor(), connect().cursor()
    schema = ours.execute("SELECT CURRENT_SCHEMA()").fetchall()[0][0]
    ours.execute(f"CREATE TEMPORARY TABLE SHELLCORP.{schema}.mine (id NUMBER)")
    ours.execute("INSERT INTO mine VALUES (1)")
    assert ours.execute(f"SELECT * FROM {schema}.mine").fetchall() == [(1,)]
    with pytest.raises(ProgrammingError):
        theirs.execute("SELECT * FROM mine")
    ours.execute("DROP TABLE mine")
    with pytest.raises(ProgrammingError):
        ours.execute("SELECT * FROM mine")


def test_insert_overwrite_of_a_table_from_itself(run: Run) -> None:
    run("CREATE TABLE t (id NUMBER)")
    run("INSERT INTO t VALUES (1), (2)")
    assert run("INSERT OVERWRITE INTO t SELECT id * 10 FROM t WHERE id > 1") == [(1,)]
    assert run("SELECT id FROM t") == [(20,)]


def test_create_table_as_keeps_the_lengths_and_not_null_that_it_declares(run: Run) -> None:
    run("CREATE TABLE t (name VARCHAR(3) NOT NULL, n NUMBER(4, 1)) AS SELECT 'abc', %s", 1.5)
    run("CREATE OR REPLACE TABLE t (name VARCHAR(3) NOT NULL, n NUMBER(4, 1)) AS SELECT name, n + 1 FROM t")
    run("CREATE TEMPORARY TABLE u (name VARCHAR(3)) AS SELECT name FROM t")
    assert run("SELECT * FROM t") == [("abc", Decimal("2.5"))]
    for statement, error in (
        ("INSERT INTO t VALUES ('abcd', 1)", 100078),
        ("INSERT INTO t VALUES (NULL, 1)", 100072),
        ("UPDATE u SET name = name || 'd'", 100078),
        ("CREATE TABLE v (name VARCHAR(2)) AS SELECT name FROM t", 100078),
        ("CREATE TABLE t (name VARCHAR(2)) AS SELECT 'a'", 2002),
        ("SELECT * FROM v", 2003),
    ):
        with pytest.raises(DatabaseError) as raised:
            run(statement)
        assert raised.value.errno == error


def test_the_list_of_tables_has_views_and_says_so(run: Run) -> None:
    run("CREATE TABLE LISTED (A INT)")
    run("CREATE VIEW LISTED_TOO COMMENT = 'All of it.' AS SELECT A FROM LISTED")
    listed = run(
        "SELECT TABLE_NAME, TABLE_TYPE, COMMENT FROM INFORMATION_SCHEMA.TABLES "
        "WHERE STARTSWITH(TABLE_NAME, 'LISTED') ORDER BY TABLE_NAME"
    )
    assert listed == [("LISTED", "BASE TABLE", None), ("LISTED_TOO", "VIEW", "All of it.")]
