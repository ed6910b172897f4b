"""What a goal can depend on: which rules, and which facts, seen backwards from the rules with the goal's values put in.

It looks at no fact to find out, so it may keep some that do not matter, and it never leaves out one that does. This is
how the constants of a question reach the facts: a static form of the magic sets of Bancilhon, Maier, Sagiv and Ullman
(*Magic sets and other strange ways to implement logic programs*, PODS 1986).
"""

from collections.abc import Iterable, Mapping, Set
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from kzexpert.model import (
    ANY,
    Conditions,
    Constant,
    GroundAtom,
    KnowledgeBase,
    Pattern,
    Program,
    ProgramRule,
    Shape,
    Value,
    Variable,
)
from kzexpert.program.order import planned
from kzexpert.program.resolve import resolve_fact
from kzexpert.program.strata import recursive_components

__all__ = ["Relevance", "joined", "opened", "relevance", "sliced", "starts", "unify"]

_Binding: TypeAlias = dict[str, Value]
#: For each argument the values that it may have; None for all.
_Sets: TypeAlias = tuple[Set[Value] | None, ...]

#: With more shapes than these, a predicate is kept whole.
_MOST_SHAPES = 50


class Relevance(msgspec.Struct, frozen=True):
    """What a goal can depend on.

    Attributes:
        shapes: predicate → what its statements must look like; those of other predicates do not matter.
        rules: keys.
    """

    shapes: dict[str, tuple[Shape, ...]]
    rules: frozenset[str]

    def admits(self, atom: GroundAtom) -> bool:
        """Whether a statement can matter."""
        return any(
            all(wanted is None or wanted == value for wanted, value in zip(shape, atom.args, strict=True))
            for shape in self.shapes.get(atom.predicate, ())
        )


def relevance(kb: KnowledgeBase, *goals: Pattern) -> Relevance:
    """What the instances of some patterns can depend on.

    Of a recursive component that matters every rule is kept: only with all of them is it seen to be recursive, and so
    that the best proof counts.
    """
    heads: dict[str, list[ProgramRule]] = {}
    for plan in planned(kb).plans:
        for rule in plan.variants:
            heads.setdefault(rule.head.predicate, []).append(rule)
    shapes: dict[str, dict[Shape, None]] = {}
    rules: set[str] = set()
    pending = list(goals)
    while pending:
        pattern = pending.pop()
        known = shapes.setdefault(pattern.predicate, {})
        shape = tuple(term.value if isinstance(term, Constant) else None for term in pattern.arguments)
        if len(known) >= _MOST_SHAPES:
            shape = (None,) * len(shape)
        if any(_covers(other, shape) for other in known):
            continue
        known[shape] = None
        for rule in heads.get(pattern.predicate, ()):
            binding = _restricted(rule.head, shape)  # by what is remembered, which knows of no repeated variable
            if binding is not None:
                rules.add(rule.key)
                pending.extend(pattern for item in rule.conditions for pattern in item.instance(binding).patterns)
    for component in recursive_components(kb.rules):
        if shapes.keys() & set(component):
            rules.update(rule.key for predicate in component for rule in heads.get(predicate, ()))
    return Relevance({name: tuple(found) for name, found in shapes.items()}, frozenset(rules))


def sliced(kb: KnowledgeBase, found: Relevance) -> KnowledgeBase:
    """A knowledge base without the rules and facts that do not matter."""
    facts = []
    for fact in kb.facts:
        if fact.predicate in found.shapes:
            atom, _ = resolve_fact(kb, fact, hints=False)
            if atom is not None and found.admits(atom):
                facts.append(fact)
    ids = {key.partition(" ")[0] for key in found.rules}
    return replace(kb, rules=tuple(rule for rule in kb.rules if rule.id in ids), facts=tuple(facts))


def joined(kb: KnowledgeBase, goal: Pattern, assumed: Iterable[GroundAtom] = ()) -> KnowledgeBase:
    """A knowledge base without the facts that no rule can join with others, on whatever day: what follows is the same.

    A variable takes only values that it finds on record in each condition on a predicate that no rule concludes.

    Args:
        kb: sliced for the goal, whose facts are all at hand.
        assumed: what is assumed beside its facts; later nothing may be.
    """
    stated = [(fact, atom) for fact in kb.facts if (atom := resolve_fact(kb, fact, hints=False)[0]) is not None]
    values: dict[tuple[str, int], set[Value]] = {}
    for atom in (*(atom for _, atom in stated), *assumed):
        for place, value in enumerate(atom.args):
            values.setdefault((atom.predicate, place), set()).add(value)
    rules = [rule for plan in planned(kb).plans for rule in plan.variants]
    concluded = {rule.head.predicate for rule in rules}
    wanted: dict[str, list[_Sets]] = {goal.predicate: [(None,) * len(goal.arguments)]}
    pending: list[tuple[Conditions, Mapping[str, Set[Value]]]] = [(rule, {}) for rule in rules]
    while pending:
        conditions, outside = pending.pop()
        taken = dict(outside)
        for pattern in conditions.matches:
            for place, term in enumerate(pattern.arguments if pattern.predicate not in concluded else ()):
                if isinstance(term, Variable):
                    found = values.get((pattern.predicate, place), set())
                    taken[term.name] = taken.get(term.name, found) & found
        for item in conditions.conditions:
            known = {name: taken[name] for name in (*item.needs, *item.binds) if name in taken}
            if item.body is not None:
                pending.append((item.body, known))
                continue
            for pattern in item.patterns:
                sets = (known.get(term.name) if isinstance(term, Variable) else None for term in pattern.arguments)
                wanted.setdefault(pattern.predicate, []).append(tuple(sets))

    def fits(atom: GroundAtom) -> bool:
        return any(
            all(found is None or value in found for found, value in zip(shape, atom.args, strict=True))
            for shape in wanted.get(atom.predicate, ())
        )

    return replace(kb, facts=tuple(fact for fact, atom in stated if fits(atom)))


def starts(rule: ProgramRule, program: Program) -> list[dict[str, Value]]:
    """What the variables of a rule's head must be for its conclusion to matter: as one of these says."""
    if program.shapes is None:
        return [{}]
    found = [_restricted(rule.head, shape) for shape in program.shapes.get(rule.head.predicate, ())]
    bindings = [binding for binding in found if binding is not None]
    return [{}] if {} in bindings else bindings


def unify(head: Pattern, pattern: Pattern) -> _Binding | None:
    """What the variables of a rule's head are where a pattern says; None when the two cannot agree."""
    if head.predicate != pattern.predicate:
        return None
    binding: _Binding = {}
    meant: _Binding = {}
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


def _restricted(head: Pattern, shape: Shape) -> _Binding | None:
    """What the variables of a rule's head are in conclusions of a shape; None where it has none of that shape."""
    return unify(head, Pattern(head.relation, head.predicate, tuple(ANY if v is None else Constant(v) for v in shape)))


def _covers(shape: Shape, other: Shape) -> bool:
    return all(wanted is None or wanted == value for wanted, value in zip(shape, other, strict=True))


def opened(pattern: Pattern) -> Pattern:
    """The pattern that any statement of its predicate matches."""
    terms = tuple(Variable(f"x{place}") for place in range(len(pattern.terms)))
    return Pattern(pattern.predicate, pattern.predicate, terms)
