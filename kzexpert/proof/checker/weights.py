"""From firings to certainties: lines of evidence, how they combine, and which proof counts where proofs go in circles.

The checker's own arithmetic of DESIGN §4. It joins nothing.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import TypeAlias

import msgspec

from kzexpert.model import BaseFact, Firing, GroundAtom, Line, Pattern, Value
from kzexpert.proof.build import Judgement
from kzexpert.proof.checker.recorded import Args
from kzexpert.proof.checker.rules import CheckedRule

__all__ = [
    "THRESHOLD",
    "Instance",
    "Statement",
    "Strongest",
    "combined",
    "weighed",
]

#: A predicate and its arguments.
Statement: TypeAlias = tuple[str, Args]

THRESHOLD = 0.2
#: ICD 203: the lower edge of each word, in percent of probability.
_LIKELIHOODS = (
    (95, "almost certain"),
    (80, "very likely"),
    (55, "likely"),
    (45, "roughly even chance"),
    (20, "unlikely"),
    (5, "very unlikely"),
    (0, "almost no chance"),
)


class Strongest(msgspec.Struct, frozen=True):
    """What may stand behind a positive condition: of the facts of a relation that match, the most certain."""

    relation: str
    certainty: float
    facts: tuple[Args, ...]


class Instance(msgspec.Struct, frozen=True):
    """A rule with a binding whose conditions hold, before it is said which facts are its premises."""

    rule: CheckedRule
    binding: Args
    conclusion: Args
    options: tuple[Strongest, ...]
    strength: float


def weighed(
    drawn: Mapping[Statement, Sequence[Instance]], recorded: Mapping[Statement, BaseFact], recursive: bool
) -> dict[Statement, Judgement]:
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


def _firing(instance: Instance, heights: Mapping[Statement, int]) -> Firing:
    """The instance with its premises: of equally certain facts the one of the lowest height, then the first by text."""

    def premise(pattern: Pattern, option: Strongest) -> GroundAtom:
        def order(args: Args) -> tuple[int, str]:
            return heights.get((option.relation, args), 0), str(GroundAtom("", args))

        chosen = option.facts[0] if len(option.facts) == 1 else min(option.facts, key=order)
        return GroundAtom(pattern.predicate, chosen)

    premises = tuple(map(premise, instance.rule.matches, instance.options))
    conclusion = GroundAtom(instance.rule.head.predicate, instance.conclusion)
    return Firing(instance.rule, instance.binding, conclusion, premises, instance.strength)


def _weighed(
    statement: Statement,
    firings: Sequence[Firing],
    recorded: BaseFact | None,
    best: float | None,
    heights: Mapping[Statement, int],
) -> Judgement:
    """One conclusion. `best`: its certainty where the best proof counts, None where lines add up."""

    def order(firing: Firing) -> tuple[float, bool, str, tuple[str, ...], int]:
        """By strength, then those that do not rest on what they conclude, then by text."""
        strength = abs(firing.strength if best is None else round(firing.strength, 9))
        return (
            -strength,
            strength == best and not _falls(statement, firing, heights),
            firing.rule.id,
            firing.binding_text,
            firing.rule.variant,
        )

    of_line: dict[str | tuple[Value, ...], list[Firing]] = {}
    for firing in sorted(firings, key=order):
        of_line.setdefault(firing.line, []).append(firing)
    lines: list[tuple[tuple[float, bool, str, tuple[str, ...], int], Line]] = []
    for strongest, *others in of_line.values():
        lines.append((order(strongest), Line(strongest.strength, strongest, others=tuple(others))))
    if recorded is not None:
        lines.append(((-recorded.certainty, False, "", (), 0), Line(recorded.certainty, base=recorded)))
    found = [line for _, line in sorted(lines, key=lambda item: item[0])]
    if best is not None:
        found[1:] = [msgspec.structs.replace(line, counts=False) for line in found[1:]]
    strengths = [line.strength for line in found if line.counts]
    certainty = combined(strengths) if best is None else best
    percent = round((1.0 + certainty) * 50.0, 7)
    return Judgement(
        certainty=certainty,
        likelihood=next(word for edge, word in _LIKELIHOODS if percent >= edge),
        established=certainty > THRESHOLD,
        conflict=best is None and max(strengths) >= 1.0 and min(strengths) <= -1.0,
        best=best is not None,
        supporting=combined(strength for strength in strengths if strength > 0),
        opposing=combined(strength for strength in strengths if strength < 0),
        lines=tuple(found),
    )


def _best(instances: Sequence[Instance], recorded: BaseFact | None) -> float:
    strongest = max(instance.strength for instance in instances)
    return round(strongest if recorded is None else max(strongest, recorded.certainty), 9)


def _heights(
    drawn: Mapping[Statement, Sequence[Instance]],
    recorded: Mapping[Statement, BaseFact],
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


def _falls(statement: Statement, firing: Firing, heights: Mapping[Statement, int]) -> bool:
    """Whether every premise inside the group is lower than the conclusion."""
    premises = zip(firing.rule.matches, firing.premises, strict=True)
    return all(heights.get((pattern.relation, atom.args), -1) < heights.get(statement, 0) for pattern, atom in premises)


def combined(strengths: Iterable[float]) -> float:
    """Certainty factors combined as in EMYCIN: (p + n) / (1 − min(p, −n)), rounded to 9 decimals.

    p = 1 − ∏(1 − s) over those above 0, n = ∏(1 + s) − 1 over those below, both products in ascending order. Certain
    evidence on both sides gives 0.
    """
    ascending = sorted(strengths)
    p = 1.0 - prod(1.0 - s for s in ascending if s > 0.0)
    n = prod(1.0 + s for s in ascending if s < 0.0) - 1.0
    return 0.0 if min(p, -n) >= 1.0 else round((p + n) / (1.0 - min(p, -n)), 9) + 0.0
