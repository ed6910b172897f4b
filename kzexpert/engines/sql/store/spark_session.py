"""A session of Spark of our own, beside that of a user, which stays as it was; and what goes wrong, in our words.

This is the only module that imports pyspark.
"""

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pyspark
from py4j.protocol import Py4JError
from pyspark import SparkConf, SparkContext
from pyspark.errors import AnalysisException, PySparkException
from pyspark.java_gateway import launch_gateway
from pyspark.sql import Column, DataFrame, DataFrameReader, Observation, SparkSession
from pyspark.sql.functions import expr
from pyspark.sql.types import DataType, DateType, DoubleType, IntegerType, StringType, StructField, StructType

from kzexpert.engines.base import Work
from kzexpert.engines.sql.plan.dialects import CASED, NUMBER_TEXT
from kzexpert.engines.sql.plan.extents import Kind
from kzexpert.engines.sql.store.base import DatabaseError
from kzexpert.errors import Issue, KnowledgeBaseError, UsageError

__all__ = [
    "PYTHON",
    "TYPES",
    "Column",
    "DataFrame",
    "DataFrameReader",
    "Observation",
    "SparkSession",
    "StructField",
    "StructType",
    "check_free",
    "expr",
    "failing",
    "folder_of",
    "open_session",
    "work_of",
    "writing",
]

_OLDEST = 4
if int(pyspark.__version__.split(".")[0]) < _OLDEST:
    raise ImportError(f"pyspark is {pyspark.__version__}, and must be 4.0 or newer")

#: How values are stored.
TYPES: Mapping[Kind, DataType] = {
    "text": StringType(),
    "number": DoubleType(),
    "date": DateType(),
    "whole": IntegerType(),
}
#: What our session says whatever the user's says, since results hang on it.
_FIXED = {
    "spark.sql.ansi.enabled": "false",  # what cannot be computed is null, and a condition on it fails
    "spark.sql.ansi.doubleQuotedIdentifiers": "false",
    "spark.sql.caseSensitive": "true",
    "spark.sql.constraintPropagation.enabled": "false",  # Spark 4 fails to carry it over a checkpoint of a union
    "spark.sql.crossJoin.enabled": "true",
    "spark.sql.csv.parser.columnPruning.enabled": "false",  # a line of too few cells is wrong whatever is read of it
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",  # "01" of a folder stays what it is
}
#: Where Spark runs in this process alone.
_LOCAL = {"spark.ui.enabled": "false", "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
_ALWAYS = {"spark.ui.showConsoleProgress": "false", "spark.cleaner.referenceTracking.cleanCheckpoints": "true"}
_JAVA = "install Java 17 or newer and put it on the PATH, or name its folder in JAVA_HOME"


def open_session(
    session: SparkSession | None = None, master: str | None = None, conf: Mapping[str, str] | None = None
) -> SparkSession:
    """A session of our own, with temporary views and settings of its own, on the Spark that runs or a new one.

    Args:
        session: use its Spark and its settings, as far as results do not hang on them. It is left as it is.
        master: of a new Spark, as ``spark-submit --master`` takes it; None leaves it to the configuration of Spark,
            which without any is ``local[*]``.
        conf: configuration of Spark. Where it runs already, what is fixed by then cannot be changed.

    Raises:
        UsageError: Spark cannot be started (KZ403).
    """
    given = dict(conf or {})
    base = session or SparkSession.getActiveSession()
    if base is None and SparkContext._active_spark_context is not None:
        base = SparkSession.builder.getOrCreate()
    if base is None:
        base = _started(master, given)
    own = base.newSession()
    settings = {**base.conf.getAll, **given, **_FIXED}
    cores = base.sparkContext.defaultParallelism
    if (base.sparkContext.master or "").startswith("local"):  # the defaults of Spark are made for clusters
        settings.setdefault("spark.sql.shuffle.partitions", str(cores))
        settings.setdefault("spark.sql.adaptive.enabled", "false")
    settings.setdefault("spark.sql.files.minPartitionNum", str(cores))  # a file is split alike whenever it is read
    for name, value in settings.items():
        if own.conf.isModifiable(name):
            own.conf.set(name, value)
    return own


def folder_of(session: SparkSession, checkpoint: str | None) -> str | None:
    """A folder of our own in the one for checkpoints; it goes when Spark ends. None where none is given.

    Args:
        checkpoint: that folder, if it is not the one of Spark's own settings.
    """
    context = session.sparkContext
    if checkpoint:
        context.setCheckpointDir(checkpoint)
    given = context.getCheckpointDir()
    if given is None:
        return None
    assert context._jvm is not None
    path = context._jvm.org.apache.hadoop.fs.Path(given, f"kzexpert-{uuid4().hex}")
    files = path.getFileSystem(context._jsc.hadoopConfiguration())
    files.mkdirs(path)
    files.deleteOnExit(path)
    return str(path.toString())


def work_of(session: SparkSession) -> Work | None:
    """What Spark has done so far, as its own listener counts it; jobs that it has forgotten are left out."""
    kept = session.sparkContext._jsc.sc().statusStore()
    jobs, executors = kept.jobsList(None), kept.executorList(False)
    stages = sum(jobs.apply(place).numCompletedStages() for place in range(jobs.size()))
    each = [executors.apply(place) for place in range(executors.size())]
    tasks = sum(executor.totalTasks() for executor in each)
    return Work(jobs.size(), stages, tasks, sum(executor.totalShuffleWrite() for executor in each))


def _started(master: str | None, given: Mapping[str, str]) -> SparkSession:
    """A new Spark. It ends with the process."""
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    if not submitted and not _java():
        raise UsageError(Issue("KZ403", "the spark engine needs Java", hint=_JAVA))
    if submitted or "SPARK_CONF_DIR" in os.environ or not (master or "local").startswith("local"):
        settings = {**_ALWAYS, **given}
    else:
        settings = {**_ALWAYS, **_LOCAL, **given}
        os.environ.setdefault("PYSPARK_PYTHON", _python())
    settings.setdefault("spark.app.name", "kzexpert")
    config = SparkConf().setAll(list(settings.items()))
    if master:
        config.setMaster(master)
    # What Spark tells of itself goes nowhere, unless a configuration of the user says how it is logged.
    told = None if submitted or "SPARK_CONF_DIR" in os.environ else subprocess.DEVNULL
    try:
        gateway = launch_gateway(config, {"stderr": told, "stdout": told})  # type: ignore[no-untyped-call]
        SparkContext(conf=config, gateway=gateway)
        return SparkSession.builder.getOrCreate()
    except (PySparkException, Py4JError, OSError) as error:
        if SparkContext._active_spark_context is not None:
            SparkContext._active_spark_context.stop()
        where = f" on {master}" if master else ""
        hint = _JAVA if (master or "local").startswith("local") else "is there a Spark that answers at this address?"
        raise UsageError(Issue("KZ403", f"Spark cannot be started{where}: {_first_line(error)}", hint=hint)) from None


def _java() -> bool:
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=os.path.join(home, "bin") if home else None) is not None  # noqa: PTH118


def _python() -> str:
    """The Python of this process, for the workers of Spark on this machine: they must be of one version."""
    import sys

    return sys.executable


def _printer() -> Callable[[float | None], str | None]:
    """A function that prints a number as `kzexpert.model.format_number` does.

    It is sent to the workers as it is, so that these need nothing of ours.
    """

    def print_number(number: float | None) -> str | None:
        if number is None:
            return None
        return str(int(number)) if number.is_integer() and abs(number) <= 2**53 else repr(number)

    return print_number


def _changer(function: str) -> Callable[[str | None], str | None]:
    """As `_printer`, a function that changes the case of a text."""

    def changed(text: str | None) -> str | None:
        if text is None:
            return None
        return text.lower() if function == "lower" else text.upper()

    return changed


#: The functions in Python that a plan may name, each from a text to it or from a number. A session is given one when a
#: plan first names it, so that without them no executor needs Python.
PYTHON: Mapping[str, Callable[[Any], str | None]] = {
    NUMBER_TEXT: _printer(),
    **{name: _changer(function) for function, name in CASED.items()},
}


def idle_stages(session: SparkSession) -> set[int]:
    """The stages that wait for executors: there are some, and not one of their tasks runs.

    A server of Spark Connect does not say: none.
    """
    try:
        tracker = session.sparkContext.statusTracker()
        stages = {stage: tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()}
    except (PySparkException, Py4JError):
        return set()
    running = any(info and info.numActiveTasks for info in stages.values())
    return set() if running else set(stages)


# --- what goes wrong -------------------------------------------------------------------------------------------------


_MEMORY = "memory is given by --spark-conf spark.executor.memory=4g, and to the driver by spark.driver.memory"
_ENDED = "the cluster has ended the run: the logs of its master say why"
#: What Spark says where the cluster is at fault, and neither a file nor a plan → what a user can do about it.
_FAULTS = {
    "CHECKPOINT_RDD_BLOCK_ID_NOT_FOUND": "an executor was lost, and with it what was stored there; what is stored in a "
    "folder that all executors reach outlasts them: --spark-conf spark.checkpoint.dir=hdfs:///tmp/kzexpert",
    "OutOfMemoryError": _MEMORY,
    "ExecutorLostFailure": f"the logs of the executors say why they ended; {_MEMORY}",
    "Master removed our application": _ENDED,
    "SparkContext was shut down": _ENDED,
    "stopped SparkContext": _ENDED,
}


@contextmanager
def failing(reading: bool) -> Iterator[None]:
    """What goes wrong in Spark, as what it means here.

    Args:
        reading: whether files of a user are read, which then are at fault.

    Raises:
        DatabaseError: they are.
        KnowledgeBaseError: Spark could not finish a job (KZ404).
    """
    try:
        yield
    except (PySparkException, Py4JError) as error:
        text, says = str(error), _first_line(error)
        hint = next((hint for words, hint in _FAULTS.items() if words in text), None)
        if reading and hint is None:
            raise DatabaseError(says) from None
        if hint is None and not _aborted(error):
            raise  # a fault of ours
        hint = hint or "the logs of Spark say more"
        raise KnowledgeBaseError(Issue("KZ404", f"Spark could not finish: {says}", hint=hint)) from None


@contextmanager
def writing() -> Iterator[None]:
    """What goes wrong with a place to write to, as an error of the operating system; other errors stay as they are."""
    try:
        yield
    except (PySparkException, Py4JError) as error:
        if isinstance(error, AnalysisException) and error.getCondition() == "PATH_ALREADY_EXISTS":
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        if _aborted(error):
            raise
        raise OSError(None, _first_line(error)) from None


def check_free(session: SparkSession, address: str) -> None:
    """Make sure that Spark reaches an address, and that nothing is there.

    Raises:
        OSError: it does not, or something is.
    """
    with writing():
        try:
            session.read.load(address, "binaryFile")
        except AnalysisException as error:
            if error.getCondition() == "PATH_NOT_FOUND":
                return
            raise
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


def _aborted(error: Exception) -> bool:
    """Whether a job failed, and not what asked for it."""
    return "SparkException" in str(error) or "OutOfMemoryError" in str(error)


def _first_line(error: Exception) -> str:
    """The first line of the innermost cause."""
    cause: Any = getattr(error, "java_exception", None)
    while cause is not None and cause.getCause() is not None:
        cause = cause.getCause()
    text = str(cause.getMessage() if cause is not None else error) or type(error).__name__
    return text.strip().splitlines()[0]
