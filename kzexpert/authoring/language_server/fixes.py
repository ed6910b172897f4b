"""An issue → edits that settle it: those that it brings along, and the names that its hint takes for the ones meant."""

import re
from collections.abc import Iterator

import msgspec

from kzexpert.authoring.language_server.atoms import mentions
from kzexpert.authoring.language_server.names import Naming, content, scalars, tree, written
from kzexpert.authoring.language_server.rename import Replacement
from kzexpert.authoring.language_server.text import Text
from kzexpert.errors import Issue

__all__ = ["Fix", "fixes"]

_MEANT = re.compile(r"did you mean (.+)\?$")


class Fix(msgspec.Struct, frozen=True):
    """One way to settle an issue.

    Attributes:
        title: what it does.
        edits: in the file of the issue.
        sure: whether it is the only one.
    """

    title: str
    edits: tuple[Replacement, ...]
    sure: bool


def fixes(issue: Issue, path: str, text: Text) -> list[Fix]:
    """The ways to settle an issue that stands in a text."""
    meant = _MEANT.search(issue.hint)
    if issue.location is None or meant is None:
        return []
    names = re.split(r", | or ", meant[1])
    candidates = [item for item in _written_at(path, text, text.place(issue.location)) if item.spelled in issue.message]
    if not candidates:
        return []
    wrong = max(candidates, key=lambda item: len(item.spelled))
    return [Fix(f"Write {name}", ((wrong.span, written(wrong, text.text, name)),), len(names) == 1) for name in names]


def _written_at(path: str, text: Text, place: int) -> Iterator[Naming]:
    """The scalar, and the words of a condition, that begin at a place."""
    for node in scalars(tree(path, text.text)):
        if not node.start <= place < max(node.end, node.start + 1):
            continue
        said, offsets = content(text.text, node)
        if place <= offsets[0]:
            yield Naming(("value",), (node.start, node.end), node.text, form="yaml")
        for item in mentions(said):
            if offsets[item.start] == place:
                form = "atom" if item.kind == "value" else "plain"
                span = (place, offsets[item.start + len(item.text)])
                yield Naming((item.kind,), span, item.value.removeprefix("?"), form=form)  # type: ignore[arg-type]
