"""What comes of a base as it stands: its conclusions, what is wrong with its tables, which cases its rules serve.

All of it takes seconds, so that an editor shows it when it is there, and never waits for it.
"""

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from time import perf_counter, sleep

import msgspec

from kzexpert.analysis.cases import run_case
from kzexpert.authoring.language_server.base import State
from kzexpert.certainty import established
from kzexpert.engines import Settings, engine, for_engine, settled, table_issues
from kzexpert.engines.settings import Limits
from kzexpert.errors import Issue
from kzexpert.model import GroundAtom
from kzexpert.program.snapshot import snapshot

__all__ = ["Findings", "Trials", "findings", "trials"]

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
    """Which rules the cases set off.

    Attributes:
        cases: rule id → the ids of the cases in which it fired.
        failed: ids of cases that did not come out as wanted.
        whole: whether all cases were run; else there was no time for all.
    """

    cases: Mapping[str, tuple[str, ...]]
    failed: tuple[str, ...]
    whole: bool


def findings(state: State) -> Findings:
    """Infers all that follows.

    Raises:
        KzexpertError: the rules conclude too much, or a table cannot be read.
    """
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


def trials(state: State) -> Trials:
    """Runs the cases, a breath after each: whoever types goes first.

    Raises:
        KzexpertError: a table cannot be read.
    """
    kb = for_engine(state.kb, "experta")
    run = engine("experta").infer
    began = perf_counter()
    found: dict[str, list[str]] = {}
    failed: list[str] = []
    for case in state.cases:
        start = perf_counter()
        if start - began > _MOST_FOR_CASES:
            break
        result = run_case(kb, case, run, lambda own: for_engine(own, "experta"))
        for rule in result.fired:
            found.setdefault(rule, []).append(case.id)
        failed += [] if result.passed else [case.id]
        sleep(min((perf_counter() - start) / 2, 1.0))
    else:
        return Trials({rule: tuple(ids) for rule, ids in found.items()}, tuple(failed), True)
    return Trials({rule: tuple(ids) for rule, ids in found.items()}, tuple(failed), False)
