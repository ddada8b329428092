from __future__ import annotations

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError

from tests.sandbox.snowflake.snowflake_client import Run

GUARDED = """
MERGE INTO mirror t
USING (
    SELECT id, name, _position FROM changes
    QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY _position DESC) = 1
) s ON t.id = s.id
WHEN MATCHED AND s._position > t._position THEN UPDATE SET t.name = s.name, t._position = s._position
WHEN NOT MATCHED THEN INSERT (id, name, _position) VALUES (s.id, s.name, s._position)
"""


@pytest.fixture
def mirror(run: Run) -> None:
    run("CREATE TABLE mirror (id NUMBER(10, 0), name VARCHAR(20), _position VARCHAR(50))")
    run("CREATE TABLE changes (id NUMBER(10, 0), name VARCHAR(20), _position VARCHAR(50))")
    run("INSERT INTO mirror VALUES (1, 'one', '0A'), (2, 'two', '0A')")


@pytest.mark.usefixtures("mirror")
def test_guarded_merge_applies_later_positions_only_and_counts(run: Run) -> None:
    run(
        "INSERT INTO changes VALUES (1, 'late', '0B'), (1, 'later', '0C'), (2, 'old', '01'), (3, 'new', '0B')"
    )
    assert run(GUARDED) == [(1, 1)]
    assert run("SELECT id, name FROM mirror ORDER BY id") == [(1, "later"), (2, "two"), (3, "new")]
    assert run(GUARDED) == [(0, 0)]


@pytest.mark.usefixtures("mirror")
def test_columns_and_row_count_of_the_result(connection: SnowflakeConnection, run: Run) -> None:
    run("INSERT INTO changes VALUES (1, 'late', '0B'), (3, 'new', '0B')")
    cursor = connection.cursor().execute(GUARDED)
    assert [column.name for column in cursor.description] == [
        "number of rows inserted",
        "number of rows updated",
    ]
    assert cursor.rowcount == 2


@pytest.mark.usefixtures("mirror")
def test_two_source_rows_for_one_target_row_are_an_error_and_change_nothing(run: Run) -> None:
    run("INSERT INTO changes VALUES (1, 'x', '0B'), (1, 'y', '0C'), (9, 'new', '0C')")
    with pytest.raises(ProgrammingError) as raised:
        run(GUARDED.replace("QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY _position DESC) = 1", ""))
    assert raised.value.errno == 100090
    assert run("SELECT id, name FROM mirror ORDER BY id") == [(1, "one"), (2, "two")]


@pytest.mark.usefixtures("mirror")
def test_delete_expressions_and_max_by(run: Run) -> None:
    run("INSERT INTO changes VALUES (1, 'a', '0B'), (1, 'b', '0C'), (2, NULL, '0C'), (4, NULL, '0D')")
    counts = run(
        "MERGE INTO mirror t USING (SELECT id, MAX_BY(name, _position) AS name, MAX(_position) AS _position "
        "FROM changes GROUP BY id) s ON EQUAL_NULL(t.id, s.id) "
        "WHEN MATCHED AND s.name IS NULL THEN DELETE "
        "WHEN MATCHED THEN UPDATE SET name = t.name || '-' || s.name, _position = s._position "
        "WHEN NOT MATCHED AND s.name IS NOT NULL THEN INSERT VALUES (s.id, s.name, s._position)"
    )
    assert counts == [(0, 1, 1)]
    assert run("SELECT * FROM mirror") == [(1, "one-b", "0C")]


UNCOMPUTED = """
MERGE INTO mirror t USING {source} s ON t.id = s.id AND t.id BETWEEN 0 AND 100
WHEN MATCHED AND s._position > t._position THEN UPDATE SET t.name = s.name, t._position = s._position
WHEN NOT MATCHED AND s._position > '0A' THEN INSERT (name, id) VALUES (UPPER(s.name), s.id)
"""
"""Of a source that is not computed, so that it is asked for matches first."""


@pytest.mark.usefixtures("mirror")
@pytest.mark.parametrize("source", ["changes", "(SELECT * FROM changes WHERE id > 0)"])
def test_rows_without_any_match_are_inserted_by_the_clause_that_says_so(run: Run, source: str) -> None:
    run("INSERT INTO changes VALUES (3, 'new', '0B'), (3, 'newer', '0B'), (4, 'early', '01')")
    assert run(UNCOMPUTED.format(source=source)) == [(2, 0)]
    assert run("SELECT id, name, _position FROM mirror WHERE id > 2 ORDER BY name") == [
        (3, "NEW", None),
        (3, "NEWER", None),
    ]


@pytest.mark.usefixtures("mirror")
def test_one_match_among_rows_without_is_updated(run: Run) -> None:
    run("INSERT INTO changes VALUES (2, 'late', '0B'), (3, 'new', '0B'), (4, 'early', '01')")
    assert run(UNCOMPUTED.format(source="changes")) == [(1, 1)]
    assert run("SELECT id, name FROM mirror ORDER BY id") == [(1, "one"), (2, "late"), (3, "NEW")]


@pytest.mark.usefixtures("mirror")
def test_a_matching_clause_alone_inserts_nothing(run: Run) -> None:
    run("INSERT INTO changes VALUES (3, 'new', '0B')")
    merge = "MERGE INTO mirror t USING changes s ON t.id = s.id WHEN MATCHED THEN {}"
    assert run(merge.format("UPDATE SET name = s.name")) == [(0,)]
    assert run(merge.format("DELETE")) == [(0,)]
