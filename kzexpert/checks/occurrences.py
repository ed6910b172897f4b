"""Where the variables of a rule stand, for the checks of templates and of lone variables. It reports nothing itself."""

from collections.abc import Iterator

from kzexpert.errors import Location
from kzexpert.model import (
    Atom,
    Rule,
    alternatives,
)
from kzexpert.program.resolve import flat

__all__ = ["occurrences", "visible_variables"]


def occurrences(rule: Rule) -> Iterator[tuple[str, int, Location]]:
    """Every place of every variable of the conditions and of the conclusions.

    Yields:
        name, index of the condition (one past the last for the conclusions), place. Expressions know the place of
        their condition only.
    """
    for index, condition in enumerate(rule.when):
        for part in condition.flat:
            if part.result:
                yield part.result, index, part.location
            for expression in part.expressions:
                yield from ((name, index, part.location) for name in expression.variables)
            for atom, certainty in part.own_atoms:
                yield from _in_atom(atom, index)
                if certainty:
                    yield certainty, index, atom.location
    for atom in rule.then:
        yield from _in_atom(atom, len(rule.when))


def _in_atom(atom: Atom, index: int) -> Iterator[tuple[str, int, Location]]:
    for argument in atom.arguments:
        yield from ((name, index, argument.location) for name in argument.term.variables)
    yield from ((name, index, atom.location) for _, name in atom.dates)


def visible_variables(rule: Rule) -> list[str]:
    """The variables that a firing binds: all but those that stand inside one aggregate or block only, sorted.

    Of a rule with alternatives, those that each of them binds.
    """
    parts: dict[str, set[int]] = {}
    for name, index, _ in occurrences(rule):
        parts.setdefault(name, set()).add(index)
    inner = {index for index, condition in enumerate(rule.when) if condition.inner and not condition.choices}
    results = {condition.result for condition in flat(rule.when)}
    everywhere = [{name for item in chosen for name in item.variables} for _, chosen in alternatives(rule.when)]
    return sorted(
        name
        for name, places in parts.items()
        if (name in results or len(places) > 1 or not places & inner) and all(name in found for found in everywhere)
    )
