"""Columns that are excluded or hashed never leave the process; decided late, what was there before goes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.ingest import engine
from flows.ingest.context import Context, Limits
from flows.ingest.errors import SourceError
from flows.ingest.health.proof import compare_table, record_proofs
from flows.ingest.policies.policy import Policies, TablePolicy
from flows.ingest.policies.pseudonyms import Hasher
from flows.ingest.progress import Silence
from flows.ingest.tables import registration
from flows.ingest.warehouse.session import WarehouseSession
from tests.ingest.world import World
from tests.places import Places

pytestmark = pytest.mark.live

SALT = "the secret of these tests"
PLANTED = ("Planted Person", "planted@person.example", "5711,25", "57112500", "a planted story")
NUMBER = 57_112_500
POLICY = TablePolicy(
    exclude=frozenset({"name"}),
    hash=frozenset({"Email", "income", "story"}),
    personal=frozenset({"email"}),
    history=True,
)


class Told(Silence):
    """All that a run tells."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def step(self, message: str) -> None:
        self.lines.append(message)

    def warn(self, message: str) -> None:
        self.lines.append(message)


@pytest.fixture(scope="module")
def world(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.empty(places, tmp_path_factory.mktemp("privacy")) as world:
        world.capture(
            "people",
            "id int NOT NULL PRIMARY KEY, name nvarchar(50) NULL, email varchar(80) NULL, income int NULL, "
            "story nvarchar(max) NULL, v int NOT NULL",
            "VALUES (2, NULL, NULL, NULL, NULL, 0), "
            f"(1, N'{PLANTED[0]}', '{PLANTED[1]}', {NUMBER}, N'{PLANTED[4]}', 0)",
        )
        yield world


@pytest.fixture
def staged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The content of all files that are staged, and their bytes."""
    seen: list[str] = []
    put = WarehouseSession.put

    def watched(self: WarehouseSession, stream: IO[bytes], folder: str, name: str) -> None:
        content = stream.read()
        seen.append(str(pq.read_table(io.BytesIO(content)).to_pylist()) + content.decode("latin-1"))
        stream.seek(0)
        put(self, stream, folder, name)

    monkeypatch.setattr(WarehouseSession, "put", watched)
    return seen


def replicate(world: World, policy: TablePolicy, told: Told, salt: str = SALT) -> None:
    """A run with a policy that reports, proves and records as the flows do; nothing differs."""
    policies = Policies(tables={"dbo.people": policy}).with_salt(salt)
    for _ in range(2):
        with world.context(limits=Limits(), policies=policies, progress=told) as context:
            registration.register(context)
            told.lines.append(repr(engine.catch_up(context)))
            told.lines.append(repr(context.tables["PEOPLE"]))
    with world.context(policies=policies, progress=told) as context:
        proof = compare_table(context, "PEOPLE")
        record_proofs(context, [proof])
        told.lines.append(f"{proof} {describe(context)}")
        assert not proof.differences, proof


def describe(context: Context) -> str:
    return f"{context.policies} {context.discovered}"


def everything_in(world: World) -> list[str]:
    """Every value of every table and view of Snowflake, and every statement that it was sent."""
    names = world.warehouse_rows("SELECT TABLE_SCHEMA, TABLE_NAME FROM INFORMATION_SCHEMA.TABLES")
    names += world.warehouse_rows("SELECT TABLE_SCHEMA, TABLE_NAME FROM INFORMATION_SCHEMA.VIEWS")
    tables = [f'"{schema}"."{name}"' for schema, name in names if schema != "INFORMATION_SCHEMA"]
    rows = [str(world.warehouse_rows(f"SELECT * FROM {table}")) for table in tables]
    asked = world.warehouse_rows("SELECT QUERY_TEXT FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY())")
    return [*rows, *(str(row) for row in asked)]


def planted_in(texts: list[str]) -> list[str]:
    return [text[:2000] for text in texts for value in (*PLANTED, SALT) if value in text]


def hash_of(value: Any) -> str:
    return str(Hasher(SALT.encode()).hashed(pa.array([value])).to_pylist()[0])


def test_planted_values_are_nowhere_outside(world: World, staged: list[str]) -> None:
    told = Told()
    replicate(world, POLICY, told)
    world.execute("UPDATE dbo.people SET v = 1", "UPDATE dbo.people SET income = income, email = email + ''")
    world.execute("UPDATE dbo.people SET id = 3 WHERE id = 2")
    world.mark()
    replicate(world, POLICY, told)
    assert world.warehouse_rows("SELECT MAX(V) FROM RAW.PEOPLE") == [(1,)]
    assert len(staged) > 1
    assert any(hash_of(PLANTED[1]) in text for text in staged), "the search finds what was staged"
    assert planted_in([*staged, *told.lines, *everything_in(world)]) == []
    found = world.warehouse_rows(
        "SELECT ID, EMAIL, INCOME, STORY FROM RAW.PEOPLE__HISTORY WHERE ID = 1 ORDER BY _FROM_POSITION"
    )
    assert found[0] == (1, hash_of(PLANTED[1]), hash_of(NUMBER), hash_of(PLANTED[4]))
    assert found[-1] == found[0], "an update that leaves a large value alone keeps its hash"
    assert world.warehouse_rows("SELECT EMAIL, INCOME, STORY FROM RAW.PEOPLE WHERE ID = 3") == [(None,) * 3]
    comments = dict(
        world.warehouse_rows(
            "SELECT TABLE_NAME, COMMENT FROM INFORMATION_SCHEMA.COLUMNS "
            "WHERE TABLE_SCHEMA = 'RAW' AND COLUMN_NAME = 'EMAIL' AND TABLE_NAME LIKE 'PEOPLE%'"
        )
    )
    names = ("PEOPLE", "PEOPLE__CHANGES", "PEOPLE__HISTORY")
    assert comments == dict.fromkeys(names, "personal data; hashed (HMAC-SHA256, salted)")


def test_a_policy_that_comes_late_removes_what_was_there(world: World) -> None:
    """Hashed and excluded, then in the clear by mistake, then as before, with another salt."""
    told = Told()
    replicate(world, POLICY, told)
    replicate(world, TablePolicy(history=True), told)
    assert world.warehouse_rows("SELECT NAME, EMAIL, INCOME FROM RAW.PEOPLE WHERE ID = 1") == [
        (PLANTED[0], PLANTED[1], NUMBER)
    ]
    replicate(world, POLICY, told, salt="another secret of the tests")
    assert planted_in(everything_in(world)) == []
    assert [line for line in told.lines if line.startswith("dbo.people: NAME is excluded now; EMAIL, INCOME")]
    (email,) = world.warehouse_rows("SELECT EMAIL FROM RAW.PEOPLE WHERE ID = 1")[0]
    assert email not in (None, hash_of(PLANTED[1]))


def test_a_column_that_the_policy_misspells_stops_the_table_and_lands_nothing(
    world: World, staged: list[str]
) -> None:
    policies = Policies(tables={"dbo.people": TablePolicy(exclude=frozenset({"nmae"}))})
    with (
        world.context(policies=policies) as context,
        pytest.raises(SourceError, match="names the column nmae"),
    ):
        engine.catch_up(context)
    assert planted_in(staged) == []
