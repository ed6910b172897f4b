"""Jobs of Spark: several at once, ended when time is up or at a signal, and what goes wrong in them in our words."""

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any, TypeVar
from uuid import uuid4

from kzexpert.engines.sql.store.base import TimeIsUp
from kzexpert.engines.sql.store.spark_errors import failing
from kzexpert.engines.sql.store.spark_session import SparkSession, stoppable
from kzexpert.engines.sql.store.watch import ENDS, Watch

__all__ = ["SparkJobs"]

_Result = TypeVar("_Result")
#: Seconds between words to jobs that they should end.
_EVERY = 0.1
#: So many jobs may run at once.
_AT_ONCE = 4


class SparkJobs:
    """The jobs of one store.

    Args:
        session: runs them.
    """

    def __init__(self, session: SparkSession) -> None:
        self.session = session
        self._watch: Watch | None = None
        self._interrupted: Callable[[], object] | None = None
        self._reading = threading.local()
        self._tag = f"kzexpert-{uuid4().hex}"
        self._workers = ThreadPoolExecutor(_AT_ONCE)
        self._begun: list[Future[Any]] = []
        self._ended = False

    @contextmanager
    def within(self, seconds: float | None, tell: Callable[[float | None], None] | None = None) -> Iterator[None]:
        """See `Store.within`. No jobs are stopped but those of this store."""
        with stoppable(self.session, self._tag) as stop:
            watch = self._watch = Watch(stop, seconds, None if tell is None else partial(tell, None))
            try:
                with watch, self._patient():
                    yield
            except BaseException:
                self._give_up(stop)
                self._answer()
                raise
            finally:
                self._watch = None
        self._answer()
        if watch.late:
            raise TimeIsUp

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """What goes wrong in Spark, as what it means here.

        Raises:
            TimeIsUp: the budget of time is used up.
            KnowledgeBaseError: what a user can do something about.
        """
        watch = self._watch
        if watch is None:
            with self.within(None), self.guarded():
                yield
            return
        self._check(watch)
        try:
            with failing(self._reads):
                yield
        except Exception:
            self._check(watch)
            raise

    def later(self, work: Callable[[], _Result]) -> Callable[[], _Result]:
        """See `Store.later`. While one job is planned, others keep the executors busy."""
        watch = self._watch
        if watch is None:
            result = work()
            return lambda: result

        def tagged() -> _Result:
            with stoppable(self.session, self._tag):  # tags are those of a thread
                return work()

        future = self._workers.submit(tagged)
        self._begun = [*(other for other in self._begun if not other.done()), future]
        return future.result

    @contextmanager
    def reading(self) -> Iterator[None]:
        """See `Store.reading`."""
        before, self._reading.now = self._reads, True
        try:
            yield
        finally:
            self._reading.now = before

    def forget(self) -> None:
        """Begin nothing more, and nothing that waits."""
        self._workers.shutdown(cancel_futures=True)

    @property
    def _reads(self) -> bool:
        """Whether files of a user are read, in this thread."""
        return getattr(self._reading, "now", False)

    def _give_up(self, stop: Callable[[], object]) -> None:
        """Have all that was begun end."""
        self._ended = True
        for future in self._begun:
            future.cancel()
        while wait(self._begun, timeout=_EVERY).not_done:
            stop()
        self._begun.clear()
        self._ended = False

    @contextmanager
    def _patient(self) -> Iterator[None]:
        """At Ctrl-C, or another signal to end, wait until the job was stopped: no word to Spark can be left half said.

        A second one waits for nothing.
        """

        def noted(number: int, frame: FrameType | None) -> None:
            if self._interrupted is not None:
                raise KeyboardInterrupt
            self._interrupted = partial(handlers[number], number, frame)

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        found = {number: signal.getsignal(number) for number in ENDS}
        handlers = {number: handler for number, handler in found.items() if callable(handler)}
        for number in handlers:
            signal.signal(number, noted)
        try:
            yield
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _answer(self) -> None:
        """Do now what a signal asked for, if one came."""
        asked, self._interrupted = self._interrupted, None
        if asked is not None:
            asked()
            raise KeyboardInterrupt

    def _check(self, watch: Watch) -> None:
        """Raise what has stopped a job.

        Raises:
            TimeIsUp: the budget of time is used up.
            KeyboardInterrupt: the user has had enough.
        """
        if self._interrupted is not None:
            raise KeyboardInterrupt
        if watch.late or self._ended:
            raise TimeIsUp
