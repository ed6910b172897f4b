"""What is certain in each of many worlds that differ from one program in a few facts and rules: all worlds in one pass.

A statement has a spread (see `spreads`). Rules are joined once, over what is established in any world, and conditions
beyond the matches are evaluated once for each set of worlds in which what they look at is the same. So the cost follows
the number of firings and of differences, not that of worlds. It builds no proofs.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from kzexpert.analysis.joint_firings import JointFirings
from kzexpert.analysis.possibilities import Possibilities
from kzexpert.analysis.scenario import Progress, Revision, Scenario, silent
from kzexpert.analysis.spreads import (
    each,
)
from kzexpert.engines.base import Budget, Engine, Meter, collector_at_rest
from kzexpert.model import (
    GroundAtom,
    Pattern,
    Program,
)

__all__ = ["outcomes", "with_facts"]

#: So many facts are taken into memory, of tables that an engine reads; so many changes are followed in one pass.
_MOST_FACTS, _AT_ONCE = 100_000, 4_096


def with_facts(scenario: Scenario, engine: Engine) -> Program | None:
    """The program of a scenario with its facts at hand, those of tables too; None where these are too many."""
    program = scenario.program()
    if scenario.kb.tables:
        program = engine.infer(program).program
        if sum(map(len, program.base.values())) > _MOST_FACTS:
            return None
        program = replace(program, base={relation: dict(facts.items()) for relation, facts in program.base.items()})
    return program


def outcomes(
    scenario: Scenario,
    program: Program | None,
    changes: Sequence[Revision],
    pattern: Pattern,
    engine: Engine,
    progress: Progress = silent,
) -> list[dict[GroundAtom, float]]:
    """What is known that matches a pattern after each of some changes, one of which is made at a time.

    Changes that leave out a rule of a recursive component, which may then be none, are left to an engine, one after the
    other.

    Args:
        program: that of the scenario, see `with_facts`; without it, all changes are left to an engine.
        engine: runs programs again.

    Raises:
        BudgetError: there are more firings than the budget allows, or they take too long.
    """
    strata = program.strata if program else ()
    recursive = [rule.rule for stratum in strata if stratum.recursive for rule in stratum.rules]
    apart = [change for change in changes if program is None or any(change.leaves_out(rule) for rule in recursive)]
    left = set(apart)
    together = [change for change in dict.fromkeys(changes) if change not in left]
    found: dict[Revision, dict[GroundAtom, float]] = {}
    while program and len(found) < len(together):
        chunk = together[len(found) : len(found) + _AT_ONCE]
        found.update(zip(chunk, _spread(program, chunk, pattern, engine.budget), strict=True))
    for done, change in enumerate(apart):
        progress(str(change), done, len(apart))
        inference = engine.infer(scenario.changed(change).program())
        found[change] = {atom: inference.certainty(atom) or 0.0 for atom in inference.facts.matching(pattern)}
    return [found[change] for change in changes]


def _spread(
    program: Program, changes: Sequence[Revision], pattern: Pattern, budget: Budget
) -> list[dict[GroundAtom, float]]:
    known = Possibilities(program, changes)
    meter = Meter(budget, program)
    with collector_at_rest():
        for stratum in program.strata:
            JointFirings(known, stratum, meter).settle()
    found: list[dict[GroundAtom, float]] = [{} for _ in changes]
    for args, spread in known.spreads.get(pattern.relation, {}).items():
        atom = GroundAtom(pattern.predicate, args)
        for certainty, where in spread.items() if pattern.matches(args) else ():
            for world in each(where):
                found[world][atom] = certainty
    return found
