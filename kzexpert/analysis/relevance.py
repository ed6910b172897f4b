"""What a goal can depend on: which rules, and which facts, seen backwards from the rules with the goal's values put in.

It looks at no fact to find out, so it may keep some that do not matter, and it never leaves out one that does.
"""

from collections.abc import Iterator
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from kzexpert.engines.evaluation import Binding
from kzexpert.model import (
    Absence,
    Aggregate,
    Constant,
    GroundAtom,
    KnowledgeBase,
    Match,
    Pattern,
    ProgramRule,
    Value,
    Variable,
)
from kzexpert.planning import planned
from kzexpert.proof import instance
from kzexpert.resolve import resolve_fact

__all__ = ["Relevance", "relevance", "sliced", "unify"]

#: The values of an atom's arguments, None where any will do.
_Shape: TypeAlias = tuple[Value | None, ...]

#: With more shapes than these, a predicate is kept whole.
_MOST_SHAPES = 50


class Relevance(msgspec.Struct, frozen=True):
    """What a goal can depend on.

    Attributes:
        shapes: predicate → what its statements must look like; those of other predicates do not matter.
        rules: ids.
    """

    shapes: dict[str, tuple[_Shape, ...]]
    rules: frozenset[str]

    def admits(self, atom: GroundAtom) -> bool:
        """Whether a statement can matter."""
        return any(
            all(wanted is None or wanted == value for wanted, value in zip(shape, atom.args, strict=True))
            for shape in self.shapes.get(atom.predicate, ())
        )


def relevance(kb: KnowledgeBase, goal: Pattern) -> Relevance:
    """What the instances of a pattern can depend on."""
    heads: dict[str, list[ProgramRule]] = {}
    for rule, _ in planned(kb):
        if rule is not None:
            heads.setdefault(rule.head.predicate, []).append(rule)
    shapes: dict[str, dict[_Shape, None]] = {}
    rules: set[str] = set()
    pending = [Pattern(goal.predicate, goal.predicate, goal.terms)]
    while pending:
        wanted = pending.pop()
        known = shapes.setdefault(wanted.predicate, {})
        if len(known) >= _MOST_SHAPES:
            wanted = _open(wanted)
        shape = tuple(term.value if isinstance(term, Constant) else None for term in wanted.terms)
        if any(_covers(other, shape) for other in known):
            continue
        known[shape] = None
        for rule in heads.get(wanted.predicate, ()):
            binding = unify(rule.head, wanted)
            if binding is not None:
                rules.add(rule.id)
                pending.extend(instance(pattern, binding) for pattern in _looked_at(rule))
    return Relevance({name: tuple(found) for name, found in shapes.items()}, frozenset(rules))


def sliced(kb: KnowledgeBase, found: Relevance) -> KnowledgeBase:
    """A knowledge base without the rules and facts that do not matter."""
    facts = []
    for fact in kb.facts:
        if fact.predicate in found.shapes:
            atom, _ = resolve_fact(kb, fact, hints=False)
            if atom is not None and found.admits(atom):
                facts.append(fact)
    return replace(kb, rules=tuple(rule for rule in kb.rules if rule.id in found.rules), facts=tuple(facts))


def unify(head: Pattern, pattern: Pattern) -> Binding | None:
    """What the variables of a rule's head are where a pattern says; None when the two cannot agree."""
    if head.predicate != pattern.predicate:
        return None
    binding: Binding = {}
    meant: Binding = {}
    for term, wanted in zip(head.terms, pattern.terms, strict=True):
        agree = True
        if isinstance(wanted, Constant) and isinstance(term, Variable):
            agree = binding.setdefault(term.name, wanted.value) == wanted.value
        elif isinstance(wanted, Constant):
            agree = term == wanted
        elif isinstance(wanted, Variable) and isinstance(term, Constant):
            agree = meant.setdefault(wanted.name, term.value) == term.value
        if not agree:
            return None
    return binding


def _looked_at(rule: ProgramRule) -> Iterator[Pattern]:
    for condition in rule.conditions:
        if isinstance(condition, Match | Absence):
            yield condition.pattern
        elif isinstance(condition, Aggregate):
            # What stands in the head as well is shared with the rest of the rule, and so has its value here too.
            yield from condition.patterns


def _covers(shape: _Shape, other: _Shape) -> bool:
    return all(wanted is None or wanted == value for wanted, value in zip(shape, other, strict=True))


def _open(pattern: Pattern) -> Pattern:
    terms = tuple(Variable(f"x{place}") for place in range(len(pattern.terms)))
    return Pattern(pattern.predicate, pattern.predicate, terms)
