"""`sys.fn_cdc_*` and the query functions of an instance."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest

from sandbox.sqlserver.cdc import lsn
from sandbox.sqlserver.engine.model import TableDef
from tests.sandbox.sqlserver.cdc.double import DATABASE, Database, delete, enable, harvest, insert, update

NOON = datetime(2026, 3, 1, 12, 0)
WHOLE = "{db}.sys.fn_cdc_get_min_lsn('dbo_t'), {db}.sys.fn_cdc_get_max_lsn()"


@pytest.fixture
def table(database: Database) -> TableDef:
    table = database.create_table("t", {"id": "int", "v": "sysname"}, key=["id"])
    enable(database, "t", supports_net_changes=True)
    return table


def value(database: Database, expression: str) -> Any:
    return database.query(f"SELECT {expression}")[0][0]


def test_nothing_harvested_yet_means_no_max_lsn(database: Database, table: TableDef) -> None:
    database.commit(insert(table, (1, "a")))
    assert value(database, "{db}.sys.fn_cdc_get_max_lsn()") is None


def test_without_cdc_the_functions_name_the_table_they_would_read() -> None:
    with pytest.raises(duckdb.Error, match=r"\[\[208\]\] Invalid object name 'cdc.lsn_time_mapping'"):
        value(Database(), "{db}.sys.fn_cdc_get_max_lsn()")


@pytest.mark.usefixtures("table")
def test_min_lsn_is_the_start_of_the_instance_and_zero_for_a_wrong_name(database: Database) -> None:
    ((start,),) = database.query("SELECT start_lsn FROM {db}.cdc.change_tables")
    assert value(database, "{db}.sys.fn_cdc_get_min_lsn('DBO_T')") == start
    assert value(database, "{db}.sys.fn_cdc_get_min_lsn('nonsense')") == lsn.ZERO


def test_an_lsn_counts_on_over_its_parts(database: Database) -> None:
    edge = "unhex('0000002A000001B8FFFF')"
    assert value(database, f"hex({{db}}.sys.fn_cdc_increment_lsn({edge}))") == "0000002A000001B90000"
    assert value(
        database, f"{{db}}.sys.fn_cdc_decrement_lsn({{db}}.sys.fn_cdc_increment_lsn({edge})) = {edge}"
    )


@pytest.mark.parametrize(
    ("operator", "seconds", "expected"),
    [
        ("smallest greater than", 10, 2),
        ("smallest greater than or equal", 10, 1),
        ("largest less than", 20, 1),
        ("largest less than or equal", 20, 2),
        ("largest less than", 10, None),
        ("smallest greater than", 30, None),
        ("smallest greater than or equal", 15, 2),
    ],
)
def test_times_map_to_lsns(
    database: Database, table: TableDef, operator: str, seconds: int, expected: int | None
) -> None:
    for number in (1, 2, 3):
        database.commit(insert(table, (number, "x")), at=NOON + timedelta(seconds=10 * number))
    harvest(database)
    at = NOON + timedelta(seconds=seconds)
    found = value(database, f"{{db}}.sys.fn_cdc_map_time_to_lsn('{operator}', TIMESTAMP '{at}')")
    assert found == (None if expected is None else lsn.commit_lsn(expected))
    if found is not None:
        back = value(database, f"{{db}}.sys.fn_cdc_map_lsn_to_time(unhex('{found.hex()}'))")
        assert back == NOON + timedelta(seconds=10 * (expected or 0))


@pytest.mark.usefixtures("table")
def test_an_unknown_relational_operator_is_refused(database: Database) -> None:
    with pytest.raises(duckdb.Error, match="not modelled by the stand-in: fn_cdc_map_time_to_lsn"):
        value(database, "{db}.sys.fn_cdc_map_time_to_lsn('about', TIMESTAMP '2026-03-01')")


@pytest.mark.parametrize(
    ("position", "expected"), [(1, True), (2, False), (9, False), (10, True), (17, False), (0, False)]
)
def test_bits_of_a_mask(database: Database, position: int, expected: bool) -> None:
    assert value(database, f"{{db}}.sys.fn_cdc_is_bit_set({position}, unhex('0201'))") is expected


@pytest.mark.usefixtures("table")
def test_a_change_of_a_column_is_found_by_its_name(database: Database) -> None:
    assert value(database, "{db}.sys.fn_cdc_get_column_ordinal('dbo_t', 'V')") == 2
    assert value(database, "{db}.sys.fn_cdc_has_column_changed('dbo_t', 'v', unhex('02'))") is True
    assert value(database, "{db}.sys.fn_cdc_has_column_changed('dbo_t', 'id', unhex('02'))") is False


def test_all_changes_with_and_without_old_values(database: Database, table: TableDef) -> None:
    database.commit(insert(table, (1, "a")), update(table, ((1, "a"), (1, "b")), command=2))
    harvest(database)
    select = 'SELECT "__$operation", v FROM {db}.cdc.fn_cdc_get_all_changes_dbo_t(' + WHOLE + ", '{option}')"
    assert database.query(select.replace("{option}", "all")) == [(2, "a"), (4, "b")]
    assert database.query(select.replace("{option}", "all update old")) == [(2, "a"), (3, "a"), (4, "b")]


@pytest.mark.parametrize(
    "arguments",
    [
        (
            "{db}.sys.fn_cdc_decrement_lsn({db}.sys.fn_cdc_get_min_lsn('dbo_t')), "
            "{db}.sys.fn_cdc_get_max_lsn(), 'all'"
        ),
        (
            "{db}.sys.fn_cdc_get_min_lsn('dbo_t'), "
            "{db}.sys.fn_cdc_increment_lsn({db}.sys.fn_cdc_get_max_lsn()), 'all'"
        ),
        "{db}.sys.fn_cdc_get_max_lsn(), {db}.sys.fn_cdc_get_min_lsn('dbo_t'), 'all'",
        "NULL, {db}.sys.fn_cdc_get_max_lsn(), 'all'",
        WHOLE + ", 'everything'",
        WHOLE + ", NULL",
    ],
)
@pytest.mark.parametrize("kind", ["all", "net"])
def test_arguments_out_of_range_are_error_313(
    database: Database, table: TableDef, kind: str, arguments: str
) -> None:
    database.commit(insert(table, (1, "a")))
    harvest(database)
    with pytest.raises(
        duckdb.Error, match=rf"\[\[313\]\] An insufficient number .*_{kind}_changes_ \.\.\. \."
    ):
        database.query(f"FROM {{db}}.cdc.fn_cdc_get_{kind}_changes_dbo_t({arguments})")


@pytest.mark.usefixtures("table")
def test_a_quiet_instance_answers_with_no_rows_but_still_checks(database: Database) -> None:
    other = database.create_table("u", {"id": "int"}, key=["id"])
    enable(database, "u")
    database.commit(insert(other, (1,)))
    harvest(database)
    assert database.query("FROM {db}.cdc.fn_cdc_get_all_changes_dbo_t(" + WHOLE + ", 'all')") == []
    with pytest.raises(duckdb.Error, match=r"\[\[313\]\]"):
        database.query("FROM {db}.cdc.fn_cdc_get_all_changes_dbo_t(unhex('00'), unhex('00'), 'all')")


# What each history gives in a window that starts after `old` was there (seen on SQL Server 2025).
_NET = [
    ("insert", [insert], (2, "a"), (5, "a")),
    ("insert, update", [insert, update], (2, "b"), (5, "b")),
    ("insert, delete", [insert, delete], None, None),
    ("update", [update], (4, "b"), (5, "b")),
    ("delete", [delete], (1, "a"), (1, "a")),
    ("delete, insert", [delete, insert], (4, "a"), (5, "a")),
    ("update, delete", [update, delete], (1, "b"), (1, "b")),
    ("insert, delete, insert", [insert, delete, insert], (2, "a"), (5, "a")),
]


@pytest.mark.parametrize("in_one_commit", [True, False])
@pytest.mark.parametrize(("history", "statements", "plain", "merged"), _NET)
def test_net_changes(
    database: Database,
    table: TableDef,
    history: str,
    statements: list[Any],
    plain: tuple[int, str] | None,
    merged: tuple[int, str] | None,
    in_one_commit: bool,
) -> None:
    records = []
    v = "a"
    for command, statement in enumerate(statements, start=1):
        if statement is update:
            records.append(update(table, ((1, v), (1, "b")), command=command))
            v = "b"
        else:
            records.append(statement(table, (1, v), command=command))
    for commit in [records] if in_one_commit else [[r] for r in records]:
        database.commit(*commit)
    harvest(database)
    select = 'SELECT "__$operation", v FROM {db}.cdc.fn_cdc_get_net_changes_dbo_t(' + WHOLE + ", '{option}')"
    assert database.query(select.replace("{option}", "all")) == ([plain] if plain else []), history
    assert database.query(select.replace("{option}", "all with merge")) == ([merged] if merged else [])


def test_net_masks_join_the_updates(database: Database) -> None:
    wide = database.create_table("w", {f"c{n}": "int" for n in range(1, 11)}, key=["c1"])
    enable(database, "w")
    old = (1, *[0] * 9)
    middle = (1, 5, *[0] * 8)
    database.commit(update(wide, (old, middle)))
    database.commit(update(wide, (middle, (1, 5, *[0] * 7, 9))))
    harvest(database)
    assert database.query(
        'SELECT hex("__$update_mask") FROM {db}.cdc.fn_cdc_get_net_changes_dbo_w('
        "{db}.sys.fn_cdc_get_min_lsn('dbo_w'), {db}.sys.fn_cdc_get_max_lsn(), 'all with mask')"
    ) == [("0202",)]


def test_a_source_column_may_have_the_name_of_a_parameter(database: Database) -> None:
    table = database.create_table("p", {"from_lsn": "int", "lsn": "int", "@to_lsn": "int"}, key=["from_lsn"])
    enable(database, "p")
    database.commit(insert(table, (1, 2, 3)))
    harvest(database)
    assert database.query(
        'SELECT from_lsn, lsn, "@to_lsn" FROM {db}.cdc.fn_cdc_get_all_changes_dbo_p('
        "{db}.sys.fn_cdc_get_min_lsn('dbo_p'), {db}.sys.fn_cdc_get_max_lsn(), 'all')"
    ) == [(1, 2, 3)]


def test_functions_survive_a_restart(tmp_path: Any) -> None:
    database = Database(tmp_path)
    database.execute("sys.sp_cdc_enable_db")
    table = database.create_table("t", {"id": "int"}, key=["id"])
    enable(database, "t")
    database.commit(insert(table, (1,)))
    harvest(database)
    database.connection.close()

    again = Database(tmp_path)
    assert again.query(
        "SELECT id FROM {db}.cdc.fn_cdc_get_all_changes_dbo_t("
        "{db}.sys.fn_cdc_get_min_lsn('dbo_t'), {db}.sys.fn_cdc_get_max_lsn(), 'all')"
    ) == [(1,)]
    assert again.database == DATABASE
