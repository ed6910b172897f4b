"""What long work says of itself on a terminal: a line on stderr that comes after a second and goes when all is done."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import get_terminal_size
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kzexpert.analysis.rerun import Progress

__all__ = ["progress_line"]

_AFTER = 1.0
_EVERY = 0.1
_ERASE = "\r\x1b[K"


@contextmanager
def progress_line() -> Iterator["Progress"]:
    """Tells the progress of what is done inside; silent where stderr is no terminal."""
    line = _Line()
    try:
        yield line
    finally:
        line.erase()


class _Line:
    def __init__(self) -> None:
        dumb = os.environ.get("TERM") == "dumb"
        self.shown = False
        self.next = monotonic() + _AFTER if sys.stderr is not None and sys.stderr.isatty() and not dumb else None

    def __call__(self, what: str, done: int, total: int) -> None:
        now = monotonic()
        if self.next is None or now < self.next:
            return
        self.next = now + _EVERY
        text = f"{done} of {total}: {what}"
        text = "".join(c if c.isprintable() else "?" for c in text)[: get_terminal_size().columns - 1]
        self._write(f"{_ERASE}{text}")
        self.shown = True

    def erase(self) -> None:
        if self.shown:
            self._write(_ERASE)

    @staticmethod
    def _write(text: str) -> None:
        encoding = sys.stderr.encoding or "utf-8"
        sys.stderr.write(text.encode(encoding, "replace").decode(encoding))
        sys.stderr.flush()
