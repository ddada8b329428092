"""Temporary tables, table variables, INSERT … EXEC and SELECT … INTO, as Microsoft's pages describe them."""

from __future__ import annotations

from sandbox.sqlserver.engine.engine import StandInEngine
from sandbox.sqlserver.results import ResultSet
from tests.sandbox.sqlserver.engine.engine_client import Client


def test_a_table_variable_is_a_table_of_its_batch(client: Client) -> None:
    rows = client.rows(
        "DECLARE @t TABLE (id int IDENTITY PRIMARY KEY, name nvarchar(20) DEFAULT 'none', at datetime2(7));"
        "INSERT INTO @t (name, at) VALUES (N'a', '2024-01-01T00:00:00.1234567'), (N'b', NULL);"
        "INSERT @t DEFAULT VALUES; UPDATE @t SET name = name + '!' WHERE id <> 2; DELETE @t WHERE id = 2;"
        "SELECT t.id, t.name, CONVERT(varchar(30), t.at, 121) FROM @t AS t ORDER BY t.id"
    )
    assert rows == [(1, "a!", "2024-01-01 00:00:00.1234567"), (3, "none!", None)]
    assert client.error("SELECT * FROM @t") == 1087
    assert client.error("DECLARE @t TABLE (id int PRIMARY KEY); INSERT @t VALUES (1), (1)") == 2627


def test_a_rollback_leaves_table_variables_and_undoes_temporary_tables(client: Client) -> None:
    client.run("CREATE TABLE #t (id int); INSERT #t VALUES (1)")
    rows = client.rows(
        "DECLARE @t TABLE (id int); BEGIN TRAN; INSERT @t VALUES (2); INSERT #t VALUES (2); "
        "SAVE TRAN [one two]; DELETE #t; ROLLBACK TRAN [one two]; SELECT COUNT(*) FROM #t; ROLLBACK; "
        "SELECT id FROM @t; SELECT id FROM #t"
    )
    assert rows == [(2,), (2,), (1,)]


def test_a_statement_that_fails_changes_no_row(client: Client) -> None:
    client.run("CREATE TABLE #t (id int PRIMARY KEY, n tinyint); INSERT #t VALUES (1, 1), (2, 250)")
    assert client.error("UPDATE #t SET n = n + 10") == 220
    assert client.error("INSERT INTO #t VALUES (3, 3), (1, 4)") == 2627
    assert client.rows("SELECT id, n FROM #t ORDER BY id") == [(1, 1), (2, 250)]


def test_a_temporary_table_is_seen_inside_and_ends_with_its_scope(
    engine: StandInEngine, client: Client
) -> None:
    client.run("CREATE TABLE #kept (id int); INSERT #kept VALUES (7)")
    assert client.rows(
        "EXEC('SELECT id FROM #kept; CREATE TABLE #made (id int); INSERT #made VALUES (8); "
        "SELECT id FROM #made')"
    ) == [(7,), (8,)]
    assert client.error("SELECT * FROM #made") == 208
    assert client.error("CREATE TABLE #kept (id int)") == 2714
    with Client(engine) as other:
        assert other.error("SELECT * FROM #kept") == 208
    client.run("IF OBJECT_ID('tempdb..#kept') IS NOT NULL DROP TABLE #kept")
    assert client.value("OBJECT_ID('tempdb..#kept')") is None


def test_temporary_and_stored_tables_meet_in_dml(client: Client) -> None:
    client.run(
        "CREATE TABLE p (id int PRIMARY KEY, v varchar(5)); INSERT p VALUES (1, 'a'), (2, 'b'), (3, 'c');"
        "SELECT id INTO #gone FROM p WHERE id > 1"
    )
    client.run("BEGIN TRAN; DELETE p FROM p JOIN #gone AS g ON g.id = p.id; COMMIT")
    assert client.rows("SELECT id FROM p") == [(1,)]
    client.run("TRUNCATE TABLE #gone; INSERT #gone SELECT id FROM p")
    assert client.rows("SELECT id FROM tempdb..#gone") == [(1,)]


def test_insert_exec_keeps_every_type(client: Client) -> None:
    columns = (
        "g uniqueidentifier, o datetimeoffset, d2 datetime2, t time, d decimal(38, 10), b varbinary(max)"
    )
    client.run(f"CREATE TABLE source ({columns}); CREATE TABLE #copy ({columns})")
    client.run(
        "INSERT source VALUES (NEWID(), '2024-01-01T10:00:00.1234567+05:30', '2024-01-01T10:00:00.1234567', "
        "'23:59:59.9999999', 1234567890123456789012345678.0123456789, 0x00FF), "
        "(NULL, NULL, NULL, NULL, NULL, NULL)"
    )
    client.run("INSERT INTO #copy EXEC('SELECT * FROM source')")
    assert client.rows("SELECT COUNT(*) FROM #copy") == [(2,)]
    assert client.rows("SELECT * FROM #copy ORDER BY g") == client.rows("SELECT * FROM source ORDER BY g")
    assert client.error("INSERT INTO #copy (g) EXEC('SELECT 1, 2')") == 213
    assert client.error("INSERT #copy EXEC('INSERT #copy EXEC(''SELECT * FROM source'')')") == 8164


def test_select_into_takes_types_nullability_and_identity(client: Client) -> None:
    client.run(
        "CREATE TABLE p (id int IDENTITY PRIMARY KEY, v nvarchar(7) NOT NULL, r rowversion); "
        "INSERT p (v) VALUES (N'x'), (N'y'); SELECT id, v, r, CAST(1 AS money) AS m INTO q FROM p; "
        "INSERT q (v, r, m) VALUES (N'z', 0x01, 2)"
    )
    assert client.rows("SELECT id, v, m FROM q ORDER BY id")[-1][:2] == (3, "z")
    assert client.rows(
        "SELECT c.name, t.name, c.max_length, c.is_nullable, c.is_identity FROM sys.columns AS c "
        "JOIN sys.types AS t ON t.user_type_id = c.user_type_id WHERE c.object_id = OBJECT_ID('q') "
        "ORDER BY c.column_id"
    )[:3] == [
        ("id", "int", 4, False, True),
        ("v", "nvarchar", 14, False, False),
        ("r", "binary", 8, False, False),
    ]
    assert client.error("SELECT 1 INTO r") == 1038
    assert client.error("SELECT id INTO q FROM p") == 2714


def test_format_only_tells_columns_and_does_nothing(client: Client) -> None:
    client.run("CREATE TABLE t (id int NOT NULL, v nvarchar(5))")
    client.run("SET FMTONLY ON; INSERT t VALUES (1, 'a'); SET FMTONLY OFF")
    assert client.rows("SELECT COUNT(*) FROM t") == [(0,)]
    results = client.results("SET FMTONLY ON SELECT id, v FROM t SET FMTONLY OFF")
    columns = next(result.columns for result in results if isinstance(result, ResultSet))
    assert [(column.name, column.type.name) for column in columns] == [("id", "int"), ("v", "nvarchar")]


def test_statements_are_described_without_running(client: Client) -> None:
    client.run("CREATE TABLE t (id int IDENTITY, v nvarchar(5) NULL, m decimal(10, 2))")
    described = client.rows(
        "EXEC sp_describe_first_result_set N'SELECT id, v, m * @x AS p FROM t WHERE v = @y', "
        "N'@x int, @y nvarchar(5)'"
    )
    assert [(row[1], row[2], row[3], row[5], row[6]) for row in described] == [
        (1, "id", False, "int", 4),
        (2, "v", True, "nvarchar(5)", 10),
        (3, "p", True, "decimal(21,2)", 13),
    ]
    wanted = client.rows("EXEC sp_describe_undeclared_parameters N'INSERT INTO t (m, v) VALUES (@a, @b)'")
    assert [row[:4] for row in wanted] == [(1, "@a", 106, "decimal(10,2)"), (2, "@b", 231, "nvarchar(5)")]
    wanted = client.rows(
        "EXEC sp_describe_undeclared_parameters N'UPDATE t SET v = @n WHERE id = @P1 AND v LIKE @P2'"
    )
    assert [row[1:4:2] for row in wanted] == [
        ("@n", "nvarchar(5)"),
        ("@P1", "int"),
        ("@P2", "nvarchar(4000)"),
    ]
    assert client.error("EXEC sp_describe_undeclared_parameters N'SELECT @a'") == 40517
    assert (
        client.error("EXEC sp_describe_undeclared_parameters N'SELECT id FROM t WHERE id = @a OR id < @a'")
        == 11508
    )
    assert client.rows("SELECT COUNT(*) FROM t") == [(0,)]
