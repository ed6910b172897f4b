"""The file of ``--output``: replaced at once when all is written, or left as it was."""

import os
from pathlib import Path

from kzexpert.errors import Issue, Location, UsageError

__all__ = ["replace_file"]

_HINT = "give the path of a file in a folder that exists and may be written to"


def replace_file(name: str, text: str) -> None:
    """Write a new file beside the old one and put it in its place. A link is followed; a pipe or device is written to.

    Raises:
        UsageError: it cannot be written (KZ306).
    """
    try:
        target = Path(os.path.realpath(name))
        if target.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        content = text.encode(errors="backslashreplace")
        if target.exists() and not target.is_file():
            target.write_bytes(content)
        else:
            _write_beside(target, content)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(Issue("KZ306", f"cannot write: {reason}", Location(name), _HINT)) from None


def _write_beside(target: Path, content: bytes) -> None:
    """Write a temporary file in the folder of the target, with its permissions, and rename it."""
    from tempfile import NamedTemporaryFile

    mode = target.stat().st_mode & 0o7777 if target.exists() else _mode_of_new_files()
    with NamedTemporaryFile(prefix=".kzexpert-", dir=target.parent, delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(content)
            file.close()
            temporary.chmod(mode)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _mode_of_new_files() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
