"""Signals that ask the process to end: all is cleaned up as after Ctrl-C, and the exit code says which it was."""

import signal

__all__ = ["Terminated", "listen_for_signals"]


class Terminated(KeyboardInterrupt):
    """The operating system asks the process to end.

    Attributes:
        code: what the process exits with, 128 + the signal.
    """

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code


def listen_for_signals() -> None:
    """Raise `Terminated` where the process would just be gone, and half-written files would stay."""

    def end(number: int, _frame: object) -> None:
        raise Terminated(128 + number)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has only one of them
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # as it is not below nohup
            signal.signal(number, end)
