"""`python -m benchmarks [NAME …]`: run the benchmarks named, or all, and print what they measured."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import (
    gate_work,
    model_work,
    replication_latency,
    replication_memory,
    replication_speed,
    stand_in_memory,
    stand_in_reads,
    stand_in_writes,
)
from benchmarks.figures import Figure

BENCHMARKS: dict[str, Callable[[Path], Iterator[Figure]]] = {
    "stand-in-reads": stand_in_reads.run,
    "stand-in-writes": stand_in_writes.run,
    "stand-in-memory": stand_in_memory.run,
    "models": model_work.run,
    "gates": gate_work.run,
    "replication": replication_speed.run,
    "replication-memory": replication_memory.run,
    "replication-latency": replication_latency.run,
}


def main() -> None:
    """Each benchmark in a folder of its own that is gone afterwards; figures appear as they are measured."""
    for name in _arguments().names or BENCHMARKS:
        benchmark = BENCHMARKS[name]
        print(f"\n{name}: {_first_line(benchmark)}", flush=True)
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            for figure in benchmark(Path(folder)):
                print(f"  {figure}", flush=True)


def _first_line(benchmark: Callable[[Path], Iterator[Figure]]) -> str:
    return (benchmark.__doc__ or "").splitlines()[0]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[*BENCHMARKS, []], help="which ones; all when none is named"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
