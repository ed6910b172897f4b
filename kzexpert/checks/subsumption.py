"""Rules side by side: whether one fires with another, and what they share. It reports nothing itself."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from kzexpert.checks.implication import always, follows, frozen, marks, reaches, text_of
from kzexpert.model import Anonymous, Constant, Match, Pattern, ProgramCondition, ProgramRule, Value

__all__ = ["agreement", "computed", "embedding", "general", "subsumes"]

#: So many ways to find the conditions of one rule among those of another are tried.
_MOST_STEPS = 2_000


def general(rule: ProgramRule) -> tuple[ProgramCondition, ...]:
    """The conditions of a rule in its general instance, with a value of its own for each ``_`` as well."""
    return tuple(
        condition if condition.match is None else Match(_filled(condition.match, number))
        for number, condition in enumerate(frozen(rule))
    )


def _filled(pattern: Pattern, number: int) -> Pattern:
    values = marks(f"{number}.{place}" for place, _ in enumerate(pattern.terms)).values()
    named = zip(pattern.terms, values, strict=True)
    return replace(
        pattern, terms=tuple(Constant(name) if isinstance(term, Anonymous) else term for term, name in named)
    )


def agreement(head: Pattern, other: Pattern) -> dict[str, Value] | None:
    """What the variables of a conclusion are in the general instance of another; None where that is another one."""
    row = other.row(marks(other.variables))
    return None if row is None or head.relation != other.relation else head.binding(row)


def subsumes(rule: ProgramRule, other: ProgramRule) -> bool:
    """Whether a rule fires wherever another one does, for the same conclusion and on some of the same facts.

    This is Plotkin's theta-subsumption, with the comparisons and negations that follow from others
    (*A note on inductive generalization*, 1970).
    """
    values = agreement(rule.head, other.head)
    return values is not None and embedding(rule, rule.conditions, general(other), values) is not None


def embedding(
    rule: ProgramRule,
    wanted: tuple[ProgramCondition, ...],
    given: tuple[ProgramCondition, ...],
    values: Mapping[str, Value],
) -> dict[str, Value] | None:
    """Values of a rule's variables with which some of its conditions follow from those of a general instance.

    Args:
        wanted: those of its conditions that must follow, in their order.
        values: what is known of its variables.

    Returns:
        None where there are none, where the rule looks at certainties, or where too many ways would have to be tried.
    """
    patterns = [condition.match for condition in wanted if condition.match is not None]
    if any(pattern.certainty for pattern in patterns):
        return None
    facts = [(pattern, pattern.row()) for condition in given if (pattern := condition.match) is not None]
    steps = 0

    def matched(number: int, bound: dict[str, Value]) -> Iterator[dict[str, Value]]:
        nonlocal steps
        if number == len(patterns):
            yield bound
            return
        looked_for = patterns[number].instance(bound)
        for pattern, row in facts:
            steps += 1
            if row is None or steps > _MOST_STEPS or not reaches(looked_for, pattern):
                continue
            found = looked_for.binding(row[: len(looked_for.terms)])
            if found is not None:
                yield from matched(number + 1, bound | found)

    for bound in matched(0, dict(values)):
        complete = _completed(rule, wanted, given, bound)
        if complete is not None:
            return complete
    return None


def _completed(
    rule: ProgramRule,
    wanted: tuple[ProgramCondition, ...],
    given: tuple[ProgramCondition, ...],
    bound: dict[str, Value],
) -> dict[str, Value] | None:
    """The values with those that are computed or folded; None where a condition that takes no fact does not follow."""
    bound = computed(rule, given, bound)
    for condition in wanted:
        if condition.demands and all(any(always(*one) for one in choices) for choices in condition.demands):
            continue
        if condition.match is None and condition.binds and condition.variable not in bound:
            return None
        if condition.match is None and not condition.binds and follows(condition.instance(bound), given) is None:
            return None
    return bound


def computed(rule: ProgramRule, given: tuple[ProgramCondition, ...], bound: dict[str, Value]) -> dict[str, Value]:
    """The values with those that a general instance computes or folds in just the same way."""
    known = {text_of(item): item.variable for item in given if item.variable and item.match is None}
    for condition in (rule.conditions[place] for place in rule.order):
        if condition.match is None and condition.binds:
            name = known.get(text_of(condition.instance(bound)))
            bound = bound if name is None else bound | {condition.variable: marks([name])[name]}
    return bound
