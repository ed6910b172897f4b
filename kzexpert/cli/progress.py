"""What long work says of itself on a terminal: a line on stderr that comes after a second and goes when all is done."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from kzexpert.engines.reports import Report, Standing

__all__ = ["ProgressLine", "progress_line"]

_AFTER = 1.0
_EVERY = 0.1
_ERASE = "\r\x1b[K"
_BAR = 20
#: From here on the database's own estimate of what is done says something.
_CERTAIN = 0.02


@contextmanager
def progress_line() -> Iterator["ProgressLine"]:
    """Tells the progress of what is done inside; silent where stderr is no terminal."""
    line = ProgressLine()
    try:
        yield line
    finally:
        line.erase()


class ProgressLine:
    """The line. It may be told from several threads.

    Called with what is being done, the number of steps done and of all steps, it shows these; see also `hear`.
    """

    def __init__(self) -> None:
        dumb = os.environ.get("TERM") == "dumb"
        self._shown = False
        self._next = monotonic() + _AFTER if sys.stderr is not None and sys.stderr.isatty() and not dumb else None
        self._lock = threading.Lock()
        self._step = ""
        self._pace = _Pace()

    def __call__(self, what: str, done: int, total: int) -> None:
        self._step = f"{done} of {total}: {what}"
        self._show(self._step)

    def hear(self, report: Report) -> None:
        """Show how the run of an engine stands."""
        if self._next is not None and isinstance(report, Standing):
            with self._lock:
                text = self._pace.text(report, monotonic())
            self._show(f"{self._step} · {text}" if self._step else text)

    def erase(self) -> None:
        """Take the line away."""
        with self._lock:
            self._next = None
            if self._shown:
                self._write(_ERASE)

    def _show(self, text: str) -> None:
        with self._lock:
            now = monotonic()
            if self._next is None or now < self._next:
                return
            from shutil import get_terminal_size

            self._next = now + _EVERY
            text = "".join(c if c.isprintable() else "?" for c in text)[: get_terminal_size().columns - 1]
            self._write(f"{_ERASE}{text}")
            self._shown = True

    @staticmethod
    def _write(text: str) -> None:
        encoding = sys.stderr.encoding or "utf-8"
        sys.stderr.write(text.encode(encoding, "replace").decode(encoding))
        sys.stderr.flush()


class _Pace:
    """How fast a run gets on: since when it is in its phase, and since when at the statement at work."""

    def __init__(self) -> None:
        self._phase = ""
        self._phase_from = self._part_from = 0.0
        self._part: tuple[object, ...] = ()
        self._done = 0.0

    def text(self, standing: Standing, now: float) -> str:
        """What the line says."""
        if standing.phase != self._phase:
            self._phase, self._phase_from = standing.phase, now
        part = (standing.phase, standing.component, standing.round)
        done = standing.done or 0.0
        if part != self._part or done < self._done:  # the next statement
            self._part, self._part_from = part, now
        self._done = done
        said = [_what(standing)]
        if standing.done is not None:
            said.append(_bar(done))
        if standing.facts and standing.phase == "loading":
            said.append(f"{standing.facts:,} facts")
        rows, known = standing.rows, True
        if standing.phase == "writing":  # of the first percents nothing is written yet: rows are sorted
            rows, known = int(standing.rows * done), done >= _CERTAIN
        if rows and known:
            said.append(f"{rows:,} rows")
            elapsed = now - self._phase_from
            if elapsed >= 0.5:
                said.append(f"{rows / elapsed:,.0f}/s")
        if done >= _CERTAIN and now - self._part_from >= 0.5:
            said.append(f"{_duration((now - self._part_from) * (1.0 - done) / done)} left")
        return " ".join(said)


def _what(standing: Standing) -> str:
    if standing.phase != "inferring":
        return standing.phase
    first, *more = standing.predicates
    predicates = f"{first} and {len(more)} more" if more else first
    rounds = f", round {standing.round:,}" if standing.round else ""
    return f"{standing.component} of {standing.components}: {predicates}{rounds}"


def _bar(done: float) -> str:
    encoding = (sys.stderr.encoding or "").lower().replace("-", "")
    full, rest = ("█", "░") if encoding == "utf8" else ("#", ".")
    filled = round(min(done, 1.0) * _BAR)
    return f"{full * filled}{rest * (_BAR - filled)} {min(done, 1.0):4.0%}"


def _duration(seconds: float) -> str:
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400.0 else f"{seconds / 3600:.1f} h"
