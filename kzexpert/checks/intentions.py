"""Warnings that an author calls intended, with a reason: those about a rule or a predicate that names their code."""

from collections.abc import Iterable, Iterator

from kzexpert.errors import Issue
from kzexpert.model import KnowledgeBase, Predicate, Rule

__all__ = ["idle_intentions", "unintended"]

#: The warnings of the passes over rules side by side; the last comes of cases alone.
_THOROUGH = ("KZ226", "KZ227", "KZ228", "KZ229", "KZ230", "KZ231", "KZ232")


def unintended(kb: KnowledgeBase, issues: Iterable[Issue]) -> set[Issue]:
    """The issues without the warnings that the rules and predicates that they are about call intended."""
    owner = _Owners(kb)
    return {issue for issue in issues if issue.severity == "error" or issue.code not in owner.intended(issue)}


def idle_intentions(kb: KnowledgeBase, issues: Iterable[Issue], with_cases: bool) -> Iterator[Issue]:
    """What is called intended and is not there (KZ233), as far as the passes over rules side by side go.

    Args:
        issues: all that those passes found.
    """
    owner = _Owners(kb)
    there = {(id(owner.of(issue)), issue.code) for issue in issues} if owner.items else set()
    for item in owner.items:
        for code in item.intended:
            if code in _THOROUGH[: None if with_cases else -1] and (id(item), code) not in there:
                message = f"{code} is called intended, and there is no such warning here"
                place = item.marks.get(f"intended.{code}", item.location)
                yield Issue("KZ233", message, place, "leave it out", "warning")


class _Owners:
    """Finds the rule or predicate that an issue is about: the last that begins before it in its file.

    Attributes:
        items: those that call something intended; where there are none, nothing is looked for.
    """

    def __init__(self, kb: KnowledgeBase) -> None:
        everything: list[Rule | Predicate] = [*kb.rules, *kb.predicates]
        self.items = [item for item in everything if item.intended]
        files = {item.location.file for item in self.items}
        self._in_file = [item for item in everything if item.location.file in files]

    def of(self, issue: Issue) -> Rule | Predicate | None:
        """None where it is about none of a file in which something is intended."""
        place = issue.location
        before = [item for item in self._in_file if place and item.location.file == place.file]
        before = [item for item in before if place and item.location <= place]
        return max(before, key=lambda item: item.location, default=None)

    def intended(self, issue: Issue) -> Iterable[str]:
        """The codes that what an issue is about calls intended."""
        found = self.of(issue) if self.items else None
        return found.intended if found is not None else ()
