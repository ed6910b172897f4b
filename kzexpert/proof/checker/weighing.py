"""From firings to certainties: lines of evidence, how they combine, and which proof counts where proofs go in circles.

The checker's own arithmetic of DESIGN §4. It joins nothing.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import TypeAlias

import msgspec

from kzexpert.model import Value, format_value
from kzexpert.proof.checker.recorded import Args, Recorded
from kzexpert.proof.checker.rules import CheckedRule

__all__ = [
    "LIKELIHOODS",
    "THRESHOLD",
    "CheckedConclusion",
    "CheckedFiring",
    "CheckedLine",
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
    fired: Mapping[Statement, Sequence[CheckedFiring]], recorded: Mapping[Statement, Recorded], recursive: bool
) -> dict[Statement, CheckedConclusion]:
    """What the conclusions of a group of predicates come to.

    Args:
        fired: every conclusion with all its firings.
        recorded: the facts in force of the same predicates.
        recursive: the best proof counts, and lines do not add up.
    """
    ranks = _ranks(fired, recorded) if recursive else {}
    return {
        statement: _weighed(statement, firings, recorded.get(statement), ranks if recursive else None)
        for statement, firings in fired.items()
    }


def _weighed(
    statement: Statement,
    firings: Sequence[CheckedFiring],
    recorded: Recorded | None,
    ranks: Mapping[Statement, int] | None,
) -> CheckedConclusion:
    """One conclusion. `ranks`: None where lines add up."""
    best = _best(firings, recorded)

    def order(firing: CheckedFiring) -> tuple[float, bool, str, tuple[str, ...]]:
        """By strength, then those that do not rest on what they conclude, then by text."""
        circular = ranks is not None and round(firing.strength, 9) == best and _is_circular(statement, firing, ranks)
        return (-abs(firing.strength), circular, firing.rule.rule.id, firing.texts)

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
    if ranks is not None:
        kept = [found[0], *(msgspec.structs.replace(line, counts=False) for line in found[1:])]
        return CheckedConclusion(best, conflict=False, best=True, lines=tuple(kept))
    strengths = [line.strength for line in found]
    conflict = max(strengths) >= 1.0 and min(strengths) <= -1.0
    return CheckedConclusion(combined(strengths), conflict, best=False, lines=tuple(found))


def _best(firings: Sequence[CheckedFiring], recorded: Recorded | None) -> float:
    strongest = max(firing.strength for firing in firings)
    return round(strongest if recorded is None else max(strongest, recorded.certainty), 9)


def _ranks(
    fired: Mapping[Statement, Sequence[CheckedFiring]], recorded: Mapping[Statement, Recorded]
) -> dict[Statement, int]:
    """How many steps the shortest of the best proofs of each statement takes; breadth first."""
    ranks: dict[Statement, int] = {}
    reached: deque[Statement] = deque()

    def reach(statement: Statement, rank: int) -> None:
        if statement not in ranks:
            ranks[statement] = rank
            reached.append(statement)

    for statement, record in recorded.items():
        if statement not in fired or record.certainty == _best(fired[statement], record):
            reach(statement, 0)
    waiting: dict[Statement, list[tuple[Statement, set[Statement]]]] = {}
    for statement, firings in fired.items():
        best = _best(firings, recorded.get(statement))
        for firing in firings:
            if round(firing.strength, 9) == best:
                premises = ((relation, args) for relation, args, _ in firing.premises)
                lacking = {premise for premise in premises if premise in fired or premise in recorded}
                if not lacking:
                    reach(statement, 0)
                for premise in lacking:
                    waiting.setdefault(premise, []).append((statement, lacking))
    while reached:
        current = reached.popleft()
        for statement, lacking in waiting.get(current, ()):
            lacking.discard(current)
            if not lacking:
                reach(statement, ranks[current] + 1)
    return ranks


def _is_circular(statement: Statement, firing: CheckedFiring, ranks: Mapping[Statement, int]) -> bool:
    """Whether a premise was not there before the conclusion."""
    last = ranks.get(statement, 0)
    return any(ranks.get((relation, args), -1) >= last for relation, args, _ in firing.premises)


def combined(strengths: Iterable[float]) -> float:
    """Certainty factors combined as in EMYCIN: (p + n) / (1 − min(p, −n)), rounded to 9 decimals.

    p = 1 − ∏(1 − s) over those above 0, n = ∏(1 + s) − 1 over those below, both products in ascending order. Certain
    evidence on both sides gives 0.
    """
    ascending = sorted(strengths)
    p = 1.0 - prod(1.0 - s for s in ascending if s > 0.0)
    n = prod(1.0 + s for s in ascending if s < 0.0) - 1.0
    return 0.0 if min(p, -n) >= 1.0 else round((p + n) / (1.0 - min(p, -n)), 9) + 0.0
