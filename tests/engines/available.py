"""Engines by name as tests take them: skipped where they cannot run, and one Spark for all tests of a process."""

import os
import shutil
from functools import cache
from typing import Any

import pytest

__all__ = ["EVERY_ENGINE", "SETTINGS", "SPARK", "SPREAD", "local_spark", "ready", "spark_case"]

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
#: On a cluster, beside these: small executors, and work for two.
SPREAD = {
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
def local_spark() -> Any:
    """The session of this process, on two cores; or one on a server of Spark Connect, which ``SPARK_REMOTE`` names."""
    pytest.importorskip("pyspark")
    pytest.importorskip("sqlglot")
    from kzexpert.engines.sql.store.spark_session import open_session

    if "SPARK_REMOTE" in os.environ:
        return open_session()
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    return open_session(master="local[2]", conf=SETTINGS)


def ready(name: str) -> str:
    """The name of an engine that can run; the test is skipped where it cannot."""
    if name == "duckdb":
        pytest.importorskip("duckdb")
        pytest.importorskip("sqlglot")
    if name == "spark":
        local_spark()
    return name
