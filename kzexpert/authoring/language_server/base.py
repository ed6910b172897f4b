# ruff: noqa: PTH100, PTH110, PTH112, PTH118, PTH120
"""A base with what an editor holds of its files: read and checked anew when a text changes, and never written to."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Literal, TypeAlias

import msgspec

from kzexpert.analysis.cases import repeated_case_ids
from kzexpert.checks import by_place, inspected, with_cases
from kzexpert.errors import Issue, KnowledgeBaseError, Location
from kzexpert.language.cases_file import load_cases
from kzexpert.language.files import YAML_LIMIT, Remembered, read_file, real_path, unsaved
from kzexpert.language.folders import MANIFEST, YAML_ENDINGS, find_knowledge_base, walk
from kzexpert.language.loader import read_knowledge_base
from kzexpert.model import Case, KnowledgeBase
from kzexpert.program.order import PlannedBase

__all__ = ["Kind", "State", "base_of", "kind_of", "path_of", "read_state"]

#: What a file of a base holds.
Kind: TypeAlias = Literal["rules", "facts", "cases", "manifest"]

#: A file that says nothing that can be understood.
_UNREADABLE = frozenset(("KZ101", "KZ102", "KZ104", "KZ105", "KZ107"))


class State(msgspec.Struct, frozen=True, dict=True):
    """A base as its files and an editor have it at one moment.

    Attributes:
        folder: where it lies.
        kb: all that could be read.
        names: what to look names up in: as `kb`, but where a file cannot be read just now, as it was before.
        issues: all that is wrong, in every file.
        cases: those of its cases that could be read.
        held: path → the text that an editor holds.
    """

    folder: str
    kb: PlannedBase
    names: KnowledgeBase
    issues: tuple[Issue, ...]
    cases: tuple[Case, ...] = ()
    held: Mapping[str, str] = {}

    @property
    def sound(self) -> bool:
        """Whether it can be asked something."""
        return all(issue.severity == "warning" for issue in self.issues)

    def text(self, path: str) -> str | None:
        """What a file says; None where it cannot be read."""
        if path in self.held:
            return self.held[path]
        try:
            return read_file(path, YAML_LIMIT).text
        except KnowledgeBaseError:
            return None

    def is_at(self, location: Location, path: str) -> bool:
        """Whether a place lies in a file."""
        return real_path(path_of(location)) == real_path(path)

    @property
    def files(self) -> list[str]:
        """The paths of its YAML files, of its cases, and of the bases that it uses."""
        named = [path_of(Location(name)) for layer in self.kb.layers for name in layer.files]
        found = [*named, *_case_files(self.folder), *(path for path in self.held if kind_of(self.folder, path))]
        return [path for path in dict.fromkeys(found) if path.lower().endswith(YAML_ENDINGS)]


def path_of(location: Location) -> str:
    """Where the file of a location is."""
    return os.path.abspath(location.file)


def base_of(path: str) -> str | None:
    """The folder of the base that a file is part of; None where it is part of none."""
    folder = os.path.dirname(path)
    found = find_knowledge_base(folder)
    while found is None and folder != os.path.dirname(folder):  # a layer of rules or facts alone
        folder, name = os.path.split(folder)
        found = folder if name in ("rules", "facts") else None
    return found if found and kind_of(found, path) else None


def kind_of(folder: str, path: str) -> Kind | None:
    """What a file of a base holds; None where the base does not read it."""
    below = PurePath(os.path.relpath(path, folder)).parts
    if below == (MANIFEST,):
        return "manifest"
    if not path.lower().endswith(YAML_ENDINGS) or any(part.startswith(".") for part in below):
        return None
    if below[:2] == ("tests", "cases"):
        return "cases"
    return "rules" if below[0] == "rules" else "facts" if below[0] == "facts" else None


def read_state(
    folder: str, held: Mapping[str, str], before: State | None = None, kept: Remembered | None = None
) -> State:
    """Reads and checks a base; whatever is wrong with it becomes an issue.

    Args:
        held: path → text, of files that an editor holds.
        before: what it was before the last change.
        kept: what was read of its files then.
    """
    with unsaved(held):
        new = [path for path in held if kind_of(folder, path) in ("rules", "facts") and not os.path.exists(path)]
        loaded = read_knowledge_base([folder], facts=new, kept=kept)
        kb, issues = inspected(loaded)
        cases: Sequence[Case] = ()
        if all(issue.severity == "warning" for issue in issues):
            try:
                cases = load_cases(_case_files(folder, held), kb, kept)
                issues = sorted([*with_cases(kb, issues, cases), *repeated_case_ids(cases)], key=by_place)
            except KnowledgeBaseError as error:
                issues = sorted([*issues, *error.issues], key=by_place)
    unreadable = before is not None and any(issue.code in _UNREADABLE for issue in loaded.issues)
    return State(folder, kb, before.names if before and unreadable else kb, tuple(issues), tuple(cases), dict(held))


def _case_files(folder: str, held: Iterable[str] = ()) -> list[str]:
    """The files of cases, those that only an editor has too."""
    cases = os.path.join(folder, "tests", "cases")
    found = [*walk(cases, YAML_ENDINGS)] if os.path.isdir(cases) else []
    known = {real_path(path) for path in found}
    return found + [path for path in held if kind_of(folder, path) == "cases" and real_path(path) not in known]
