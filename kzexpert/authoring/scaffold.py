"""The files of a new base: one example of each thing, from the folders of `templates`. It overwrites nothing."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template

import msgspec

from kzexpert.authoring.snippets import scalar
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.language.bases import base_folders, is_path, known_bases, named_base
from kzexpert.language.folders import is_base
from kzexpert.language.nearest import did_you_mean

__all__ = ["Scaffold", "scaffold", "write_scaffold"]

_TEMPLATES = Path(__file__).parent / "templates"
#: Keeps tools away that look for such files.
_ENDING = ".template"
_NAME = re.compile(r"[^\W\d_]\w*(?:-\w+)*")
_NAME_HINT = "a name is letters, digits, - and _, and begins with a letter"
_EXAMPLE = "who is Ruritania aligned with"


class Scaffold(msgspec.Struct, frozen=True):
    """A base to be written.

    Attributes:
        folder: where; as the user named it.
        files: path below the folder → text.
        question: what can be asked of it at once.
    """

    folder: str
    files: Mapping[str, str]
    question: str


def scaffold(folder: str, uses: Sequence[str] = (), title: str = "", *, package: bool = False) -> Scaffold:
    """The files of a base that is clean as it stands.

    Args:
        folder: its last part is the name of the base.
        uses: names of bases, and folders of such as seen from the current folder.
        title: what the base is about; by default its name.
        package: whether ``pip install`` is to make it available to others.

    Raises:
        UsageError: the name is none, or taken (KZ801); one of `uses` is no base, or no use to a package (KZ803).
    """
    name = _name(folder)
    shipped = _builds_on_shipped(uses)
    # Rules of other bases may bear on the example as well.
    certainty = "" if {*uses} - {"kzexpert"} else " @ 0.48" if shipped else " @ 0.79"
    values = {
        "name": name,
        "title": scalar(title or name.replace("-", " ").replace("_", " ").capitalize()),
        "uses": ", ".join(scalar(_use(item, folder, package=package)) for item in uses),
        "module": f"kzexpert_base_{name.replace('-', '_').casefold()}",
        "quoted_title": json.dumps(title or name),
        "certainty": certainty,
    }
    files = _filled("on_kzexpert" if shipped else "alone", values)
    if uses and not shipped:
        files["kzexpert.yaml"] = _filled("on_kzexpert", values)["kzexpert.yaml"]
    if package:
        files |= _filled("package", values)
    return Scaffold(folder, files, f"{_EXAMPLE} in economy" if shipped else _EXAMPLE)


def write_scaffold(base: Scaffold) -> None:
    """Write the files. A folder may be there, with nothing in it but what begins with a dot.

    Raises:
        UsageError: something is in the way (KZ802), or the folder cannot be written to (KZ306).
    """
    folder = Path(base.folder)
    try:
        found = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    except FileNotFoundError:
        found = []
    except OSError as error:
        raise _in_the_way(base.folder, f"{base.folder} is not a folder: {error.strerror}") from None
    if found:
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise _in_the_way(base.folder, f"{base.folder} already holds files: {', '.join(found[:3])}{more}")
    try:
        for name, text in base.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except OSError as error:
        hint = "give a folder that can be made, below one that may be written to"
        raise UsageError(Issue("KZ306", f"cannot write: {error.strerror}", Location(base.folder), hint)) from None


def _in_the_way(folder: str, message: str) -> UsageError:
    hint = "give another name, or move them away; nothing was written"
    return UsageError(Issue("KZ802", message, Location(folder), hint))


def _name(folder: str) -> str:
    name = Path(folder).resolve().name
    if not _NAME.fullmatch(name):
        near = re.sub(r"[\W_]+", "-", name).strip("-").lstrip("0123456789-").lower()
        hint = f"{_NAME_HINT}, such as {near}" if _NAME.fullmatch(near) else f"{_NAME_HINT}, such as mongolia"
        raise UsageError(Issue("KZ801", f"{name!r} is not a name for a base", Location("name"), hint))
    if name in known_bases():
        hint = f"give it another name; to build on it: kzexpert new base NAME --uses {name}"
        raise UsageError(Issue("KZ801", f"there is already a base called {name}", Location("name"), hint))
    return name


def _use(item: str, folder: str, *, package: bool) -> str:
    """A used base as the manifest names it: by name, or by its folder as seen from the new one."""
    if not is_path(item):
        return item
    if package:
        hint = "make that base a package too, install it, and name it"
        raise UsageError(Issue("KZ803", f"a package cannot use the folder {item}", Location("--uses"), hint))
    path = os.path.relpath(item, folder).replace(os.sep, "/")
    return path if path.startswith(".") else f"./{path}"


def _builds_on_shipped(uses: Sequence[str]) -> bool:
    """Whether the shipped base is among those used, or among those that they use.

    Raises:
        UsageError: one of them is no base (KZ803, KZ128), or they use each other in a circle (KZ127).
    """
    issues: list[Issue] = []
    for item in uses:
        if not (is_base(item) if is_path(item) else item in known_bases()):
            hint = f"a folder is written ./{item}" if is_base(item) else did_you_mean(item, known_bases())
            hint = hint or f"there are {', '.join(known_bases())}; a folder is written ./folder"
            issues.append(Issue("KZ803", f"{item} is not a base", Location("--uses"), hint))
    found = [] if issues else base_folders([item if is_path(item) else named_base(item) for item in uses], issues)
    if issues:
        raise UsageError(*issues)
    shipped = os.path.realpath(named_base("kzexpert"))
    return any(os.path.realpath(base.folder) == shipped for base in found)


def _filled(template: str, values: Mapping[str, str]) -> dict[str, str]:
    folder = _TEMPLATES / template
    return {name: Template(path.read_text(encoding="utf-8")).substitute(values) for name, path in _files(folder)}


def _files(folder: Path) -> list[tuple[str, Path]]:
    """The files of a template by name: the manifest first, and the words before the rules that use them."""
    order = ("kzexpert.yaml", "pyproject.toml", "rules/vocabulary.yaml", "rules", "facts", "tests")
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    named = [(path.relative_to(folder).as_posix().removesuffix(_ENDING), path) for path in paths]
    return sorted(named, key=lambda item: next(at for at, start in enumerate(order) if item[0].startswith(start)))
