"""An issue → edits that settle it: those that it brings along, and the names that its hint takes for the ones meant."""

import re
from collections.abc import Iterator

import msgspec

from kzexpert.authoring.language_server.atoms import mentions
from kzexpert.authoring.language_server.names import Naming, content, scalars, tree, written
from kzexpert.authoring.language_server.rename import Replacement
from kzexpert.authoring.language_server.text import Text
from kzexpert.errors import Issue
from kzexpert.language.nearest import is_slip

__all__ = ["Fix", "fixes"]

_MEANT = re.compile(r"did you mean (.+)\?$")


class Fix(msgspec.Struct, frozen=True):
    """One way to settle an issue.

    Attributes:
        title: what it does.
        edits: in the file of the issue.
        sure: whether it is the only one.
        certain: whether nothing else can be meant.
    """

    title: str
    edits: tuple[Replacement, ...]
    sure: bool
    certain: bool = False


def fixes(issue: Issue, path: str, text: Text) -> list[Fix]:
    """The ways to settle an issue that stands in a text."""
    if issue.fix is not None:
        at = text.place(issue.fix.place)
        span = (at, at + len(issue.fix.old))
        if text.text[slice(*span)] != issue.fix.old:
            return []
        new = issue.fix.new
        around = (node for node in scalars(tree(path, text.text)) if node.start < at < node.end)
        if issue.code == "KZ201" and any(node.style == '"' for node in around):
            new = new.replace('"', "'")  # a condition takes either
        return [Fix(f"Write {new}", ((span, new),), True, True)]
    meant = _MEANT.search(issue.hint)
    if issue.location is None or meant is None:
        return []
    names = re.split(r", | or ", meant[1])
    candidates = [item for item in _written_at(path, text, text.place(issue.location)) if item.spelled in issue.message]
    if not candidates:
        return []
    wrong = max(candidates, key=lambda item: len(item.spelled))
    sure = len(names) == 1
    return [
        Fix(
            f"Write {name}",
            ((wrong.span, written(wrong, text.text, name)),),
            sure,
            sure and is_slip(wrong.spelled, name),
        )
        for name in names
    ]


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
