"""What goes wrong in Spark, in our words, whether it runs in this process or is reached by Spark Connect."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from subprocess import TimeoutExpired
from typing import Any

from pyspark.errors import AnalysisException, PySparkException
from pyspark.util import is_remote_only

from kzexpert.engines.sql.store.base import DatabaseError
from kzexpert.errors import Issue, KnowledgeBaseError

__all__ = ["RAISED", "failing", "first_line", "quiet", "writing"]

#: What pyspark raises once Java is gone, wherever it notices.
_GONE: tuple[type[Exception], ...] = (ConnectionError, EOFError)
#: What pyspark raises.
RAISED: tuple[type[Exception], ...] = (PySparkException, *_GONE)
if not is_remote_only():
    from py4j.protocol import Py4JError, Py4JNetworkError
    from pyspark import SparkContext

    _GONE, RAISED = (*_GONE, Py4JNetworkError), (*RAISED, Py4JError)
_MEMORY = "for more memory {} spark.executor.memory=4g, and for the driver spark.driver.memory=4g"
_ENDED = "the cluster has ended the run: the logs of its master say why"
#: What Spark says where the cluster is at fault, and neither a file nor a plan → what a user can do about it. {} stands
#: for how to tell Spark of a setting.
_FAULTS = {
    "CHECKPOINT_RDD_BLOCK_ID_NOT_FOUND": "an executor was lost, and with it what was stored there; what is stored in a "
    "folder that all executors reach outlasts them: {} spark.checkpoint.dir=hdfs:///tmp/kzexpert",
    "OutOfMemoryError": _MEMORY,
    "ExecutorLostFailure": f"the logs of the executors say why they ended; {_MEMORY}",
    "Master removed our application": _ENDED,
    "SparkContext was shut down": _ENDED,
    "stopped SparkContext": _ENDED,
}
_HERE, _SERVER = "give --spark-conf", "start the server with"
_KILLED = (
    "most often the system has ended it for want of memory: take a larger machine, or leave Spark less of this one by "
    "--spark-conf spark.driver.memory=1g; else its log says why, for which SPARK_CONF_DIR names a folder of settings"
)
#: Seconds within which a process ends that has broken off.
_ENDING = 1.0
#: What a server of Spark Connect says, or what the network says of it, amid what gRPC says.
_DETAILS = re.compile(r'details = "(.*)"')


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
    except RAISED as error:
        if _is_gone(error):
            raise KnowledgeBaseError(Issue("KZ404", "Spark has ended amid the run", hint=_KILLED)) from None
        text, says = str(error), first_line(error)
        hint = next((hint for words, hint in _FAULTS.items() if words in text), None)
        if reading and hint is None and not _is_unheard(error):
            raise DatabaseError(says) from None
        if hint is None and _distant(error):
            hint = "the log of the server says more; it must be Spark 4, or Sail 0.7.2 or newer"
        elif hint is None and not _aborted(error):
            raise  # a fault of ours
        hint = (hint or "the logs of Spark say more").format(_SERVER if _distant(error) else _HERE)
        raise KnowledgeBaseError(Issue("KZ404", f"Spark could not finish: {says}", hint=hint)) from None


@contextmanager
def writing() -> Iterator[None]:
    """What goes wrong with a place to write to, as an error of the operating system; other errors stay as they are."""
    try:
        yield
    except RAISED as error:
        if _is_gone(error):
            raise
        if isinstance(error, AnalysisException) and error.getCondition() == "PATH_ALREADY_EXISTS":
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        if _aborted(error) or _is_unheard(error):
            raise
        raise OSError(None, first_line(error)) from None


@contextmanager
def quiet() -> Iterator[None]:
    """For last words to Spark, which may have ended."""
    with suppress(*RAISED):
        yield


def _is_gone(error: Exception) -> bool:
    """Whether Spark's process on this machine has ended."""
    if isinstance(error, _GONE):
        return True
    process = None if is_remote_only() else getattr(SparkContext._gateway, "proc", None)
    if process is None:
        return False
    try:
        process.wait(_ENDING if type(error).__name__ == "Py4JError" else 0)  # Java has said nothing of that
    except TimeoutExpired:
        return False
    return True


def _aborted(error: Exception) -> bool:
    """Whether a job failed, and not what asked for it."""
    return "SparkException" in str(error) or "OutOfMemoryError" in str(error)


def _distant(error: Exception) -> bool:
    """Whether a server of Spark Connect said so, or none answers any more."""
    return type(error).__module__.endswith(".connect") or _is_unheard(error)


def _is_unheard(error: Exception) -> bool:
    """Whether no server of Spark Connect answers any more."""
    return type(error).__name__ == "RetriesExceeded" or "StatusCode.UNAVAILABLE" in str(error)


def first_line(error: BaseException) -> str:
    """The first line of the innermost cause; where it has no words, what it is."""
    cause: Any = getattr(error, "java_exception", None)
    while cause is not None and cause.getCause() is not None:
        cause = cause.getCause()
    text = str(error) if cause is None else (cause.getMessage() or "").strip() or cause.toString()
    network = _DETAILS.search(f"{text}\n{error.__cause__ or error.__context__}")
    return network[1] if network else next(iter(text.strip().splitlines()), type(error).__name__)
