"""Which firings and base facts are the lines of evidence for a conclusion, and what they add up to.

The one place that says "one rule is one line of evidence": engines take certainties from it, answers and proofs lines.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from kzexpert.certainty import combine, is_conflict
from kzexpert.model import EstablishedFacts, Firing, GroundAtom, Inference, Line, Pattern, Program, Value

__all__ = ["Heights", "Line", "certainty_of", "line_strengths", "lines"]


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

    In a recursive component only the first one counts. Of equally strong ones it is then one whose premises all lie
    lower than the conclusion, so that no proof rests on what it proves.
    """
    stratum = inference.program.stratum_of.get(atom.predicate)
    recursive = stratum is not None and stratum.recursive
    inside = stratum.predicates if stratum else ()
    certainty, height = inference.certainty(atom), inference.facts.height

    def rests_on_itself(firing: Firing) -> bool:
        return any(height(premise) >= height(atom) for premise in firing.premises if premise.predicate in inside)

    def order(firing: Firing) -> tuple[float, bool, str, tuple[str, ...]]:
        strength = round(firing.strength, 9) if recursive else firing.strength
        circular = recursive and strength == certainty and rests_on_itself(firing)
        return (-abs(strength), circular, firing.rule.id, firing.binding_text)

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
        ordered[1:] = [replace(line, counts=False) for line in ordered[1:]]
    return tuple(ordered)


class Heights:
    """The steps that the lowest best proof of a fact has inside its recursive component; see DESIGN §4, "Premises".

    A best proof is one as strong as the fact is certain. The height is 0 where a recorded fact gives the certainty, or
    a firing without premises inside the component; else one more than the highest premise of the lowest best firing.
    Outside of recursive components it is 0. Heights are found when they are asked for, and kept.

    Args:
        firings: gives those of a conclusion. Which fact they name as the premise of a condition that several may
            satisfy is not looked at.
        facts: tells which may.
    """

    def __init__(
        self,
        program: Program,
        certainties: Mapping[str, Mapping[tuple[Value, ...], float]],
        firings: Callable[[GroundAtom], Sequence[Firing]],
        facts: EstablishedFacts,
    ) -> None:
        self._program = program
        self._certainties = certainties
        self._firings = firings
        self._facts = facts
        self._inside = {name: frozenset(one.predicates) for name, one in program.stratum_of.items() if one.recursive}
        self._known: dict[GroundAtom, int] = {}
        self._options: dict[Pattern, tuple[GroundAtom, ...]] = {}
        self._chosen: dict[Pattern, GroundAtom] = {}

    def height(self, atom: GroundAtom) -> int:
        """The height of a fact or conclusion."""
        if atom.predicate not in self._inside:
            return 0
        if atom not in self._known:
            self._find(atom)
        return self._known[atom]

    def chosen(self, firing: Firing) -> Firing:
        """The firing with the premises that count: of the strongest facts behind a condition the lowest, of equally
        low ones the first by text.
        """
        inside = self._inside.get(firing.conclusion.predicate, frozenset())
        if not any(pattern.relation in inside and pattern.open for pattern in firing.rule.matches):
            return firing
        values = firing.values
        premises = tuple(
            self._choice(pattern.instance(values)) if pattern.relation in inside else premise
            for pattern, premise in zip(firing.rule.matches, firing.premises, strict=True)
        )
        return replace(firing, premises=premises)

    def _choice(self, pattern: Pattern) -> GroundAtom:
        if pattern not in self._chosen:
            options = self._strongest(pattern)
            self._chosen[pattern] = min(options, key=lambda atom: (self.height(atom), str(atom)))
        return self._chosen[pattern]

    def _strongest(self, pattern: Pattern) -> tuple[GroundAtom, ...]:
        """The most certain of the facts that match."""
        found = self._options.get(pattern)
        if found is None:
            if pattern.ground is not None:
                return (pattern.ground,)
            rows = self._facts.rows(pattern, {})
            known = self._facts.relations[pattern.relation]
            most = max(known[args] for args in rows)
            found = tuple(GroundAtom(pattern.predicate, args) for args in rows if known[args] == most)
            self._options[pattern] = found
        return found

    def _find(self, atom: GroundAtom) -> None:
        """Find the height of a fact, and of all below it: breadth first from what has none of the component below it.

        Any of the most certain facts may be a premise, so that the first of them to be reached is.
        """
        inside = self._inside[atom.predicate]
        waiting: dict[GroundAtom, list[tuple[GroundAtom, set[Pattern], Pattern]]] = {}
        levels: dict[int, list[GroundAtom]] = {}
        pending, seen = deque([atom]), {atom}
        while pending:
            current = pending.popleft()
            if current in self._known:
                levels.setdefault(self._known[current], []).append(current)
                continue
            certainty = self._certainties[current.predicate][current.args]
            base = self._program.base.get(current.predicate, {}).get(current.args)
            if base is not None and base.certainty == certainty:
                levels.setdefault(0, []).append(current)
                continue
            for firing in self._firings(current):
                if round(firing.strength, 9) != certainty:
                    continue
                values = firing.values
                unmet = {item.instance(values) for item in firing.rule.matches if item.relation in inside}
                if not unmet:
                    levels.setdefault(0, []).append(current)
                for pattern in unmet:
                    for option in self._strongest(pattern):
                        waiting.setdefault(option, []).append((current, unmet, pattern))
                        if option not in seen:
                            seen.add(option)
                            pending.append(option)
        height = 0
        while levels:
            for current in levels.pop(height, ()):
                if self._known.setdefault(current, height) == height:
                    for conclusion, unmet, pattern in waiting.pop(current, ()):
                        if pattern in unmet:
                            unmet.discard(pattern)
                            if not unmet:
                                levels.setdefault(height + 1, []).append(conclusion)
            height += 1
