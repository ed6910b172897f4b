"""What is said where a cluster loses executors, or has none."""

import pytest

from kzexpert.engines.reports import Report, Standing, Waiting
from kzexpert.errors import KnowledgeBaseError

pytest.importorskip("pyspark")


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

    from kzexpert.engines.sql.store.spark_session import failing

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
