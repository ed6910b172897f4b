"""Which firings and base facts are the lines of evidence for a conclusion, and what they add up to.

The one place that says "one rule is one line of evidence": engines take certainties from it, answers and proofs lines.
"""

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from itertools import count

from kzexpert.certainty import combine, is_conflict
from kzexpert.model import Firing, GroundAtom, Inference, Line

__all__ = ["Line", "certainty_of", "line_strengths", "lines"]


def line_strengths(firings: Sequence[Firing], base: float | None) -> list[float]:
    """The strength of each line: the strongest firing of each rule, every firing of a rule with ``each: true``.

    Args:
        base: the certainty of the base fact of the same statement, if there is one.
    """
    if base is None and len(firings) == 1:
        return [firings[0].strength]
    strongest: dict[str, float] = {}
    strengths = [] if base is None else [base]
    for firing in firings:
        if firing.rule.rule.each:
            strengths.append(firing.strength)
        elif abs(firing.strength) > abs(strongest.get(firing.rule.id, 0.0)):
            strongest[firing.rule.id] = firing.strength
    strengths.extend(strongest.values())
    return strengths


def certainty_of(strengths: list[float], recursive: bool) -> tuple[float, bool]:
    """The certainty of a conclusion, and whether its evidence is in conflict.

    Args:
        recursive: the conclusion belongs to a recursive component, where the best proof counts.
    """
    if recursive:
        return round(max(strengths), 9), False
    certainty = combine(strengths)
    return certainty, certainty == 0.0 and is_conflict(strengths)


def lines(inference: Inference, atom: GroundAtom) -> tuple[Line, ...]:
    """The lines of evidence for a fact or a conclusion, the strongest first (by absolute value, then by text).

    In a recursive component only the first one counts. Of equally strong ones it is then one whose premises were there
    before the conclusion, so that no proof rests on what it proves.
    """
    stratum = inference.program.stratum_of.get(atom.predicate)
    recursive = stratum is not None and stratum.recursive
    certainty = inference.certainty(atom)
    ranks = _ranks(inference, atom, frozenset(stratum.predicates)) if stratum and recursive else {}

    def order(firing: Firing) -> tuple[float, bool, str, tuple[str, ...]]:
        # Only best proofs have ranks: of weaker ones some may be known, by what was asked before.
        circular = recursive and round(firing.strength, 9) == certainty and not _precedes(firing, ranks)
        return (-abs(firing.strength), circular, firing.rule.id, firing.binding_text)

    by_rule: dict[str, list[Firing]] = {}
    for firing in sorted(inference.firings.get(atom, ()), key=order):
        by_rule.setdefault(firing.rule.id, []).append(firing)
    found: list[tuple[tuple[float, bool, str, tuple[str, ...]], Line]] = []
    for firings in by_rule.values():
        if firings[0].rule.rule.each:
            found.extend((order(firing), Line(firing.strength, firing)) for firing in firings)
        else:
            found.append((order(firings[0]), Line(firings[0].strength, firings[0], others=tuple(firings[1:]))))
    base = inference.program.base.get(atom.predicate, {}).get(atom.args)
    if base is not None:
        found.append(((-base.certainty, False, "", ()), Line(base.certainty, base=base)))
    ordered = [line for _, line in sorted(found, key=lambda item: item[0])]
    if recursive:
        ordered[1:] = [Line(line.strength, line.firing, line.base, line.others, counts=False) for line in ordered[1:]]
    return tuple(ordered)


def _precedes(firing: Firing, ranks: Mapping[GroundAtom, int]) -> bool:
    """Whether every premise of a firing inside its recursive component was there before the conclusion."""
    last = ranks.get(firing.conclusion, 0)
    return all(ranks.get(premise, -1) < last for premise in firing.premises)


def _ranks(inference: Inference, atom: GroundAtom, inside: frozenset[str]) -> Mapping[GroundAtom, int]:
    """The rank of a conclusion of a recursive component, and of all below it: the steps of its shortest best proof.

    A best proof is one as strong as the conclusion is certain. Ranks are found in ascending order, as in
    `engines.settling`, and kept with the inference.
    """
    known = inference.facts.ranks
    if atom in known:
        return known
    waiting: dict[GroundAtom, list[tuple[Firing, set[GroundAtom]]]] = {}
    ready: list[tuple[int, int, GroundAtom]] = []
    serial = count()  # keeps the queue from comparing atoms

    def reach(firing: Firing) -> None:
        rank = 1 + max((known[premise] for premise in firing.premises if premise.predicate in inside), default=-1)
        heappush(ready, (rank, next(serial), firing.conclusion))

    seen = {atom}
    pending = [atom]
    while pending:
        current = pending.pop()
        certainty = inference.certainty(current)
        base = inference.program.base.get(current.predicate, {}).get(current.args)
        if base is not None and base.certainty == certainty:
            heappush(ready, (0, next(serial), current))
        for firing in inference.firings.get(current, ()):
            if round(firing.strength, 9) != certainty:
                continue
            unknown = {item for item in firing.premises if item.predicate in inside and item not in known}
            if not unknown:
                reach(firing)
            for premise in unknown:
                waiting.setdefault(premise, []).append((firing, unknown))
                if premise not in seen:
                    seen.add(premise)
                    pending.append(premise)
    while ready:
        rank, _, current = heappop(ready)
        if current in known:
            continue
        known[current] = rank
        for firing, unknown in waiting.get(current, ()):
            unknown.discard(current)
            if not unknown:
                reach(firing)
    return known
