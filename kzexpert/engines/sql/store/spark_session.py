"""A session of Spark of our own, beside that of a user, which stays as it was; and what its kinds do differently.

With `spark_errors` this is the only module that imports pyspark. For a server of Spark Connect pyspark-client will do,
which has no py4j and needs no Java.
"""

import atexit
import errno
import logging
import os
import re
import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

import pyspark
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, DataFrameReader, Observation, SparkSession
from pyspark.sql.functions import expr
from pyspark.sql.types import (
    ArrayType,
    DataType,
    DateType,
    DoubleType,
    IntegerType,
    StringType,
    StructField,
    StructType,
)
from pyspark.util import is_remote_only

from kzexpert.engines.base import Work
from kzexpert.engines.reports import Listener, Untaken, unheard
from kzexpert.engines.sql.plan.dialects import CASED, NUMBER_TEXT
from kzexpert.engines.sql.plan.extents import Kind
from kzexpert.engines.sql.store.base import Row
from kzexpert.engines.sql.store.printers import PRINTERS
from kzexpert.engines.sql.store.spark_errors import RAISED, failing, first_line, quiet, writing
from kzexpert.engines.sql.store.spark_values import escaped
from kzexpert.errors import Issue, Location, UsageError, listed

if not is_remote_only():
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway

__all__ = [
    "PYTHON",
    "TYPES",
    "ArrayType",
    "DataFrame",
    "DataFrameReader",
    "SparkSession",
    "StructField",
    "StructType",
    "check_free",
    "collected",
    "connects",
    "discard",
    "folder_of",
    "frame_of",
    "is_to_start",
    "local_copy",
    "open_session",
    "places_rows",
    "release",
    "stoppable",
    "tasks",
    "watched",
    "work_of",
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
#: Where others do the work: what plans it runs once, and is not worth to be compiled at length.
_PLANS = {"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseParallelGC"}
#: And where there is little to do, neither is what executors run; and what sorts or groups a few rows takes 1 MB at a
#: time, where Spark takes up to 64 and clears it first.
_BRIEF = {
    **_PLANS,
    "spark.executor.extraJavaOptions": _PLANS["spark.driver.extraJavaOptions"],
    "spark.buffer.pageSize": "1m",
}
_ALWAYS = {"spark.ui.showConsoleProgress": "false", "spark.cleaner.referenceTracking.cleanCheckpoints": "true"}
_INSTALL = "pip install 'kzexpert[spark]'"
_MASTERS = "It is written local[4], spark://host:7077 or yarn"
_JAVA = "install Java 17 or newer and put it on the PATH, or name its folder in JAVA_HOME"
#: What a client asks of a server of Spark Connect that may be older than it or no Spark, with Spark's own values.
_ASKED = {
    "spark.sql.session.localRelationBatchOfChunksSizeBytes": "1073741824",
    "spark.sql.session.localRelationChunkSizeBytes": "16777216",
    "spark.sql.session.localRelationChunkSizeRows": "10000",
    "spark.sql.session.localRelationSizeLimit": "3221225472",
}
#: So often a client asks again, for five seconds, and not for ten minutes as it would.
_RETRIES = 4
_UNTAKEN = "results hang on it, or Spark runs already and no session may change it: give it where Spark is started"
#: Held while a thread starts Spark: there can be one in a process.
_STARTING = Lock()
#: What a Spark of this process was started with.
_BEGUN: WeakKeyDictionary[Any, Mapping[str, str]] = WeakKeyDictionary()
#: Sessions of our own on servers.
_FAR: set[SparkSession] = set()
#: Seconds within which what a job has measured is there, if it comes at all.
_MEASURED = 5.0


def open_session(
    session: SparkSession | None = None,
    master: str | None = None,
    conf: Mapping[str, str] | None = None,
    remote: str | None = None,
    brief: bool = False,
    listen: Listener = unheard,
) -> SparkSession:
    """A session of our own, with temporary views and settings of its own, on the Spark that runs or a new one.

    Args:
        session: use its Spark and its settings, as far as results do not hang on them. It is left as it is.
        master: of a new Spark, as ``spark-submit --master`` takes it; None leaves it to the configuration of Spark,
            which without any is ``local[*]``.
        conf: configuration of Spark.
        brief: whether a new Spark has little to do, and so should start at once rather than run at full speed later.
        remote: a server of Spark Connect, such as ``sc://host:15002``; by default that of ``SPARK_REMOTE``, unless
            there is a session or a master.
        listen: hears of what was given and not taken: where Spark runs already, what is fixed by then.

    Raises:
        UsageError: Spark cannot be started or reached (KZ403).
    """
    given = dict(conf or {})
    master = master or given.get("spark.master")
    base = session if session or remote else SparkSession.getActiveSession()
    remote = remote or (None if base or master else os.environ.get("SPARK_REMOTE"))
    if remote and not session:
        own, settings = _connected(remote), {**_ASKED, **given, **_FIXED}
    else:
        with _STARTING:
            base = base or _running() or _started(master, given, brief)
        own, settings = _beside(base), {**base.conf.getAll, **given, **_FIXED}
        settings.setdefault("spark.sql.codegen.useIdInClassName", "false")  # what reads alike is compiled once
        if not connects(base) and (base.sparkContext.master or "").startswith("local"):
            # The defaults of Spark are made for clusters.
            settings.setdefault("spark.sql.shuffle.partitions", str(tasks(base)))
            settings.setdefault("spark.sql.adaptive.enabled", "false")
    if connects(own):
        _FAR.add(own)
    settings.setdefault("spark.sql.files.minPartitionNum", str(tasks(own)))  # a file is split alike whenever it is read
    for name, value in settings.items():
        if name in _ASKED or own.conf.isModifiable(name):
            own.conf.set(name, value)
    untaken = [name for name, value in given.items() if _is_untaken(own, name, value)]
    if untaken:
        message = f"Spark has not taken {listed(sorted(untaken))}"
        listen(Untaken((Issue("KZ308", message, Location("--spark-conf"), _UNTAKEN, "warning"),)))
    return own


def _is_untaken(own: SparkSession, name: str, value: str) -> bool:
    """Whether Spark has another value, and was not started with this one, which it may have added to."""
    begun = {} if connects(own) else _BEGUN.get(own.sparkContext, {})
    return {**begun, **_FIXED}.get(name) != value and own.conf.get(name, None) != value


def is_to_start(session: SparkSession | None, remote: str | None) -> bool:
    """Whether `open_session` starts a Spark in this process, which takes seconds. Nobody is asked who may not answer.

    Raises:
        UsageError: it cannot be started (KZ403).
    """
    if session or remote or os.environ.get("SPARK_REMOTE"):
        return False
    if not is_remote_only() and (SparkContext._active_spark_context is not None or _STARTING.locked()):
        return False
    if SparkSession.getActiveSession() is not None:  # over Spark Connect
        return False
    _check_startable()
    return True


def _running() -> SparkSession | None:
    """A session of the Spark of this process, whatever ``SPARK_REMOTE`` says, to which a builder would listen."""
    if is_remote_only() or SparkContext._active_spark_context is None:
        return None
    return SparkSession(SparkContext._active_spark_context)


def _beside(base: SparkSession) -> SparkSession:
    """A new session on the Spark of another one. Over Spark Connect pyspark has none before 4.3."""
    if not connects(base):
        return base.newSession()
    kind: Any = type(base)
    return _far(base.newSession() if hasattr(base, "newSession") else kind(connection=base.client._builder))


# --- Spark Connect ---------------------------------------------------------------------------------------------------


def _connected(remote: str) -> SparkSession:
    """A session on a server of Spark Connect. It ends with the process, or when it is released."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        with warnings.catch_warnings(action="ignore"):  # of versions of pandas, and of what the error says
            from pyspark.sql.connect.session import SparkSession as RemoteSession

            own = _far(RemoteSession(connection=remote))
            _ = own.version  # the first word to the server
    except (ImportError, SystemExit) as error:  # pyspark may take us for its own tests, and end them
        hint = "pip install pyspark-client in its place, or what pyspark[connect] names beside it"
        raise UsageError(Issue("KZ403", f"Spark Connect is not installed: {first_line(error)}", hint=hint)) from None
    except PySparkException as error:
        hint = "is there a server of Spark Connect that answers at this address? It is written sc://host:15002"
        message = f"Spark cannot be reached at {remote.partition(';')[0]}: {first_line(error)}"
        raise UsageError(Issue("KZ403", message, hint=hint)) from None
    warnings.filterwarnings("ignore", r"\[RETRIES_EXCEEDED\]")  # which the error says
    return own


def _far(own: Any) -> SparkSession:
    """A session of our own on a server: where none answers it waits for seconds only."""
    from pyspark.sql.connect.client.retries import DefaultPolicy

    own.client.set_retry_policies([DefaultPolicy(max_retries=_RETRIES)])
    session: SparkSession = own
    return session


@atexit.register
def _release_all() -> None:
    for session in list(_FAR):
        release(session)


def connects(session: SparkSession) -> bool:
    """Whether a session is one of Spark Connect, which knows DataFrames and SQL only."""
    return not hasattr(session, "_jsparkSession")


def release(session: SparkSession) -> None:
    """End a session of our own on a server, which keeps tables for it. One in this process ends by itself.

    The word of pyspark for it would also stop a server that a user has in this process.
    """
    if session in _FAR:
        _FAR.remove(session)
        session.client.set_retry_policies([])  # a server that is gone keeps nothing
        with suppress(Exception):
            session.client.release_session()
        session.client.close()


# --- what differs between the two ------------------------------------------------------------------------------------


@contextmanager
def stoppable(session: SparkSession, tag: str) -> Iterator[Callable[[], object]]:
    """Gives what stops the jobs that are started inside, in this thread, and others that bear the tag."""
    add: Callable[[str], object]
    stop: Callable[[str], object]
    if connects(session):
        add, stop, remove = session.addTag, session.interruptTag, session.removeTag
    else:  # where the tags of a session stop nothing
        context = session.sparkContext
        add, stop, remove = context.addJobTag, context.cancelJobsWithTag, context.removeJobTag
    with failing(reading=False):
        add(tag)
    try:
        yield partial(quiet()(stop), tag)
    finally:
        with quiet():
            remove(tag)


def frame_of(session: SparkSession, rows: Sequence[Row], shape: StructType) -> DataFrame:
    """Rows of values, which are sent to the executors."""
    if connects(session):
        return session.createDataFrame(list(rows), shape)
    return session.createDataFrame(list(rows), shape, verifySchema=False)


def collected(frame: DataFrame) -> list[Row]:
    """All rows of a frame. Where Java ends while it sends them, pyspark takes those that came for all of them."""
    rows = [tuple(row) for row in frame.collect()]
    if not connects(frame.sparkSession):
        _ = frame.sparkSession.version  # it still answers
    return rows


def watched(frame: DataFrame, measures: Sequence[str]) -> tuple[DataFrame, Callable[[DataFrame], Sequence[Any]]]:
    """A frame that is measured when it is computed; and what gives the measures, if it is told what was kept of it.

    A server of Spark Connect need not be able to do that; and before Spark 4.3 what was measured comes by a queue that
    drops what it has no room for (SPARK-55037). What was kept is asked then.
    """

    def asked(kept: DataFrame) -> Sequence[Any]:
        return list(kept.selectExpr(*measures).collect()[0])

    if connects(frame.sparkSession):
        return frame, asked
    seen: Any = Observation()
    told = [expr(measure).alias(f"m{place}") for place, measure in enumerate(measures)]
    observed = frame.observe(seen, *told)

    def measured(kept: DataFrame) -> Sequence[Any]:
        end = monotonic() + _MEASURED
        while not (done := seen._jo.future().isCompleted()) and monotonic() < end:
            sleep(0.01)
        return [seen.get[f"m{place}"] for place in range(len(measures))] if done else asked(kept)

    return observed, measured


def local_copy(frame: DataFrame) -> DataFrame:
    """The rows of a frame, kept where they are computed, without the plan that led to them.

    Over Spark Connect they are kept as the server is set up for it, and are gone with the frame.
    """
    session: Any = frame.sparkSession
    if not connects(session):
        return frame.localCheckpoint(eager=True)
    reliable = session.conf.get("spark.checkpoint.dir", None)
    active = type(session)._active_session  # pyspark takes what comes back for a frame of the active session
    before = getattr(active, "session", None)
    active.session = session
    try:
        return frame.checkpoint(eager=True) if reliable else frame.localCheckpoint(eager=True)
    finally:
        active.session = before


def folder_of(session: SparkSession, checkpoint: str | None) -> str | None:
    """A folder of our own in the one for checkpoints; it goes when Spark ends, or is removed. None where none is given.

    Args:
        checkpoint: that folder, if it is not the one of Spark's own settings, which stay as they are.

    Raises:
        UsageError: it cannot be made (KZ306), or Spark is reached by Spark Connect, where only the server can name one.
    """
    if connects(session):
        if checkpoint:
            hint = "leave it out: start the server with spark.checkpoint.dir"
            raise UsageError(Issue("KZ403", "over Spark Connect no folder for checkpoints can be named", hint=hint))
        return None
    given = checkpoint or session.sparkContext.getCheckpointDir()
    if given is None:
        return None
    try:
        files, path = _hadoop(session, f"{given}/kzexpert-{uuid4().hex}")
        path = files.makeQualified(path)
        files.mkdirs(path)
        files.deleteOnExit(path)
    except RAISED as error:
        hint = "give a folder that all executors reach, and that Spark may write to"
        raise UsageError(Issue("KZ306", f"cannot write: {first_line(error)}", Location(given), hint)) from None
    return str(path.toString())


def discard(session: SparkSession, address: str) -> None:
    """Remove what was written, as far as the file system lets us; over Spark Connect it stays."""
    if connects(session):
        return
    with quiet():
        files, path = _hadoop(session, address)
        files.delete(path, True)


def _hadoop(session: SparkSession, name: str) -> tuple[Any, Any]:
    """A path, behind the file system where it lies."""
    context = session.sparkContext
    assert context._jvm is not None
    path = context._jvm.org.apache.hadoop.fs.Path(name)
    return path.getFileSystem(context._jsc.hadoopConfiguration()), path


def places_rows(session: SparkSession) -> bool:
    """Whether Spark says in which file a row stands, and where; a server of Spark Connect that is no Spark does not."""
    if not connects(session):
        return True
    try:
        session.sql("SELECT input_file_name()").collect()
    except PySparkException:
        return False
    return True


def check_free(session: SparkSession, address: str) -> None:
    """Make sure that Spark reaches an address, and that nothing is there.

    Raises:
        OSError: it does not, or something is.
    """
    with writing():
        try:
            found = session.read.load(escaped(address), "binaryFile")
            _ = found.schema  # asked of a server only now
        except AnalysisException as error:
            if error.getCondition() == "PATH_NOT_FOUND":
                return
            raise
        # One that is no Spark has looked for nothing yet.
        if not places_rows(session) and not found.select("path").limit(1).collect():
            return
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


def tasks(session: SparkSession) -> int:
    """Into how many parts many rows are split."""
    if connects(session):
        return int(session.conf.get("spark.sql.shuffle.partitions", None) or os.cpu_count() or 1)
    return session.sparkContext.defaultParallelism


def work_of(session: SparkSession) -> Work | None:
    """What Spark has done so far, as its own listener counts it; jobs that it has forgotten are left out.

    None where Spark is reached by Spark Connect, which tells nothing of that, or has ended.
    """
    if connects(session):
        return None
    try:
        kept = session.sparkContext._jsc.sc().statusStore()
        jobs, executors = kept.jobsList(None), kept.executorList(False)
        stages = sum(jobs.apply(place).numCompletedStages() for place in range(jobs.size()))
        each = [executors.apply(place) for place in range(executors.size())]
        tasks = sum(executor.totalTasks() for executor in each)
        return Work(jobs.size(), stages, tasks, sum(executor.totalShuffleWrite() for executor in each))
    except RAISED:
        return None


# --- a Spark of this process -----------------------------------------------------------------------------------------


def _started(master: str | None, given: Mapping[str, str], brief: bool) -> SparkSession:
    """A new Spark. It ends with the process."""
    _check_startable()
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    elsewhere = not (master or "local").startswith("local")
    configured = submitted or _has_folder()
    if configured:  # what Java is told there is to stay
        settings = {**_ALWAYS, **given}
    elif elsewhere:
        settings = {**_ALWAYS, **(_BRIEF if brief else _PLANS), **given}
    else:
        settings = {**_ALWAYS, **(_BRIEF if brief else {}), **_LOCAL, **given}
        os.environ.setdefault("PYSPARK_PYTHON", _python())
    settings.setdefault("spark.app.name", "kzexpert")
    config = SparkConf().setAll(list(settings.items()))
    if master:
        config.setMaster(master)
    # What Spark tells of itself goes nowhere, unless a configuration of the user says how it is logged.
    told = None if configured else subprocess.DEVNULL
    logging.getLogger().addFilter(_is_not_of_py4j)
    remote = os.environ.pop("SPARK_REMOTE", None)  # Spark refuses to know two places
    try:
        gateway = launch_gateway(config, {"stderr": told, "stdout": told})  # type: ignore[no-untyped-call]
        found = SparkSession(SparkContext(conf=config, gateway=gateway))
        _BEGUN[found.sparkContext] = given
        return found
    except (*RAISED, OSError) as error:  # type: ignore[misc]
        if SparkContext._active_spark_context is not None:
            SparkContext._active_spark_context.stop()
        where = f" on {master}" if master else ""
        here = re.fullmatch(r"local(\[[1-9*].*\])?", master or "local")
        hint = _JAVA if here else f"is there a Spark that answers at this address? {_MASTERS}"
        raise UsageError(Issue("KZ403", f"Spark cannot be started{where}: {first_line(error)}", hint=hint)) from None
    finally:
        if remote is not None:
            os.environ["SPARK_REMOTE"] = remote


def _check_startable() -> None:
    if is_remote_only():
        message = "pyspark-client has no Spark of its own"
        hint = "name a server by --spark-remote sc://host:15002; or pip uninstall pyspark-client, and then " + _INSTALL
        raise UsageError(Issue("KZ403", message, hint=hint))
    if "PYSPARK_GATEWAY_PORT" not in os.environ and not _java():
        raise UsageError(Issue("KZ403", "the spark engine needs Java", hint=_JAVA))


def _is_not_of_py4j(record: logging.LogRecord) -> bool:
    """Py4J prints where in it a word to Java was lost, beside the error that says so."""
    return record.msg != "Exception while sending command."


def _has_folder() -> bool:
    """Whether a user has a folder with a configuration of Spark."""
    home = os.environ.get("SPARK_HOME")
    return "SPARK_CONF_DIR" in os.environ or bool(home and Path(home, "conf", "spark-defaults.conf").is_file())


def _java() -> bool:
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=str(Path(home, "bin")) if home else None) is not None


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


#: The functions in Python that a plan may name, each from a value to a text. A session is given one when a
#: plan first names it, so that without them no executor needs Python.
PYTHON: Mapping[str, Callable[[Any], str | None]] = {
    NUMBER_TEXT: _printer(),
    **{name: _changer(function) for function, name in CASED.items()},
    **PRINTERS,
}


def idle_stages(session: SparkSession) -> set[int]:
    """The stages that wait for executors: there are some, and not one of their tasks runs.

    A server of Spark Connect does not say: none.
    """
    try:
        tracker = session.sparkContext.statusTracker()
        stages = {stage: tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()}
    except RAISED:
        return set()
    running = any(info and info.numActiveTasks for info in stages.values())
    return set() if running else set(stages)
