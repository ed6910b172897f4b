"""Check: every ``{name}`` of `says`, `asks` and `because` names something, and braces come in pairs (KZ216).

A template knows no escape: a brace that encloses no name is an error. It does not judge the sentence around them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from kzexpert.checks.occurrences import visible_variables
from kzexpert.errors import Issue, Location
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import FORMAT, KnowledgeBase
from kzexpert.program.resolve import Types

__all__ = ["PLACEHOLDER", "templates"]

#: ``{name}``; a brace without its partner matches alone, with no group.
PLACEHOLDER = re.compile(r"\{([^{}]*)\}|[{}]")


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
            types = Types(kb, rule).of if ":" in rule.because else {}
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
        names = list(types)
        for found in PLACEHOLDER.finditer(template):
            name, _, form = (None, "", "") if found[1] is None else found[1].partition(":")
            if name in names:
                if form or ":" in found[0]:
                    self.check_form(found[0], form, types.get(name), self.place(start, found[0], 0))
                continue
            location = self.place(start, found[0], template[: found.start()].count(found[0]))
            if name is None:
                message, hint = f"a lone {found[0]} in '{key}'", "a name stands between { and }: {state}"
            else:
                message = f"{found[0]} in '{key}' names no {owner}"
                hint = did_you_mean(name, names) or self.known(names, owner)
            self.issues.append(Issue("KZ216", message, location, hint))

    def check_form(self, text: str, form: str, kind: str | None, place: Location) -> None:
        """Look at the format of one placeholder, whose name has a type."""
        hint = "a number may be shown as {n:,}, {n:.1f}, {n:,.2f} or {n:.0%}"
        if not form or not FORMAT.fullmatch(form):
            self.issues.append(Issue("KZ216", f"{text} has no format that there is", place, hint))
        elif kind is not None and kind != "number":
            self.issues.append(Issue("KZ216", f"{text} formats a {kind}, and only numbers have a format", place, hint))

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
