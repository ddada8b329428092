"""What shall be there in an environment: the page to read when somebody asks who may what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from deployments.snowflake.names import Names

Personal = Literal["yes", "unknown"]
LOADER, TRANSFORMER, PLATFORM = "LOADER", "TRANSFORMER", "PLATFORM"
READER, SCIENTIST, STEWARD, PERSONAL = "READER", "SCIENTIST", "STEWARD", "PERSONAL"
COSTS, READING = "COSTS", "READING"
READABLE: Final = ("TABLES", "VIEWS", "DYNAMIC TABLES", "ICEBERG TABLES")
"""What holds rows: future grants name each kind."""
WRITE: Final = "SELECT, INSERT, UPDATE, DELETE"


@dataclass(frozen=True)
class Schema:
    """A schema of the environment's database.

    Attributes:
        days: for which Snowflake keeps what was changed or dropped (Time Travel).
        personal: the tag that its columns have unless they have another: `yes`, all may be personal;
            `unknown`, a column counts as personal until its contract says that it is not; None: none is.
    """

    name: str
    days: int
    comment: str
    personal: Personal | None


@dataclass(frozen=True)
class Role:
    """A role; `inherits` are roles whose rights it has."""

    name: str
    comment: str
    inherits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Warehouse:
    """A warehouse, X-Small: make it larger by hand where that pays, the set-up leaves the size alone.

    Attributes:
        timeout: seconds after which a statement is ended.
        queued_timeout: seconds that a statement waits for a place.
        credits: that its monitor allows it a month; None: it has no monitor.
    """

    name: str
    comment: str
    timeout: int
    queued_timeout: int
    credits: int | None
    auto_suspend: int = 60


@dataclass(frozen=True)
class Grant:
    """Privileges of a role on an object: kind and the parts of its name."""

    role: str
    privileges: str
    kind: str
    name: tuple[str, ...]


@dataclass(frozen=True)
class FutureGrant:
    """Privileges of a role on all of a kind that are or will be in a schema."""

    role: str
    privileges: str
    kinds: str
    schema: str


@dataclass(frozen=True)
class TableGrant:
    """SELECT of a role on a table that a run of the platform makes."""

    role: str
    schema: str
    table: str


def retention_days(names: Names) -> int:
    """Of what cannot be made anew: mirrors' history, published tables, features as they were known."""
    return 7 if names.environment == "prod" else 1


def schemas(names: Names) -> tuple[Schema, ...]:
    """The schemas of docs/architecture.md."""
    days = retention_days(names)
    return (
        Schema("RAW", days, "Mirrors of the operational tables and their change logs.", "yes"),
        Schema("STAGING", 1, "Cleaned rows of RAW; can be built again.", "unknown"),
        Schema("MARTS", days, "What people read.", "unknown"),
        Schema(
            "FEATURES", 30 if names.environment == "prod" else 1, "Features as they were known.", "unknown"
        ),
        Schema("QUALITY", days, "Results of gates, and rows that are set aside.", "yes"),
        Schema("OPS", days, "Cursors, ledgers, and the tag and the policies that mask.", None),
    )


ROLES: Final = (
    Role(PERSONAL, "Sees personal columns unmasked. Given to roles, never to people."),
    Role(LOADER, "Replicates: writes RAW and its ledger.", (PERSONAL,)),
    Role(TRANSFORMER, "Reads RAW, writes models, gates and their ledgers.", (PERSONAL,)),
    Role(COSTS, "Sees what statements cost, in the whole account."),
    Role(PLATFORM, "Runs the pipeline.", (LOADER, TRANSFORMER, COSTS)),
    Role(READER, "Reads marts and features, personal columns masked."),
    Role(SCIENTIST, "Reads staging, too, and recordings of features; personal columns masked.", (READER,)),
    Role(STEWARD, "Looks into results of gates and rows that are set aside; unmasked.", (READER, PERSONAL)),
)
"""Who there is. PLATFORM runs the pipeline; LOADER and TRANSFORMER are its halves, for two workers."""


DATABASE_ROLES: Final = {COSTS: ("GOVERNANCE_VIEWER", "USAGE_VIEWER")}
"""Roles of the database SNOWFLAKE that a role has: what the flow `costs` reads of ACCOUNT_USAGE."""
MASKED: Final[dict[str, str | None]] = {"VARCHAR": "***", "BINARY": None, "VARIANT": None, "DATE": None}
"""Types that are masked, and by what. A policy of NUMBER would round: personal numbers have to be hashed."""
TAG: Final = "PERSONAL"
GOVERNANCE: Final = "OPS"
"""The schema of the tag and its policies."""


def warehouses(names: Names) -> tuple[Warehouse, ...]:
    """One for the pipeline, one for people, so that neither waits for the other."""
    runs, reads = {"local": (None, None), "dev": (20, 20), "prod": (100, 50)}[names.environment]
    return (
        Warehouse(PLATFORM, "Replicates, builds and gates.", 7200, 600, runs),
        Warehouse(READING, "People's questions.", 600, 120, reads),
    )


def grants(names: Names) -> Iterator[Grant]:
    """What roles may on what is always there. What is not here, a role may not.

    Runs ask for their schemas with CREATE SCHEMA IF NOT EXISTS, which needs the right to create one even
    where it is there: hence CREATE SCHEMA.
    """
    database = (names.database,)
    pipeline, reading = (names.own(PLATFORM),), (names.own(READING),)
    yield Grant(LOADER, "USAGE", "WAREHOUSE", pipeline)
    yield Grant(TRANSFORMER, "USAGE", "WAREHOUSE", pipeline)
    yield Grant(READER, "USAGE", "WAREHOUSE", reading)
    yield Grant(TRANSFORMER, "APPLY", "TAG", (names.database, GOVERNANCE, TAG))
    yield Grant(LOADER, "USAGE, CREATE SCHEMA", "DATABASE", database)
    yield Grant(TRANSFORMER, "USAGE, CREATE SCHEMA", "DATABASE", database)
    for role in (READER, SCIENTIST, STEWARD):
        yield Grant(role, "USAGE", "DATABASE", database)
    for schema, role, privileges in (
        ("RAW", LOADER, "USAGE, CREATE TABLE, CREATE VIEW"),
        ("OPS", LOADER, "USAGE, CREATE TABLE, CREATE STAGE"),
        ("RAW", TRANSFORMER, "USAGE"),
        ("STAGING", TRANSFORMER, "USAGE, CREATE TABLE, CREATE VIEW, CREATE DYNAMIC TABLE"),
        ("MARTS", TRANSFORMER, "USAGE, CREATE TABLE, CREATE VIEW, CREATE DYNAMIC TABLE"),
        ("FEATURES", TRANSFORMER, "USAGE, CREATE TABLE, CREATE VIEW, CREATE DYNAMIC TABLE"),
        ("QUALITY", TRANSFORMER, "USAGE, CREATE TABLE, CREATE STAGE"),
        ("OPS", TRANSFORMER, "USAGE, CREATE TABLE"),
        ("MARTS", READER, "USAGE"),
        ("FEATURES", READER, "USAGE"),
        ("STAGING", SCIENTIST, "USAGE"),
        ("OPS", SCIENTIST, "USAGE"),
        ("STAGING", STEWARD, "USAGE"),
        ("QUALITY", STEWARD, "USAGE"),
    ):
        yield Grant(role, privileges, "SCHEMA", (names.database, schema))
    if names.environment == "dev":  # schemas of one's own: python -m snowpark_models run --developer
        yield Grant(SCIENTIST, "CREATE SCHEMA", "DATABASE", database)


def future_grants(names: Names) -> Iterator[FutureGrant]:
    """What roles may on what runs make, whichever role has made it."""
    yield FutureGrant(LOADER, WRITE, "TABLES", "OPS")
    yield FutureGrant(TRANSFORMER, WRITE, "TABLES", "OPS")
    yield FutureGrant(TRANSFORMER, "SELECT", "TABLES", "RAW")
    yield FutureGrant(TRANSFORMER, "SELECT", "VIEWS", "RAW")
    for schema, role in (
        ("MARTS", READER),
        ("FEATURES", READER),
        ("STAGING", SCIENTIST),
        ("STAGING", STEWARD),
    ):
        for kinds in READABLE:
            yield FutureGrant(role, "SELECT", kinds, schema)
    yield FutureGrant(STEWARD, "SELECT", "TABLES", "QUALITY")
    if names.environment == "dev":
        yield FutureGrant(SCIENTIST, "SELECT", "TABLES", "OPS")


def table_grants(names: Names) -> Iterator[TableGrant]:
    """What training sets are made from, beside the features themselves (snowpark_models/pointintime)."""
    if names.environment != "dev":
        yield TableGrant(SCIENTIST, "OPS", "FEATURE_VERSIONS")
        yield TableGrant(SCIENTIST, "OPS", "FEATURE_RECORDINGS")
