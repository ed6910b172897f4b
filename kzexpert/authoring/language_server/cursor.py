"""A text and a cursor → where in the file that is: under which keys, and what was written so far. The text around the
cursor may be anything: it is read line by line, and never as a whole, since what is being typed is seldom YAML.
"""

import re

import msgspec
from msgspec.structs import replace

__all__ = ["ITEM", "Cursor", "cursor_in"]

#: Stands in a path for an item of a list.
ITEM = "-"

_KEY = re.compile(
    r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|(?![-?:,\[\]{}#&*!|>'"%@`]\s|[\[\]{}#&*!|>'"%@`])[^#\n]*?)\s*:(?=\s|$)\s*"""
)
_ENTRY = re.compile(r"""\s+|\#.*|"(?:[^"\\]|\\.)*"?|'(?:[^']|'')*'?|[\[\]{},]|:(?=[\s,\[\]{}]|$)|[^\s,\[\]{}"':]+|.""")
_DASH = re.compile(r"-(?:\s+|$)")
_ROOT_KEY = re.compile(r"^([^\s#:\-\[\]{}\"'][^:\n]*):", re.MULTILINE)
_BLOCK = re.compile(r"[|>][-+0-9]*\s*(?:#.*)?$")


class Cursor(msgspec.Struct, frozen=True):
    """Where a cursor stands.

    Attributes:
        path: the keys above it, `ITEM` for an item of a list: ``("rules", "-", "when", "-")``.
        start: where what is being written begins: the text of a value, or a key.
        text: from there to the cursor.
        siblings: the other keys of the same mapping.
        value: whether it stands behind a colon, so that no key can stand there.
        flow: whether it stands inside of brackets of YAML.
        item: where the item of a list begins that stands right below the first key; a rule, a case.
    """

    path: tuple[str, ...]
    start: int
    text: str
    siblings: tuple[str, ...] = ()
    value: bool = False
    flow: bool = False
    item: int = 0


class _Above(msgspec.Struct):
    """A key or a dash that others may stand below, in which column, and the keys found there."""

    column: int
    label: str
    offset: int
    keys: list[str] = []


class _Bracket(msgspec.Struct):
    """A bracket that is open, where its current entry begins, and the key of that, if any."""

    mark: str
    start: int
    key: str | None = None
    keys: list[str] = []


def cursor_in(text: str, cursor: int) -> Cursor:
    """Where a cursor stands in a text."""
    found = _Outline(text, _section(text, cursor), cursor).place()
    if found.flow or found.value:
        return found
    below = _ROOT_KEY.findall(text) if not found.path else _keys_below(text, cursor, found.start)
    return replace(found, siblings=(*found.siblings, *below))


def _section(text: str, cursor: int) -> int:
    """The beginning of the last line up to the cursor that starts with a key: nothing before it matters."""
    start = text.rfind("\n", 0, cursor) + 1
    while start and (text[start : start + 1] in " \t\r\n#-}]" or start == cursor):
        start = text.rfind("\n", 0, start - 1) + 1
    return start


def _is_closed(value: str) -> bool:
    """Whether a value in brackets surely ends in its line."""
    opened, closed = value.count("{") + value.count("["), value.count("}") + value.count("]")
    return opened == closed and not any(mark in value for mark in "#'\"")


def _keys_below(text: str, cursor: int, start: int) -> list[str]:
    """The keys below a cursor that stand in the same column as what begins at `start`."""
    column = start - text.rfind("\n", 0, start) - 1
    found = []
    for line in text[cursor:].split("\n")[1:]:
        indentation = len(line) - len(line.lstrip(" "))
        if line.strip() and (indentation < column or line[column:].startswith("- ")):
            break
        key = _KEY.match(line, column) if indentation == column else None
        found += [key[1].strip("\"'")] if key else []
    return found


class _Outline:
    """Goes through the lines up to the cursor."""

    def __init__(self, text: str, start: int, cursor: int) -> None:
        self.text, self.cursor = text, cursor
        self.levels: list[_Above] = []
        self.root: list[str] = []
        self.brackets: list[_Bracket] = []
        self.value: int | None = None  # where a value began that may go on in further lines
        self.verbatim = -1  # the least indentation of the lines of a block scalar
        self.quote = ""  # the mark that closes a text of several lines
        self.start, self.fresh = start, True
        while True:
            end = text.find("\n", start, cursor)
            self.line(start, cursor if end < 0 else end)
            if end < 0:
                return
            start = end + 1

    def line(self, start: int, end: int) -> None:
        written = self.text[start:end]
        if self.brackets:
            self.entries(start, end)
            return
        indentation = len(written) - len(written.lstrip(" "))
        blank, here = not written.strip(), end == self.cursor
        if self.quote or (self.verbatim >= 0 and (blank or indentation >= self.verbatim)):
            self.start, self.fresh = start + indentation, False
            self.quote = "" if self.quote and self.quote in written else self.quote
            return
        self.verbatim = -1
        if (blank and not here) or written.lstrip().startswith("#"):
            return
        self.start, self.fresh = start + indentation, True
        self.close(indentation, dash=_DASH.match(written, indentation) is not None)
        at = indentation
        while dash := _DASH.match(written, at):
            self.levels.append(_Above(at, ITEM, start + at, []))
            at = dash.end()
            self.start = start + at
            self.value = None
        key = _KEY.match(written, at)
        if key:
            name = key[1].strip("\"'")
            self.keys().append(name)
            self.levels.append(_Above(at, name, start + at, []))
            self.begin(start + key.end(), end, at)
        elif at < len(written):
            self.fresh = self.value is None
            self.begin(start + at, end, self.levels[-1].column if self.levels else -1)

    def close(self, column: int, *, dash: bool) -> None:
        """Leaves what ends with a line of less indentation; a list may stand as far left as its key."""
        while self.levels:
            last = self.levels[-1]
            if last.column < column or (dash and last.column == column and last.label != ITEM):
                return
            self.levels.pop()
            self.value = None

    def begin(self, start: int, end: int, column: int) -> None:
        """A value begins; what it looks like says how the lines after it are read."""
        value = self.text[start:end]
        if value[:1] in ("{", "["):
            self.value = None
            if end == self.cursor or not _is_closed(value):
                self.entries(start, end)
        else:
            self.value = start if value.strip() else None
            if _BLOCK.match(value):
                self.verbatim = column + 1
            elif value[:1] in ("'", '"') and value[0] not in value[1:]:
                self.quote = value[0]
            self.start = start
            self.fresh = False

    def entries(self, start: int, end: int) -> None:
        """Reads on inside of brackets."""
        for token in _ENTRY.finditer(self.text, start, end):
            mark = token[0]
            if not self.brackets and mark not in "[{":
                self.start = token.start()
                return
            top = self.brackets[-1] if self.brackets else None
            if mark in "[{":
                self.brackets.append(_Bracket(mark, token.end(), None, []))
            elif mark in "]}":
                self.brackets.pop()
            elif top and mark == ",":
                top.start, top.key = token.end(), None
            elif top and mark == ":" and top.key is None:
                top.key = self.text[top.start : token.start()].strip().strip("\"'")
                top.keys.append(top.key)
                top.start = token.end()

    def keys(self) -> list[str]:
        return self.levels[-1].keys if self.levels else self.root

    def place(self) -> Cursor:
        path = [level.label for level in self.levels]
        for bracket in self.brackets:
            path += [ITEM] if bracket.mark == "[" else []
            path += [bracket.key] if bracket.key is not None else []
        items = [level.offset for level in self.levels[:2] if level.label == ITEM]
        item = items[0] if items else self.levels[0].offset if self.levels else 0
        if self.brackets:
            top = self.brackets[-1]
            gap = len(self.text[top.start : self.cursor]) - len(self.text[top.start : self.cursor].lstrip())
            start, value, siblings = top.start + gap, top.key is not None or top.mark == "[", top.keys
        else:
            start, value = min(self.start, self.cursor), not self.fresh and self.levels[-1:] != [] and self.behind()
            siblings = self.keys()
        return Cursor(
            tuple(path), start, self.text[start : self.cursor], tuple(siblings), value, bool(self.brackets), item
        )

    def behind(self) -> bool:
        """Whether what is being written stands in the line of its key."""
        line = self.text.rfind("\n", 0, self.cursor) + 1
        return self.levels[-1].label != ITEM and self.levels[-1].offset >= line
