"""What is lost on a cluster, and what comes of it: executors, rows that lay with them, the driver."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest
from available import SETTINGS, SPREAD, spread
from msgspec.structs import replace
from short_programs import rule, small_base, written

from benchmarks.clusters import Cluster, cluster
from kzexpert.engines import Engine, engine, infer_each
from kzexpert.engines.export.files import export
from kzexpert.engines.export.folders import folder_replacement
from kzexpert.engines.reports import Listener, Report, Standing, Waiting, unheard
from kzexpert.errors import KnowledgeBaseError, UsageError
from kzexpert.language import parse_partial_date
from kzexpert.model import Program
from kzexpert.model.columns import Selection
from kzexpert.program.snapshot import snapshot

pytest.importorskip("pyspark")

#: Tests take away all but the last.
WORKERS = 4
#: Work begins once all executors are there, and in so many parts that each has some of what is stored and written.
CONF = {
    **SETTINGS,
    **SPREAD,
    "spark.cores.max": str(WORKERS),
    "spark.scheduler.minRegisteredResourcesRatio": "1.0",
    "spark.default.parallelism": "8",
    "spark.sql.shuffle.partitions": "8",
}


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


@pytest.mark.parametrize("says", ["CHECKPOINT_RDD_BLOCK_ID_NOT_FOUND", "OutOfMemoryError"])
def test_what_a_server_must_be_told_is_not_said_to_the_client(says: str) -> None:
    from pyspark.errors import PySparkException

    from kzexpert.engines.sql.store.spark_errors import failing

    distant = type("SparkException", (PySparkException,), {"__module__": "pyspark.errors.exceptions.connect"})
    with pytest.raises(KnowledgeBaseError) as caught, failing(reading=False):
        raise distant(says)
    hint = caught.value.issues[0].hint
    assert "start the server with spark." in hint
    assert "--spark-conf" not in hint


class Cause:
    """A Java exception, as pyspark shows it."""

    def __init__(self, says: str | None) -> None:
        self.says = says

    def getCause(self) -> None:
        pass

    def getMessage(self) -> str | None:
        return self.says

    def toString(self) -> str:
        return "java.lang.NullPointerException"


@pytest.mark.parametrize("says", [None, "", " \n"])
def test_an_error_without_words_says_what_it_is(says: str | None) -> None:
    from kzexpert.engines.sql.store.spark_errors import first_line

    error = RuntimeError(says or "")
    assert first_line(error) == "RuntimeError"
    error.java_exception = Cause(says)  # type: ignore[attr-defined]
    assert first_line(error) == "java.lang.NullPointerException"


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


def test_a_cluster_that_cannot_start_says_why_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'no Java here' >&2\nexit 1\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    began = monotonic()
    with pytest.raises(RuntimeError, match="no Java here"), cluster():
        pass
    assert monotonic() - began < 60  # of minutes


# --- how Spark is started --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "defaults", "where", "host"),
    [
        ({"master": "local[2]"}, None, " on local[2]", "127.0.0.1"),
        ({"conf": {"spark.master": "spark://host:7077"}}, None, " on spark://host:7077", None),
        ({"conf": {"spark.master": "yarn"}, "master": "local"}, None, " on local", "127.0.0.1"),
        ({}, "spark.master spark://host:7077", "", None),
        ({}, None, "", "127.0.0.1"),
    ],
)
def test_a_spark_elsewhere_calls_this_machine_by_its_name(
    options: dict[str, Any],
    defaults: str | None,
    where: str,
    host: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from kzexpert.engines.sql.store import spark_session

    asked: dict[str, str] = {}

    def launched(conf: Any, *_: object) -> None:
        asked.update(conf.getAll())
        raise OSError("it is not")

    (tmp_path / "conf").mkdir()
    if defaults is not None:
        (tmp_path / "conf" / "spark-defaults.conf").write_text(defaults)
    for name in ("SPARK_REMOTE", "SPARK_CONF_DIR", "PYSPARK_GATEWAY_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SPARK_HOME", str(tmp_path))
    monkeypatch.setattr(spark_session, "launch_gateway", launched)
    monkeypatch.setattr(spark_session, "_java", lambda: True)
    for name in ("_active_spark_context", "_jvm"):
        monkeypatch.setattr(spark_session.SparkContext, name, None)
    with pytest.raises(UsageError, match=re.escape(f"KZ403 Spark cannot be started{where}: it is not")):
        spark_session.open_session(**options)
    assert asked.get("spark.driver.host") == asked.get("spark.driver.bindAddress") == host


@pytest.mark.spark
def test_a_master_goes_before_a_server_that_the_environment_names(checkout: Path) -> None:
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    options = ["--engine", "spark", "--spark-master", "local[1]", "--kb", str(checkout / "tests" / "kb_small")]
    command = [sys.executable, "-m", "kzexpert", "conclusions", *options]
    env = {**os.environ, "SPARK_REMOTE": "sc://127.0.0.1:1"}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=env)
    assert (ran.returncode, ran.stderr) == (0, "")


# --- while Spark starts, and small tables are read --------------------------------------------------------------------


def with_a_table(folder: Path, rows: str) -> Path:
    """A base of one rule, one table, and these rows in it."""
    kb = small_base(folder, "tables: [{file: t.csv, predicate: old, columns: {s: state}, source: book}]\n")
    (kb / "facts" / "t.csv").write_text(rows, encoding="utf-8")
    return kb


@pytest.mark.spark
def test_a_table_that_is_wrong_leaves_spark_to_the_next_run(tmp_path: Path) -> None:
    """In a process of its own, where none runs yet: the first run ends while Spark starts."""
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    wrong, right = (
        with_a_table(tmp_path / "wrong", "state\nNowhere\n"),
        with_a_table(tmp_path / "right", "state\nRuritania\n"),
    )
    script = f"""
from kzexpert.engines import engine, Settings
from kzexpert.errors import KnowledgeBaseError
from kzexpert.language import load_knowledge_base
from kzexpert.program.snapshot import snapshot

spark = engine("spark", settings=Settings(spark_master="local[1]"))
try:
    spark.infer(snapshot(load_knowledge_base([{str(wrong)!r}])))
except KnowledgeBaseError as error:
    print(error.issues[0].code)
print(len(spark.infer(snapshot(load_knowledge_base([{str(right)!r}]))).certainties["new"]))
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120)
    assert (ran.stdout, ran.returncode) == ("KZ125\n1\n", 0), ran.stderr


@pytest.mark.spark
def test_ctrl_c_does_not_wait_for_a_spark_that_does_not_come(tmp_path: Path) -> None:
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    kb = with_a_table(tmp_path / "right", "state\nRuritania\n")
    options = ["--engine", "spark", "--spark-master", "spark://127.0.0.1:1", "--kb", str(kb)]
    command = [sys.executable, "-m", "kzexpert", "conclusions", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(6)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        _, said = process.communicate(timeout=60)
    assert time.monotonic() - started < 10
    assert (process.returncode, "Traceback" in said) == (130, False)


# --- the Java process of the driver ----------------------------------------------------------------------------------

#: A command, in which Java is killed while Spark is at work at something.
KILLED = """
import os, signal, sys, threading
from kzexpert.cli import main
from kzexpert.cli.progress import ProgressLine

hear = ProgressLine.hear

def heard(line, report):
    hear(line, report)
    if getattr(report, "phase", "") == PHASE and threading.current_thread() is not threading.main_thread():
        from pyspark import SparkContext
        os.kill(SparkContext._gateway.proc.pid, signal.SIGKILL)

ProgressLine.hear = heard
main()
"""


def test_a_word_that_is_lost_while_java_ends_is_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    from py4j.protocol import Py4JError
    from pyspark import SparkContext

    from kzexpert.engines.sql.store.spark_errors import failing

    with subprocess.Popen(["sleep", "0.3"]) as process:
        monkeypatch.setattr(SparkContext, "_gateway", SimpleNamespace(proc=process))
        with pytest.raises(KnowledgeBaseError, match="KZ404 Spark has ended amid the run"), failing(reading=False):
            raise Py4JError("PythonUtils does not exist in the JVM")


@pytest.mark.spark
@pytest.mark.parametrize(("phase", "output"), [("inferring", "all.csv"), ("writing", "all/")])
def test_a_java_that_is_killed_ends_the_run_and_is_no_bug(
    phase: str, output: str, checkout: Path, tmp_path: Path
) -> None:
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    options = ["--engine", "spark", "--spark-master", "local[1]", "--kb", str(checkout / "tests" / "kb_small"), "-v"]
    script = f"PHASE = {phase!r}{KILLED}"
    command = [sys.executable, "-c", script, "infer", *options, "--output", f"{tmp_path}/{output}"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert "KZ404 Spark has ended amid the run\n  hint: most often the system has ended it" in ran.stderr
    assert (ran.returncode, "Traceback" in ran.stderr) == (1, False)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.spark
def test_rows_that_java_could_not_send_are_missed() -> None:
    """In a process of its own, whose Spark ends."""
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    script = """
import os, signal
from contextlib import contextmanager
from pyspark import SparkContext
from pyspark.sql.classic import dataframe
from kzexpert.engines.sql.store.spark_session import open_session
from kzexpert.engines.sql.store.spark_store import SparkStore
from kzexpert.errors import KnowledgeBaseError

store = SparkStore(open_session(master="local[1]"))
load = dataframe._load_from_socket

@contextmanager
def cut(*args):
    with load(*args) as rows:
        yield cut_off(rows)

def cut_off(rows):
    yield next(rows)
    os.kill(SparkContext._gateway.proc.pid, signal.SIGKILL)
    SparkContext._gateway.proc.wait()
    yield from rows

dataframe._load_from_socket = cut
try:
    print(len(store.rows("SELECT id FROM range(1000000)")))
except KnowledgeBaseError as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120)
    assert (ran.stdout, ran.returncode) == ("KZ404 Spark has ended amid the run\n", 0)


# --- on a cluster ----------------------------------------------------------------------------------------------------


def chains() -> list[Program]:
    """Chains of five links, each in one of twenty years: a round of recursion for each link of a chain."""
    starts = range(0, 3_000, 10)
    kb = written(
        {"link": ["number", "number"], "reach": ["number", "number"]},
        {"link": [[float(start + place), start + place + 1.0, 0.9] for start in starts for place in range(5)]},
        rule("link", ["link(?a, ?b)"], "reach(?a, ?b)"),
        rule("on", ["reach(?a, ?b)", "link(?b, ?c)"], "reach(?a, ?c)", 0.99),
    )
    days = [parse_partial_date(str(year)) for year in range(1992, 2012)]
    found = [days[int(fact.arguments["arg0"]) // 10 % 20] for fact in kb.facts]  # type: ignore[arg-type]
    facts = [replace(fact, since=day, until=day) for fact, day in zip(kb.facts, found, strict=True)]
    link, reach = kb.predicates
    kb = replace(kb, predicates=(replace(link, holds="interval"), reach), facts=tuple(facts))
    return [snapshot(kb, day.last) for day in days]


def write(runs: Engine, out: Path, listen: Listener = unheard) -> None:
    """Write what follows to a file and to a folder."""
    inferences = infer_each(runs, chains())
    export(inferences, Selection(), "csv", out / "all.csv")
    with folder_replacement(str(out / "all"), inferences) as path:
        export(inferences, Selection(), "csv", path, listen, folders=True)


def rows_of(folder: Path) -> list[str]:
    """The lines of a folder that is whole, each behind the folder inside of it."""
    assert (folder / "_SUCCESS").is_file()
    files = folder.rglob("part-*")
    return sorted(f"{file.parent.relative_to(folder)} {line}" for file in files for line in _lines(file))


def _lines(file: Path) -> list[str]:
    header, *lines = file.read_text(encoding="utf-8").splitlines()
    assert header == "arg0,arg1,certainty,evidence,established"
    return lines


def infer_and_write(
    found: Cluster, out: Path, inferring: int | None = None, writing: int | None = None, kept: Path | None = None
) -> str:
    """In the driver: write a file and a folder, while things are lost.

    Args:
        inferring: the worker that is lost amid a recursion; by default none is.
        writing: the worker that is lost when some of the folder is written; by default the driver itself is.

    Returns:
        The error, and its hint.
    """
    from pyspark import SparkContext

    from kzexpert.engines.sql.spark_engine import SparkEngine
    from kzexpert.engines.sql.store import watch

    spread(pytest.MonkeyPatch())
    watch._EVERY = 0.01  # so often it hears
    left = [inferring, writing]

    def heard(report: Report) -> None:
        if left[0] is not None and isinstance(report, Standing) and report.round == 3:
            found.lose(left[0])
            left[0] = None
        if len(left) == 2 and any(out.glob(".kzexpert-*/new/_temporary/0/_temporary/*/*/*/part-*")):
            del left[1]
            if writing is not None:
                found.lose(writing)
                return
            for process in (SparkContext._gateway.proc.pid, os.getpid()):
                os.kill(process, signal.SIGKILL)

    folder = None if kept is None else str(kept)
    try:
        write(SparkEngine(master=found.master, conf=CONF, checkpoint=folder, listen=heard), out, heard)
    except KnowledgeBaseError as error:
        return f"{error} {error.issues[0].hint}"
    return "" if len(left) == 1 else "the folder was there at once"


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
    said = driver.submit(infer_and_write, found, tmp_path, inferring=0).result()
    assert said.startswith("KZ404 Spark could not finish")
    assert "an executor was lost" in said
    assert "--spark-conf spark.checkpoint.dir=" in said
    assert "memory" not in said
    assert [*tmp_path.iterdir()] == []


@pytest.mark.spark
def test_with_a_folder_the_loss_of_workers_changes_no_byte(lossy, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Nor do tasks that run twice double a row."""
    found, driver = lossy
    spark, duckdb = tmp_path / "spark", tmp_path / "duckdb"
    for out in (spark, duckdb):
        out.mkdir()
    assert driver.submit(infer_and_write, found, spark, inferring=1, writing=2, kept=tmp_path / "stored").result() == ""
    write(engine("duckdb"), duckdb)
    assert (spark / "all.csv").read_bytes() == (duckdb / "all.csv").read_bytes()
    assert rows_of(spark / "all") == rows_of(duckdb / "all")
    assert {path.name for path in spark.iterdir()} == {"all", "all.csv"}


@pytest.mark.spark
def test_a_driver_that_is_killed_leaves_the_old_folder_whole(lossy, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """What it has written stays beside it, and is in nobody's way."""
    found, driver = lossy
    write(engine("duckdb"), tmp_path)
    before = {path: path.read_bytes() for path in (tmp_path / "all").rglob("*") if path.is_file()}
    with pytest.raises(BrokenProcessPool):
        driver.submit(infer_and_write, found, tmp_path).result()
    assert {path: path.read_bytes() for path in (tmp_path / "all").rglob("*") if path.is_file()} == before
    rows, (half,) = rows_of(tmp_path / "all"), tmp_path.glob(".kzexpert-*")
    assert [*half.rglob("part-*")]
    write(engine("duckdb"), tmp_path)
    assert rows_of(tmp_path / "all") == rows
