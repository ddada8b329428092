"""`sys.fn_cdc_*` and the two functions of each capture instance, as DuckDB macros.

Their meaning: Microsoft's pages "Change Data Capture functions (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Sequence

from duckdb import DuckDBPyConnection

from sandbox.sqlserver.cdc.quoting import identifier, literal

_ARITHMETIC = """
CREATE OR REPLACE MACRO {db}.sys.fn_cdc_increment_lsn(lsn) AS
    unhex(lpad(hex(('0x' || hex(lsn))::UHUGEINT + 1), 20, '0'));
CREATE OR REPLACE MACRO {db}.sys.fn_cdc_decrement_lsn(lsn) AS
    unhex(lpad(hex(('0x' || hex(lsn))::UHUGEINT - 1), 20, '0'));
CREATE OR REPLACE MACRO {db}.sys.fn_cdc_is_bit_set(bit_position, bit_mask) AS CASE
    WHEN bit_position BETWEEN 1 AND octet_length(bit_mask) * 8
    THEN get_bit(bit_mask::BIT, (octet_length(bit_mask) * 8 - bit_position)::INTEGER) = 1
    WHEN bit_position IS NOT NULL AND bit_mask IS NOT NULL THEN FALSE
END;
"""

_OF_THE_DATABASE = """
CREATE OR REPLACE MACRO {db}.sys.fn_cdc_get_max_lsn() AS (
    SELECT max(start_lsn) FROM {db}.cdc.lsn_time_mapping
);
CREATE OR REPLACE MACRO {db}.sys.fn_cdc_get_min_lsn(capture_instance_name) AS coalesce(
    (
        SELECT start_lsn
        FROM {db}.cdc.change_tables
        WHERE lower(capture_instance) = lower(capture_instance_name)
    ),
    unhex('00000000000000000000')
);
CREATE OR REPLACE MACRO {db}.sys.fn_cdc_map_lsn_to_time(lsn) AS (
    SELECT tran_end_time FROM {db}.cdc.lsn_time_mapping WHERE start_lsn = lsn
);
CREATE OR REPLACE MACRO {db}.sys.fn_cdc_map_time_to_lsn(relational_operator, tracking_time) AS
    CASE lower(trim(relational_operator))
        WHEN 'smallest greater than' THEN
            (
                SELECT min(start_lsn) FROM {db}.cdc.lsn_time_mapping
                WHERE tran_end_time > tracking_time::TIMESTAMP
            )
        WHEN 'smallest greater than or equal' THEN
            (
                SELECT min(start_lsn) FROM {db}.cdc.lsn_time_mapping
                WHERE tran_end_time >= tracking_time::TIMESTAMP
            )
        WHEN 'largest less than' THEN
            (
                SELECT max(start_lsn) FROM {db}.cdc.lsn_time_mapping
                WHERE tran_end_time < tracking_time::TIMESTAMP
            )
        WHEN 'largest less than or equal' THEN
            (
                SELECT max(start_lsn) FROM {db}.cdc.lsn_time_mapping
                WHERE tran_end_time <= tracking_time::TIMESTAMP
            )
        ELSE error('[[40517]] not modelled by the stand-in: fn_cdc_map_time_to_lsn with the operator '
            || coalesce(relational_operator, 'NULL'))
    END;
CREATE OR REPLACE MACRO {db}.sys.fn_cdc_get_column_ordinal(capture_instance_name, captured_name) AS (
    SELECT c.column_ordinal
    FROM {db}.cdc.captured_columns AS c
    INNER JOIN {db}.cdc.change_tables AS t ON t.object_id = c.object_id
    WHERE lower(t.capture_instance) = lower(capture_instance_name)
        AND lower(c.column_name) = lower(captured_name)
);
CREATE OR REPLACE MACRO {db}.sys.fn_cdc_has_column_changed(capture_instance_name, captured_name, bit_mask) AS
    {db}.sys.fn_cdc_is_bit_set(
        {db}.sys.fn_cdc_get_column_ordinal(capture_instance_name, captured_name), bit_mask
    );
"""

# Seen on SQL Server 2025: without CDC these fail on the table that they read.
_WITHOUT_CDC = """
CREATE OR REPLACE MACRO {db}.sys.fn_cdc_get_max_lsn() AS
    error('[[208]] Invalid object name ''cdc.lsn_time_mapping''.')::BLOB;
CREATE OR REPLACE MACRO {db}.sys.fn_cdc_get_min_lsn(capture_instance_name) AS
    error('[[208]] Invalid object name ''cdc.change_tables''.')::BLOB;
CREATE OR REPLACE MACRO {db}.sys.fn_cdc_map_lsn_to_time(lsn) AS
    error('[[208]] Invalid object name ''cdc.lsn_time_mapping''.')::TIMESTAMP;
CREATE OR REPLACE MACRO {db}.sys.fn_cdc_map_time_to_lsn(relational_operator, tracking_time) AS
    error('[[208]] Invalid object name ''cdc.lsn_time_mapping''.')::BLOB;
CREATE OR REPLACE MACRO {db}.sys.fn_cdc_get_column_ordinal(capture_instance_name, captured_name) AS
    error('[[208]] Invalid object name ''cdc.captured_columns''.')::INTEGER;
CREATE OR REPLACE MACRO {db}.sys.fn_cdc_has_column_changed(capture_instance_name, captured_name, bit_mask) AS
    error('[[208]] Invalid object name ''cdc.captured_columns''.')::BOOLEAN;
"""

# Error 313, raised by a first branch that gives no row: before any row of the second is on its way. The text
# is SQL Server's own, whatever the mistake (sql-docs#6625); ` ... ` is part of the name that it tells.
_CHECK = """CASE WHEN coalesce(
            "__$from" < {db}.sys.fn_cdc_get_min_lsn({name}) OR "__$from" > "__$to"
            OR "__$to" > {db}.sys.fn_cdc_get_max_lsn()
            OR lower(trim("__$option")) NOT IN ({filters}), TRUE)
        THEN error('[[313]] An insufficient number of arguments were supplied for the procedure or function '
            || 'cdc.fn_cdc_get_{kind}_changes_ ... .')
        ELSE FALSE END"""

_ALL_CHANGES = """
CREATE OR REPLACE MACRO {db}.cdc.{function}("__$from", "__$to", "__$option") AS TABLE
    SELECT NULL AS "__$start_lsn", NULL AS "__$seqval", NULL AS "__$operation", NULL AS "__$update_mask",
        {nulls}
    WHERE {check}
    UNION ALL
    SELECT "__$start_lsn", "__$seqval", "__$operation", "__$update_mask", {columns}
    FROM {db}.cdc.{change_table}
    WHERE "__$start_lsn" BETWEEN "__$from" AND "__$to"
        AND ("__$operation" <> 3 OR lower(trim("__$option")) = 'all update old')
"""

_NET_CHANGES = """
CREATE OR REPLACE MACRO {db}.cdc.{function}("__$from", "__$to", "__$option") AS TABLE
    SELECT NULL AS "__$start_lsn", NULL AS "__$operation", NULL AS "__$update_mask", {nulls}
    WHERE {check}
    UNION ALL
    SELECT
        "__$start_lsn",
        CASE
            WHEN "__$operation" = 1 THEN 1
            WHEN lower(trim("__$option")) = 'all with merge' THEN 5
            WHEN "__$first" = 2 THEN 2
            ELSE 4
        END AS "__$operation",
        CASE WHEN lower(trim("__$option")) = 'all with mask' AND "__$first" <> 2
            AND "__$operation" <> 1 THEN "__$mask"::BLOB END AS "__$update_mask",
        {columns}
    FROM (
        SELECT
            *,
            first_value("__$operation") OVER every AS "__$first",
            bit_or(CASE WHEN "__$operation" = 4 THEN "__$update_mask"::BIT END) OVER every AS "__$mask",
            row_number() OVER (
                PARTITION BY {key}
                ORDER BY "__$start_lsn" DESC, "__$command_id" DESC, "__$seqval" DESC, "__$operation" DESC
            ) AS "__$from_last"
        FROM {db}.cdc.{change_table}
        WHERE "__$start_lsn" BETWEEN "__$from" AND "__$to" AND "__$operation" <> 3
        WINDOW every AS (
            PARTITION BY {key}
            ORDER BY "__$start_lsn", "__$command_id", "__$seqval", "__$operation"
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
    )
    WHERE "__$from_last" = 1 AND NOT ("__$first" = 2 AND "__$operation" = 1)
"""


def create_system_functions(connection: DuckDBPyConnection, database: str) -> None:
    """`sys.fn_cdc_get_max_lsn` and its like."""
    connection.execute((_ARITHMETIC + _OF_THE_DATABASE).format(db=identifier(database)))


def drop_system_functions(connection: DuckDBPyConnection, database: str) -> None:
    """Without CDC they answer as SQL Server does: with error 208 about the table they would read."""
    connection.execute((_ARITHMETIC + _WITHOUT_CDC).format(db=identifier(database)))


def create_instance_functions(
    connection: DuckDBPyConnection,
    database: str,
    capture_instance: str,
    columns: Sequence[str],
    key: Sequence[str],
) -> None:
    """The query functions of one capture instance; net changes only with a key."""
    parts = {
        "db": identifier(database),
        "change_table": identifier(f"{capture_instance}_CT"),
        "columns": ", ".join(identifier(c) for c in columns),
        "nulls": ", ".join(f"NULL AS {identifier(c)}" for c in columns),
    }
    check = {"db": identifier(database), "name": literal(capture_instance)}
    connection.execute(
        _ALL_CHANGES.format(
            function=identifier(f"fn_cdc_get_all_changes_{capture_instance}"),
            check=_CHECK.format(kind="all", filters="'all', 'all update old'", **check),
            **parts,
        )
    )
    if key:
        connection.execute(
            _NET_CHANGES.format(
                function=identifier(f"fn_cdc_get_net_changes_{capture_instance}"),
                check=_CHECK.format(kind="net", filters="'all', 'all with mask', 'all with merge'", **check),
                key=", ".join(identifier(c) for c in key),
                **parts,
            )
        )


def drop_instance_functions(connection: DuckDBPyConnection, database: str, capture_instance: str) -> None:
    """Drop the query functions of one capture instance."""
    for kind in ("all", "net"):
        name = identifier(f"fn_cdc_get_{kind}_changes_{capture_instance}")
        connection.execute(f"DROP MACRO TABLE IF EXISTS {identifier(database)}.cdc.{name}")
