"""What comes of a base as it stands: its conclusions, what is wrong with its tables, which cases its rules serve.

All of it takes seconds, so that an editor shows it when it is there, and never waits for it.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from time import perf_counter
from typing import TypeAlias

import msgspec

from kzexpert.analysis.cases import open_case
from kzexpert.authoring.language_server.base import State
from kzexpert.authoring.mutation.coverage import rested_on
from kzexpert.authoring.mutation.trials import CaseTrial
from kzexpert.certainty import established
from kzexpert.engines import Settings, engine, for_engine, settled, table_issues
from kzexpert.engines.settings import Limits
from kzexpert.errors import Issue, KzexpertError, Location
from kzexpert.model import Case, GroundAtom, KnowledgeBase
from kzexpert.program.snapshot import snapshot

__all__ = ["Calm", "Findings", "Trials", "findings", "trials"]

#: Waits until nobody has typed for a while.
Calm: TypeAlias = Callable[[], None]
#: Seconds that conclusions, and that the cases of a base, may take.
_MOST_SECONDS, _MOST_FOR_CASES = 30.0, 60.0
#: Conclusions of a predicate that are shown.
_SHOWN = 3


class Findings(msgspec.Struct, frozen=True):
    """What follows from the facts and rules.

    Attributes:
        as_of: the day.
        known: predicate → how many facts and conclusions are established.
        first: predicate → the most certain of them, as text.
        firings: rule id → how often it fired.
        issues: what is wrong with the rows of tables.
    """

    as_of: str
    known: Mapping[str, int]
    first: Mapping[str, tuple[str, ...]]
    firings: Mapping[str, int]
    issues: tuple[Issue, ...] = ()


class Trials(msgspec.Struct, frozen=True):
    """Which cases rest on which rules.

    Attributes:
        cases: rule id → the ids of the cases of which a wanted answer rests on it.
        failed: ids of cases that did not come out as wanted.
        whole: whether all cases were run; else there was no time for all.
    """

    cases: Mapping[str, tuple[str, ...]]
    failed: tuple[str, ...]
    whole: bool


def findings(state: State, calm: Calm) -> Findings:
    """Infers all that follows, once nobody types.

    Raises:
        KzexpertError: the rules conclude too much, or a table cannot be read.
    """
    calm()
    issues = table_issues(state.kb)
    row = settled("auto", state.kb)
    settings = Settings(limits=Limits(seconds=_MOST_SECONDS))
    inference = engine(row.name, settings=settings).infer(snapshot(for_engine(state.kb, row.name, settings)))
    with closing(inference.facts):
        known, first = {}, {}
        for predicate in state.kb.predicates:
            rows = inference.certainties.get(predicate.name, {})
            sure = sorted(((-value, args) for args, value in rows.items() if established(value)), key=str)
            known[predicate.name] = len(sure)
            shown = sorted(sure, key=lambda item: item[0])[:_SHOWN]
            first[predicate.name] = tuple(f"{GroundAtom(predicate.name, args)} {-value:.2f}" for value, args in shown)
        firings = Counter(item.rule.id for found in inference.firings.values() for item in found)
    return Findings(inference.program.as_of.isoformat(), known, first, firings, tuple(issues))


def trials(state: State, calm: Calm) -> Trials:
    """Runs the cases, none of them while somebody types.

    Raises:
        KzexpertError: a table cannot be read.
    """
    kb = for_engine(state.kb, "experta")
    rules = {rule.location: rule.id for rule in kb.rules}
    resting: dict[str, list[str]] = {}
    failed: list[str] = []
    left, spent = list(reversed(state.cases)), 0.0
    while left and spent < _MOST_FOR_CASES:
        calm()
        case, start = left.pop(), perf_counter()
        try:
            bearing = _bearing(kb, case)
        except KzexpertError as error:
            failed += [] if any(issue.code == case.want_error for issue in error.issues) else [case.id]
            bearing = set()
        failed += [case.id] if bearing is None else []
        for name in {rules[place] for place in bearing or () if place in rules}:
            resting.setdefault(name, []).append(case.id)
        spent += perf_counter() - start
    cases = {rule: tuple(ids) for rule, ids in resting.items()}
    return Trials(cases, tuple(failed), whole=not left)


def _bearing(kb: KnowledgeBase, case: Case) -> set[Location] | None:
    """Where the rules stand that the wanted answers of a case rest on; None where it does not come out as it wants.

    Raises:
        KzexpertError: what the case adds or asks is at fault.
    """
    infer = engine("experta").infer
    ready = open_case(kb, case, lambda own: for_engine(own, "experta"))
    inference = infer(ready.program)
    if ready.differences(ready.answers(inference)):
        return None
    return {*rested_on(CaseTrial(ready, inference, infer))} if ready.question else set()
