"""Where the variables of a rule stand, for the checks of templates and of lone variables. It reports nothing itself."""

from collections.abc import Iterator

from kzexpert.errors import Location
from kzexpert.model import Aggregation, Atom, Rule

__all__ = ["occurrences", "visible_variables"]


def occurrences(rule: Rule) -> Iterator[tuple[str, int, Location]]:
    """Every place of every variable of the conditions and of the conclusion.

    Yields:
        name, index of the condition (one past the last for the conclusion), place. Expressions know the place of their
        condition only.
    """
    for index, condition in enumerate(rule.when):
        if isinstance(condition, Aggregation):
            yield condition.result, index, condition.location
            yield condition.over, index, condition.location
        elif not condition.atoms:
            yield from ((name, index, condition.location) for name in condition.variables)
        for atom, certainty in condition.atoms:
            yield from _in_atom(atom, index)
            if certainty:
                yield certainty, index, atom.location
    yield from _in_atom(rule.then, len(rule.when))


def _in_atom(atom: Atom, index: int) -> Iterator[tuple[str, int, Location]]:
    for argument in atom.arguments:
        yield from ((name, index, argument.location) for name in argument.term.variables)


def visible_variables(rule: Rule) -> list[str]:
    """The variables that a firing binds: all but those that stand inside one aggregate only, sorted."""
    aggregates = {index for index, condition in enumerate(rule.when) if isinstance(condition, Aggregation)}
    if not aggregates:
        return sorted({name for name, _, _ in occurrences(rule)})
    parts: dict[str, set[int]] = {}
    for name, index, _ in occurrences(rule):
        parts.setdefault(name, set()).add(index)
    results = {condition.result for condition in rule.when if isinstance(condition, Aggregation)}
    return sorted(
        name for name, places in parts.items() if name in results or len(places) > 1 or not places & aggregates
    )
