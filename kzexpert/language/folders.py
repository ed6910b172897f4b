# ruff: noqa: PTH100, PTH110, PTH112, PTH113, PTH118, PTH120
"""Folders → the files of a knowledge base: where it is, and what in it is read.

It opens no file. Like `files`, it works with `os.path`, for the sake of a quick start.
"""

import os
from collections.abc import Iterator

from kzexpert.errors import Issue, KnowledgeBaseError, Location
from kzexpert.language.files import StrPath, shown_name, unreadable

__all__ = [
    "MANIFEST",
    "YAML_ENDINGS",
    "find_knowledge_base",
    "is_base",
    "layer_files",
    "packed_knowledge_base",
    "walk",
]

MANIFEST = "kzexpert.yaml"
YAML_ENDINGS = (".yaml", ".yml")


def is_base(folder: StrPath) -> bool:
    """Whether a folder has ``rules/``, ``facts/`` or a manifest."""
    has_folder = any(os.path.isdir(os.path.join(folder, name)) for name in ("rules", "facts"))
    return has_folder or os.path.isfile(os.path.join(folder, MANIFEST))


def find_knowledge_base(start: StrPath = ".") -> str | None:
    """The nearest folder at or above `start` that has ``rules/`` and ``facts/``, or a manifest; None if none has."""
    try:
        folder = os.path.abspath(start)
    except OSError:  # the current folder was deleted
        return None
    while not (
        os.path.isfile(os.path.join(folder, MANIFEST))
        or (os.path.isdir(os.path.join(folder, "rules")) and os.path.isdir(os.path.join(folder, "facts")))
    ):
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
    return folder


def packed_knowledge_base() -> str:
    """The folder of the knowledge base that is packed into the wheel; in a checkout there is none."""
    return os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "_kb")


def layer_files(layer: StrPath, *, facts: bool = True) -> list[str]:
    """The files of a base: YAML below ``rules/``, YAML and CSV below ``facts/``, in order of their names.

    Args:
        facts: whether those below ``facts/`` are wanted.

    Raises:
        KnowledgeBaseError: the folder is none, or it holds no such file (KZ115); one cannot be listed (KZ101).
    """
    rules, records = os.path.join(layer, "rules"), os.path.join(layer, "facts")
    name = shown_name(layer)
    if not is_base(layer):
        if not os.path.exists(layer):
            message = f"there is no folder {name}"
        elif os.path.isdir(layer):
            message = f"{name} has neither rules/ nor facts/"
        else:
            message = f"{name} is a file, not a folder"
        hint = "a knowledge base is a folder with rules/ and facts/; single files are given with --rules and --facts"
        raise KnowledgeBaseError(Issue("KZ115", message, Location(name), hint))
    found = [*walk(rules, YAML_ENDINGS)] if os.path.isdir(rules) else []
    if facts and os.path.isdir(records):
        found.extend(walk(records, (*YAML_ENDINGS, ".csv")))
    if not found and facts and not os.path.isfile(os.path.join(layer, MANIFEST)):
        hint = "put *.yaml into rules/, and *.yaml or *.csv into facts/"
        raise KnowledgeBaseError(Issue("KZ115", f"{name} holds no rules and no facts", Location(name), hint))
    return found


def walk(folder: StrPath, endings: tuple[str, ...]) -> Iterator[str]:
    """The files below a folder with one of the endings, in order of their names; hidden files and folders are left out.

    Raises:
        KnowledgeBaseError: a folder cannot be listed (KZ101).
    """

    def refuse(error: OSError) -> None:
        raise unreadable(shown_name(error.filename), error)

    for parent, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.lower().endswith(endings) and not name.startswith("."):
                yield os.path.join(parent, name)
