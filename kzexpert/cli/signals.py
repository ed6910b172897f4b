"""Signals that ask the process to end: all is cleaned up as after Ctrl-C, and the exit code says which it was."""

import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

__all__ = ["exit_code", "is_terminated", "listen_for_signals"]


class _Terminated(KeyboardInterrupt):
    """Not the interrupt itself, after which Python may end the process by SIGINT, whatever the code it exits with."""


#: Those that came. They are kept here, since a library may put an interrupt of its own in the place of the one raised.
_received: list[int] = []


#: Seconds until an interrupt that was lost is raised again.
_AGAIN = 0.05


def listen_for_signals() -> None:
    """Interrupt the process where it would just be gone, and half-written files would stay."""
    sys.unraisablehook = _raise_again

    def end(number: int, _frame: object) -> None:
        _received.append(number)
        raise _Terminated

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has only one of them
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # as it is not below nohup
            signal.signal(number, end)


def _raise_again(lost: "UnraisableHookArgs") -> None:
    """An interrupt may come amid what cannot fail, a callback when an object goes, as there are many in an import.

    Python then tells of it and goes on as if nothing had been; here it comes once more.
    """
    if not isinstance(lost.exc_value, KeyboardInterrupt) or not hasattr(signal, "setitimer"):
        sys.__unraisablehook__(lost)
        return
    interrupt = type(lost.exc_value)

    def end(_number: int, _frame: object) -> None:
        raise interrupt

    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, _AGAIN)


def is_terminated() -> bool:
    """Whether the operating system asked the process to end, and not somebody at the keyboard."""
    return bool(_received)


def exit_code() -> int:
    """What an interrupted process exits with, 128 + the signal."""
    return 128 + (_received or [signal.SIGINT])[0]
