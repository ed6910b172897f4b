"""Which firings and base facts are the lines of evidence for a conclusion, and what they add up to.

The one place that says "one rule is one line of evidence": engines take certainties from it, answers and proofs lines.
"""

from collections.abc import Sequence

import msgspec

from kzexpert.certainty import combine, is_conflict
from kzexpert.model import BaseFact, Firing, GroundAtom, Inference

__all__ = ["Line", "certainty_of", "line_strengths", "lines"]


class Line(msgspec.Struct, frozen=True):
    """One line of evidence for or against a conclusion.

    Attributes:
        strength: −1..1.
        firing: the firing that counts, or None for a base fact.
        base: the base fact, or None for a firing.
        others: further firings of the same rule, which do not add up; the strongest first.
        counts: false where a better proof in a recursive component stands instead.
    """

    strength: float
    firing: Firing | None = None
    base: BaseFact | None = None
    others: tuple[Firing, ...] = ()
    counts: bool = True


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
    """The lines of evidence for a fact or a conclusion, the strongest first (by absolute value, then by text)."""
    by_rule: dict[str, list[Firing]] = {}
    for firing in inference.firings.get(atom, ()):
        by_rule.setdefault(firing.rule.id, []).append(firing)
    found: list[Line] = []
    for firings in by_rule.values():
        firings.sort(key=lambda firing: (-abs(firing.strength), firing.binding_text))
        if firings[0].rule.rule.each:
            found.extend(Line(firing.strength, firing) for firing in firings)
        else:
            found.append(Line(firings[0].strength, firings[0], others=tuple(firings[1:])))
    base = inference.program.base.get(atom.predicate, {}).get(atom.args)
    if base is not None:
        found.append(Line(base.certainty, base=base))
    found.sort(key=_strongest_first)
    stratum = inference.program.stratum_of.get(atom.predicate)
    if stratum is not None and stratum.recursive:
        found[1:] = [Line(line.strength, line.firing, line.base, line.others, counts=False) for line in found[1:]]
    return tuple(found)


def _strongest_first(line: Line) -> tuple[float, str, tuple[str, ...]]:
    if line.firing is None:
        return (-abs(line.strength), "", ())
    return (-abs(line.strength), line.firing.rule.id, line.firing.binding_text)
