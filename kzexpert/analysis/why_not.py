"""Why something does not follow: for each rule that could conclude it, the first condition that nothing satisfies.

It follows a rule's conditions in the order in which they are evaluated. It ranks nothing and suggests no change.
"""

from collections.abc import Iterator

import msgspec

from kzexpert.engines.evaluation import Binding, Completion, EstablishedFacts
from kzexpert.model import (
    Absence,
    Aggregate,
    Assignment,
    Constant,
    Expression,
    Fact,
    GroundAtom,
    Inference,
    Match,
    Operation,
    Pattern,
    ProgramCondition,
    ProgramRule,
    Test,
    Variable,
)
from kzexpert.proof import established_facts, instance
from kzexpert.resolve import resolve_fact
from kzexpert.snapshot import in_force, pattern_matches

__all__ = ["Missing", "missing", "not_in_force"]


class Missing(msgspec.Struct, frozen=True):
    """What a rule lacks.

    Attributes:
        rule: its id.
        title: its title, which may be empty.
        condition: the condition that fails, as written.
        instance: the same with the values that are known by then, and what stands against it.
        place: file and line of the rule.
    """

    rule: str
    title: str
    condition: str
    instance: str
    place: str


def missing(inference: Inference, pattern: Pattern) -> tuple[Missing, ...]:
    """What each rule lacks that could conclude an instance of the pattern, by rule id.

    Rules that speak against it, rules whose conclusion cannot be such an instance, and rules that do fire are left out.
    """
    facts = established_facts(inference)
    found = []
    for rule in inference.program.rules.values():
        binding = _unify(rule.head, pattern)
        if binding is not None and rule.rule.certainty > 0:
            lacks = _first_failure(rule, binding, facts)
            if lacks:
                found.append(lacks)
    return tuple(sorted(found, key=lambda item: item.rule))


def not_in_force(inference: Inference, pattern: Pattern) -> tuple[Fact, ...]:
    """The recorded rows that match the pattern but do not hold on the as-of date, in the order of the files."""
    program = inference.program
    found = []
    for fact in program.kb.facts:
        if fact.predicate == pattern.predicate and not in_force(fact, program.as_of):
            atom, _ = resolve_fact(program.kb, fact)
            if atom and pattern_matches(pattern, atom):
                found.append(fact)
    return tuple(found)


def _unify(head: Pattern, pattern: Pattern) -> Binding | None:
    """What the head's variables are where the pattern says; None when they cannot agree."""
    if head.predicate != pattern.predicate:
        return None
    binding: Binding = {}
    for term, wanted in zip(head.terms, pattern.terms, strict=True):
        if not isinstance(wanted, Constant):
            continue
        if isinstance(term, Variable):
            if binding.setdefault(term.name, wanted.value) != wanted.value:
                return None
        elif term != wanted:
            return None
    return binding


def _first_failure(rule: ProgramRule, start: Binding, facts: EstablishedFacts) -> Missing | None:
    """The condition that no binding gets past; None when one passes all."""
    conditions = [rule.conditions[index] for index in rule.order]
    furthest, reached = 0, [start]
    for depth, binding in _walk(conditions, 0, start, facts):
        if depth == len(conditions):
            return None
        if depth > furthest:
            furthest, reached = depth, []
        if depth == furthest and len(reached) < 2 and binding not in reached:
            reached.append(binding)
    failed = conditions[furthest]
    written = rule.rule.when[rule.order[furthest]]
    known = reached[0] if len(reached) == 1 else start
    return Missing(
        rule.id, rule.rule.title, written.text, _instance(failed, known, facts) or written.text, str(rule.rule.location)
    )


def _walk(
    conditions: list[ProgramCondition], depth: int, binding: Binding, facts: EstablishedFacts
) -> Iterator[tuple[int, Binding]]:
    """Every binding that satisfies the conditions before `depth`, and all that extend it; depth first."""
    yield depth, binding
    if depth == len(conditions):
        return
    condition = conditions[depth]
    if isinstance(condition, Match):
        for extended in facts.matching(condition.pattern, binding):
            yield from _walk(conditions, depth + 1, extended, facts)
    else:
        complete = Completion([condition], facts)(binding)
        if complete is not None:
            yield from _walk(conditions, depth + 1, complete, facts)


def _instance(condition: ProgramCondition, binding: Binding, facts: EstablishedFacts) -> str:
    """What is needed, with values in place of bound variables; empty for an aggregate, whose variables are its own."""
    if isinstance(condition, Match):
        return str(instance(condition.pattern, binding))
    if isinstance(condition, Absence):
        found = min(facts.rows(condition.pattern, binding), key=str)
        return f"no {instance(condition.pattern, binding)}, but {GroundAtom(condition.pattern.predicate, found)} holds"
    if isinstance(condition, Test):
        return f"{_substituted(condition.left, binding)} {condition.operator} {_substituted(condition.right, binding)}"
    if isinstance(condition, Assignment):
        return f"{Variable(condition.variable)} = {_substituted(condition.expression, binding)}"
    assert isinstance(condition, Aggregate)
    return ""


def _substituted(expression: Expression, binding: Binding) -> Expression:
    if isinstance(expression, Operation):
        left, right = _substituted(expression.left, binding), _substituted(expression.right, binding)
        return Operation(expression.operator, left, right)
    if isinstance(expression, Variable) and expression.name in binding:
        return Constant(binding[expression.name])
    return expression
