"""The workloads by name, in the order of the tables."""

from benchmarks.workload import Workload
from benchmarks.workloads import alignment
from benchmarks.workloads.closure import CLOSURE
from benchmarks.workloads.join import JOIN
from benchmarks.workloads.ownership import OWNERSHIP
from benchmarks.workloads.sweep import CROSSING, SWEEP
from benchmarks.workloads.world import WORLD

__all__ = ["WORKLOADS"]

_ALL = (CLOSURE, JOIN, alignment.workload(), SWEEP, CROSSING, OWNERSHIP, WORLD)
WORKLOADS: dict[str, Workload] = {item.name: item for item in _ALL}
