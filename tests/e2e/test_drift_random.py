"""Random writes meet random ALTER TABLEs and capture instances: nothing is lost, and nothing comes twice."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from flows.ingest import engine
from flows.ingest.lsn import change_position
from tests.ingest.world import World
from tests.places import Places

STEPS = 16
TYPES = ("int", "bigint", "varchar(10)", "varchar(20)")
WIDER = {"int": "bigint", "varchar(10)": "varchar(20)"}


@pytest.fixture(scope="module")
def world(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.empty(places, tmp_path_factory.mktemp("drift")) as world:
        yield world


@dataclass
class Life:
    """The table `dbo.life`, its columns beside the key, and its capture instances in order."""

    world: World
    chance: random.Random
    columns: dict[str, str] = field(default_factory=lambda: {"c0": "int", "c1": "varchar(10)"})
    instances: list[str] = field(default_factory=list)
    made: int = 0
    is_captured: bool = True
    positions: dict[str, set[str]] = field(default_factory=dict)
    starts: dict[str, str] = field(default_factory=dict)

    def begin(self) -> None:
        columns = ", ".join(f"{name} {declared} NULL" for name, declared in self.columns.items())
        self.world.execute(
            f"CREATE TABLE dbo.life (id int NOT NULL PRIMARY KEY, {columns})",
            f"GRANT SELECT ON dbo.life TO [{self.world.place.reader.user}]",
        )
        self.write()
        self.enable()
        self.replicate()

    def step(self) -> None:
        """Something happens: mostly writes, often a run, sometimes DDL."""
        actions = [self.write, self.write, self.write, self.replicate, self.add, self.drop, self.widen]
        actions += [self.retype, self.enable, self.enable]
        self.chance.choice(actions)()

    def write(self) -> None:
        for _ in range(self.chance.randint(1, 4)):
            key, present = self.chance.randint(1, 6), self.world.query("SELECT id FROM dbo.life")
            named = self.chance.sample(sorted(self.columns), self.chance.randint(1, len(self.columns)))
            values = {name: self.value(self.columns[name]) for name in named}
            if (key,) not in present:
                names, given = ", ".join(values), ", ".join(values.values())
                self.world.execute(f"INSERT INTO dbo.life (id, {names}) VALUES ({key}, {given})")
            elif self.chance.random() < 0.3:
                self.world.execute(f"DELETE FROM dbo.life WHERE id = {key}")
            else:
                changes = ", ".join(f"{name} = {value}" for name, value in values.items())
                self.world.execute(f"UPDATE dbo.life SET {changes} WHERE id = {key}")

    def value(self, declared: str) -> str:
        number = self.chance.randint(0, 99)
        return f"'v{number}'" if declared.startswith("varchar") else str(number)

    def add(self, name: str | None = None, declared: str | None = None) -> None:
        self.made += 1
        name, declared = name or f"n{self.made}", declared or self.chance.choice(TYPES)
        default = f" NOT NULL DEFAULT {self.value(declared)}" if self.chance.random() < 0.5 else " NULL"
        self.world.execute(f"ALTER TABLE dbo.life ADD {name} {declared}{default}")
        self.columns[name] = declared
        self.is_captured = False

    def drop(self) -> str | None:
        if len(self.columns) < 2:
            return None
        name = self.chance.choice(sorted(self.columns))
        for (constraint,) in self.world.query(
            "SELECT d.name FROM sys.default_constraints AS d JOIN sys.columns AS c "
            "ON c.object_id = d.parent_object_id AND c.column_id = d.parent_column_id "
            f"WHERE d.parent_object_id = OBJECT_ID('dbo.life') AND c.name = '{name}'"
        ):
            self.world.execute(f"ALTER TABLE dbo.life DROP CONSTRAINT [{constraint}]")
        self.world.execute(f"ALTER TABLE dbo.life DROP COLUMN {name}")
        del self.columns[name]
        return name

    def widen(self) -> None:
        """Columns that may be NULL only: ALTER COLUMN says so anew."""
        name = self.chance.choice(["c0", "c1"])
        if self.columns.get(name) in WIDER:
            self.columns[name] = WIDER[self.columns[name]]
            self.world.execute(f"ALTER TABLE dbo.life ALTER COLUMN {name} {self.columns[name]} NULL")

    def retype(self) -> None:
        """A column is dropped, and another of its name and another type comes at once."""
        if (name := self.drop()) is not None:
            self.add(name, self.chance.choice(TYPES))

    def enable(self) -> None:
        """A newer instance; of two that are there, the older one goes once it is not needed any more."""
        if len(self.instances) == 2:
            self.replicate()
            older = self.instances.pop(0)
            self.note(older)
            self.world.execute(
                "EXEC sys.sp_cdc_disable_table @source_schema = N'dbo', @source_name = N'life', "
                f"@capture_instance = N'{older}'"
            )
        self.made += 1
        name = f"life_{self.made}"
        self.world.execute(
            "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'life', "
            f"@capture_instance = N'{name}', @role_name = NULL"
        )
        ((start,),) = self.world.query(
            f"SELECT start_lsn FROM cdc.change_tables WHERE capture_instance = '{name}'"
        )
        self.instances.append(name)
        self.starts[name] = start.hex().upper()
        self.is_captured = True

    def replicate(self) -> None:
        self.world.mark()
        with self.world.context() as context:
            engine.catch_up(context)

    def note(self, instance: str) -> None:
        """The positions of an instance's changes."""
        rows = self.world.query(
            f"SELECT [__$start_lsn], [__$command_id], [__$seqval], [__$operation] FROM cdc.{instance}_CT"
        )
        self.positions[instance] = {change_position(*row) for row in rows}

    def end(self) -> None:
        if not self.is_captured:
            self.enable()
        self.replicate()
        for instance in self.instances:
            self.note(instance)

    @property
    def changes(self) -> list[str]:
        """Each change once: of two instances the newer one has it from its start on."""
        starts = [*self.starts.values(), "G"]
        return sorted(
            position
            for (name, found), until in zip(self.positions.items(), starts[1:], strict=True)
            for position in found
            if self.starts[name] < position[:20] <= until
        )


def test_random_drift_loses_nothing_and_doubles_nothing(world: World) -> None:
    seed = int(os.environ.get("DRIFT_SEED") or random.SystemRandom().randrange(10**6))
    print(f"DRIFT_SEED={seed}")  # noqa: T201 - to repeat it
    life = Life(world, random.Random(seed))
    life.begin()
    for _ in range(STEPS):
        life.step()
    life.end()
    columns = ", ".join(["id", *sorted(life.columns)])
    source = world.query(f"SELECT {columns} FROM dbo.life ORDER BY id")
    mirror = world.warehouse_rows(f"SELECT {columns} FROM RAW.LIFE WHERE NOT _DELETED ORDER BY ID")
    assert mirror == source, f"DRIFT_SEED={seed}"
    logged = world.warehouse_rows(
        f"SELECT _POSITION FROM RAW.LIFE__CHANGES WHERE RIGHT(_POSITION, 30) <> '{30 * 'F'}' "
        "ORDER BY _POSITION"
    )
    assert [position for (position,) in logged] == life.changes, f"DRIFT_SEED={seed}"
