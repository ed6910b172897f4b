# ruff: noqa: PTH100, PTH110, PTH112, PTH118, PTH120, PTH123, PTH208
"""Names and folders → the bases they stand for, each behind those that it uses.

A name is that of a shipped base, or of one that an installed package offers (entry point group ``kzexpert.bases``).
No file of rules or facts is opened here, and a manifest only where it speaks of uses: every start goes this way.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

import msgspec

from kzexpert.errors import Issue, KnowledgeBaseError, Location
from kzexpert.language.files import StrPath, unsaved_text
from kzexpert.language.folders import MANIFEST, is_base, layer_files, packed_knowledge_base, walk
from kzexpert.language.folders import YAML_ENDINGS as YAML
from kzexpert.language.nearest import did_you_mean

if TYPE_CHECKING:
    from kzexpert.language.manifest import Use

__all__ = ["GROUP", "BaseFolder", "base_folders", "is_path", "known_bases", "named_base", "read_files", "single_files"]

GROUP = "kzexpert.bases"
_PACKED_BASES = "_bases"


class BaseFolder(msgspec.Struct, frozen=True):
    """One base that is to be read.

    Attributes:
        facts: whether its ``facts/`` is read too.
        used: whether it is there only since another base uses it.
        uses: the folders of the bases that it uses.
    """

    folder: str
    facts: bool
    used: bool
    uses: tuple[str, ...] = ()

    @property
    def files(self) -> Iterator[str]:
        """Its files that are read, in order of their names.

        Raises:
            KnowledgeBaseError: the folder is no base (KZ115), or it cannot be listed (KZ101); once they are gone
                through.
        """
        yield from layer_files(self.folder, facts=self.facts)


def read_files(bases: Iterable[BaseFolder], rules: Iterable[StrPath], facts: Iterable[StrPath]) -> Iterator[str]:
    """All files that a knowledge base is made of, manifests too.

    Raises:
        KnowledgeBaseError: a folder is no base (KZ115), or it cannot be listed (KZ101).
    """
    for base in bases:
        manifest = os.path.join(base.folder, MANIFEST)
        if os.path.exists(manifest):
            yield manifest
        yield from base.files
    yield from single_files(rules, YAML)
    yield from single_files(facts, (*YAML, ".csv"))


def single_files(paths: Iterable[StrPath], endings: tuple[str, ...]) -> Iterator[str]:
    """Files, and those below folders that have one of the endings.

    Raises:
        KnowledgeBaseError: a folder is a base, holds no such file, or cannot be listed (KZ101).
    """
    for given in paths:
        path = os.fspath(given)
        if not os.path.isdir(path):
            yield path
            continue
        if is_base(path):
            hint = "give a base with --kb; this takes a file, or a folder of files"
            raise KnowledgeBaseError(Issue("KZ101", f"{path} is a base, not a file", Location(path), hint))
        found = [*walk(path, endings)]
        if not found:
            message, hint = f"{path} holds no *{' and no *'.join(endings)}", "give a file, or a folder of files"
            raise KnowledgeBaseError(Issue("KZ101", message, Location(path), hint))
        yield from found


def base_folders(chosen: Sequence[StrPath], issues: list[Issue]) -> list[BaseFolder]:
    """The bases to read: those chosen, each behind the ones that it uses; a base that is met again is there once.

    Args:
        chosen: folders, or names of bases.
        issues: what is wrong with uses is added here: an unknown base (KZ128), a circle (KZ127).
    """
    search = _Search(issues)
    for item in chosen:
        try:
            search.visit(named_base(os.fspath(item)), facts=True, used=False, above=())
        except KnowledgeBaseError as error:
            issues.extend(error.issues)
    return list(search.found.values())


class _Search:
    """Follows uses, depth first. `found` maps the real path of a folder to what is to be read of it."""

    def __init__(self, issues: list[Issue]) -> None:
        self.issues = issues
        self.found: dict[str, BaseFolder] = {}

    def visit(self, folder: str, *, facts: bool, used: bool, above: tuple[tuple[str, str], ...]) -> None:
        """Take a base and those it uses; `above` is the real path and the name of each base on the way here."""
        real = os.path.realpath(folder)
        if real in self.found:
            known = self.found[real]
            facts, used = facts or known.facts, used and known.used
            if (facts, used) == (known.facts, known.used):
                return
        uses = []
        for use in self._uses(folder):
            target = self._target(folder, use.base, use.location)
            if target is None:
                continue
            way = (*above, (real, os.path.basename(real)))  # noqa: PTH119
            names = [name for _, name in way]
            circle = next((number for number, (other, _) in enumerate(way) if other == os.path.realpath(target)), None)
            if circle is not None:
                message = f"bases use each other in a circle: {' → '.join([*names[circle:], names[circle]])}"
                hint = "take one of these uses away, or move what both need into a third base"
                self.issues.append(Issue("KZ127", message, use.location, hint))
                continue
            uses.append(target)
            self.visit(target, facts=use.facts and facts, used=True, above=way)
        self.found[real] = BaseFolder(folder, facts, used, tuple(uses))

    def _uses(self, folder: str) -> "Sequence[Use]":
        path = os.path.join(folder, MANIFEST)
        try:
            held = unsaved_text(path)
            with open(path, "rb") if held is None else BytesIO(held.encode("utf-8", "surrogateescape")) as file:
                lines = file.read(1_000_000).splitlines()
            if not any(b"uses" in line for line in lines if not line.lstrip().startswith(b"#")):
                return ()
        except OSError:
            return ()
        from kzexpert.language.manifest import read_manifest  # YAML is loaded only where a base uses another

        return read_manifest(folder, [], []).uses  # what is wrong with it is noted when the base itself is read

    def _target(self, folder: str, name: str, place: Location) -> str | None:
        """The folder of a used base; one that is none is noted."""
        if is_path(name):
            target = os.path.normpath(os.path.join(folder, name))
            if is_base(target):
                return target
            hint = "a base is a folder with rules/, facts/ or both; its path begins where kzexpert.yaml lies"
            self.issues.append(Issue("KZ128", f"{name} is not a base", place, hint))
            return None
        found = _shipped().get(name) or _installed(name)
        if found is None:
            beside = os.path.isdir(os.path.join(folder, name))
            known = known_bases()
            hint = f"a folder is written ./{name}" if beside else did_you_mean(name, known)
            hint = hint or f"there are {', '.join(known)}; a folder is written ./{name}"
            self.issues.append(Issue("KZ128", f"there is no base {name}", place, hint))
        return found


def named_base(text: str) -> str:
    """The folder that ``--kb`` means: a folder, else the base of that name, else the text as it is.

    Raises:
        KnowledgeBaseError: it is a plain word, and neither a folder nor a base (KZ115).
    """
    if is_path(text) or is_base(text):
        return text
    found = _shipped().get(text) or _installed(text)
    if found is None and not os.path.exists(text):
        known = known_bases()
        hint = did_you_mean(text, known) or f"name a folder with rules/ and facts/, or one of {', '.join(known)}"
        raise KnowledgeBaseError(
            Issue("KZ115", f"there is no folder {text}, and no base of that name", Location(text), hint)
        )
    return found or text


def known_bases() -> list[str]:
    """The names of the bases that are shipped or installed."""
    return sorted({*_shipped(), *_offered()})


def is_path(text: str) -> bool:
    """Whether a used base is named by its folder: a plain word is a name."""
    return text.startswith(".") or os.sep in text or "/" in text or os.path.isabs(text)  # noqa: PTH117


def _shipped() -> dict[str, str]:
    """Name → folder of the bases that come with the package: packed, or in the checkout that it is run from."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    packed, others = packed_knowledge_base(), os.path.join(package, _PACKED_BASES)
    if not os.path.isdir(packed):
        packed = os.path.dirname(package)
        others = os.path.join(packed, "bases")
    found = {"kzexpert": packed} if is_base(packed) else {}
    if os.path.isdir(others):
        found.update(
            (name, folder) for name in sorted(os.listdir(others)) if is_base(folder := os.path.join(others, name))
        )
    return found


def _installed(name: str) -> str | None:
    """The folder of a base that an installed package offers: the package that its entry point names."""
    from importlib.util import find_spec

    for point in _offered().get(name, ()):
        top, *below = point.split(":")[0].split(".")
        spec = find_spec(top)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            if is_base(path := os.path.join(folder, *below)):
                return path
    return None


def _offered() -> dict[str, list[str]]:
    """Name → the packages that offer a base of that name."""
    from importlib.metadata import entry_points  # takes long to load, and most bases are folders or shipped

    found: dict[str, list[str]] = {}
    for point in entry_points(group=GROUP):
        found.setdefault(point.name, []).append(point.value)
    return found
