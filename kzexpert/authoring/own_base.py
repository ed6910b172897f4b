"""The base that is written to: which file takes a new thing, and what all of it says with that, before it is saved."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from kzexpert.atomic import replace_file
from kzexpert.checks import by_place, check
from kzexpert.errors import Issue, KnowledgeBaseError, Location, UsageError
from kzexpert.language.bases import is_path, named_base
from kzexpert.language.files import YAML_LIMIT, read_file, shown_name, unsaved
from kzexpert.language.folders import YAML_ENDINGS, is_base, packed_knowledge_base
from kzexpert.language.loader import read_knowledge_base
from kzexpert.model import Fact, GroundAtom, KnowledgeBase, Layer
from kzexpert.program.order import planned
from kzexpert.program.resolve import resolve_fact

__all__ = ["Addition", "OwnBase", "open_own_base"]

_BOM = b"\xef\xbb\xbf"
_OWN = "kzexpert new base NAME makes a base of your own; one that is elsewhere is named with --kb FOLDER"


class Addition(msgspec.Struct, frozen=True):
    """A file as it is to be.

    Attributes:
        file: as it is shown, and as it is found from the current folder.
        before, after: its text; nothing where there was no such file.
        kb: the knowledge base with it.
        warnings: those that it brings.
    """

    file: str
    before: str
    after: str
    kb: KnowledgeBase
    warnings: tuple[Issue, ...]

    @property
    def added(self) -> dict[int, str]:
        """The lines that are new, by their numbers; blank ones are left out."""
        from difflib import SequenceMatcher

        old, new = self.before.splitlines(), self.after.splitlines()
        steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        found = (at for step, _, _, start, end in steps if step != "equal" for at in range(start, end))
        return {at + 1: new[at] for at in found if new[at].strip()}

    @property
    def facts(self) -> list[Fact]:
        """The facts that are new, as they are read: with what stands beside ``facts:`` for all rows."""
        lines = self.added
        return [fact for fact in self.kb.facts if fact.location.file == self.file and fact.location.line in lines]

    @property
    def repeated(self) -> list[tuple[GroundAtom, Fact, Fact]]:
        """What new facts state that another row of a file does: the statement, the new row, and the other one."""
        new = self.facts
        named = {fact.predicate for fact in new}
        old = [fact for fact in self.kb.facts if fact.predicate in named and fact not in new]
        known: dict[GroundAtom, list[Fact]] = {}
        found = []
        for fact in (*old, *new):
            atom, _ = resolve_fact(self.kb, fact, hints=False)
            if atom is not None:
                rows = known.setdefault(atom, [])
                found += [(atom, fact, row) for row in rows if fact in new]
                rows.append(fact)
        return found

    def save(self) -> None:
        """Put the file in its place.

        Raises:
            UsageError: it cannot be written (KZ306).
        """
        path = Path(self.file)
        path.parent.mkdir(parents=True, exist_ok=True)
        marked = path.exists() and path.read_bytes().startswith(_BOM)
        replace_file(self.file, ("\ufeff" if marked else "") + self.after)


class OwnBase(msgspec.Struct, frozen=True):
    """The last of the bases in use, with all that they say together.

    Attributes:
        folders: of the bases in use, in order; the last one is written to.
        issues: what is wrong with them as they stand.
    """

    folders: tuple[str, ...]
    kb: KnowledgeBase
    issues: tuple[Issue, ...]

    @property
    def folder(self) -> str:
        return self.folders[-1]

    @property
    def layer(self) -> Layer:
        """The base that is written to."""
        real = os.path.realpath(self.folder)
        return next(layer for layer in self.kb.layers if os.path.realpath(layer.folder) == real)

    def file(self, named: str, below: str, default: str, *choices: Callable[[KnowledgeBase], Iterable[object]]) -> str:
        """The file that takes a new thing, as it is shown.

        Args:
            named: what the user says; it must be a YAML file of the base.
            below: ``rules`` or ``facts``, where the others of its kind stand.
            default: the file there that is made where none will do.
            choices: things that the new one may stand beside; what comes first goes first. The file of the last of them
                is taken, and of later choices only where all stand in one file.

        Raises:
            UsageError: the file that the user says is none of the base (KZ804).
        """
        if named:
            return self._named(named)
        folder = os.path.join(self.folder, below)  # noqa: PTH118
        own = {name for name in self.layer.files if _is_below(name, folder) and name.lower().endswith(YAML_ENDINGS)}
        for number, choice in enumerate(choices):
            found = [place.file for item in choice(self.kb) if (place := _location(item)).file in own]
            if found and (number == 0 or len(set(found)) == 1):
                return found[-1]
        return shown_name(os.path.join(folder, default))  # noqa: PTH118

    def _named(self, named: str) -> str:
        folders = [os.path.join(self.folder, name) for name in ("rules", "facts")]  # noqa: PTH118
        hint = f"name a file such as {shown_name(os.path.join(folders[1], 'more.yaml'))}"  # noqa: PTH118
        if not any(_is_below(named, folder) for folder in folders) or not named.lower().endswith(YAML_ENDINGS):
            message = f"{named} is not a YAML file below rules/ or facts/ of {shown_name(self.folder)}"
            raise UsageError(Issue("KZ804", message, Location("--file"), hint))
        below = Path(os.path.realpath(named)).relative_to(os.path.realpath(self.folder))
        hidden = next((part for part in below.parts if part.startswith(".")), "")
        if hidden:
            message = f"{named} would never be read, since {hidden} begins with a dot"
            raise UsageError(Issue("KZ804", message, Location("--file"), hint))
        return shown_name(named)

    def text(self, file: str) -> str:
        """What a file says; nothing where there is none.

        Raises:
            KnowledgeBaseError: it cannot be read.
        """
        return read_file(file, YAML_LIMIT).text if os.path.lexists(file) else ""

    def changed(self, file: str, after: str) -> Addition:
        """The base with another text of a file, checked.

        Raises:
            KnowledgeBaseError: it would be at fault then as it is not now; all of that, with the text as it would be.
        """
        kb, issues = _inspected(self.folders, {file: after})
        known = Counter(map(_told, self.issues))
        new = []
        for issue in issues:
            known[_told(issue)] -= 1
            if known[_told(issue)] < 0:
                new.append(issue)
        if any(issue.severity == "error" for issue in new):
            named = f"{file} (not written)"
            raise KnowledgeBaseError(*(_moved(item, file, named) for item in new), texts={**kb.texts, named: after})
        return Addition(file, self.text(file), after, kb, tuple(new))


def open_own_base(folders: Sequence[str], data: str = "") -> OwnBase:
    """Open the bases in use, for the last one to be written to.

    Args:
        folders: folders or names, as `kzexpert.language.bases.named_base` takes them.
        data: a file that is to become a table: what is wrong with it now, where it lies in ``facts/``, does not count.

    Raises:
        UsageError: the last one comes with the program or with a package (KZ804).
        KnowledgeBaseError: their files cannot be read.
    """
    last = folders[-1]
    if not is_path(last) and not is_base(last):
        raise _foreign(f"the base {last} comes with kzexpert or with a package, and is not yours to write to")
    packed = os.path.dirname(packed_knowledge_base())  # noqa: PTH120
    if _is_below(last, packed):
        raise _foreign("the base in use comes with kzexpert, and is not yours to write to")
    found = tuple(named_base(folder) for folder in folders)
    loaded = read_knowledge_base(found)
    name = shown_name(data) if data else ""
    issues = [issue for issue in loaded.issues if not (name and issue.location and issue.location.file == name)]
    if issues:
        raise KnowledgeBaseError(*issues, texts=loaded.kb.texts)
    return OwnBase(found, loaded.kb, tuple(check(planned(loaded.kb))))


def _inspected(folders: Sequence[str], texts: Mapping[str, str]) -> tuple[KnowledgeBase, list[Issue]]:
    with unsaved(texts):
        loaded = read_knowledge_base(folders, facts=[*texts])
    if loaded.issues:
        return loaded.kb, list(loaded.issues)
    return loaded.kb, sorted(check(planned(loaded.kb)), key=by_place)


def _told(issue: Issue) -> tuple[str, str, str]:
    """What an issue says, wherever the lines of its file have moved."""
    return issue.code, issue.message, issue.location.file if issue.location else ""


def _moved(issue: Issue, file: str, name: str) -> Issue:
    """An issue in a file that goes by another name."""
    if issue.location is None or issue.location.file != file:
        return issue
    return replace(issue, location=replace(issue.location, file=name))


def _location(item: object) -> Location:
    location: Location = item.location  # type: ignore[attr-defined]
    return location


def _is_below(path: str, folder: str) -> bool:
    return os.path.realpath(path).startswith(os.path.join(os.path.realpath(folder), ""))  # noqa: PTH118


def _foreign(message: str) -> UsageError:
    return UsageError(Issue("KZ804", message, Location("--kb"), _OWN))
