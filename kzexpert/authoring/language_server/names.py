"""The files of a base → every place where something is named: what leads to definitions, references and new names."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

import msgspec

from kzexpert.authoring.language_server.atoms import mentions
from kzexpert.authoring.language_server.base import State, kind_of
from kzexpert.authoring.language_server.text import Span
from kzexpert.authoring.snippets import scalar
from kzexpert.errors import KnowledgeBaseError
from kzexpert.language.documents import ListNode, MappingNode, Node, ScalarNode, parse_document, scalar_offsets
from kzexpert.language.files import TextFile
from kzexpert.language.rules_file import BUILT_IN_TYPES, ROW_KEYS
from kzexpert.model import PLACEHOLDER, KnowledgeBase, Placeholder, format_value

__all__ = ["Name", "Naming", "Namings", "names_in", "tree"]

#: What is named: its sort, and what tells it from others: ``("argument", "member", "state")``.
Name: TypeAlias = tuple[str, ...]
Form: TypeAlias = Literal["plain", "yaml", "atom"]

_ATOM = re.compile(r"\s*(?:not\s+)?[^\W\d][\w.-]*\s*\(")
_WORD = re.compile(r"[\w.'’-]*\w")
#: So many words of a question may be one name.
_MOST_WORDS = 6


class Naming(msgspec.Struct, frozen=True):
    """A place where something is named.

    Attributes:
        span: where in the text, with its quotes.
        defines: whether it is declared there.
        form: how a name is written there: as it is, as a text of YAML, or as a value of an atom.
        spelled: the name as it stands there, which may be an alias.
    """

    name: Name
    span: Span
    spelled: str
    defines: bool = False
    form: Form = "plain"


class Namings:
    """All places of a base where something is named; a file is looked through when it is asked for."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._found: dict[str, list[Naming]] = {}

    @property
    def files(self) -> dict[str, list[Naming]]:
        """Path → what is named there, in order."""
        return {path: self.file(path) for path in self.state.files}

    def file(self, path: str) -> list[Naming]:
        """What is named in one file, in order."""
        if path not in self._found:
            text = self.state.text(path) or ""
            cases = kind_of(self.state.folder, path) == "cases"
            found = names_in(self.state.names, path, text, cases) if path in self.state.files else ()
            self._found[path] = sorted(set(found), key=lambda item: item.span)
        return self._found[path]

    def at(self, path: str, offset: int) -> Naming | None:
        """What is named at a place; of two that touch there, the one that begins. A variable begins at its mark."""
        mark = {"variable": 1}
        found = [item for item in self.file(path) if item.span[0] - mark.get(item.name[0], 0) <= offset <= item.span[1]]
        return min(found, key=lambda item: (item.span[1] - item.span[0], -item.span[0])) if found else None

    def of(self, name: Name) -> list[tuple[str, Naming]]:
        """All places where something is named, each with its path."""
        return [(path, item) for path, items in self.files.items() for item in items if item.name == name]


def tree(path: str, text: str) -> Node | None:
    """The nodes of a text; None where it is no YAML."""
    try:
        return parse_document(TextFile(path, path, text, b"")).root
    except KnowledgeBaseError:
        return None


def scalars(node: Node | None) -> Iterator[ScalarNode]:
    """All scalars below a node, keys too."""
    if isinstance(node, ScalarNode):
        yield node
    elif isinstance(node, ListNode):
        yield from (found for item in node.items for found in scalars(item))
    else:
        yield from (found for pair in _entries(node) for item in pair for found in scalars(item))


def content(text: str, node: ScalarNode) -> tuple[str, Sequence[int]]:
    """What a scalar says, and where in its file each character stands; a block scalar with its indentation."""
    offsets = scalar_offsets(text, node)
    if offsets is not None:
        return node.text, offsets
    start = text.find("\n", node.start, node.end) + 1 if node.style in ("|", ">") else node.start
    return text[start : node.end], range(start, node.end + 1)


def written(item: Naming, text: str, new: str) -> str:
    """Another name as it must be written in a place of a text."""
    if item.form == "yaml":
        return scalar(new)
    if item.form == "plain":
        return new
    value = format_value(new)
    before = text[text.rfind("\n", 0, item.span[0]) + 1 : item.span[0]]
    if value[:1] == '"' and re.search(r'(?:^|[\s\[,:])"[^"]*$', before):  # the condition itself stands in such quotes
        return f"'{new}'"
    return value


def names_in(kb: KnowledgeBase, path: str, text: str, cases: bool = False) -> Iterator[Naming]:
    """What is named in a text, in no particular order.

    Args:
        kb: whose vocabulary and entities say what a word is.
        cases: whether it is a file of cases.
    """
    root = tree(path, text)
    if isinstance(root, MappingNode):
        file = _Walk(kb, path, text)
        yield from file.case_file(root) if cases else file.sections(root)


def _items(node: Node | None) -> Sequence[Node]:
    return node.items if isinstance(node, ListNode) else [] if node is None else [node]


def _entries(node: Node | None) -> Iterable[tuple[ScalarNode, Node]]:
    return node.entries.values() if isinstance(node, MappingNode) else ()


def _field(node: Node | None, key: str) -> Node | None:
    return node.entries[key][1] if isinstance(node, MappingNode) and key in node.entries else None


class _Walk:
    """One file; each method yields what is named below a node."""

    def __init__(self, kb: KnowledgeBase, path: str, text: str) -> None:
        self.kb, self.path, self.text = kb, path, text

    def one(self, node: Node | None, *name: str, defines: bool = False) -> Iterator[Naming]:
        """A scalar that is a name; without one, of what the scalar says."""
        if isinstance(node, ScalarNode) and not node.missing:
            yield Naming((*name, node.text), (node.start, node.end), node.text, defines, "yaml")

    # --- sections ---

    def sections(self, root: Node) -> Iterator[Naming]:
        """The sections of a file, or of a case."""
        for item in _items(_field(root, "kinds")):
            yield from self.one(item, "kind", defines=True)
        for key, value in _entries(_field(root, "predicates")):
            yield from self.predicate(key, value)
        for rule in _items(_field(root, "rules")):
            yield from self.rule(rule)
        for item in _items(_field(root, "drop")):
            yield from self.one(item, "rule")
        for key, value in _entries(entities := _field(root, "entities")):
            yield from self.one(key, "entity", defines=True)
            yield from self.one(_field(value, "kind"), "kind")
            for alias in _items(_field(value, "aliases")):
                yield from self.value(alias, key.text, defines=True)
        for register in _items(entities) if isinstance(entities, ListNode) else ():
            yield from self.one(_field(register, "kind"), "kind")
        for key, _ in _entries(_field(root, "sources")):
            yield from self.one(key, "source", defines=True)
        for key, rows in _entries(_field(root, "facts")):
            yield from self.one(key, "predicate")
            for row in _items(rows):
                yield from self.row(key.text, row)
        for table in _items(_field(root, "tables")):
            yield from self.table(table)
        yield from self.source(root)
        yield from self.one(_field(root, "family"), "family")

    def predicate(self, key: ScalarNode, node: Node) -> Iterator[Naming]:
        yield from self.one(key, "predicate", defines=True)
        for item in _items(_field(node, "args")):
            for name, kind in _entries(item):
                yield from self.one(name, "argument", key.text, defines=True)
                if isinstance(kind, ScalarNode) and kind.text not in BUILT_IN_TYPES:
                    yield from self.one(kind, "kind")
        for template in (*_items(_field(node, "says")), *_items(_field(node, "asks"))):
            yield from self.placeholders(template, "argument", key.text)
        yield from self.one(_field(node, "compares"), "argument", key.text)

    def rule(self, node: Node) -> Iterator[Naming]:
        yield from self.one(_field(node, "id"), "rule", defines=True)
        yield from self.one(_field(node, "replaces"), "rule")
        yield from self.one(_field(node, "family"), "family")
        scope = (self.path, str(node.line))
        for key in ("when", "unless", "then"):
            yield from self.conditions(_field(node, key), scope)
        yield from self.placeholders(_field(node, "because"), "variable", *scope)
        yield from self.source(node)

    def conditions(self, node: Node | None, scope: tuple[str, ...]) -> Iterator[Naming]:
        """Conditions, one or a list of them, and those in blocks."""
        if isinstance(node, ScalarNode):
            yield from self.condition(node, scope)
        elif isinstance(node, ListNode):
            for item in node.items:
                yield from self.conditions(item, scope)
        for _, value in _entries(node):
            yield from self.conditions(value, scope)

    def row(self, predicate: str, row: Node) -> Iterator[Naming]:
        types = self.types(predicate)
        for key, value in _entries(row):
            if key.text in types or key.text not in ROW_KEYS:
                yield from self.one(key, "argument", predicate)
                if types.get(key.text, "") not in BUILT_IN_TYPES:
                    yield from self.value(value)
        yield from self.source(row)

    def table(self, node: Node) -> Iterator[Naming]:
        named = _field(node, "predicate")
        yield from self.one(named, "predicate")
        predicate = named.text if isinstance(named, ScalarNode) else ""
        types = self.types(predicate)
        for section in ("columns", "map"):
            for key, value in _entries(_field(node, section)):
                if key.text in types:
                    yield from self.one(key, "argument", predicate)
                    yield from self.value(_field(value, "value"))
        yield from self.source(node)

    def source(self, node: Node) -> Iterator[Naming]:
        cited = _field(node, "source")
        yield from self.one(_field(cited, "id") if isinstance(cited, MappingNode) else cited, "source")

    def types(self, predicate: str) -> dict[str, str]:
        found = self.kb.predicate.get(predicate)
        return {spec.name: spec.type for spec in found.args} if found else {}

    # --- cases ---

    def case_file(self, root: Node) -> Iterator[Naming]:
        listed = _field(root, "cases")
        for case in [root] if listed is None else _items(listed):
            yield from self.one(_field(case, "id"), "case", defines=True)
            yield from self.sections(case)
            yield from self.question(_field(case, "ask"))
            for key in ("assume", "without", "want"):
                for item in _items(_field(case, key)):
                    atom = _field(item, "conclusion") if isinstance(item, MappingNode) else item
                    yield from self.conditions(atom, (self.path, str(item.line)))

    def question(self, node: Node | None) -> Iterator[Naming]:
        """A pattern, or a question in which entities are called by some name."""
        if not isinstance(node, ScalarNode):
            return
        text, offsets = content(self.text, node)
        if _ATOM.match(text):
            yield from self.condition(node, (self.path, str(node.line)))
            return
        spans = [found.span() for found in _WORD.finditer(text)]
        at = 0
        while at < len(spans):
            for count in range(min(_MOST_WORDS, len(spans) - at), 0, -1):
                start, end = spans[at][0], spans[at + count - 1][1]
                entity = self.kb.entity.get(text[start:end])
                if entity:
                    yield Naming(("entity", entity.name), (offsets[start], offsets[end]), text[start:end])
                    at += count - 1
                    break
            at += 1

    # --- texts ---

    def value(self, node: Node | None, entity: str = "", defines: bool = False) -> Iterator[Naming]:
        """The name or an alias of an entity."""
        if isinstance(node, ScalarNode):
            known = self.kb.entity.get(node.text)
            if entity or known:
                name = entity or (known.name if known else "")
                yield Naming(("entity", name), (node.start, node.end), node.text, defines, "yaml")

    def condition(self, node: ScalarNode, scope: tuple[str, ...]) -> Iterator[Naming]:
        text, offsets = content(self.text, node)
        for item in mentions(text):
            span = offsets[item.start], offsets[item.start + len(item.text)]
            predicate, position, argument = item.call
            if item.kind == "predicate":
                yield Naming(("predicate", item.text), span, item.text)
            elif item.kind == "argument":
                yield Naming(("argument", predicate, item.text), span, item.text)
            elif item.kind == "variable":
                yield Naming(("variable", *scope, item.text[1:]), (span[0] + 1, span[1]), item.text[1:])
            else:
                types = self.types(predicate)
                kind = types.get(argument) or [*types.values(), *[""] * (position + 1)][position]
                entity = self.kb.entity.get(item.value)
                if entity and kind not in BUILT_IN_TYPES:
                    yield Naming(("entity", entity.name), span, item.value, form="atom")

    def placeholders(self, node: Node | None, *name: str) -> Iterator[Naming]:
        """What a template names between its braces."""
        if isinstance(node, ScalarNode):
            text, offsets = content(self.text, node)
            for found in PLACEHOLDER.finditer(text):
                asked = Placeholder.read(found[1]).name
                start = found.start(1)
                if asked:
                    yield Naming((*name, asked), (offsets[start], offsets[start + len(asked)]), asked)
