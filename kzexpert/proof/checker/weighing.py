"""From firings to certainties: lines of evidence, how they combine, and which proof counts where proofs go in circles.

The checker's own arithmetic of DESIGN §4. It joins nothing.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import TypeAlias

import msgspec

from kzexpert.model import GroundAtom, Value, format_value
from kzexpert.proof.checker.recorded import Args, Recorded
from kzexpert.proof.checker.rules import CheckedRule

__all__ = [
    "LIKELIHOODS",
    "THRESHOLD",
    "Alternatives",
    "CheckedConclusion",
    "CheckedFiring",
    "CheckedLine",
    "Instance",
    "Statement",
    "combined",
    "weighed",
]

#: A predicate and its arguments.
Statement: TypeAlias = tuple[str, Args]

THRESHOLD = 0.2
#: ICD 203: the lower edge of each word, in percent of probability.
LIKELIHOODS = (
    (95, "almost certain"),
    (80, "very likely"),
    (55, "likely"),
    (45, "roughly even chance"),
    (20, "unlikely"),
    (5, "very unlikely"),
    (0, "almost no chance"),
)


class Alternatives(msgspec.Struct, frozen=True):
    """What may stand behind a positive condition: of the facts of a relation that match, the most certain."""

    relation: str
    certainty: float
    facts: tuple[Args, ...]


class Instance(msgspec.Struct, frozen=True):
    """A rule with a binding whose conditions hold, before it is said which facts are its premises."""

    rule: CheckedRule
    binding: Args
    conclusion: Args
    options: tuple[Alternatives, ...]
    strength: float


class CheckedFiring(msgspec.Struct, frozen=True):
    """A rule with a binding, the fact behind each positive condition (relation, arguments, certainty), the strength."""

    rule: CheckedRule
    binding: Args
    conclusion: Args
    premises: tuple[tuple[str, Args, float], ...]
    strength: float

    @property
    def values(self) -> dict[str, Value]:
        """Variable → value."""
        return dict(zip(self.rule.variables, self.binding, strict=True))

    @property
    def texts(self) -> tuple[str, ...]:
        """The binding as text, by which ties are broken."""
        return tuple(format_value(value) for value in self.binding)


class CheckedLine(msgspec.Struct, frozen=True):
    """A line of evidence: a firing, or the recorded fact where that is None."""

    strength: float
    firing: CheckedFiring | None
    others: int
    counts: bool


class CheckedConclusion(msgspec.Struct, frozen=True):
    """What a conclusion comes to. `best`: it is part of a recursive group, where the best proof counts."""

    certainty: float
    conflict: bool
    best: bool
    lines: tuple[CheckedLine, ...]


def weighed(
    drawn: Mapping[Statement, Sequence[Instance]], recorded: Mapping[Statement, Recorded], recursive: bool
) -> dict[Statement, CheckedConclusion]:
    """What the conclusions of a group of predicates come to.

    Args:
        drawn: every conclusion with all instances of rules that conclude it.
        recorded: the facts in force of the same predicates.
        recursive: the best proof counts, and lines do not add up.
    """
    best = {statement: _best(instances, recorded.get(statement)) for statement, instances in drawn.items()}
    heights = _heights(drawn, recorded, best) if recursive else {}
    return {
        statement: _weighed(
            statement,
            [_firing(instance, heights) for instance in instances],
            recorded.get(statement),
            best[statement] if recursive else None,
            heights,
        )
        for statement, instances in drawn.items()
    }


def _firing(instance: Instance, heights: Mapping[Statement, int]) -> CheckedFiring:
    """The instance with its premises: of equally certain facts the one of the lowest height, then the first by text."""

    def premise(option: Alternatives) -> tuple[str, Args, float]:
        def order(args: Args) -> tuple[int, str]:
            return heights.get((option.relation, args), 0), str(GroundAtom("", args))

        chosen = option.facts[0] if len(option.facts) == 1 else min(option.facts, key=order)
        return option.relation, chosen, option.certainty

    premises = tuple(map(premise, instance.options))
    return CheckedFiring(instance.rule, instance.binding, instance.conclusion, premises, instance.strength)


def _weighed(
    statement: Statement,
    firings: Sequence[CheckedFiring],
    recorded: Recorded | None,
    best: float | None,
    heights: Mapping[Statement, int],
) -> CheckedConclusion:
    """One conclusion. `best`: its certainty where the best proof counts, None where lines add up."""

    def order(firing: CheckedFiring) -> tuple[float, bool, str, tuple[str, ...]]:
        """By strength, then those that do not rest on what they conclude, then by text."""
        strength = abs(firing.strength if best is None else round(firing.strength, 9))
        return (
            -strength,
            strength == best and not _falls(statement, firing, heights),
            firing.rule.rule.id,
            firing.texts,
        )

    of_rule: dict[str, list[CheckedFiring]] = {}
    for firing in sorted(firings, key=order):
        of_rule.setdefault(firing.rule.rule.id, []).append(firing)
    lines: list[tuple[tuple[float, bool, str, tuple[str, ...]], CheckedLine]] = []
    for some in of_rule.values():
        each = some[0].rule.rule.each
        others = 0 if each else len(some) - 1
        counting = some if each else some[:1]
        lines += [(order(firing), CheckedLine(firing.strength, firing, others, counts=True)) for firing in counting]
    if recorded is not None:
        lines.append(((-recorded.certainty, False, "", ()), CheckedLine(recorded.certainty, None, 0, counts=True)))
    found = [line for _, line in sorted(lines, key=lambda item: item[0])]
    if best is not None:
        kept = [found[0], *(msgspec.structs.replace(line, counts=False) for line in found[1:])]
        return CheckedConclusion(best, conflict=False, best=True, lines=tuple(kept))
    strengths = [line.strength for line in found]
    conflict = max(strengths) >= 1.0 and min(strengths) <= -1.0
    return CheckedConclusion(combined(strengths), conflict, best=False, lines=tuple(found))


def _best(instances: Sequence[Instance], recorded: Recorded | None) -> float:
    strongest = max(instance.strength for instance in instances)
    return round(strongest if recorded is None else max(strongest, recorded.certainty), 9)


def _heights(
    drawn: Mapping[Statement, Sequence[Instance]],
    recorded: Mapping[Statement, Recorded],
    best: Mapping[Statement, float],
) -> dict[Statement, int]:
    """How many steps of the group the lowest of the best proofs of each statement takes; breadth first.

    It is 0 where a record or what lies below the group gives the certainty, else 1 more than that of the highest
    premise. Any of the most certain facts may be a premise, so that the first of them to be reached is.
    """
    heights: dict[Statement, int] = {}
    reached: deque[Statement] = deque()

    def reach(statement: Statement, height: int) -> None:
        if statement not in heights:
            heights[statement] = height
            reached.append(statement)

    for statement, record in recorded.items():
        if statement not in drawn or record.certainty == best[statement]:
            reach(statement, 0)
    waiting: dict[Statement, list[tuple[Statement, set[int], int]]] = {}
    for statement, instances in drawn.items():
        for instance in instances:
            if round(instance.strength, 9) != best[statement]:
                continue
            lacking: set[int] = set()
            for number, option in enumerate(instance.options):
                inside = [(option.relation, args) for args in option.facts]
                if inside[0] in drawn or inside[0] in recorded:
                    lacking.add(number)
                    for premise in inside:
                        waiting.setdefault(premise, []).append((statement, lacking, number))
            if not lacking:
                reach(statement, 0)
    while reached:
        current = reached.popleft()
        for statement, lacking, number in waiting.get(current, ()):
            if number in lacking:
                lacking.remove(number)
                if not lacking:
                    reach(statement, heights[current] + 1)
    return heights


def _falls(statement: Statement, firing: CheckedFiring, heights: Mapping[Statement, int]) -> bool:
    """Whether every premise inside the group is lower than the conclusion."""
    return all(heights.get((relation, args), -1) < heights.get(statement, 0) for relation, args, _ in firing.premises)


def combined(strengths: Iterable[float]) -> float:
    """Certainty factors combined as in EMYCIN: (p + n) / (1 − min(p, −n)), rounded to 9 decimals.

    p = 1 − ∏(1 − s) over those above 0, n = ∏(1 + s) − 1 over those below, both products in ascending order. Certain
    evidence on both sides gives 0.
    """
    ascending = sorted(strengths)
    p = 1.0 - prod(1.0 - s for s in ascending if s > 0.0)
    n = prod(1.0 + s for s in ascending if s < 0.0) - 1.0
    return 0.0 if min(p, -n) >= 1.0 else round((p + n) / (1.0 - min(p, -n)), 9) + 0.0
