"""One process of one run: it writes the input of a workload, or runs one side once, and says in JSON what that gave.

python -m benchmarks.child prepare WORKLOAD SIZE FOLDER
python -m benchmarks.child run WORKLOAD SIZE FOLDER SIDE
"""

import os
import resource
import sys
import time
from pathlib import Path

import msgspec

from benchmarks.measuring import NO_INPUT, Run
from benchmarks.workloads import WORKLOADS

__all__ = ["main"]


def main(arguments: list[str]) -> None:
    task, name, size, folder, *rest = arguments
    workload = WORKLOADS[name]
    if task == "prepare":
        try:
            workload.prepare(int(size), Path(folder))
        except FileNotFoundError as error:
            sys.stdout.write(f"{Path(error.filename).name} is not there")
            sys.exit(NO_INPUT)
        return
    run = workload.sides[rest[0]](int(size), Path(folder))
    start = time.perf_counter()
    outcome = run()
    seconds = time.perf_counter() - start
    peak, age = _peak(), _age()
    counts, digests = outcome.details()
    found = Run(seconds, age, peak, {**outcome.counts, **counts}, digests)
    sys.stdout.write("\n" + msgspec.json.encode(found).decode() + "\n")
    sys.stdout.flush()


def _peak() -> float:
    """Megabytes of memory at the most, of this process and of those that it started."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return (own + sum(_high_water(process) for process in _descendants(os.getpid()))) / 1e6


def _age() -> float:
    """Seconds since the parent started this process."""
    return time.time() - float(os.environ["KZEXPERT_BENCHMARK_STARTED"])


def _descendants(process: int) -> list[int]:
    """All processes below one, where /proc tells."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError, ValueError):  # it has ended meanwhile
            continue
    found = [process]
    for known in found:
        found += [child for child, parent in parents.items() if parent == known]
    return found[1:]


def _high_water(process: int) -> int:
    """Bytes of memory that a process had at the most."""
    try:
        lines = (Path("/proc") / str(process) / "status").read_text().splitlines()
    except OSError:  # it has ended meanwhile
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    main(sys.argv[1:])
