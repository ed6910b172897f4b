"""YAML text → nodes that know their place: plain trees of scalars, sequences and mappings, and nothing constructed.

It is built from the parser's events and not by a composer, so that depth, aliases and tags are refused before they do
harm. Scalars stay text: what they mean is for the readers to say, so ``NO``, ``on`` and ``yes`` are words.
"""

import re
from collections.abc import Sequence
from typing import Protocol, TypeAlias

import msgspec
import yaml
from msgspec.structs import replace

from kzexpert.errors import Issue, KnowledgeBaseError, Location, Repair
from kzexpert.language.files import TextFile
from kzexpert.language.tokens import Locator, locator

__all__ = [
    "BrokenNode",
    "ListNode",
    "MappingNode",
    "Node",
    "ScalarNode",
    "YamlDocument",
    "key_place",
    "parse_document",
    "scalar_locator",
    "scalar_offsets",
]

#: libyaml where PyYAML was built with it.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST_DEPTH = 40
#: Nodes that aliases may add to those written out.
_MOST_EXPANDED = 50_000
#: What makes one character of the content, for each style that can be folded; compiled when first needed.
_FOLD = r"[ \t]*\r?\n\s*|."
_CONTENT = {None: _FOLD, "'": f"''|{_FOLD}", '"': rf"\\(?:x..|u.{{4}}|U.{{8}}|.)|{_FOLD}"}
_NO_TAG = "put a text that starts with ! in quotes; a condition that denies an atom is written not p(?x)"
_CONTROL = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]"


class ScalarNode(msgspec.Struct):
    """A text. `style` is None for a plain one, else the mark it begins with: ``'``, ``"``, ``|`` or ``>``.

    Line and column, from 1, are those of the first character of the content, `start` and `end` the offsets in the text
    of the file between which it stands with its quotes.
    """

    text: str
    style: str | None
    line: int
    column: int
    start: int
    end: int

    @property
    def missing(self) -> bool:
        """Whether it stands for no value."""
        return self.style is None and self.text in ("", "~", "null")


class ListNode(msgspec.Struct):
    """A list; `flow` if it is written in brackets."""

    items: "list[Node]"
    line: int
    column: int
    flow: bool


class MappingNode(msgspec.Struct):
    """Keys in order, each with its value."""

    entries: "dict[str, tuple[ScalarNode, Node]]"
    line: int
    column: int


class BrokenNode(msgspec.Struct):
    """Stands where something was refused, so that it is complained of once."""

    line: int
    column: int


Node: TypeAlias = ScalarNode | ListNode | MappingNode | BrokenNode


class YamlDocument(msgspec.Struct, frozen=True):
    """A YAML file: its tree, and what was refused in it."""

    file: TextFile
    root: Node
    issues: tuple[Issue, ...]


def parse_document(file: TextFile) -> YamlDocument:
    """Parses the one YAML document of a file.

    Raises:
        KnowledgeBaseError: the file is empty (KZ104) or not YAML (KZ105), or it goes beyond what is allowed here
            (KZ107) in a way that leaves no tree: nesting, aliases, a second document.
    """
    builder = _Builder(file)
    try:
        root = builder.build()
    except yaml.YAMLError as error:
        if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark and _TOO_DEEP in (error.problem or ""):
            # libyaml has read ahead to its own limit, far behind ours: what stands before that goes beyond ours.
            return parse_document(replace(file, text=file.text[: error.problem_mark.index]))
        raise KnowledgeBaseError(*builder.issues, _syntax_issue(error, file)) from None
    if root is None or (isinstance(root, ScalarNode) and root.missing):
        hint = "it holds any of kinds, predicates, synonyms, rules, entities, sources, facts; or delete it"
        raise KnowledgeBaseError(*builder.issues, Issue("KZ104", f"{file.name} is empty", Location(file.name), hint))
    return YamlDocument(file, root, tuple(builder.issues))


def scalar_offsets(text: str, scalar: ScalarNode) -> Sequence[int] | None:
    """Where in the text of a file each character of a scalar's content stands, and where it ends; None where that
    cannot be told, as of a block scalar.
    """
    quotes = 0 if scalar.style is None else 1
    start, end = scalar.start + quotes, scalar.end - quotes
    if scalar.style in ("|", ">"):
        return None
    source = text[start:end]
    if len(source) == len(scalar.text) and "\n" not in source:
        return range(start, end + 1)
    offsets = [start + match.start() for match in re.finditer(_CONTENT[scalar.style], source, re.DOTALL)]
    # blank lines inside: their breaks are content of their own
    return [*offsets, end] if len(offsets) == len(scalar.text) else None


def scalar_locator(file: TextFile, scalar: ScalarNode) -> Locator:
    """Gives the place of each character of a scalar's content; of a block scalar always its start."""
    start = Location(file.name, scalar.line, scalar.column)
    offsets = scalar_offsets(file.text, scalar)
    if offsets is None:
        return lambda offset: start
    if isinstance(offsets, range):
        return locator(start)

    def locate(offset: int) -> Location:
        before = file.text[offsets[0] : offsets[min(offset, len(offsets) - 1)]]
        breaks = before.count("\n")
        column = len(before) - before.rfind("\n") if breaks else scalar.column + len(before)
        return Location(file.name, scalar.line + breaks, column)

    return locate


def key_place(file: TextFile, key: ScalarNode) -> Location:
    """Where a key begins, with its quotes."""
    return Location(file.name, key.line, key.column - (1 if key.style in ("'", '"') else 0))


class _Mark(Protocol):
    line: int
    column: int
    index: int


class _Event(Protocol):
    """What is read of the events, each of which has the ones that its kind needs."""

    start_mark: _Mark
    end_mark: _Mark
    anchor: str | None
    tag: str | None
    style: str | None
    value: str
    flow_style: bool | None


class _Open(msgspec.Struct):
    """A list or mapping whose end has not come yet, the anchor it bears, and the key that waits for its value."""

    node: ListNode | MappingNode
    anchor: str | None
    size: int = 1
    key: ScalarNode | BrokenNode | None = None
    refused: bool = False


class _Builder:
    """Makes nodes of events; `issues` is what it refused on the way."""

    def __init__(self, file: TextFile) -> None:
        self.file = file
        self.issues: list[Issue] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.stack: list[_Open] = []
        self.expanded = 0
        self.root: Node | None = None

    def build(self) -> Node | None:
        loader = _Loader(self.file.text)
        try:
            while (event := loader.get_event()) is not None:
                kind = type(event)
                if kind is yaml.ScalarEvent:
                    self.scalar(event)
                elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                    self.open(event, mapping=kind is yaml.MappingStartEvent)
                elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                    self.close()
                elif kind is yaml.AliasEvent:
                    self.alias(event)
                elif kind is yaml.DocumentStartEvent and self.root is not None:
                    hint = "keep one document to a file: remove the line ---"
                    raise self.refusal("a second YAML document", event, hint)
        finally:
            loader.dispose()
        return self.root

    def scalar(self, event: _Event) -> None:
        start, style = event.start_mark, event.style or None
        column = start.column + (2 if style == '"' or style == "'" else 1)
        scalar = ScalarNode(event.value, style, start.line + 1, column, start.index, event.end_mark.index)
        node = scalar if event.tag is None else self.tagged(event, event.tag)
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, 1)
        self.add(node, 1)

    def open(self, event: _Event, *, mapping: bool) -> None:
        if len(self.stack) >= _MOST_DEPTH:
            hint = "a file of rules or facts needs fewer than ten levels"
            raise self.refusal(f"nesting of more than {_MOST_DEPTH} levels", event, hint)
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        node = MappingNode({}, line, column) if mapping else ListNode([], line, column, bool(event.flow_style))
        refused = event.tag is not None and isinstance(self.tagged(event, event.tag), BrokenNode)
        self.stack.append(_Open(node, event.anchor, refused=refused))

    def close(self) -> None:
        closed = self.stack.pop()
        node: Node = BrokenNode(closed.node.line, closed.node.column) if closed.refused else closed.node
        if closed.anchor is not None:
            self.anchors[closed.anchor] = (node, closed.size)
        self.add(node, closed.size)

    def alias(self, event: _Event) -> None:
        name = event.anchor or ""
        if name in self.anchors:
            node, size = self.anchors[name]
            self.expanded += size
            if self.expanded > _MOST_EXPANDED:
                message = f"aliases that stand for more than {_MOST_EXPANDED} values"
                raise self.refusal(message, event, "write the values out where they are needed")
            self.add(node, size)
        elif any(name == item.anchor for item in self.stack):
            raise self.refusal(f"the alias *{name} inside what it stands for", event, "write the values out")
        else:
            hint = f"define it before with &{name}; put a text that starts with * in quotes"
            self.issues.append(Issue("KZ105", f"the alias *{name} stands for nothing", self.place(event), hint))
            self.add(BrokenNode(event.start_mark.line + 1, event.start_mark.column + 1), 1)

    def add(self, node: Node, size: int) -> None:
        """Puts a finished node where it belongs: into the list, as a key, as the value of the key before."""
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        top.size += size
        key, target = top.key, top.node
        if type(target) is ListNode:
            target.items.append(node)
        elif key is None:
            top.key = node if type(node) is ScalarNode else self.refused_key(node)
        else:
            top.key = None
            if type(key) is ScalarNode and type(target) is MappingNode:
                if key.text not in target.entries and key.text != "<<":
                    target.entries[key.text] = (key, node)
                else:
                    self.refuse_entry(target, key)

    def refuse_entry(self, mapping: MappingNode, key: ScalarNode) -> None:
        place = key_place(self.file, key)
        if key.text in mapping.entries:
            first = key_place(self.file, mapping.entries[key.text][0])
            message, hint = f"the key {key.text!r} appears twice", "keep one of the two"
            self.issues.append(Issue("KZ106", message, place, hint, related=((first, "it first appears here"),)))
        else:
            hint = "merge keys are not part of the language: write the keys out"
            self.issues.append(Issue("KZ107", "a merge key (<<)", place, hint))

    def refused_key(self, node: Node) -> BrokenNode:
        """A key that is no text: complained of once, and its entry is left out."""
        if not isinstance(node, BrokenNode):
            place = Location(self.file.name, node.line, node.column)
            hint = 'keys are words; put a text that starts with { or [ in quotes: "{state} is ..."'
            self.issues.append(Issue("KZ107", "a list or a mapping as a key", place, hint))
        return BrokenNode(node.line, node.column)

    def tagged(self, event: _Event, tag: str) -> BrokenNode:
        tag = tag.replace("tag:yaml.org,2002:", "!!")
        hint = f"remove {tag}: a value is a text, a number, true or false" if tag[:2] == "!!" else _NO_TAG
        self.issues.append(Issue("KZ107", f"the tag {tag} is not allowed", self.place(event), hint))
        return BrokenNode(event.start_mark.line + 1, event.start_mark.column + 1)

    def refusal(self, message: str, event: _Event, hint: str) -> KnowledgeBaseError:
        return KnowledgeBaseError(*self.issues, Issue("KZ107", message, self.place(event), hint))

    def place(self, event: _Event) -> Location:
        return Location(self.file.name, event.start_mark.line + 1, event.start_mark.column + 1)


# --- what is wrong with a file that is not YAML ---------------------------------------------------------------------

_TOO_DEEP = "exceeded maximum nesting depth"
#: A key that takes a sentence, and what stands behind it on its line.
_SENTENCE = re.compile(r"(\s*(?:- )?(?:title|because|says|doc|note|at|publisher|authors): +)(\S.*?)\s*")
_QUOTE = 'put the whole text in quotes: "..."'
_HINTS = (
    ("mapping values are not allowed", f"is this one text? {_QUOTE}; else check the indentation"),
    ("did not find expected key", f"a text cannot start with a quote or bracket and go on after it: {_QUOTE}; "
     "else check the indentation"),
    ("did not find expected '-'", f"a text cannot start with a quote or bracket and go on after it: {_QUOTE}; "
     "else check the indentation"),
    ("cannot start any token", f"a text cannot start with @ ` or %: {_QUOTE}"),
    ("did not find expected ','", "close the bracket, or put a text that holds brackets or commas in quotes"),
    ("unexpected end of stream", "close the quotes"),
    ("could not find expected ':'", "a key is followed by a colon and a space"),
    ("block sequence entries", "start the list on a line of its own, below its key"),
    ("did not find expected node content", "close every bracket, and quote a text that starts with one"),
)  # fmt: skip


def _syntax_issue(error: yaml.YAMLError, file: TextFile) -> Issue:
    """KZ105 at the place of the problem, with a hint for what usually is behind it."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return _control_character(file, error)
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    tab = _tab_in_indentation(file.text, line)
    if tab is not None:
        hint = "YAML does not allow tabs for indentation: use spaces"
        return Issue("KZ105", "a tab in the indentation", Location(file.name, *tab), hint)
    problem = error.problem or "not valid YAML"
    hint = next((hint for words, hint in _HINTS if words in problem), "check indentation, quotes and brackets")
    related: tuple[tuple[Location, str], ...] = ()
    if error.context and error.context_mark and error.context_mark.line + 1 != line:
        context = error.context_mark
        related = ((Location(file.name, context.line + 1, context.column + 1), error.context),)
    fix = _quoted(file, line) if _QUOTE in hint else None
    return Issue(
        "KZ105", f"not valid YAML: {problem}", Location(file.name, line, column), hint, related=related, fix=fix
    )


def _quoted(file: TextFile, line: int) -> Repair | None:
    """The text behind a key that takes one, in quotes; None where it is not certain that all of it is one text."""
    lines = file.text.split("\n")
    found = _SENTENCE.fullmatch(lines[line - 1].rstrip("\r")) if 0 < line <= len(lines) else None
    if found is None or '"' in found[2] or "\\" in found[2] or " #" in found[2]:
        return None
    return Repair(Location(file.name, line, len(found[1]) + 1), found[2], f'"{found[2]}"')


def _tab_in_indentation(text: str, line: int) -> tuple[int, int] | None:
    """Where a tab indents the line of the problem or the line before."""
    lines = text.split("\n")
    for number in (line, line - 1):
        if 1 <= number <= len(lines):
            written = lines[number - 1]
            indentation = written[: len(written) - len(written.lstrip(" \t"))]
            if "\t" in indentation:
                return number, indentation.index("\t") + 1
    return None


def _control_character(file: TextFile, error: yaml.YAMLError) -> Issue:
    found = re.search(_CONTROL, file.text)
    if found is None:
        return Issue("KZ105", f"not valid YAML: {error}", Location(file.name))
    before = file.text[: found.start()]
    place = Location(file.name, before.count("\n") + 1, found.start() - before.rfind("\n"))
    hint = "delete it; in a text in double quotes it can be written \\x.."
    return Issue("KZ105", f"the control character U+{ord(found[0]):04X}", place, hint)
