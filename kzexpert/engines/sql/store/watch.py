"""A thread beside the statements of a database: stops them when time is up or at a signal, and tells how far they are.

While a statement runs, the main thread is inside the database, which looks for signals only now and then, in a
recursive query seconds apart. Here a signal wakes the thread through a socket, and that interrupts the statement.
"""

import select
import signal
import socket
import threading
from collections.abc import Callable
from time import monotonic
from typing import Self

__all__ = ["ENDS", "Watch", "apart"]

_EVERY = 0.1
#: So often a statement is told to stop before it is left to itself.
_TRIES = 3
_DONE = b"\0"  # no signal has the number 0
#: The signals that ask a process to end; Windows has fewer.
ENDS = {getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)}
#: The watches that hear signals, by where these are written to.
_HEARING: "dict[int, Watch]" = {}


class Watch:
    """Watches over the statements that run inside of it. Of two watches, one inside the other, both hear a signal.

    Args:
        interrupt: stops the statement at work. It is called again and again, since an interrupt between two statements
            stops neither.
        seconds: how long all of them may take.
        tell: called every tenth of a second.

    Attributes:
        late: whether time was up.
    """

    def __init__(
        self,
        interrupt: Callable[[], object],
        seconds: float | None = None,
        tell: Callable[[], None] | None = None,
    ) -> None:
        self.late = False
        self._interrupt = interrupt
        self._tell = tell
        self._deadline = None if seconds is None else monotonic() + seconds
        self._ours, self._theirs = socket.socketpair()
        self._theirs.setblocking(False)
        self._hears_signals = False
        self._around: Watch | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            before = signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
            self._around = _HEARING.get(before)
            self._hears_signals = before == -1 or self._around is not None
            if self._hears_signals:
                _HEARING[self._theirs.fileno()] = self
            else:  # an event loop waits for signals: they are its own
                signal.set_wakeup_fd(before)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._hears_signals:
            around = -1 if self._around is None else self._around._theirs.fileno()
            signal.set_wakeup_fd(around, warn_on_full_buffer=False)
            del _HEARING[self._theirs.fileno()]
        self._theirs.send(_DONE)
        self._thread.join()
        self._ours.close()
        self._theirs.close()

    def _run(self) -> None:
        stopped = False
        while True:
            ready, _, _ = select.select([self._ours], [], [], self._patience(stopped))
            heard = self._ours.recv(64) if ready else b""
            if self._around is not None and heard != _DONE:
                self._around._theirs.send(heard.replace(_DONE, b""))
            if _DONE in heard:
                return
            stopped = stopped or not ENDS.isdisjoint(heard)
            self.late = self.late or (self._deadline is not None and monotonic() >= self._deadline)
            if stopped or self.late:
                self._interrupt()
            elif self._tell is not None:
                try:
                    self._tell()
                except (OSError, ValueError):  # nobody can be told any more, such as a terminal that is gone
                    self._tell = None

    def _patience(self, stopped: bool) -> float | None:
        """Seconds to wait for a signal."""
        if stopped or self.late or self._tell is not None:
            return _EVERY
        return None if self._deadline is None else max(0.0, self._deadline - monotonic())


def apart(
    work: Callable[[], None],
    interrupt: Callable[[], object],
    abandon: Callable[[], None],
    late: Callable[[], bool] = lambda: False,
) -> None:
    """Do something in another thread, so that neither Ctrl-C nor the end of the time waits for it.

    Args:
        interrupt: tells it to stop.
        abandon: is called where it does not.
        late: whether time is up.

    Raises:
        TimeoutError: time was up before it was done.
    """
    failure: list[BaseException] = []
    done = threading.Event()  # an interrupted join() takes a thread for dead that is not (bpo-45274)

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failure.append(error)
        finally:
            done.set()

    try:
        threading.Thread(target=run, daemon=True).start()
        while not done.wait(_EVERY):
            if late():
                raise TimeoutError
    except (KeyboardInterrupt, TimeoutError):
        try:
            for _ in range(_TRIES):
                interrupt()
                done.wait(_EVERY)
        finally:  # also at a second Ctrl-C
            if not done.is_set():
                abandon()
        raise
    if failure:
        raise failure[0]
