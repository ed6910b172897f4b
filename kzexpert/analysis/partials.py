"""Rules that almost fire: the bindings under which the fewest conditions fail, found best first.

Where nothing matches a condition, or something else should, its variables stay open and the search goes on. It stops
when its allowance of steps is used up; it never guesses a value.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from heapq import heappop, heappush
from itertools import count
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from kzexpert.model import (
    Aggregate,
    Inference,
    Pattern,
    ProgramRule,
    Value,
    Variable,
    format_value,
)
from kzexpert.model.established import Binding, EstablishedFacts
from kzexpert.model.evaluation import Completion, combinations, solutions
from kzexpert.program.relevance import unify

__all__ = ["Allowance", "Known", "Partial", "conclusion_of", "partials"]


#: The arguments of a fact, and its dates where its relation has them.
Row: TypeAlias = tuple[Value, ...]


class Allowance:
    """How many steps a search may take.

    Attributes:
        exhausted: whether it was cut short.
    """

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.exhausted = False

    def spend(self, steps: int = 1) -> bool:
        """Take some steps; false when there are none left."""
        self.left -= steps
        if self.left < 0:
            self.exhausted = True
        return self.left >= 0


class Known(msgspec.Struct, frozen=True):
    """An inference, ready for looking up its established facts."""

    inference: Inference

    @property
    def facts(self) -> EstablishedFacts:
        """Its established facts."""
        return self.inference.facts.established

    def rules(self, pattern: Pattern) -> Iterator[tuple[ProgramRule, Binding]]:
        """The rules that could conclude an instance of a pattern, by id, each with the values that the pattern gives.

        Rules that speak against it are left out.
        """
        rules = self.inference.program.rules
        for name in sorted(rules):
            binding = unify(rules[name].head, pattern)
            if binding is not None and rules[name].rule.certainty > 0:
                yield rules[name], binding

    @property
    def as_of(self) -> date:
        """Its as-of date."""
        return self.inference.program.as_of

    def rows(self, pattern: Pattern) -> list[Row]:
        """What is known that matches a pattern, established or only weighed, sorted by text."""
        known = self.inference.certainties.get(pattern.relation, {})
        if (row := pattern.row()) is not None:
            return [row] if row in known else []
        if pattern.relation == pattern.predicate:
            found = [atom.args for atom in self.inference.facts.matching(pattern)]
        else:
            found = [row for row in known if pattern.matches(row)]
        return sorted(found, key=lambda row: str(Pattern.of(pattern.relation, row)))

    def counted(self, aggregate: Aggregate, binding: Binding) -> Iterator[tuple[Binding, tuple[Pattern, ...]]]:
        """Each combination of facts that an aggregate ranges over: the values of its variables, and the facts."""
        body = aggregate.body.named()
        given = {name: binding[name] for name in aggregate.shared}
        found = solutions(body, self.facts, given, self.as_of)
        for values, _ in combinations(replace(aggregate, body=body), found, self.as_of):
            yield values, tuple(pattern.instance(values) for pattern in body.matches)

    def concluded(self, predicate: str) -> bool:
        """Whether rules conclude a predicate."""
        return predicate in self.inference.program.stratum_of


class Partial(msgspec.Struct, frozen=True):
    """A rule with values for some of its variables.

    Attributes:
        failed: indices of the conditions that fail.
        open: indices of those that cannot be looked at before a failed one holds.
    """

    rule: ProgramRule
    binding: Mapping[str, Value]
    failed: tuple[int, ...]
    open: tuple[int, ...] = ()


def conclusion_of(partial: Partial) -> Pattern:
    """What the rule would conclude; variables stand for what is open."""
    return partial.rule.head.instance(partial.binding)


#: Variables and values, the conditions still to match, and those that failed.
_State: TypeAlias = tuple[Binding, tuple[int, ...], tuple[int, ...]]


def partials(
    rule: ProgramRule, start: Binding, known: Known, allowance: Allowance, *, anew: bool = False
) -> Iterator[Partial]:
    """The bindings that extend a start, those with the fewest failed conditions first; without failures it fires.

    A binding is left out where one that gives the same values, and maybe more, fails only some of the same conditions.

    Args:
        anew: bindings under which nothing fails are of no interest, and leave none out.
    """
    facts = known.facts
    patterns = dict(zip(rule.places, rule.matches, strict=True))
    serial = count()
    queue: list[tuple[int, int, int, _State | Partial]] = []

    def push(failed: int, left: int, item: _State | Partial) -> None:
        heappush(queue, (failed, left, next(serial), item))

    push(0, len(patterns), (dict(start), rule.places, ()))
    found: list[Partial] = []
    while queue and allowance.spend():
        failed_so_far, _, _, item = heappop(queue)
        if isinstance(item, Partial):
            if not (anew and not item.failed) and not any(_betters(other, item) for other in found):
                found.append(item)
                yield item
            continue
        binding, pending, failed = item
        if not pending:
            partial = _completed(rule, binding, failed, known)
            push(len(partial.failed), -1, partial)
            continue
        index = min(pending, key=lambda index: (len(facts.rows(patterns[index], binding)), index))
        rest = tuple(other for other in pending if other != index)
        pattern = patterns[index]
        extensions = _extensions(pattern, binding, facts)
        allowance.spend(len(extensions))
        for extended in extensions:
            push(failed_so_far, len(rest), (extended, rest, failed))
        free = any(isinstance(term, Variable) and term.name not in binding for term in pattern.terms)
        if not extensions or free:
            push(failed_so_far + 1, len(rest), (binding, rest, (*failed, index)))


def _extensions(pattern: Pattern, binding: Binding, facts: EstablishedFacts) -> list[Binding]:
    """Each extension of the binding once, in an order that depends on values alone."""
    found = {
        tuple(format_value(extended[name]) for name in pattern.variables): extended
        for extended in facts.matching(pattern, binding)
    }
    return [found[key] for key in sorted(found)]


def _completed(rule: ProgramRule, binding: Binding, failed: tuple[int, ...], known: Known) -> Partial:
    """The other conditions of a rule looked at, in the order in which they are evaluated."""
    complete = dict(binding)
    failures, unseen = list(failed), []
    for index in rule.order:
        condition = rule.conditions[index]
        if condition.match is not None:
            continue
        if not complete.keys() >= {*condition.needs}:
            unseen.append(index)
            continue
        extended = Completion([condition], known.facts, known.as_of)(complete)
        if extended is None:
            failures.append(index)
        else:
            complete = extended
    return Partial(rule, complete, tuple(sorted(failures)), tuple(sorted(unseen)))


def _betters(one: Partial, other: Partial) -> bool:
    """Whether the first says all that the second says, and fails only some of the same conditions."""
    return set(one.failed) <= set(other.failed) and other.binding.items() <= one.binding.items()
