"""Statements on the runner's ledger: what every run did, and what is published now."""

from __future__ import annotations

from collections.abc import Iterable

from snowpark_models.runner.names import literal, qualified


def create_runs(ops: str) -> str:
    """OPS.MODEL_RUNS, unless it is there: one row a run and model."""
    return f"""
        CREATE TABLE IF NOT EXISTS {qualified(ops, "MODEL_RUNS")} (
            RUN_ID VARCHAR NOT NULL,
            LAYER VARCHAR NOT NULL,
            MODEL VARCHAR NOT NULL,
            OUTCOME VARCHAR NOT NULL,
            ROW_COUNT NUMBER(19,0),
            STARTED_AT TIMESTAMP_NTZ NOT NULL,
            ENDED_AT TIMESTAMP_NTZ NOT NULL,
            MODE VARCHAR,
            REASON VARCHAR,
            ROWS_CHANGED NUMBER(19,0),
            CODE VARCHAR,
            INPUTS VARCHAR,
            ROWS_SET_ASIDE NUMBER(19,0)
        )"""


COLUMNS_SINCE = {
    "MODEL_RUNS": {
        "MODE": "VARCHAR",
        "REASON": "VARCHAR",
        "ROWS_CHANGED": "NUMBER(19,0)",
        "CODE": "VARCHAR",
        "INPUTS": "VARCHAR",
        "ROWS_SET_ASIDE": "NUMBER(19,0)",
    },
    "MODEL_STATES": {"IS_PROBED": "BOOLEAN", "SIEVE": "VARCHAR"},
}
"""Columns that the first versions of the ledger's tables did not have."""


def add_column(ops: str, table: str, column: str) -> str:
    """Bring a table of an earlier version up to date."""
    return f"ALTER TABLE {qualified(ops, table)} ADD COLUMN {column} {COLUMNS_SINCE[table][column]}"


def columns_of(ops: str, table: str) -> str:
    """COLUMN_NAME of a table of the ledger."""
    return f"""
        SELECT COLUMN_NAME AS COLUMN_NAME
        FROM INFORMATION_SCHEMA.COLUMNS
        WHERE TABLE_SCHEMA = {literal(ops)} AND TABLE_NAME = {literal(table)}"""


def insert_run(ops: str, values: Iterable[str]) -> str:
    """One row of OPS.MODEL_RUNS, of literals in the order of its columns."""
    return f"INSERT INTO {qualified(ops, 'MODEL_RUNS')} SELECT {', '.join(values)}"


def create_states(ops: str) -> str:
    """OPS.MODEL_STATES, unless it is there: one row a model."""
    return f"""
        CREATE TABLE IF NOT EXISTS {qualified(ops, "MODEL_STATES")} (
            MODEL VARCHAR NOT NULL,
            LOCATION VARCHAR NOT NULL,
            VERSION NUMBER(19,0) NOT NULL,
            LOG_FROM NUMBER(19,0),
            CODE VARCHAR NOT NULL,
            INPUTS VARCHAR NOT NULL,
            BUILT_BY_RUN VARCHAR NOT NULL,
            IS_REBUILDING BOOLEAN NOT NULL,
            PUBLISHED_AT TIMESTAMP_NTZ,
            IS_PROBED BOOLEAN,
            SIEVE VARCHAR
        )"""


def read_states(ops: str) -> str:
    """All rows of OPS.MODEL_STATES, with the columns that its version has."""
    return f"SELECT * FROM {qualified(ops, 'MODEL_STATES')}"


def claim(ops: str, model: str, version: int, is_rebuilding: bool, location: str, claimant: str) -> str:
    """A run begins to build a model that is as it was looked up: none that began earlier can publish it."""
    return f"""
        MERGE INTO {qualified(ops, "MODEL_STATES")} AS s
        USING (SELECT {literal(model)} AS MODEL, {literal(location)} AS LOCATION) AS m
        ON s.MODEL = m.MODEL AND s.LOCATION = m.LOCATION
        WHEN MATCHED AND s.VERSION = {version} AND s.IS_REBUILDING = {is_rebuilding}
            THEN UPDATE SET s.BUILT_BY_RUN = {literal(claimant)}
        WHEN NOT MATCHED THEN INSERT
            (MODEL, LOCATION, VERSION, LOG_FROM, CODE, INPUTS, BUILT_BY_RUN, IS_REBUILDING)
        VALUES (m.MODEL, m.LOCATION, 0, NULL, '', '{{}}', {literal(claimant)}, FALSE)"""


def begin_swap(ops: str, model: str, location: str, version: int, claimant: str) -> str:
    """Note that a rebuild is about to be published, which takes more than one statement."""
    return f"""
        UPDATE {qualified(ops, "MODEL_STATES")}
        SET IS_REBUILDING = TRUE
        WHERE {_is_ours(model, location, version, claimant)}"""


def distrust(ops: str, model: str, location: str) -> str:
    """Whoever builds the model next rebuilds it."""
    return f"""
        UPDATE {qualified(ops, "MODEL_STATES")}
        SET IS_REBUILDING = TRUE
        WHERE MODEL = {literal(model)} AND LOCATION = {literal(location)}"""


def count_claims(ops: str, location: str, claimant: str) -> str:
    """1 while nobody else has begun to build what is published there, 0 afterwards."""
    return f"""
        SELECT COUNT(*)
        FROM {qualified(ops, "MODEL_STATES")}
        WHERE LOCATION = {literal(location)} AND BUILT_BY_RUN = {literal(claimant)}"""


def set_state(
    ops: str,
    model: str,
    location: str,
    version: int,
    claimant: str,
    new_version: int,
    log_from: int | None,
    code: str,
    inputs: str,
    is_probed: bool,
    sieve: str,
) -> str:
    """Compare and set what is published."""
    return f"""
        UPDATE {qualified(ops, "MODEL_STATES")}
        SET VERSION = {new_version}, LOG_FROM = {"NULL" if log_from is None else log_from},
            CODE = {literal(code)}, INPUTS = {literal(inputs)}, IS_REBUILDING = FALSE,
            PUBLISHED_AT = CURRENT_TIMESTAMP()::TIMESTAMP_NTZ, IS_PROBED = {is_probed},
            SIEVE = {literal(sieve)}
        WHERE {_is_ours(model, location, version, claimant)}"""


def _is_ours(model: str, location: str, version: int, claimant: str) -> str:
    place = f"MODEL = {literal(model)} AND LOCATION = {literal(location)}"
    return f"{place} AND VERSION = {version} AND BUILT_BY_RUN = {literal(claimant)}"
