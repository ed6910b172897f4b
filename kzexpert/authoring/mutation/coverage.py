"""What cases assert of each rule: on which of its parts a wanted answer rests, or the lack of one on their failing.

A rule that fires asserts nothing by that. Its conditions count if a wanted answer rests on a firing of it; an
exception, a negation and whatever else must not hold counts if some case fails without it.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from kzexpert.analysis.scenario import Progress, silent
from kzexpert.authoring.mutation.mutants import Change, Mutant, accepted, mutants
from kzexpert.authoring.mutation.survey import noticed_by
from kzexpert.authoring.mutation.trials import CaseTrial
from kzexpert.errors import Location
from kzexpert.evidence import lines
from kzexpert.model import GroundAtom, KnowledgeBase, Rule

__all__ = ["RulePart", "coverage", "rested_on"]


class RulePart(msgspec.Struct, frozen=True):
    """A rule, or what can be left out of it.

    Attributes:
        part: what it is: ``rule``, ``condition``, ``exception``, ``alternative``, ``conclusion``, or an ``item`` of a
            list that stands inside of a condition.
        text: as written; of a rule its id.
        asserted_by: ids of the cases in which a wanted answer rests on it, or else of one that fails without it.
    """

    rule: str
    part: Change
    text: str
    place: Location
    asserted_by: tuple[str, ...]


def coverage(
    kb: KnowledgeBase, rules: Sequence[Rule], trials: Sequence[CaseTrial], progress: Progress = silent
) -> tuple[RulePart, ...]:
    """All parts of some rules, in the order of files and lines."""
    resting: dict[Location, dict[str, None]] = {}
    for trial in trials:
        for place in rested_on(trial):
            resting.setdefault(place, {})[trial.id] = None
    found: list[RulePart] = []
    for done, rule in enumerate(rules):
        progress(f"coverage of {rule.id}", done, len(rules))
        found += (_part(kb, item, trials, resting) for item in mutants(kb, rule) if item.subject)
    return tuple(found)


def _part(
    kb: KnowledgeBase, mutant: Mutant, trials: Sequence[CaseTrial], resting: Mapping[Location, Mapping[str, None]]
) -> RulePart:
    cases = tuple(resting.get(mutant.holds, ())) if mutant.holds else ()
    if not cases and accepted(kb, mutant):
        cases = tuple(filter(None, [noticed_by(kb, mutant, trials)]))
    return RulePart(mutant.rule.id, mutant.change, mutant.subject, mutant.place, cases)


def rested_on(trial: CaseTrial) -> Iterator[Location]:
    """Where the rules stand, and those of their conditions, that the wanted answers of a case rest on."""
    inference = trial.inference
    pending = [atom for atom in inference.facts.matching(trial.pattern) if str(atom) in trial.established]
    seen: set[GroundAtom] = set()
    while pending:
        atom = pending.pop()
        if atom in seen:
            continue
        seen.add(atom)
        for line in lines(inference, atom):
            if line.counts and line.firing:
                yield line.firing.rule.rule.location
                yield from (part.location for item in line.firing.rule.when for part in item.flat)
                pending.extend(line.firing.premises)
