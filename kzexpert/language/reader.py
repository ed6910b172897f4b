"""Nodes → texts, numbers, dates and records: typed reading that notes every problem and goes on.

A method returns None after it has noted an issue, so that one bad value costs its record only. It knows shapes, and
nothing of rules or facts.
"""

import math
import re
from collections.abc import Collection, Iterator

from kzexpert.errors import Issue, Location, Repair
from kzexpert.language.dates import DATE_HINT, parse_day, parse_partial_date
from kzexpert.language.documents import BrokenNode, ListNode, MappingNode, Node, ScalarNode, key_place, scalar_locator
from kzexpert.language.files import TextFile
from kzexpert.language.nearest import did_you_mean, nearest
from kzexpert.language.tokens import Locator, is_name, is_too_long
from kzexpert.model import PartialDate, Value

__all__ = ["Reader", "read_number", "read_value"]

_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")


#: What other tools take for true and false.
_FLAGS = dict.fromkeys(("true", "yes", "on"), "true") | dict.fromkeys(("false", "no", "off"), "false")
_DATE_PARTS = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})(?:[-/.]([0-9]{1,2}))?")


def read_number(text: str) -> float | None:
    """The finite number that a plain scalar or a cell holds, None when it holds something else.

    Decimal only: what YAML 1.1 would read as octal, hexadecimal, sexagesimal, infinite or not a number stays text.
    """
    if _NUMBER.fullmatch(text) is None:
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def read_value(text: str, kind: str | None, *, plain: bool = True) -> Value:
    """Converts what was written for an argument to the type that is declared for it.

    Args:
        text: as written.
        kind: ``number``, ``date``, ``text``, a kind of entity, or None when nothing is declared.
        plain: whether it stands without quotes: only then can it be a number.

    Raises:
        ValueError: the text is not the number or the full day that was declared; the message says so.
    """
    if kind == "number" or kind is None:
        number = read_number(text) if plain else None
        if number is not None:
            if is_too_long(text):
                raise ValueError(f"{text} has more digits than a number holds exactly")
            return number
        if kind is None:
            return text
        raise ValueError(f"expected a number, found {text!r}" + ("" if plain else " in quotes"))
    return parse_day(text) if kind == "date" else text


class Reader:
    """Reads the nodes of one file.

    Attributes:
        file: where the nodes come from.
        issues: what was found wrong, shared by the readers of all files that are loaded together.
        failures: how many values could not be read, here or because YAML itself was refused there: a record during
            which it grows is not whole.
    """

    __slots__ = ("failures", "file", "issues")

    def __init__(self, file: TextFile, issues: list[Issue]) -> None:
        self.file = file
        self.issues = issues
        self.failures = 0

    # --- places and problems ---

    def at(self, node: Node) -> Location:
        """Where a node begins; of a text in quotes, its first character."""
        return Location(self.file.name, node.line, node.column)

    def at_key(self, key: ScalarNode) -> Location:
        """Where a key begins."""
        return key_place(self.file, key)

    def locator(self, node: ScalarNode) -> Locator:
        """Gives the place of each character of a text."""
        return scalar_locator(self.file, node)

    def note(
        self,
        code: str,
        message: str,
        place: Location,
        hint: str = "",
        related: tuple[tuple[Location, str], ...] = (),
        fix: Repair | None = None,
    ) -> None:
        """Notes an error and goes on."""
        self.add(Issue(code, message, place, hint, related=related, fix=fix))

    def add(self, issue: Issue) -> None:
        """Notes an issue that was found elsewhere, and goes on."""
        self.issues.append(issue)
        self.failures += 1

    def wrong_shape(self, what: str, node: Node, hint: str = "", fix: Repair | None = None) -> None:
        """Notes KZ110, except where something was refused before."""
        if isinstance(node, BrokenNode):
            self.failures += 1
        else:
            self.note("KZ110", f"expected {what}, found {_found(node)}", self.at(node), hint, fix=fix)

    def rewritten(self, node: Node, new: str | None) -> Repair | None:
        """Another text in the place of a scalar, quotes included; None for one of several lines."""
        if new is None or not isinstance(node, ScalarNode) or node.style in ("|", ">"):
            return None
        old = self.file.text[node.start : node.end]
        place = Location(self.file.name, node.line, node.column - (1 if node.style else 0))
        return None if "\n" in old else Repair(place, old, new)

    # --- one value ---

    def text(self, node: Node, what: str) -> str | None:
        """A text as written: 12, NO and true are texts too."""
        if isinstance(node, ScalarNode) and not node.missing:
            return node.text
        self.wrong_shape(what, node)
        return None

    def filled(self, node: Node, what: str) -> str | None:
        """A text that is not empty or blank."""
        text = self.text(node, what)
        if text is not None and not text.strip():
            self.note("KZ110", f"expected {what}, found an empty text", self.at(node))
            return None
        return text

    def name(self, node: ScalarNode, what: str) -> str | None:
        """A bare word: the name of a predicate, an argument or a kind."""
        text = self.text(node, what)
        if text is not None and not is_name(text):
            hint = "a name is letters, digits, _ and - within, starts with a letter, and is not the word not"
            self.note("KZ110", f"{text!r} is not a name", self.at(node), hint)
            return None
        return text

    def number(self, node: Node, what: str) -> float | None:
        """A plain number."""
        if isinstance(node, ScalarNode) and node.style is None:
            number = read_number(node.text)
            if number is not None:
                return number
        text = node.text if isinstance(node, ScalarNode) else ""
        fix = self.rewritten(node, text if read_number(text) is not None else None)
        self.wrong_shape(what, node, "a number is written 3, 0.5 or 1e6, without quotes", fix)
        return None

    def flag(self, node: Node, what: str) -> bool | None:
        """Plain ``true`` or ``false``, and no other word for them."""
        if isinstance(node, ScalarNode) and node.style is None and node.text in ("true", "false"):
            return node.text == "true"
        text = node.text.casefold() if isinstance(node, ScalarNode) else ""
        hint = "write true or false, in small letters and without quotes"
        self.wrong_shape(what, node, hint, self.rewritten(node, _FLAGS.get(text)))
        return None

    def choice(self, node: Node, what: str, options: Collection[str]) -> str | None:
        """One of a few words."""
        text = self.text(node, what)
        if text is None or text in options:
            return text
        hint = did_you_mean(text, options) or f"it is one of {', '.join(options)}"
        self.note("KZ110", f"expected {what}, found {text!r}", self.at(node), hint)
        return None

    def date(self, node: Node, what: str) -> PartialDate | None:
        """A day, a month or a year."""
        text = self.text(node, what)
        if text is None:
            return None
        try:
            return parse_partial_date(text)
        except ValueError as error:
            self.note("KZ112", str(error), self.at(node), DATE_HINT, fix=self.rewritten(node, _date_meant(text)))
            return None

    def certainty(self, node: Node, *, negative: bool) -> float | None:
        """A certainty: up to 1 and not 0, and for a rule down to -1."""
        number = self.number(node, "a certainty")
        if number is None:
            return None
        if (-1 if negative else 0) <= number <= 1 and number != 0:
            return number
        hint = "it lies from -1 to 1 and is not 0" if negative else "it is over 0 and up to 1"
        shown = node.text if isinstance(node, ScalarNode) else number
        self.note("KZ111", f"a certainty of {shown}", self.at(node), hint)
        return None

    def value(self, node: Node, name: str, kind: str | None) -> Value | None:
        """The value of an argument, in the type declared for it."""
        text = self.text(node, f"a value for {name}")
        if text is None or not isinstance(node, ScalarNode):
            return None
        try:
            return read_value(text, kind, plain=node.style is None)
        except ValueError as error:
            if kind == "date":
                self.note("KZ112", str(error), self.at(node), f"{name} is a full day: 2010-01-31")
            elif is_too_long(text):
                self.note("KZ205", str(error), self.at(node), f"declare {name} as text, where no digit is lost")
            else:
                self.note("KZ205", str(error), self.at(node), f"{name} is a number: 3, 0.5 or 1e6, without quotes")
            return None

    # --- lists and mappings ---

    def items(self, node: Node, what: str, hint: str = "") -> list[Node] | None:
        """The items of a list."""
        if isinstance(node, ListNode):
            return node.items
        self.wrong_shape(what, node, hint)
        return None

    def texts(self, node: Node, what: str) -> list[ScalarNode]:
        """One text, or the texts of a list; what is not text is noted and left out."""
        nodes = node.items if isinstance(node, ListNode) else [node]
        return [item for item in nodes if self.filled(item, what) is not None and isinstance(item, ScalarNode)]

    def entries(self, node: Node, what: str, hint: str = "") -> Iterator[tuple[ScalarNode, Node]]:
        """The keys of a mapping with their values; an empty key is noted and left out."""
        if not isinstance(node, MappingNode):
            self.wrong_shape(what, node, hint)
            return
        for key, value in node.entries.values():
            if key.text.strip():
                yield key, value
            else:
                self.note("KZ110", "an empty key", self.at_key(key), f"{what} has a word before each colon")

    def fields(
        self, node: Node, what: str, known: Collection[str], required: Collection[str] = (), hint: str = ""
    ) -> dict[str, Node] | None:
        """The values of a mapping with known keys; unknown keys (KZ108) and missing ones (KZ109) are noted.

        Returns:
            None when the node is no mapping or a required key is missing.
        """
        if not isinstance(node, MappingNode):
            self.wrong_shape(f"a mapping for {what}", node, hint)
            return None
        found: dict[str, Node] = {}
        misspelt: set[str] = set()
        for name, (key, value) in node.entries.items():
            if name in known:
                found[name] = value
            else:
                close = nearest(name, known)
                misspelt.update(close)
                keys = did_you_mean(name, close) or f"the keys are {', '.join(known)}"
                self.note("KZ108", f"unknown key {name!r} in {what}", self.at_key(key), keys)
        missing = [name for name in required if name not in found]
        for name in missing:
            if name not in misspelt:
                self.note("KZ109", f"{what} without {name!r}", self.at(node), hint)
        return None if missing else found


def _date_meant(text: str) -> str | None:
    """A date with its year first, but other marks or fewer digits, as it is written here."""
    parts = _DATE_PARTS.fullmatch(text.strip())
    if parts is None:
        return None
    meant = "-".join(part.zfill(2) for part in parts.groups() if part)
    try:
        return parse_partial_date(meant).text
    except ValueError:
        return None


def _found(node: Node) -> str:
    if isinstance(node, ListNode):
        return "a list"
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, BrokenNode) or node.missing:
        return "no value"
    if node.style is None and read_number(node.text) is not None:
        return f"the number {node.text}"
    if node.style is None and node.text in ("true", "false"):
        return node.text
    return "text" if len(node.text) > 40 or "\n" in node.text else f"the text {node.text!r}"
