"""What goes wrong in Spark, in our words, whether it runs in this process or is reached by Spark Connect."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyspark.errors import AnalysisException, PySparkException
from pyspark.util import is_remote_only

from kzexpert.engines.sql.store.base import DatabaseError
from kzexpert.errors import Issue, KnowledgeBaseError

if not is_remote_only():
    from py4j.protocol import Py4JError

__all__ = ["RAISED", "failing", "first_line", "writing"]

#: What pyspark raises.
RAISED: tuple[type[Exception], ...] = (PySparkException,) if is_remote_only() else (PySparkException, Py4JError)
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
        text, says = str(error), first_line(error)
        hint = next((hint for words, hint in _FAULTS.items() if words in text), None)
        if reading and hint is None:
            raise DatabaseError(says) from None
        if hint is None and _distant(error):
            hint = "the log of the server says more; it must be Spark 4, or Sail 0.7.2 or newer"
        elif hint is None and not _aborted(error):
            raise  # a fault of ours
        hint = hint or "the logs of Spark say more"
        raise KnowledgeBaseError(Issue("KZ404", f"Spark could not finish: {says}", hint=hint)) from None


@contextmanager
def writing() -> Iterator[None]:
    """What goes wrong with a place to write to, as an error of the operating system; other errors stay as they are."""
    try:
        yield
    except RAISED as error:
        if isinstance(error, AnalysisException) and error.getCondition() == "PATH_ALREADY_EXISTS":
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        if _aborted(error):
            raise
        raise OSError(None, first_line(error)) from None


def _aborted(error: Exception) -> bool:
    """Whether a job failed, and not what asked for it."""
    return "SparkException" in str(error) or "OutOfMemoryError" in str(error)


def _distant(error: Exception) -> bool:
    """Whether a server of Spark Connect said so, or none answers any more."""
    return type(error).__module__.endswith(".connect") or type(error).__name__ == "RetriesExceeded"


def first_line(error: BaseException) -> str:
    """The first line of the innermost cause."""
    cause: Any = getattr(error, "java_exception", None)
    while cause is not None and cause.getCause() is not None:
        cause = cause.getCause()
    text = str(cause.getMessage() if cause is not None else error) or type(error).__name__
    network = _DETAILS.search(f"{text}\n{error.__cause__ or error.__context__}")
    return network[1] if network else text.strip().splitlines()[0]
