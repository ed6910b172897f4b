"""From firings to certainties: lines of evidence, how they combine, and which proof counts where proofs go in circles.

The checker's own arithmetic of DESIGN §4. It joins nothing.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from typing import TypeAlias

import msgspec

from kzexpert.model import BaseFact, Firing, GroundAtom, Line, Pattern, ProgramRule, RelationKey, Value
from kzexpert.proof.build import Judgement
from kzexpert.proof.checker.joins import Counted, Statement
from kzexpert.proof.checker.recorded import Args

__all__ = [
    "THRESHOLD",
    "Instance",
    "Strongest",
    "below",
    "combined",
    "heights_of",
    "weighed",
]

#: Lines are sorted by strength, how far they rest on what they conclude, rule, binding and variant.
_Order: TypeAlias = tuple[float, int, str, tuple[str, ...], int]

THRESHOLD = 0.2
#: From here on lie statements whose certainty rests on an aggregate over what rests on them.
_UNFOUNDED = 1 << 62
#: What is said of evidence above each certainty.
_EVIDENCE = ((95, "very strong evidence"), (80, "strong evidence"), (60, "good evidence"), (40, "some evidence"))


class Strongest(msgspec.Struct, frozen=True):
    """What may stand behind a positive condition: of the facts of a relation that match, the most certain."""

    relation: RelationKey
    certainty: float
    facts: tuple[Args, ...]


class Instance(msgspec.Struct, frozen=True):
    """A rule with a binding whose conditions hold, before it is said which facts are its premises.

    Attributes:
        counted: what its monotone aggregates look at.
    """

    rule: ProgramRule
    binding: Args
    conclusion: Args
    options: tuple[Strongest, ...]
    strength: float
    counted: tuple[Counted, ...] = ()

    @property
    def statement(self) -> Statement:
        return self.rule.head.predicate, self.conclusion


def weighed(
    drawn: Mapping[Statement, Sequence[Instance]],
    recorded: Mapping[Statement, BaseFact],
    heights: Mapping[Statement, int] | None,
) -> dict[Statement, Judgement]:
    """What the conclusions of a group of predicates come to.

    Args:
        drawn: every conclusion with all instances of rules that conclude it.
        recorded: the facts in force of the same predicates.
        heights: from `heights_of` where the group needs itself: the best proof counts, and lines do not add up.
    """
    return {
        statement: _weighed(statement, instances, recorded.get(statement), heights)
        for statement, instances in drawn.items()
    }


def _firing(instance: Instance, heights: Mapping[Statement, int]) -> Firing:
    """The instance with its premises: of equally certain facts the one of the lowest height, then the first by text.

    A monotone aggregate has the value that facts below the conclusion give it, where they are enough.
    """

    def premise(pattern: Pattern, option: Strongest) -> GroundAtom:
        def order(args: Args) -> tuple[int, str]:
            return heights.get((option.relation, args), 0), str(GroundAtom("", args))

        chosen = option.facts[0] if len(option.facts) == 1 else min(option.facts, key=order)
        return GroundAtom(pattern.predicate, chosen[: pattern.arity])

    premises = tuple(map(premise, instance.rule.matches, instance.options))
    conclusion = GroundAtom(instance.rule.head.predicate, instance.conclusion)
    values = dict(zip(instance.rule.variables, instance.binding, strict=True))
    for counted in instance.counted:
        value = counted.value(below(instance.statement, heights))
        if value is not None:
            values[counted.aggregate.variable] = value
    return Firing(instance.rule, tuple(values.values()), conclusion, premises, instance.strength)


def below(statement: Statement, heights: Mapping[Statement, int]) -> Callable[[Statement], bool]:
    """Whether a fact of a group lies lower than a conclusion."""
    return lambda fact: heights.get(fact, 0) < heights.get(statement, 0)


def _weighed(
    statement: Statement,
    instances: Sequence[Instance],
    recorded: BaseFact | None,
    heights: Mapping[Statement, int] | None,
) -> Judgement:
    """One conclusion."""
    best = None if heights is None else _best(instances, recorded)

    def order(instance: Instance, firing: Firing) -> _Order:
        """By strength, then those that do not rest on what they conclude, then by text."""
        strength = abs(firing.strength if best is None else round(firing.strength, 9))
        circular = _circular(instance, heights or {}) if strength == best else 0
        return (-strength, circular, firing.rule.id, firing.binding_text, firing.rule.variant)

    found_firings = [(instance, _firing(instance, heights or {})) for instance in instances]
    unfounded = heights is not None and heights[statement] >= _UNFOUNDED  # then a weaker proof has a line of its own
    groups: dict[tuple[Value, ...], list[tuple[_Order, Firing]]] = {}
    for key, firing in sorted((order(*pair), pair[1]) for pair in found_firings):
        weaker = unfounded and round(firing.strength, 9) != best
        groups.setdefault((weaker, *_line_of(firing)), []).append((key, firing))
    lines: list[tuple[_Order, Line]] = [
        (key, Line(first.strength, first, others=tuple(firing for _, firing in others)))
        for (key, first), *others in groups.values()
    ]
    if recorded is not None:
        lines.append(((-recorded.certainty, 0, "", (), 0), Line(recorded.certainty, base=recorded)))
    found = [line for _, line in sorted(lines, key=lambda item: item[0])]
    if best is not None:
        found[1:] = [msgspec.structs.replace(line, counts=False) for line in found[1:]]
    strengths = [line.strength for line in found if line.counts]
    certainty = combined(strengths) if best is None else best
    return Judgement(
        certainty=certainty,
        evidence=_words(certainty),
        established=certainty > THRESHOLD,
        conflict=best is None and max(strengths) >= 1.0 and min(strengths) <= -1.0,
        best=best is not None,
        supporting=combined(strength for strength in strengths if strength > 0),
        opposing=combined(strength for strength in strengths if strength < 0),
        lines=tuple(found),
    )


def _words(certainty: float) -> str:
    """How strong the evidence is, which THRESHOLD parts from nothing."""
    if abs(certainty) <= THRESHOLD:
        return "nothing established"
    word = next((word for percent, word in _EVIDENCE if abs(certainty) > percent / 100), "a hint")
    return word if certainty > 0 else f"{word} against"


def _line_of(firing: Firing) -> tuple[Value, ...]:
    """What firings have in common that are one line of evidence.

    That is their rule; or the family of it, among those that speak for the conclusion or against it; of a rule that
    counts each firing the rule, and the variables that stand outside of alternatives.
    """
    rule = firing.rule.rule
    if not rule.each:
        return ("", rule.family, "for" if firing.strength > 0 else "against") if rule.family else (rule.id,)
    names = {name for item in rule.when if not item.choices for name in item.variables}
    return (rule.id, *(value for name, value in sorted(firing.values.items()) if name in names))


def _best(instances: Sequence[Instance], recorded: BaseFact | None) -> float:
    strongest = max(instance.strength for instance in instances)
    return round(strongest if recorded is None else max(strongest, recorded.certainty), 9)


def heights_of(
    drawn: Mapping[Statement, Sequence[Instance]], recorded: Mapping[Statement, BaseFact]
) -> dict[Statement, int]:
    """How many steps of the group the lowest of the best proofs of each statement takes; breadth first.

    It is 0 where a record or what lies below the group gives the certainty, else 1 more than that of the highest
    premise. Any of the most certain facts may be a premise, so that the first of them to be reached is. An aggregate
    takes as many facts, the lowest first, as are enough. Where nothing goes on, those that still lack facts have all.
    """
    best = {statement: _best(instances, recorded.get(statement)) for statement, instances in drawn.items()}
    heights: dict[Statement, int] = {}
    reached: deque[Statement] = deque()

    def reach(statement: Statement, height: int) -> None:
        if statement not in heights:
            heights[statement] = height
            reached.append(statement)

    for statement, record in recorded.items():
        if statement not in drawn or record.certainty == best[statement]:
            reach(statement, 0)
    waiting: dict[Statement, list[tuple[Statement, set[int | Counted], int | Counted]]] = {}
    needy: list[tuple[Statement, set[int | Counted]]] = []
    for statement, instances in drawn.items():
        for instance in instances:
            if round(instance.strength, 9) != best[statement]:
                continue
            lacking: set[int | Counted] = set()
            for number, option in enumerate(instance.options):
                inside = [(option.relation, args) for args in option.facts]
                if inside[0] in drawn or inside[0] in recorded:
                    lacking.add(number)
                    for premise in inside:
                        waiting.setdefault(premise, []).append((statement, lacking, number))
            for counted in instance.counted:
                if counted.value(lambda fact: False) is None:
                    lacking.add(counted)
                    for fact in {fact for part in counted.parts for fact in counted.inside(part)}:
                        waiting.setdefault(fact, []).append((statement, lacking, counted))
            if not lacking:
                reach(statement, 0)
            needy += [(statement, lacking)] if instance.counted else []
    while reached or needy:
        if not reached:
            for statement, lacking in needy:
                lacking.difference_update([item for item in lacking if not isinstance(item, int)])
                if not lacking:
                    reach(statement, _UNFOUNDED)
            needy = []
            continue
        current = reached.popleft()
        height = heights[current]
        for statement, lacking, item in waiting.get(current, ()):
            if item in lacking and (isinstance(item, int) or item.value(_within(heights, height)) is not None):
                lacking.remove(item)
                if not lacking:
                    reach(statement, height + 1)
    return heights


def _within(heights: Mapping[Statement, int], height: int) -> Callable[[Statement], bool]:
    return lambda fact: heights.get(fact, height + 1) <= height


def _circular(instance: Instance, heights: Mapping[Statement, int]) -> int:
    """0 where all inside the group can be lower than the conclusion, 1 but for what an aggregate needs, 2 otherwise."""
    own = heights.get(instance.statement, 0)
    if any(min(heights.get((item.relation, args), -1) for args in item.facts) >= own for item in instance.options):
        return 2
    return int(any(counted.value(below(instance.statement, heights)) is None for counted in instance.counted))


def combined(strengths: Iterable[float]) -> float:
    """Certainty factors combined as in EMYCIN: (p + n) / (1 − min(p, −n)), rounded to 9 decimals.

    p = 1 − ∏(1 − s) over those above 0, n = ∏(1 + s) − 1 over those below, both products in ascending order. Certain
    evidence on both sides gives 0.
    """
    ascending = sorted(strengths)
    p = 1.0 - prod(1.0 - s for s in ascending if s > 0.0)
    n = prod(1.0 + s for s in ascending if s < 0.0) - 1.0
    return 0.0 if min(p, -n) >= 1.0 else round((p + n) / (1.0 - min(p, -n)), 9) + 0.0
