"""The workloads by name, in the order of the tables."""

from benchmarks.workload import Workload
from benchmarks.workloads import alignment
from benchmarks.workloads.closure import CLOSURE
from benchmarks.workloads.join import JOIN
from benchmarks.workloads.sweep import SWEEP

__all__ = ["WORKLOADS"]

WORKLOADS: dict[str, Workload] = {item.name: item for item in (CLOSURE, JOIN, alignment.workload(), SWEEP)}
