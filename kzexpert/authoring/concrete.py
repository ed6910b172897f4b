"""YAML text → a tree of what is written, comments and blank lines included, for a text to be laid out anew.

It is built from PyYAML's events. Between the marks of two of them stand spaces, comments and punctuation alone, so that
nothing of a text is outside of the tree. Tags, merge keys and the like were refused before (`language.documents`).
"""

import re
from collections.abc import Iterator
from typing import Literal, TypeAlias

import msgspec
import yaml

__all__ = ["Comment", "Composite", "Mark", "Tree", "Written", "marks", "parse_written"]

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ANCHOR = re.compile(r"&[^\s\[\]{},]+")
_COMMENT = re.compile(r"(?<!\S)#.*")


class Comment(msgspec.Struct, frozen=True):
    """A comment on a line of its own, or behind a dash.

    Attributes:
        column: where it begins, from 0.
        gap: whether a blank line stands above.
        dash: whether a dash stands before it.
    """

    text: str
    column: int
    gap: bool
    dash: bool


class Mark(msgspec.Struct):
    """A scalar, an alias, an anchor or a bracket, with what stands around it.

    Attributes:
        text: as written.
        value, style: of a scalar; see `kzexpert.language.documents.ScalarNode`.
        above: comments on the lines between the mark before and this one.
        newline: whether it begins a line, be it behind punctuation.
        gap: whether a blank line stands directly above its line.
        trailing: the comment behind it on its line, with the blanks before that.
        tail: comments that belong to what ends with it, where what follows may move.
        colon: whether a colon stands behind it.
    """

    text: str
    kind: Literal["scalar", "alias", "anchor", "bracket"]
    start: int
    end: int
    value: str = ""
    style: str | None = None
    above: list[Comment] = []
    newline: bool = False
    gap: bool = False
    trailing: str = ""
    tail: list[Comment] = []
    colon: bool = False


class Composite(msgspec.Struct):
    """A list or a mapping; of a mapping the parts are keys and values in turn.

    Attributes:
        column: of a block, where its items begin, from 0.
        anchor: where it bears one.
        open, close: its brackets; a pair in a list may have none.
    """

    mapping: bool
    flow: bool
    start: int
    column: int
    parts: "list[Written]" = []
    anchor: Mark | None = None
    open: Mark | None = None
    close: Mark | None = None


Written: TypeAlias = Mark | Composite


class Tree(msgspec.Struct):
    """A text as a tree.

    Attributes:
        head: what stands above of directives and ``---``, as written.
        below: comments behind the last mark.
    """

    root: Written
    head: str
    below: list[Comment]


def parse_written(text: str) -> Tree:
    """The tree of a text that `kzexpert.language.documents.parse_document` reads without an issue.

    Args:
        text: with ``\\n`` for all breaks of lines.
    """
    root: Written | None = None
    stack: list[Composite] = []
    for event in yaml.parse(text, Loader=_Loader):
        node: Written
        if isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            node = _leaf(text, event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            stack.append(_opened(text, event))
            continue
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            node = stack.pop()
            if node.open is not None:
                node.close = _bracket(text, _span(event)[0])
        else:
            continue
        if stack:
            stack[-1].parts.append(node)
        else:
            root = node
    assert root is not None, "the text was read before"
    for group in _groups(root):
        group.column = _column(text, group)
    head, at = _head(text, next(marks(root)).start)
    return Tree(root, head, _attach(text, at, [*marks(root)]))


def marks(node: Written) -> Iterator[Mark]:
    """All that is written of a node, in order."""
    if isinstance(node, Mark):
        if node.text:
            yield node
        return
    yield from filter(None, (node.anchor, node.open))
    for part in node.parts:
        yield from marks(part)
    if node.close:
        yield node.close


def _groups(node: Written) -> Iterator[Composite]:
    if isinstance(node, Composite):
        yield node
        for part in node.parts:
            yield from _groups(part)


def _span(event: yaml.Event) -> tuple[int, int]:
    """Where an event begins and ends in the text."""
    assert event.start_mark is not None
    assert event.end_mark is not None, "events of a text have their places"
    return event.start_mark.index, event.end_mark.index


def _leaf(text: str, event: "yaml.ScalarEvent | yaml.AliasEvent") -> Mark:
    start, end = _span(event)
    if isinstance(event, yaml.AliasEvent):
        return Mark(text[start:end], "alias", start, end)
    style = event.style or None
    if style in ("|", ">"):
        written = text[start:end]
        kept = "+" in written.split("\n", 1)[0].split("#")[0]
        end = start + len(written.removesuffix("\n") if kept else written.rstrip("\n"))
    return Mark(text[start:end], "scalar", start, end, event.value, style)


def _opened(text: str, event: "yaml.MappingStartEvent | yaml.SequenceStartEvent") -> Composite:
    start, _ = _span(event)
    group = Composite(isinstance(event, yaml.MappingStartEvent), bool(event.flow_style), start, 0)
    if event.anchor is not None:
        found = _ANCHOR.match(text, start)
        assert found is not None, "an anchor begins what bears it"
        group.anchor = Mark(found[0], "anchor", start, found.end())
        start = found.end()
    if group.flow:
        while text[start] in " \t\n":
            start += 1
        group.open = _bracket(text, start) if text[start] in "[{" else None
    return group


def _bracket(text: str, at: int) -> Mark:
    return Mark(text[at], "bracket", at, at + 1)


def _column(text: str, group: Composite) -> int:
    """Where the items of a block begin: its first key, or its first dash."""
    if group.flow or not group.parts:
        return 0
    at = next(marks(group.parts[0]), None)
    start = group.anchor.end if group.anchor else group.start
    if group.mapping and at is not None:
        start = at.start
    elif not group.mapping:
        dash = re.compile(r"(?:\s|#[^\n]*)*").match(text, start)
        start = dash.end() if dash else start
    return start - (text.rfind("\n", 0, start) + 1)


def _head(text: str, first: int) -> tuple[str, int]:
    """Directives and ``---`` above the first mark, as written, and where what is below them begins."""
    found = [*re.finditer(r"^---(?=\s).*\n?", text[:first], re.MULTILINE)]
    if not found:
        return "", 0
    end = min(found[-1].end(), first)
    return text[:end], end


def _attach(text: str, at: int, found: list[Mark]) -> list[Comment]:
    """Give each mark what stands before and behind it; returns the comments behind the last one."""
    before: Mark | None = None
    for mark in [*found, None]:
        gap = text[at : mark.start if mark else len(text)]
        above, trailing, blank, newline = _gap(gap, begins=before is None)
        if before is not None:
            before.trailing = trailing
            before.colon = re.match(r"\s*:", gap) is not None
        if mark is None:
            return above
        mark.above, mark.gap, mark.newline = above, blank, newline
        before, at = mark, mark.end
    return []


def _gap(gap: str, *, begins: bool) -> tuple[list[Comment], str, bool, bool]:
    """What stands between two marks: comments on lines of their own, the one behind the first mark, whether a blank
    line stands above the second one, and whether that begins a line.

    Args:
        begins: whether the gap begins a line.
    """
    above: list[Comment] = []
    trailing, blank = "", False
    lines = gap.split("\n")
    for number, line in enumerate(lines):
        own, comment = begins or number > 0, _COMMENT.search(line)
        if comment is None:
            blank = blank or (own and not line.strip() and number < len(lines) - 1)
        elif own:
            dash = "-" in line[: comment.start()]
            above.append(Comment(comment[0].rstrip(), comment.start(), blank, dash))
            blank = False
        else:
            blanks = line[len(line[: comment.start()].rstrip()) : comment.start()].replace("\t", " ")
            trailing = (blanks or " ") + comment[0].rstrip()
    return above, trailing, blank, begins or len(lines) > 1
