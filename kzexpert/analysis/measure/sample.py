"""Judged cases as arrays, and which of them are held out."""

import re
from collections.abc import Callable, Sequence
from hashlib import sha256

import numpy as np

from kzexpert.analysis.measure.curves import Places
from kzexpert.analysis.measure.judgements import Judged
from kzexpert.analysis.measure.scores import Numbers
from kzexpert.analysis.measure.yardstick import Outcome, Yard
from kzexpert.errors import Issue, KnowledgeBaseError, Location, UsageError
from kzexpert.language.nearest import did_you_mean

__all__ = ["Sample", "check_sample", "cluster_argument", "held_out"]

_BY, _HOLD_OUT = "--by", "--hold-out"
_FORMS = "a share of clusters, 20%; years, 2006..2008; or values of an argument, state=Cuba,Poland"


class Sample:
    """Judged cases, at least one.

    Attributes:
        by: the argument whose values keep cases together.
        clusters: its value, for each case.
        groups: the value of the rival argument, for each case.
        numbers: the number of its group, for each case.
        lines: lines for minus lines against.
    """

    def __init__(self, yard: Yard, cases: Sequence[Judged], by: str) -> None:
        self.yard, self.cases, self.by = yard, tuple(cases), by
        self.right: Numbers = np.array([float(case.right) for case in cases])
        self.certainties: Numbers = np.array([case.certainty for case in cases])
        self.lines: Numbers = np.array([case.balance for case in cases], dtype=float)
        self.clusters = [yard.value(case.outcome, by) for case in cases]
        self.groups = [yard.value(case.outcome, yard.rival) if yard.rival else "" for case in cases]
        self.numbers: Places = np.unique(np.asarray(self.groups), return_inverse=True)[1]

    def chosen(self, wanted: Callable[[Outcome], bool]) -> "Sample | None":
        """The cases that are wanted; None where there are none."""
        cases = [case for case in self.cases if wanted(case.outcome)]
        return Sample(self.yard, cases, self.by) if cases else None


def check_sample(sample: Sample | None, what: str) -> Sample:
    """Make sure that something can be measured on a sample.

    Raises:
        KnowledgeBaseError: there are no cases, or all were right, or none (KZ704).
    """
    if sample is None:
        message = f"no case is left to {what}"
        raise KnowledgeBaseError(Issue("KZ704", message, hint="hold out less, or look at other days"))
    if sample.right.all() or not sample.right.any():
        share = "every case" if sample.right.all() else "no case"
        message = f"{share} of {sample.yard.predicate} was right, so there is nothing to tell apart"
        raise KnowledgeBaseError(
            Issue("KZ704", message, hint="outcomes need cases that were right and cases that were not")
        )
    return sample


def cluster_argument(yard: Yard, by: str | None) -> str:
    """The argument whose values keep cases together: the one given, else the first that is not the rival one.

    Raises:
        UsageError: there is none of that name (KZ307).
    """
    if by is None:
        return next((name for name in yard.names if name != yard.rival), yard.names[0])
    if by not in yard.names:
        hint = did_you_mean(by, yard.names) or f"the outcomes of {yard.predicate} have {', '.join(yard.names)}"
        raise UsageError(Issue("KZ307", f"the outcomes of {yard.predicate} have no argument {by}", Location(_BY), hint))
    return by


def held_out(yard: Yard, by: str, text: str | None) -> Callable[[Outcome], bool]:
    """Which outcomes ``--hold-out`` keeps back.

    A share takes clusters by the digests of their names: the same ones in every command, whatever else is there.

    Raises:
        UsageError: the text says nothing of that kind (KZ307).
    """
    if text is None:
        return lambda outcome: False
    share = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*%\s*", text)
    years = re.fullmatch(r"\s*([0-9]{4})(?:\.\.([0-9]{4}))?\s*", text)
    values = re.fullmatch(r"\s*([^=]+?)\s*=(.+)", text, re.DOTALL)
    if share and 0.0 < float(share[1]) < 100.0:
        edge = float(share[1]) / 100.0
        return lambda outcome: _place(yard.value(outcome, by)) < edge
    if years:
        first, last = int(years[1]), int(years[2] or years[1])
        return lambda outcome: outcome.day is not None and first <= outcome.day.year <= last
    if values and values[1] in yard.names:
        named = {part.strip() for part in values[2].split(",")}
        unknown = named - {yard.value(outcome, values[1]) for outcome in yard.outcomes}
        if not unknown:
            return lambda outcome: yard.value(outcome, values[1]) in named
        raise _no_hold_out(f"no outcome has {values[1]} {min(unknown)}")
    raise _no_hold_out(f"{text} is not something that can be held out")


def _place(name: str) -> float:
    """Where between 0 and 1 a name falls."""
    return int.from_bytes(sha256(name.encode()).digest()[:8], "big") / 2.0**64


def _no_hold_out(message: str) -> UsageError:
    return UsageError(Issue("KZ307", message, Location(_HOLD_OUT), _FORMS))
