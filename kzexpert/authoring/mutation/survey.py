"""Which mutants of which rules the cases notice."""

import gc
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec

from kzexpert.analysis.cases import Infer, TriedCase
from kzexpert.analysis.scenario import Progress, silent
from kzexpert.authoring.mutation.equivalence import same_because
from kzexpert.authoring.mutation.mutants import Mutant, accepted, mutants
from kzexpert.authoring.mutation.trials import CaseTrial
from kzexpert.model import KnowledgeBase, Rule
from kzexpert.program.order import plan_rule

__all__ = ["MutantResult", "Survey", "noticed_by", "survey", "trials_of"]

#: Makes of a knowledge base with tables what the engine takes.
Prepare: TypeAlias = Callable[[KnowledgeBase], KnowledgeBase]


class MutantResult(msgspec.Struct, frozen=True):
    """How the cases stood up to a mutant.

    Attributes:
        status: ``equivalent`` where it was shown that no facts tell it from its rule.
        by: id of a case that fails; empty where none did.
        why: it is equivalent.
        passes: ids of the cases that reach the rule and pass; none where one fails.
    """

    mutant: Mutant
    status: Literal["noticed", "survived", "equivalent"]
    by: str = ""
    why: str = ""
    passes: tuple[str, ...] = ()


class Survey(msgspec.Struct, frozen=True):
    """All mutants of some rules that are rules, in the order of files and lines.

    Attributes:
        rules: their ids.
        refused: how many more there were, which the checks refuse.
    """

    rules: tuple[str, ...]
    results: tuple[MutantResult, ...]
    refused: int = 0

    def of(self, status: str) -> list[MutantResult]:
        """Those of one status."""
        return [item for item in self.results if item.status == status]

    @property
    def percent(self) -> float:
        """Of the mutants that are not known to be equivalent, how many are noticed; 100 where there are none."""
        noticed, survived = len(self.of("noticed")), len(self.of("survived"))
        return 100.0 * noticed / (noticed + survived) if noticed + survived else 100.0


def trials_of(tried: Iterable[TriedCase], infer: Infer) -> list[CaseTrial]:
    """The cases that ask something and pass, ready for mutants; the garbage collector spares what this takes.

    Args:
        infer: ran them.
    """
    found = [
        CaseTrial(item.ready, item.inference, infer)
        for item in tried
        if item.result.passed and item.ready and item.inference and item.ready.question
    ]
    gc.freeze()
    return found


def survey(
    kb: KnowledgeBase,
    rules: Sequence[Rule],
    trials: Sequence[CaseTrial],
    progress: Progress = silent,
) -> Survey:
    """Try the mutants of some rules on the cases."""
    found: list[MutantResult] = []
    refused = 0
    for done, rule in enumerate(rules):
        progress(f"mutants of {rule.id}", done, len(rules))
        for mutant in mutants(kb, rule):
            if accepted(kb, mutant):
                found.append(_result(kb, mutant, trials))
            else:
                refused += 1
    return Survey(tuple(rule.id for rule in rules), tuple(found), refused)


def _result(kb: KnowledgeBase, mutant: Mutant, trials: Sequence[CaseTrial]) -> MutantResult:
    why = same_because(kb, mutant)
    if why:
        return MutantResult(mutant, "equivalent", why=why)
    case = noticed_by(kb, mutant, trials)
    if case:
        return MutantResult(mutant, "noticed", case)
    return MutantResult(mutant, "survived", passes=tuple(item.id for item in trials if item.reaches(mutant.rule)))


def noticed_by(kb: KnowledgeBase, mutant: Mutant, trials: Iterable[CaseTrial]) -> str:
    """The id of a case that fails with a mutant; "" where none does. Where its rule fires is looked first."""
    variants = plan_rule(kb, mutant.mutated).variants if mutant.mutated else ()
    for trial in sorted(trials, key=lambda trial: mutant.rule.id not in trial.fired):
        same = trial.ready.kb.predicates == kb.predicates
        if trial.notices(mutant, variants if same else None):
            return trial.id
    return ""
