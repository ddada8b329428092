"""Nothing is lost, doubled or out of order, whatever is killed or cut, and wherever: under traffic.

`pytest tests/e2e/test_kills.py --kills 300` for more of them, `--seed N` to have the same ones again.
"""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

import pytest

from flows.ingest.tables import registration
from tests.ingest import clocks
from tests.ingest.killing import FAILED, replicate_alone
from tests.ingest.world import World
from tests.places import Places

pytestmark = pytest.mark.live

RESYNC_EVERY = 12
TABLES = ("ACCOUNTS", "ORDERS", "ORDER_LINES", "PAYMENTS", "PRODUCTS")


@pytest.fixture(scope="module")
def world(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.start(places, tmp_path_factory.mktemp("kills"), scale=0.002) as world:
        clocks.create(world)
        yield world


@pytest.fixture
def seed(pytestconfig: pytest.Config) -> int:
    """To repeat a test, pass the seed that it printed."""
    given: int | None = pytestconfig.getoption("seed")
    return random.SystemRandom().randrange(10**6) if given is None else given


def test_whatever_dies_wherever_nothing_is_lost_doubled_or_out_of_order(
    world: World, seed: int, pytestconfig: pytest.Config
) -> None:
    wanted = pytestconfig.getoption("kills")
    print(f"seed {seed}")  # noqa: T201 - to repeat it
    failures = Failures(world, seed)
    with world.traffic(rate=5, seed=seed), clocks.ticking(world):
        failures.happen_until(wanted // 3)  # in the first snapshots, too
        world.replicate()
        with clocks.watched(world) as shown:
            failures.happen_until(wanted)
            world.replicate()  # so that there are two states to be seen, whatever the failures left
    print(f"{failures}; {len(shown)} states seen")  # noqa: T201 - what was tried
    assert [numbers for numbers in shown if len(set(numbers)) > 1] == [], "a reader saw half a commit"
    assert len(shown) > 1, "nobody looked"
    assert world.differences() == {}, f"seed {seed}"
    assert [clocks.misplaced(world, clock) for clock in clocks.CLOCKS] == [[], [], []], f"seed {seed}"
    assert set(world.states().values()) == {"streaming"}


class Failures:
    """Runs that fail, each in a way and at a moment that its seed chooses."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.seed = seed
        self.attempts = 0
        self.seen: dict[str, int] = {}
        ways = [(self.killed, 14), (self.two_at_once, 2)]
        if world.place.services:  # stand-ins may crash, and have faults on demand
            ways += [(self.cut_off, 3), (self.source_crashed, 1), (self.warehouse_crashed, 1)]
        self.ways: list[Callable[[random.Random, int], bool]] = [
            way for way, weight in ways for _ in range(weight)
        ]

    def __str__(self) -> str:
        return ", ".join(f"{name} {count}" for name, count in sorted(self.seen.items()))

    @property
    def count(self) -> int:
        """How many runs did fail."""
        return sum(self.seen.values())

    def happen_until(self, count: int) -> None:
        """Run again and again until so many runs have failed."""
        for _ in range(3 * count):
            if self.count >= count:
                return
            self._happen()
        raise AssertionError("the runs ended before they could be killed")

    def _happen(self) -> None:
        """One more run, which fails unless it is done before its moment."""
        self.attempts += 1
        seed = self.seed + self.attempts
        die = random.Random(seed)
        if self.attempts % RESYNC_EVERY == 0:
            self._read_anew(die.choice(TABLES))
        way = die.choice(self.ways)
        if way(die, seed):
            self.seen[way.__name__] = self.seen.get(way.__name__, 0) + 1

    def killed(self, _: random.Random, seed: int) -> bool:
        """SIGKILL before, during or after a statement."""
        return _ended(self._run(seed)) == -signal.SIGKILL

    def two_at_once(self, die: random.Random, seed: int) -> bool:
        """Two runs, of which both may be killed."""
        runs = [self._run(seed), self._run(die.randrange(10**6))]
        return -signal.SIGKILL in [_ended(run) for run in runs]

    def cut_off(self, die: random.Random, _: int) -> bool:
        """The connection to SQL Server breaks after some bytes."""
        size = int(10 ** die.uniform(2, 5))
        self.world.execute(f"EXEC sandbox.cut_connection N'{self.world.place.reader.user}', {size}")
        is_cut = _ended(self._run(None)) == FAILED
        self.world.execute("EXEC sandbox.clear_faults")
        return is_cut

    def source_crashed(self, die: random.Random, _: int) -> bool:
        """SIGKILL of SQL Server, which comes back."""
        return self._crashed(0, die)

    def warehouse_crashed(self, die: random.Random, _: int) -> bool:
        """SIGKILL of Snowflake, which comes back."""
        return self._crashed(1, die)

    def _crashed(self, service: int, die: random.Random) -> bool:
        run = self._run(None)
        run.join(die.uniform(0.1, 1.5))
        self.world.place.services[service].crash()
        return _ended(run) == FAILED

    def _run(self, seed: int | None) -> BaseProcess:
        """A run in a process of its own, killed where the seed says, if there is one.

        Forked: it begins at once; a fresh interpreter would mostly be killed while it imports.
        """
        run = get_context("fork").Process(target=replicate_alone, args=(self.world, seed))
        run.start()
        return run

    def _read_anew(self, table: str) -> None:
        with self.world.context() as context:
            if table in context.ledger.tables():
                registration.start_snapshot(context, context.tables[table])


def _ended(run: BaseProcess) -> int:
    run.join()
    assert run.exitcode in {0, FAILED, -signal.SIGKILL}, "it ended with a traceback"
    return run.exitcode
