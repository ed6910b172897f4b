"""A pager for what does not fit the screen of a terminal. It shows a text as it is, and knows no other stream."""

import os
import re
import subprocess
from shutil import get_terminal_size, which

from kzexpert.render.writer import display_width

__all__ = ["overflows", "paged", "pager"]

#: What a shell reports of a command that cannot be run, or is not there.
_NOT_RUN = (126, 127)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def pager() -> str:
    """The command line of the pager: ``KZEXPERT_PAGER``, else ``PAGER``, else less; empty where there is to be none."""
    for name in ("KZEXPERT_PAGER", "PAGER"):
        if name in os.environ:
            command = os.environ[name].strip()
            return "" if command == "cat" else command
    return "less" if which("less") else ""


def overflows(text: str) -> bool:
    """Whether a text takes more lines than the screen has, the line of the next prompt counted."""
    columns, rows = get_terminal_size()
    return sum(max(1, -(-display_width(line) // columns)) for line in _COLOUR.sub("", text).splitlines()) >= rows


def paged(text: str, command: str) -> bool:
    """Show a text, colours included, and wait until the user has seen enough of it, be it the end or not.

    Returns:
        Whether it was shown; not where there is no such pager.
    """
    # As git has it: quit where it fits after all, show colours, leave the text on the screen.
    environment = {**os.environ, "LESS": f"{os.environ.get('LESS', 'FX')} -R", "LESSCHARSET": "utf-8"}
    with subprocess.Popen(command, shell=True, stdin=subprocess.PIPE, env=environment, encoding="utf-8") as process:
        assert process.stdin is not None
        try:
            process.stdin.write(text)
            process.stdin.close()
        except OSError:  # it was left before the end
            pass
        while True:
            try:
                return process.wait() not in _NOT_RUN
            except KeyboardInterrupt:  # which is for the pager
                continue
