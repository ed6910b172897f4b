"""What is lost on a cluster, and what comes of it: executors, rows that lay with them."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from available import SETTINGS, SPREAD
from short_programs import program_of, rule, written

from benchmarks.clusters import Cluster, cluster
from kzexpert.engines import engine
from kzexpert.engines.export.files import export
from kzexpert.engines.reports import Report, Standing, Waiting
from kzexpert.errors import KnowledgeBaseError
from kzexpert.model import Program
from kzexpert.model.columns import Selection

pytest.importorskip("pyspark")

#: Tests take one away each, and one is left.
WORKERS = 3
#: In so many parts every executor has some of what is stored.
CONF = {**SETTINGS, **SPREAD, "spark.default.parallelism": "12"}


@pytest.mark.parametrize("reading", [False, True])
@pytest.mark.parametrize(
    ("says", "hint"),
    [
        (
            "Task 1 in stage 9.0 failed 4 times, most recent failure: Lost task 1.3 in stage 9.0 (TID 40) (127.0.0.1 "
            "executor 1): [CHECKPOINT_RDD_BLOCK_ID_NOT_FOUND] Checkpoint block rdd_6_1 not found!",
            "spark.checkpoint.dir=",
        ),
        ("java.lang.OutOfMemoryError: Java heap space", "spark.executor.memory="),
        (
            "Task 0 in stage 1.0 failed 4 times: ExecutorLostFailure (executor 3 exited caused by one of the running "
            "tasks) Reason: Command exited with code 52",
            "spark.executor.memory=",
        ),
        ("Master removed our application: FAILED", "the logs of its master"),
        ("Job 3 cancelled because SparkContext was shut down", "the logs of its master"),
    ],
)
def test_what_the_cluster_is_to_blame_for_no_file_is(says: str, hint: str, reading: bool) -> None:
    from pyspark.errors import PySparkException

    from kzexpert.engines.sql.store.spark_errors import failing

    with pytest.raises(KnowledgeBaseError) as caught, failing(reading):
        raise PySparkException(says)
    (issue,) = caught.value.issues
    assert str(caught.value) == f"KZ404 Spark could not finish: {says}"
    assert hint in issue.hint
    assert ("memory" in issue.hint) == ("memory" in hint)


def test_a_stage_that_waits_for_long_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    from kzexpert.engines.sql.store import executors

    told: list[Report] = []
    seen = {0.0: {4}, 10.0: set(), 14.0: {5}, 15.0: {5}, 20.0: {5, 6}, 28.0: {5}, 29.5: {5}, 31.0: {5}}
    clock = iter(seen)
    now = [0.0]

    def tick() -> float:
        now[0] = next(clock)
        return now[0]

    monkeypatch.setattr(executors, "monotonic", tick)
    monkeypatch.setattr(executors, "idle_stages", lambda session: seen[now[0]])
    listener = executors.Executors(None, told.append)  # type: ignore[arg-type]
    for _ in seen:
        listener.hear(Standing(phase="inferring"))
    assert [report for report in told if isinstance(report, Waiting)] == [Waiting(15)]


# --- on a cluster ----------------------------------------------------------------------------------------------------


def chains() -> Program:
    """Chains of five links: more facts than the driver keeps, and a round of recursion for each link of a chain."""
    starts = range(0, 25_000, 10)
    kb = written(
        {"link": ["number", "number"], "reach": ["number", "number"]},
        {"link": [[float(start + place), start + place + 1.0, 0.9] for start in starts for place in range(5)]},
        rule("link", ["link(?a, ?b)"], "reach(?a, ?b)"),
        rule("on", ["reach(?a, ?b)", "link(?b, ?c)"], "reach(?a, ?c)", 0.99),
    )
    return program_of(kb)


def infer_and_write(found: Cluster, worker: int, path: Path, folder: Path | None = None) -> str:
    """In the driver: have a worker go amid a recursion, and write what follows to a file.

    Returns:
        The error, and its hint.
    """
    from kzexpert.engines.sql.spark_engine import SparkEngine

    def heard(report: Report) -> None:
        if isinstance(report, Standing) and report.round == 3:
            found.lose(worker)

    kept = str(folder) if folder else None
    spark = SparkEngine(master=found.master, conf=CONF, checkpoint=kept, listen=heard)
    try:
        export([spark.infer(chains())], Selection(), "csv", path)
    except KnowledgeBaseError as error:
        return f"{error} {error.issues[0].hint}"
    return ""


@pytest.fixture(scope="module")
def lossy() -> Iterator[tuple[Cluster, ProcessPoolExecutor]]:
    """A cluster, and the process of its driver."""
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    with cluster(WORKERS) as found, ProcessPoolExecutor(1, get_context("spawn")) as driver:
        yield found, driver


@pytest.mark.spark
def test_without_a_folder_rows_go_with_an_executor_and_the_hint_says_what_to_give(lossy, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    found, driver = lossy
    said = driver.submit(infer_and_write, found, 0, tmp_path / "all.csv").result()
    assert said.startswith("KZ404 Spark could not finish")
    assert "an executor was lost" in said
    assert "--spark-conf spark.checkpoint.dir=" in said
    assert "memory" not in said


@pytest.mark.spark
def test_with_a_folder_the_loss_of_a_worker_changes_no_byte(lossy, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Nor do tasks that run twice double a row."""
    found, driver = lossy
    assert driver.submit(infer_and_write, found, 1, tmp_path / "spark.csv", tmp_path / "stored").result() == ""
    export([engine("duckdb").infer(chains())], Selection(), "csv", tmp_path / "duckdb.csv")
    assert (tmp_path / "spark.csv").read_bytes() == (tmp_path / "duckdb.csv").read_bytes()
