"""Check: every ``{name}`` of `says`, `asks` and `because` names something that has the form asked for, and braces come
in pairs (KZ216).

A template knows no escape: a brace that encloses no name is an error. It does not judge the sentence around them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from kzexpert.checks.occurrences import visible_variables
from kzexpert.errors import Issue, Location, an
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import FORMAT, FORMS, KnowledgeBase, Placeholder
from kzexpert.program.resolve import Types

__all__ = ["templates"]

#: ``{name}``; a brace without its partner matches alone, with no group.
_BRACES = re.compile(r"\{([^{}]*)\}|[{}]")
_PLAIN = frozenset(("text", "number", "date"))
_FORMS = f"the forms of an entity are {', '.join(FORMS)}"
_NUMBERS = "a number may be shown as {n:,}, {n:.1f}, {n:,.2f} or {n:.0%}"
_WORDS = "{state:is|are} chooses the word for one or for many"


def templates(kb: KnowledgeBase) -> list[Issue]:
    """Templates that name no argument of their predicate, or no variable of their rule (KZ216)."""
    reader = _Templates(kb)
    for predicate in kb.predicates:
        arguments: dict[str, str | None] = {spec.name: spec.type for spec in predicate.args}
        owner = f"argument of {predicate.name}"
        reader.read(predicate.says, predicate.marks.get("says", predicate.location), "says", arguments, owner)
        for index, question in enumerate(predicate.asks):
            place = predicate.marks.get(f"asks.{index}", predicate.location)
            reader.read(question, place, "asks", arguments, owner)
    for rule in kb.rules:
        if "{" in rule.because or "}" in rule.because:
            place = rule.marks.get("because", rule.location)
            types = Types(kb, rule).of if ":" in rule.because or "." in rule.because else {}
            variables = {name: types.get(name) for name in visible_variables(rule)}
            reader.read(rule.because, place, "because", variables, f"variable of rule {rule.id}")
    return reader.issues


class _Templates:
    """The issues found so far, and the lines of the files they stand in."""

    def __init__(self, kb: KnowledgeBase) -> None:
        self.kb = kb
        self.issues: list[Issue] = []
        self.lines: dict[str, list[str]] = {}

    def read(self, template: str, start: Location, key: str, types: Mapping[str, str | None], owner: str) -> None:
        """Look at one template.

        Args:
            start: where its text begins in the file.
            key: the YAML key that it is the value of.
            types: what it may name, each with its type where that is known.
            owner: what those are, for the message.
        """
        for found in _BRACES.finditer(template):
            wanted = None if found[1] is None else Placeholder.read(found[1])
            fault: tuple[str, str] | None
            if wanted is None:
                fault = f"a lone {found[0]} in '{key}'", "a name stands between { and }: {state}"
            elif wanted.name in types:
                fault = _misuse(found[0], wanted, types[wanted.name])
            else:
                fault = self.unknown(found[0], wanted, key, list(types), owner)
            if fault:
                place = self.place(start, found[0], template[: found.start()].count(found[0]))
                self.issues.append(Issue("KZ216", fault[0], place, fault[1]))

    def unknown(self, text: str, wanted: Placeholder, key: str, names: Sequence[str], owner: str) -> tuple[str, str]:
        """What is wrong with a placeholder whose name there is not, and what to do about it."""
        name, _, form = wanted.name.rpartition(".")
        if name in names:
            return f"{text} in '{key}' asks for a form that entities do not have", did_you_mean(form, FORMS) or _FORMS
        message = f"{text} in '{key}' names no {owner}"
        return message, did_you_mean(wanted.name, names) or self.known(names, owner)

    @staticmethod
    def known(names: Sequence[str], owner: str) -> str:
        listed = ", ".join(f"{{{name}}}" for name in names)
        return f"it may name {listed}" if listed else f"there is no {owner}"

    def place(self, start: Location, text: str, skip: int) -> Location:
        """The place of the `skip`-th (from 0) `text` after `start`; `start` where the file does not show it."""
        if start.file not in self.lines:
            self.lines[start.file] = self.kb.texts.get(start.file, "").splitlines()
        for number, column in self.places(self.lines[start.file], start, text):
            if skip == 0:
                return Location(start.file, number, column)
            skip -= 1
        return start

    @staticmethod
    def places(lines: Sequence[str], start: Location, text: str) -> Iterator[tuple[int, int]]:
        column = max(start.column - 1, 0)
        for number in range(max(start.line, 1), len(lines) + 1):
            column = lines[number - 1].find(text, column)
            while column >= 0:
                yield number, column + 1
                column = lines[number - 1].find(text, column + 1)
            column = 0


def _misuse(text: str, wanted: Placeholder, kind: str | None) -> tuple[str, str] | None:
    """What is wrong with the form or the format that a placeholder asks for, and what to do about it.

    Args:
        kind: the type of what it names; None where that is not known.
    """
    if wanted.form and kind in _PLAIN:
        return f"{text} asks for a form of {an(kind)}; only entities have forms", _FORMS
    if wanted.words:
        if kind in ("text", "date"):
            return f"{text} chooses a word by {an(kind)}; only entities and numbers are one or many", _WORDS
    elif wanted.layout is not None:
        if not wanted.layout or not FORMAT.fullmatch(wanted.layout):
            return f"{text} has an unknown format", f"{_NUMBERS}; {_WORDS}"
        if kind is not None and kind != "number":
            return f"{text} formats {an(kind)}; only numbers have a format", _NUMBERS
    return None
