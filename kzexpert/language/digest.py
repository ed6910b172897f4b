"""The digest of a base: what its files said, whatever its folder is called and wherever it lies."""

import os
from collections.abc import Iterable

from kzexpert.language.folders import walk
from kzexpert.model import Entity, Fact, KnowledgeBase, Layer, Table

__all__ = ["base_digest", "data_digest", "facts_digest"]


def base_digest(kb: KnowledgeBase, layer: Layer) -> str:
    """SHA-256, in hex, over the files of a base that were read: their paths below its folder, and their bytes.

    Data files of tables are not in it: they may be larger than memory.

    Args:
        kb: what was loaded; it knows the digests of its files.
        layer: one of its bases.
    """
    from hashlib import sha256  # loads OpenSSL, and most commands need no digest

    lines = sorted(
        f"{path} {kb.digests[file]}" for file, path in _below(layer.files, layer.folder) if file in kb.digests
    )
    return sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def data_digest(files: Iterable[str]) -> str:
    """The first 12 digits of SHA-256 over data files and those below folders; empty where one of them is no file here,
    but lies on another machine.
    """
    from hashlib import file_digest, sha256

    digest = sha256()
    for name in files:
        folder = os.path.isdir(name)  # noqa: PTH112, as in `language.folders`
        for path in sorted(walk(name, ("",))) if folder else [name]:
            try:
                with open(path, "rb") as file:  # noqa: PTH123
                    digest.update(file_digest(file, "sha256").digest())
            except OSError:
                return ""
    return digest.hexdigest()[:12]


def _below(files: Iterable[str], folder: str) -> Iterable[tuple[str, str]]:
    return ((file, os.path.relpath(file, folder).replace(os.sep, "/")) for file in files)


def facts_digest(kb: KnowledgeBase) -> str:
    """SHA-256, in hex, of the files that state facts and of what their tables lie in, wherever they lie.

    Args:
        kb: as loaded, its tables unread. Tables on other machines count by their declaration only.
    """
    from hashlib import file_digest, sha256

    records: tuple[Fact | Table | Entity, ...] = (*kb.facts, *kb.tables, *kb.entities)
    stated = {item.location.file for item in records}
    found = {kb.digests[file] for file in stated if file in kb.digests}
    for file in {file for table in kb.tables for file in table.files}:
        if os.path.isfile(file):  # noqa: PTH113
            with open(file, "rb") as stream:  # noqa: PTH123
                found.add(file_digest(stream, "sha256").hexdigest())
    return sha256("\n".join(sorted(found)).encode()).hexdigest()
