"""A terminal that a test reads and types at: what stands on its screen, as a user sees it."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
from collections.abc import Sequence
from pathlib import Path

import pyte
from processes import CHECKOUT, environment

__all__ = ["CTRL_C", "CTRL_D", "TAB", "UP", "Terminal"]

CTRL_C, CTRL_D, TAB, UP = "\x03", "\x04", "\t", "\x1b[A"


class Terminal:
    """A process on a terminal of its own, watched and typed to."""

    def __init__(self, words: Sequence[str], cwd: Path = CHECKOUT, **extra: str) -> None:
        self.screen = pyte.Screen(80, 40)
        self._stream = pyte.ByteStream(self.screen)
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
        self.process = subprocess.Popen(
            words,
            cwd=cwd,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment(**{"COLUMNS": "80", "LINES": "40", "PROMPT_TOOLKIT_NO_CPR": "1", **extra}),
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(theirs)

    def lines(self) -> list[str]:
        """What stands on the screen, without empty lines."""
        return [line.rstrip() for line in self.screen.display if line.strip()]

    def until(self, *wanted: str) -> None:
        """Wait until lines with these texts stand on the screen, in this order."""
        while not _stand(wanted, self.lines()):
            assert select.select([self._ours], [], [], 60)[0], f"{wanted} do not stand in {self.lines()}"
            self._stream.feed(os.read(self._ours, 65536))

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def end(self) -> int:
        """Wait for the end; what is left is read, so that nothing waits for a reader."""
        while select.select([self._ours], [], [], 60)[0]:
            try:
                if not os.read(self._ours, 65536):
                    break
            except OSError:  # the other end is closed
                break
        os.close(self._ours)
        return self.process.wait(timeout=60)


def _stand(wanted: Sequence[str], lines: Sequence[str]) -> bool:
    left = iter(lines)
    return all(any(text in line for line in left) for text in wanted)


def _take_terminal() -> None:
    """Let Ctrl-C on the terminal reach the process."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
