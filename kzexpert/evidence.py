"""Which firings and base facts are the lines of evidence for a conclusion, and what they add up to.

The one place that says "one family is one line of evidence": engines take certainties from it, proofs take lines.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeAlias

from msgspec.structs import replace

from kzexpert.certainty import combine, is_conflict
from kzexpert.model import (
    Aggregate,
    EstablishedFacts,
    Firing,
    GroundAtom,
    Inference,
    Line,
    Pattern,
    Program,
    RelationKey,
    Value,
)
from kzexpert.model.evaluation import Rising, rising

__all__ = ["Heights", "Line", "certainty_of", "enough_below", "line_strengths", "lines"]

#: Lines of evidence are sorted by strength, how far they are circular, rule, binding and variant.
_Order: TypeAlias = tuple[float, int, str, tuple[str, ...], int]


def line_strengths(firings: Sequence[Firing], base: float | None) -> list[float]:
    """The strength of each line of evidence, which is that of its strongest firing; see `Firing.line`.

    Args:
        base: the certainty of the base fact of the same statement, if there is one.
    """
    if base is None and len(firings) == 1:
        return [firings[0].strength]
    strongest: dict[Hashable, float] = {}
    for firing in firings:
        key = firing.line
        if abs(firing.strength) > abs(strongest.get(key, 0.0)):
            strongest[key] = firing.strength
    return [*([] if base is None else [base]), *strongest.values()]


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
    lower than the conclusion, so that no proof rests on what it proves; where an aggregate needs more than lies lower,
    one whose other premises do. What then establishes the conclusion is a weaker firing, a line of its own if need be.
    """
    stratum = inference.program.stratum_of.get(atom.predicate)
    recursive = stratum is not None and stratum.recursive
    inside = stratum.predicates if stratum else ()
    certainty, height = inference.certainty(atom), inference.facts.height
    founded = not recursive or certainty is None or height(atom) < _UNFOUNDED

    def rests_on_itself(firing: Firing) -> int:
        if any(height(premise) >= height(atom) for premise in firing.premises if premise.predicate in inside):
            return 2
        return any(enough_below(inference, firing, aggregate) is None for aggregate in rising(firing.rule, inside))

    def order(firing: Firing) -> _Order:
        strength = round(firing.strength, 9) if recursive else firing.strength
        circular = rests_on_itself(firing) if recursive and strength == certainty else 0
        return (-abs(strength), circular, firing.rule.id, firing.binding_text, firing.rule.variant)

    groups: dict[Hashable, list[Firing]] = {}
    for firing in sorted(inference.firings.get(atom, ()), key=order):
        weaker = not founded and round(firing.strength, 9) != certainty
        groups.setdefault((firing.line, weaker), []).append(firing)
    found: list[tuple[_Order, Line]] = [
        (order(first), Line(first.strength, first, others=tuple(others))) for first, *others in groups.values()
    ]
    base = inference.program.base.get(atom.predicate, {}).get(atom.args)
    if base is not None:
        found.append(((-base.certainty, 0, "", (), 0), Line(base.certainty, base=base)))
    ordered = [line for _, line in sorted(found, key=lambda item: item[0])]
    if recursive:
        ordered[1:] = [replace(line, counts=False) for line in ordered[1:]]
    return tuple(ordered)


def enough_below(inference: Inference, firing: Firing, aggregate: Aggregate) -> Callable[[GroundAtom], bool] | None:
    """Which facts an aggregate of a firing rests on, where it looks at the firing's own component.

    Returns:
        Whether a fact lies below the conclusion, where such facts are enough for what the rule asks of the aggregate;
        None where they are not, or where the aggregate does not look at its own component: all of its facts count.
    """
    stratum, height = inference.program.stratum_of.get(firing.conclusion.predicate), inference.facts.height
    inside = stratum.predicates if stratum is not None and stratum.recursive else ()
    if aggregate not in rising(firing.rule, inside):
        return None

    def lies_below(atom: GroundAtom) -> bool:
        return atom.predicate not in inside or height(atom) < height(firing.conclusion)

    facts, as_of = inference.facts.established, inference.program.as_of
    counted = Rising(firing.rule, aggregate, firing.values, facts, inside, as_of)
    return None if counted.value(lies_below) is None else lies_below


#: From here on lie the facts that owe their certainty to an aggregate over what rests on them: a weaker proof
#: establishes that, and an aggregate passes no weakness on.
_UNFOUNDED = 1 << 62


class Heights:
    """The steps that the lowest best proof of a fact has inside its recursive component; see DESIGN §4, "Premises".

    A best proof is one as strong as the fact is certain. The height is 0 where a recorded fact gives the certainty, or
    a firing without premises inside the component; else one more than the highest premise of the lowest best firing.
    Where no best firing can do with what lies lower, its aggregates are taken to hold, and the fact lies above all that
    do without this. Outside of recursive components it is 0. Heights are found when they are asked for, and kept.

    Args:
        firings: gives those of a conclusion. Which fact they name as the premise of a condition that several may
            satisfy is not looked at.
        facts: tells which may.
        prepare: told of which conclusions `firings` is asked next, which a database finds at once.
    """

    def __init__(
        self,
        program: Program,
        certainties: Mapping[RelationKey, Mapping[tuple[Value, ...], float]],
        firings: Callable[[GroundAtom], Sequence[Firing]],
        facts: EstablishedFacts,
        prepare: Callable[[Sequence[GroundAtom]], None] = lambda atoms: None,
    ) -> None:
        self._program = program
        self._certainties = certainties
        self._firings = firings
        self._facts = facts
        self._prepare = prepare
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
        low ones the first by text. An aggregate over the component has the value that facts below the conclusion give
        it, where they are enough; else that of all facts.
        """
        inside = self._inside.get(firing.conclusion.predicate, frozenset())
        for aggregate in rising(firing.rule, inside):
            found = self.rising(firing, aggregate)
            value = found.value(partial(self._lies_below, self.height(firing.conclusion)))
            if value is not None:
                place = firing.rule.variables.index(aggregate.variable)
                binding = (*firing.binding[:place], value, *firing.binding[place + 1 :])
                firing = replace(firing, binding=binding)
        if not any(pattern.relation in inside and pattern.open for pattern in firing.rule.matches):
            return firing
        values = firing.values
        premises = tuple(
            self._choice(pattern.instance(values)) if pattern.relation in inside else premise
            for pattern, premise in zip(firing.rule.matches, firing.premises, strict=True)
        )
        return replace(firing, premises=premises)

    def _lies_below(self, height: int, atom: GroundAtom) -> bool:
        return self.height(atom) < height

    def _is_reached(self, height: int, atom: GroundAtom) -> bool:
        return self._known.get(atom, height + 1) <= height

    def rising(self, firing: Firing, aggregate: Aggregate) -> Rising:
        """What an aggregate over the firing's own component counts."""
        inside, as_of = self._inside[firing.conclusion.predicate], self._program.as_of
        return Rising(firing.rule, aggregate, firing.values, self._facts, inside, as_of)

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

    def _by_level(self, pending: list[GroundAtom]) -> Iterator[GroundAtom]:
        """What is pending, then what that adds to it, and so on."""
        while pending:
            level = pending[:]
            pending.clear()
            self._prepare([atom for atom in level if atom not in self._known])
            yield from level

    def _find(self, atom: GroundAtom) -> None:
        """Find the height of a fact, and of all below it: breadth first from what has none of the component below it.

        Any of the most certain facts may be a premise, so that the first of them to be reached is.
        """
        inside = self._inside[atom.predicate]
        waiting: dict[GroundAtom, list[tuple[GroundAtom, set[Pattern | Rising], Pattern]]] = {}
        counting: dict[GroundAtom, list[tuple[GroundAtom, set[Pattern | Rising], Rising]]] = {}
        levels: dict[int, list[GroundAtom]] = {}
        lacking: list[tuple[GroundAtom, set[Pattern | Rising]]] = []
        pending, seen = [atom], {atom}
        for current in self._by_level(pending):
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
                patterns = {item.instance(values) for item in firing.rule.matches if item.relation in inside}
                sums = [self.rising(firing, item) for item in rising(firing.rule, inside)]
                unmet: set[Pattern | Rising] = {*patterns, *sums}
                for found in sums:
                    if found.value(lambda atom: False) is not None:
                        unmet.discard(found)
                if not unmet:
                    levels.setdefault(0, []).append(current)
                elif sums:
                    lacking.append((current, unmet))
                below = [(option, pattern) for pattern in patterns for option in self._strongest(pattern)]
                for option, pattern in below:
                    waiting.setdefault(option, []).append((current, unmet, pattern))
                counted = [(atom, found) for found in sums for _, _, own in found.counted for atom in own]
                for atom_, found in counted:
                    counting.setdefault(atom_, []).append((current, unmet, found))
                for option in (*(option for option, _ in below), *(atom_ for atom_, _ in counted)):
                    if option not in seen:
                        seen.add(option)
                        pending.append(option)
        while levels or lacking:
            if not levels or (
                lacking and min(levels) >= _UNFOUNDED
            ):  # no proof of the others does with what lies lower
                for conclusion, open_ in lacking:
                    open_ -= {item for item in open_ if isinstance(item, Rising)}
                    if not open_ and conclusion not in self._known:
                        levels.setdefault(_UNFOUNDED, []).append(conclusion)
                lacking = []
                continue
            height = min(levels)
            reached = [item for item in levels.pop(height) if self._known.setdefault(item, height) == height]
            for current in reached:
                for conclusion, open_, pattern in waiting.pop(current, ()):
                    if pattern in open_:
                        open_.discard(pattern)
                        if not open_:
                            levels.setdefault(height + 1, []).append(conclusion)
            for current in reached:
                for conclusion, open_, found in counting.pop(current, ()):
                    if found in open_ and found.value(partial(self._is_reached, height)) is not None:
                        open_.discard(found)
                        if not open_:
                            levels.setdefault(height + 1, []).append(conclusion)
