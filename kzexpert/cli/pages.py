"""A folder of pages: written file by file, each whole or not at all; no file of anybody else is touched."""

from collections.abc import Mapping
from pathlib import Path

from kzexpert.atomic import replace_file
from kzexpert.errors import Issue, Location, UsageError, counted, listed
from kzexpert.language.folders import is_base

__all__ = ["write_pages"]

#: Lists what was written here before, a file a line.
_LIST = ".kzexpert-site"


def write_pages(folder: str, pages: Mapping[str, str]) -> None:
    """Write pages into a folder, and take away those of ours that are no more.

    Args:
        pages: path below the folder → text.

    Raises:
        UsageError: a file that is not ours is in the way, or the folder is that of a base (KZ802); or it cannot be
            written to (KZ306).
    """
    top = Path(folder)
    try:
        ours = set((top / _LIST).read_text(encoding="utf-8").splitlines()) if (top / _LIST).is_file() else set()
        if not ours and is_base(top):
            hint = "give a folder of its own, such as public; nothing was written"
            message = f"{folder} holds a base, with whose files the pages would mix"
            raise UsageError(Issue("KZ802", message, Location(folder), hint))
        foreign = sorted(name for name in pages if name not in ours and (top / name).exists())
        if foreign:
            more = f" and {counted(len(foreign) - 3, 'more')}" if len(foreign) > 3 else ""
            message = f"{folder} already holds {listed(foreign[:3])}{more}, which another wrote"
            raise UsageError(Issue("KZ802", message, Location(folder), "give another folder; nothing was written"))
        top.mkdir(parents=True, exist_ok=True)
        # What is about to be ours is listed first, so that a run that was interrupted can be repeated.
        replace_file(str(top / _LIST), "".join(f"{name}\n" for name in sorted({*ours, *pages})))
        for name in {str((top / name).parent) for name in pages}:
            Path(name).mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            replace_file(str(top / name), text)
        for name in ours.difference(pages):
            if (top / name).resolve().is_relative_to(top.resolve()):
                (top / name).unlink(missing_ok=True)
        replace_file(str(top / _LIST), "".join(f"{name}\n" for name in sorted(pages)))
    except OSError as error:
        hint = "give a folder that can be made, below one that may be written to"
        raise UsageError(Issue("KZ306", f"cannot write: {error.strerror}", Location(folder), hint)) from None
