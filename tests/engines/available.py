"""Engines by name as tests take them: skipped where they cannot run, and one Spark for all tests of a process."""

import atexit
import os
import shutil
from contextlib import ExitStack
from functools import cache
from typing import Any

import pytest

from benchmarks.clusters import cluster

__all__ = ["EVERY_ENGINE", "SETTINGS", "SPARK", "SPREAD", "ready", "running_spark", "spark_case", "spread"]

#: What spares Spark the work that pays for large tables only.
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.default.parallelism": "1",
    # It would keep the plans of a thousand queries.
    "spark.ui.retainedJobs": "1",
    "spark.ui.retainedStages": "1",
    "spark.ui.retainedTasks": "10",
    "spark.sql.ui.retainedExecutions": "1",
}
#: On a cluster, beside these: small executors, and work for two; no table is sent whole to each.
SPREAD = {
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.executor.memory": "512m",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
}


def spark_case(*values: Any) -> Any:
    """A parameter of a test that runs Spark."""
    return pytest.param(*values, marks=pytest.mark.spark)


SPARK = spark_case("spark")
#: Every engine, for a parameter of a test.
EVERY_ENGINE = ("experta", "experta-stock", "duckdb", SPARK)


@cache
def running_spark() -> Any:
    """The session of this process, on a standalone cluster of two workers of one core, which ends with it.

    Or one on a server of Spark Connect, which ``SPARK_REMOTE`` names.
    """
    pytest.importorskip("pyspark")
    pytest.importorskip("sqlglot")
    from kzexpert.engines.sql.store.spark_session import open_session

    if "SPARK_REMOTE" in os.environ:
        return open_session()
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    ended = ExitStack()
    atexit.register(ended.close)
    return open_session(master=ended.enter_context(cluster()).master, conf={**SETTINGS, **SPREAD})


def spread(patch: pytest.MonkeyPatch) -> None:
    """Have Spark do with a few rows what it does with many: they are in parts, which lie with the executors."""
    from kzexpert.engines.sql.store import spark_names, spark_store

    patch.setattr(spark_store, "_LEVELS", (-1, -1))
    for module in (spark_store, spark_names):
        patch.setattr(module, "VALUES", 0)


def ready(name: str) -> str:
    """The name of an engine that can run; the test is skipped where it cannot."""
    if name == "duckdb":
        pytest.importorskip("duckdb")
        pytest.importorskip("sqlglot")
    if name == "spark":
        running_spark()
    return name
