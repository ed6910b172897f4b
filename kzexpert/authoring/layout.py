"""The layout of YAML files of a base: one way to indent, to space and to quote, and nothing that changes what they say.

Lines stay broken where their author broke them, and comments stay where they are. Only the keys of rules are put in
order. Why this is no round trip through ruamel.yaml is told in docs/decisions.md.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import yaml

from kzexpert.authoring.concrete import Comment, Composite, Mark, Tree, Written, marks, parse_written
from kzexpert.errors import Issue, KnowledgeBaseError, Location, UsageError
from kzexpert.language.documents import ListNode, MappingNode, Node, ScalarNode, parse_document
from kzexpert.language.files import TextFile
from kzexpert.language.grammar import GrammarError, parse_atom
from kzexpert.language.reader import read_number
from kzexpert.language.rules_file import RULE_KEYS
from kzexpert.language.tokens import Token, locator, tokenize

__all__ = ["formatted"]

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_resolve: Callable[..., str] = yaml.resolver.Resolver().resolve
_STEP = 2
_BLANKS = " \t"
#: Texts that are one in any place, also without quotes.
_SAFE = re.compile(r"[^\W\d_](?:[\w ;.'()/+-]*[\w;.'()/+-])?")
#: Where conditions and atoms stand: in rules, and in cases.
_OF_RULES = ("when", "unless", "then")
_OF_CASES = ("want", "assume", "without", "ask")
#: Words before a bracket that does not belong to them.
_APART = frozenset(("in", "and", "for", "not", "with", "contains"))


def formatted(name: str, text: str) -> str:
    """A file as it is laid out here.

    Args:
        name: of the file, for what is wrong with it.
        text: without a byte order mark; its breaks of lines all become those of its first line.

    Raises:
        KnowledgeBaseError: it is no YAML, or not such as a base may hold (KZ1xx).
        UsageError: laid out anew it would say something else (KZ807).
    """
    newline = "\r\n" if "\r\n" in text.partition("\n")[0] + "\n" else "\n"
    plain = text.replace("\r\n", "\n")
    try:
        before = _meaning(name, plain)
    except KnowledgeBaseError as error:
        if {issue.code for issue in error.issues} == {"KZ104"}:  # comments alone, or nothing at all
            return text
        raise
    tree = parse_written(plain)
    comments = _comments(tree)
    writer = _Writer(tree)
    writer.node(tree.root, (), 0)
    after = writer.finished(tree.below)
    try:
        same = _meaning(name, after) == before
    except KnowledgeBaseError:
        same = False
    if not same or _comments(parse_written(after)) != comments:
        hint = "it stays as it is; please report it with the file"
        raise UsageError(Issue("KZ807", "laid out anew it would say something else", Location(name), hint))
    return after.replace("\n", newline)


# --- what a text says ------------------------------------------------------------------------------------------------


def _meaning(name: str, text: str) -> Any:
    """What the reader of bases makes of a text, without places: texts, lists and mappings, conditions as tokens.

    Raises:
        KnowledgeBaseError: it reads nothing of it, or not all.
    """
    document = parse_document(TextFile(name, name, text, b""))
    if document.issues:
        raise KnowledgeBaseError(*document.issues, texts={name: text})
    return _said(document.root, ())


def _said(node: Node, path: tuple[str, ...]) -> Any:
    if isinstance(node, ListNode):
        return [_said(item, path) for item in node.items]
    if isinstance(node, MappingNode):
        entries = ((key, _said(value, (*path, key))) for key, (_, value) in node.entries.items())
        return dict(entries) if _is_rule(path) else [*entries]
    if not isinstance(node, ScalarNode):
        return None
    tokens = _tokens(node.text) if _takes_atoms(path) else None
    if tokens is not None:
        return [(token.kind, token.text) for token in tokens]
    return node.text, node.style is None and not _is_text(node.text)


def _comments(tree: Tree) -> "Counter[str]":
    found = [comment.text for comment in tree.below]
    for mark in marks(tree.root):
        found += [mark.trailing.strip(), *(comment.text for comment in mark.above)]
    return Counter(filter(None, found))


def _is_text(text: str) -> bool:
    """Whether a text without quotes is a text for this reader and for others: no number, no truth value, no date."""
    if read_number(text) is not None or text in ("", "~", "null", "true", "false"):
        return False
    return bool(_resolve(yaml.ScalarNode, text, (True, False)) == "tag:yaml.org,2002:str")


def _is_rule(path: Sequence[str]) -> bool:
    return tuple(path) in (("rules",), ("cases", "rules"))


def _takes_atoms(path: Sequence[str]) -> bool:
    """Whether a text there is a condition or an atom."""
    if path[:1] == ("cases",):
        path = path[1:]
    return (len(path) > 1 and path[0] == "rules" and path[1] in _OF_RULES) or (bool(path) and path[0] in _OF_CASES)


# --- one text --------------------------------------------------------------------------------------------------------


def _tokens(text: str) -> list[Token] | None:
    """The tokens of a condition; None where it is none, such as a question in words."""
    try:
        tokens = tokenize(text, locator(Location("")))
    except GrammarError:
        return None
    return [token for token in tokens if token.kind != "end"]


def _spaced(text: str) -> str:
    """A condition or an atom with one blank where one stands."""
    tokens = _tokens(text)
    if tokens is None or "\n" in text:
        return text
    found = ""
    for at, token in enumerate(tokens):
        found += " " * _blank_before(tokens, at) + token.text
    return found


def _blank_before(tokens: Sequence[Token], at: int) -> bool:
    """Whether a blank stands before a token."""
    token, before = tokens[at], tokens[at - 1]
    if at == 0 or token.text in (",", ")") or before.text == "(":
        return False
    if token.text == "(":
        return before.kind != "word" or before.text in _APART
    if _is_naming(tokens, at) or _is_naming(tokens, at - 1):
        return False
    return not _is_sign(tokens, at - 1)


def _is_naming(tokens: Sequence[Token], at: int) -> bool:
    """Whether it is the = behind the name of an argument."""
    return tokens[at].text == "=" and at > 1 and tokens[at - 1].kind == "word" and tokens[at - 2].text in ("(", ",")


def _is_sign(tokens: Sequence[Token], at: int) -> bool:
    """Whether it is the sign of a number, and no operation."""
    if tokens[at].text not in ("-", "+") or tokens[at].kind != "mark":
        return False
    before = tokens[at - 1] if at else None
    return before is None or (before.kind == "mark" and before.text != ")") or before.text in _APART


def _scalar(mark: Mark, path: tuple[str, ...], *, key: bool, flow: bool, quoted: bool = False) -> str:
    """A scalar as it is written here: in quotes only where it must be, in double ones where they will do.

    Args:
        quoted: whether quotes that are there stay, since others beside them must.
    """
    text = mark.text
    if "\n" in text or mark.style in ("|", ">") or text[:1] == "&":
        return text
    value = mark.value
    if not key and _takes_atoms(path) and _is_condition(path, value):
        value = _spaced(value)
    if mark.style is None and value == mark.value:
        return text
    bare = mark.style is None or not (quoted or _needs_quotes(value))
    if bare and _reads_as(value, value, key=key, flow=flow):
        return value
    if value == mark.value and (mark.style == '"' or "\\" in value or '"' in value):
        return text
    inside = f"'{value.replace(chr(39), chr(39) * 2)}'" if '"' in value or "\\" in value else f'"{value}"'
    return inside if _reads_as(inside, value, key=key, flow=flow) else text


def _needs_quotes(text: str) -> bool:
    """Whether a text stays in quotes that YAML could do without: what may be no text elsewhere, and a template."""
    return not _is_text(text) or "{" in text or "}" in text


def _is_condition(path: tuple[str, ...], text: str) -> bool:
    """Whether a text is no question in words, which may stand behind ``ask`` too."""
    if path[-1] != "ask":
        return True
    try:
        parse_atom(text, Location(""))
    except GrammarError:
        return False
    return True


def _reads_as(written: str, value: str, *, key: bool, flow: bool) -> bool:
    """Whether what is written reads as one text."""
    if written == value and _SAFE.fullmatch(value):  # most are, and parsing takes long
        return True
    line = f"{written}: x" if key else f"x: {written}"
    try:
        events = [*yaml.parse(f"[{{{line}}}]" if flow else line, Loader=_Loader)]
    except (yaml.YAMLError, ValueError):
        return False
    found = [event for event in events if isinstance(event, yaml.ScalarEvent)]
    read = found[0 if key else -1] if found else None
    alone = len(found) == 2 and len(events) == (10 if flow else 8)
    return alone and read is not None and read.value == value and (read.style or written[:1]) == written[:1]


# --- the text of a tree ----------------------------------------------------------------------------------------------


class _Lead(msgspec.Struct):
    """What stands before the next mark: a line of its own, or blanks; then dashes."""

    newline: bool
    indent: int
    before: str = ""


class _Writer:
    """Writes marks one after another, each behind its lead, and comments on the way."""

    def __init__(self, tree: Tree) -> None:
        self.lines = tree.head.splitlines()
        self.line = self.lines.pop() if self.lines and not tree.head.endswith("\n") else ""
        #: Where a mark begins → the mark that follows it in the text as it was.
        self.following = {mark.start: other for mark, other in pairwise(marks(tree.root))}
        self.lead = _Lead(False, 0)
        #: Old and new column of each block that is open, or was closed behind the last mark.
        self.open: list[tuple[int, int]] = []
        self.closed: list[tuple[int, int]] = []
        self.last: Mark | None = None
        #: Whether blanks at the end of the line are content.
        self.kept = False
        #: Where lines inside of brackets begin; 0 outside of them.
        self.bracket = 0
        #: Whether an item of the list must stand in quotes, so that the others keep theirs.
        self.quoted = False

    def finished(self, below: Sequence[Comment]) -> str:
        """The whole text.

        Args:
            below: comments behind the last mark.
        """
        self.behind_last()
        self.comments(below, (0, 0))
        self.break_line(gap=False)
        return "\n".join(self.lines) + "\n"

    # --- lines ---

    def comments(self, found: Sequence[Comment], target: tuple[int, int] | None = None) -> None:
        """Comments on lines of their own, in the column of the block that they stood in.

        Args:
            target: old and new column of what follows, which goes first.
        """
        for comment in found:
            self.break_line(gap=comment.gap)
            fitting = [pair for pair in (*self.open, *self.closed) if pair[0] <= comment.column]
            meant = target is not None and target[0] == comment.column
            _, column = target if target and meant else max(fitting, default=(0, 0))
            self.line = " " * (self.bracket or column) + comment.text

    def break_line(self, *, gap: bool) -> None:
        """Begin a line, with a blank one above it or not."""
        if self.line.strip() or self.kept:
            self.lines.append(self.line if self.kept else self.line.rstrip())
        if gap and self.lines:
            self.lines.append("")
        self.line, self.kept = "", False

    def behind_last(self) -> bool:
        """What stands behind the last mark on its line and below it; whether the line cannot go on."""
        last, self.last = self.last, None
        if last is None:
            return False
        if last.trailing:
            self.line += last.trailing
        self.comments(last.tail)
        return bool(last.trailing or last.tail)

    def put(self, mark: Mark, text: str) -> None:
        """Write a mark behind its lead."""
        lead, self.lead = self.lead, _Lead(False, 0)
        full = self.behind_last() or bool(mark.above)
        if lead.newline or full:
            above, target = mark.above, self.open[-1] if self.open else None
            behind = next((number for number, comment in enumerate(above) if comment.dash), len(above))
            if "-" in lead.before and above[behind:]:
                self.comments(above[:behind], target)
                self.break_line(gap=above[behind].gap)
                self.line = " " * lead.indent + lead.before + above[behind].text
                above = above[behind + 1 :]
                lead = _Lead(True, lead.indent + len(lead.before))
            if target and "-" in lead.before:  # what came with a key that is now the first stands above the dash
                target = (target[0], lead.indent)
            self.comments(above, target)
            self.break_line(gap=mark.gap and (lead.newline or bool(mark.above)))
            self.line = " " * lead.indent + lead.before.lstrip(" ")
        else:
            self.line += lead.before
        first, *others = text.split("\n")
        self.line += first
        for line in others:
            self.lines.append(self.line)
            self.line = line
        self.closed.clear()
        self.last, self.kept = mark, mark.style in ("|", ">")

    # --- nodes ---

    def node(self, node: Written, path: tuple[str, ...], indent: int, *, flow: bool = False) -> None:
        """A node behind what leads to it.

        Args:
            path: the keys down to it.
            indent: of its items, or of the lines on which its text goes on.
        """
        if isinstance(node, Mark):
            if node.text or self.lead.before.strip():
                self.put(node, self.text_of(node, path, indent, flow=flow))
        elif node.flow:
            self.flow(node, path, indent)
        else:
            if node.anchor is not None:
                self.put(node.anchor, node.anchor.text)
                self.lead = _Lead(True, indent)
            self.open.append((node.column, indent))
            self.block(node, path, indent)
            self.closed.append(self.open.pop())

    def text_of(self, mark: Mark, path: tuple[str, ...], indent: int, *, flow: bool) -> str:
        if mark.kind != "scalar":
            return mark.text
        text = _scalar(mark, path, key=False, flow=flow, quoted=self.quoted)
        if mark.style in ("|", ">"):
            old, new = self.open[-1] if self.open else (0, 0)
            return _shifted(text, new - old)
        first, *others = text.split("\n")
        moved = (f"{' ' * indent}{line.lstrip(_BLANKS)}" if line.strip() else "" for line in others)
        return "\n".join([first, *(line if mark.style == '"' else line.rstrip() for line in moved)])

    def block(self, node: Composite, path: tuple[str, ...], indent: int) -> None:
        if node.mapping:
            for number, (key, value) in enumerate(self.entries(node, path)):
                if number:
                    self.lead = _Lead(True, indent)
                self.key(key, flow=False)
                self.value(value, (*path, _named(key)), indent)
            return
        for number, part in enumerate(node.parts):
            if number:
                self.lead = _Lead(True, indent)
            self.lead.before += "- "
            self.quoted = isinstance(part, Mark) and _is_quoted(node, path, flow=False)
            self.node(part, path, indent + _STEP)
            self.quoted = False

    def entries(self, node: Composite, path: tuple[str, ...]) -> list[tuple[Written, Written]]:
        """Keys with their values, those of a rule in the order of the language."""
        entries = [*zip(node.parts[::2], node.parts[1::2], strict=True)]
        order = [_order(key) for key, _ in entries]
        if not _is_rule(path) or order == sorted(order) or any(_is_fixed(mark, node) for mark in marks(node)):
            return entries
        for entry in entries:  # what is deeper than a key belongs to what stands above it, and moves with it
            (*_, last) = (mark for part in entry for mark in marks(part))
            following = self.following.get(last.start)
            if following is not None and not node.flow:
                deep = [number for number, one in enumerate(following.above) if one.column > node.column]
                cut = deep[-1] + 1 if deep else 0
                last.tail, following.above = following.above[:cut], following.above[cut:]
        return sorted(entries, key=lambda entry: _order(entry[0]))

    def key(self, key: Written, *, flow: bool) -> None:
        assert isinstance(key, Mark), "keys that are no texts were refused before"
        text = key.text if key.kind == "alias" else _scalar(key, (), key=True, flow=flow)
        self.put(key, text)
        if key.colon or not flow:
            self.line += " :" if key.kind == "alias" else ":"

    def value(self, value: Written, path: tuple[str, ...], indent: int) -> None:
        """What stands behind a key of a block."""
        first = next(marks(value), None)
        if first is None and isinstance(value, Mark):
            return
        block = isinstance(value, Composite) and not value.flow and value.anchor is None
        anchored = isinstance(value, Composite) and value.anchor is not None
        newline = block or (first is not None and first.newline and not anchored)
        self.lead = _Lead(newline, indent + _STEP, "" if newline else " ")
        self.node(value, path, indent + _STEP)

    def flow(self, node: Composite, path: tuple[str, ...], indent: int) -> None:
        """A list or mapping in brackets: lines break where they did, and go on below what follows the bracket."""
        if node.anchor is not None:
            self.put(node.anchor, node.anchor.text)
            self.lead = _Lead(False, indent, " ")
        if node.open is not None:
            self.put(node.open, node.open.text)
        first = next((mark for part in node.parts for mark in marks(part)), node.close)
        hangs = node.open is not None and first is not None and first.newline
        column = indent if hangs else len(self.line) if node.open is not None else indent
        outside, self.bracket = self.bracket, column
        parts = self.entries(node, path) if node.mapping else [*node.parts]
        for number, part in enumerate(parts):
            key, value = part if isinstance(part, tuple) else (part, None)
            mark = next(marks(key), None)
            if number:
                self.line += ","
            if node.open is not None:
                self.lead = _Lead(mark is not None and mark.newline, column, " " if number else "")
            if value is None:
                self.quoted = isinstance(key, Mark) and _is_quoted(node, path, flow=True)
                self.node(key, path, column, flow=True)
                self.quoted = False
                continue
            if node.open is None and isinstance(key, Mark) and not key.colon:
                self.lead.before += "?"  # YAML takes the mark of a variable without quotes for that of a key
            self.key(key, flow=True)
            inner = next(marks(value), None)
            if inner is None:
                self.line += " " if self.line.endswith(":") else ""
                continue
            self.lead = _Lead(inner.newline, column + _STEP, " ")
            self.node(value, (*path, _named(key)), column, flow=True)
        if node.close is not None:
            self.lead = _Lead(False, column)
            self.put(node.close, node.close.text)
        self.bracket = outside


def _is_quoted(node: Composite, path: tuple[str, ...], *, flow: bool) -> bool:
    """Whether an item of a list must stand in quotes."""
    scalars = [part for part in node.parts if isinstance(part, Mark) and part.style in ("'", '"')]
    return any(_scalar(mark, path, key=False, flow=flow)[:1] in ("'", '"') for mark in scalars)


def _is_fixed(mark: Mark, node: Composite) -> bool:
    """Whether the keys of a mapping stay in order, for an anchor in it or, in brackets, for a broken line."""
    anchored = mark.kind in ("anchor", "alias") or mark.text[:1] == "&"
    return anchored or (node.flow and mark.newline and mark is not node.open)


def _order(key: Written) -> int:
    """The place of a key in a rule; what is none comes last."""
    name = _named(key)
    return RULE_KEYS.index(name) if name in RULE_KEYS else len(RULE_KEYS)


def _named(key: Written) -> str:
    return key.value if isinstance(key, Mark) else ""


def _shifted(text: str, by: int) -> str:
    """A text in a block with its lines further right or left."""
    first, *lines = text.split("\n")
    if by >= 0:
        return "\n".join([first, *(" " * by + line if line.strip() else line for line in lines)])
    return "\n".join([first, *(line[-by:] if line[:-by].isspace() else line for line in lines)])
