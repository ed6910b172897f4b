"""Sums over their own component that meet a negative value: such a sum has no single result, whatever the engine."""

from collections.abc import Collection, Iterable, Mapping

from kzexpert.errors import Issue, KnowledgeBaseError
from kzexpert.model import Aggregate, EstablishedFacts, GroundAtom, Program, ProgramRule, RelationKey, Value
from kzexpert.model.evaluation import Rising

__all__ = ["check_sum"]


def check_sum(
    program: Program,
    rule: ProgramRule,
    aggregate: Aggregate,
    each: Iterable[Mapping[str, Value]],
    facts: EstablishedFacts,
    inside: Collection[RelationKey],
) -> None:
    """See that an aggregate of a complete component is no sum with a negative value.

    Args:
        each: values of the variables that it shares with its rule.
        facts: those of the component among them.
        inside: the predicates of the component.

    Raises:
        KnowledgeBaseError: it is one (KZ406); the first fact by text is named.
    """
    if aggregate.function != "sum":
        return
    negative: list[tuple[float, tuple[GroundAtom, ...]]] = []
    for values in each:
        counted = Rising(rule, aggregate, values, facts, inside, program.as_of).counted
        negative += [(value, every) for value, every, _ in counted if isinstance(value, float) and value < 0]
    if negative:
        value, every = min(negative, key=lambda item: (tuple(map(str, item[1])), item[0]))
        fact = next((str(atom) for atom in every if value in atom.args), str(every[0]))
        message = f"the sum of rule {rule.id} looks at its own conclusions, and meets a negative value: {fact}"
        hint = "such a sum has no single result; leave negative values out by a comparison, or break the cycle"
        place = rule.when[rule.conditions.index(aggregate)].location
        raise KnowledgeBaseError(Issue("KZ406", message, place, hint), texts=program.kb.texts)
