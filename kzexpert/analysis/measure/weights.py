"""Judged cases → proposed certainties for the rules that conclude their predicate; nothing is written here.

Certainty factors add up on a scale of their own: with φ(s) = −sign(s) · log(1 − |s|), EMYCIN's combination of lines is
φ⁻¹(Σ φ(sᵢ)). So a logistic regression of what turned out on the lines of evidence gives each rule a weight on that
scale, up to one factor, and this is chosen near the one by which the lines of all cases weigh as much as before. A rule
keeps its sign: one whose weight has the other sign is left as it is and flagged, and the others are fitted without it.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from math import exp, log

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from kzexpert.analysis.measure.assessment import leans
from kzexpert.analysis.measure.curves import Places, curves_of, folds, frequencies
from kzexpert.analysis.measure.judgements import reweighed
from kzexpert.analysis.measure.lessons import Lesson, Lessons, Verdict, Weighing
from kzexpert.analysis.measure.sample import Sample
from kzexpert.analysis.measure.scores import Numbers, auc, brier, estimate
from kzexpert.model import KnowledgeBase, Rule

__all__ = ["SCALE", "lessons"]

#: The certainties that rules take, as docs/certainty-scale.md gives them; 1 is for what is true by definition.
SCALE = (0.3, 0.6, 0.8)
#: In fewer cases than these a rule teaches nothing; in so many folds its sign is wrong, if it is.
_FEWEST, _FOLDS_AGAINST = 20, 0.8
#: All lines together may become so many times heavier or lighter, tried in so many steps each way.
_WIDEST, _STEPS = 3.0, 20
#: A certainty that another one can be written over.
_NUMBER = re.compile(r"""["']?[-+]?[0-9.]""")


class _Fitted(msgspec.Struct, frozen=True):
    """Rule → its certainty as fitted, without those whose weight has the other sign."""

    certainties: Mapping[str, float]
    against: frozenset[str]


def lessons(kb: KnowledgeBase, sample: Sample, held_out: str, digest: str) -> Lessons:
    """What some cases teach.

    Args:
        sample: without what is held out.
        digest: of the rules.

    Raises:
        KnowledgeBaseError: all cases belong to one cluster (KZ704).
    """
    rules = [rule for rule in kb.rules if any(head.predicate == sample.yard.predicate for head in rule.then)]
    table = _Design(sample, rules)
    every = np.arange(len(sample.cases))
    whole = table.fit(every)
    changed, said = np.zeros(len(every)), np.zeros(len(every))
    before = np.zeros(len(every))
    wrong = dict.fromkeys((rule.id for rule in rules), 0)
    count = 0
    for known, asked in folds(sample.clusters):
        fitted = table.fit(known)
        count += 1
        for rule_id in fitted.against:
            wrong[rule_id] += 1
        weights = {
            rule.id: _snapped(rule, fitted.certainties[rule.id]) for rule in rules if rule.id in fitted.certainties
        }
        learned = np.array([reweighed(case, weights) for case in sample.cases])
        changed[asked] = learned[asked]
        said[asked] = _forecast(sample, learned, known, asked)
        before[asked] = _forecast(sample, sample.certainties, known, asked)
    told = [_lesson(kb, table, rule, whole, wrong[rule.id] / count) for rule in rules]
    told.sort(key=lambda item: (item.verdict != "change", item.verdict != "wrong sign", -item.fired, item.id))
    return Lessons(
        predicate=sample.yard.predicate,
        yardstick=sample.yard.words,
        source=sample.yard.source,
        by=sample.by,
        clusters=len(set(sample.clusters)),
        cases=len(every),
        held_out=held_out,
        rules_digest=digest,
        outcomes_digest=sample.yard.digest,
        lessons=tuple(told),
        before=_weighing(sample, sample.certainties, before),
        after=_weighing(sample, changed, said),
        diff=_diff(kb, told),
    )


class _Design:
    """Cases by rules: how certain the premises are of each that counts, and which fired; and the groups of cases."""

    def __init__(self, sample: Sample, rules: Sequence[Rule]) -> None:
        self.sample, self.rules = sample, rules
        shape = len(sample.cases), len(rules)
        held = [[factors.get(rule.id, 0.0) for rule in rules] for factors in (case.counting() for case in sample.cases)]
        self.factors: Numbers = np.array(held).reshape(shape)
        records = [case.rules() for case in sample.cases]
        self.records = np.array([[rule.id in record for rule in rules] for record in records]).reshape(shape)
        self.groups: Numbers = np.eye(int(sample.numbers.max()) + 1)[sample.numbers]

    def fired(self, rule: Rule) -> Places:
        """The cases that a rule bears on."""
        return np.flatnonzero(self.records[:, self.rules.index(rule)])

    def fit(self, places: Places) -> _Fitted:
        """Fit the rules that fired often enough in some cases."""
        factors, right = self.factors[places], self.sample.right[places]
        counts = (factors > 0).sum(axis=0)
        used = [at for at, rule in enumerate(self.rules) if counts[at] >= _FEWEST and abs(rule.certainty) < 1.0]
        against: set[str] = set()
        signs = np.array([1.0 if rule.certainty > 0 else -1.0 for rule in self.rules])
        while used and 0.0 < right.mean() < 1.0:
            columns = np.hstack([factors[:, used] * signs[used], self.groups[places]])
            weights = LogisticRegression(C=1.0, max_iter=1000).fit(columns, right).coef_[0][: len(used)]
            worst = int(weights.argmin())
            if weights[worst] > 0:
                return _Fitted(self._scaled(used, weights, counts, signs), frozenset(against))
            against.add(self.rules[used.pop(worst)].id)
        return _Fitted({}, frozenset(against))

    def _scaled(
        self, used: Sequence[int], weights: Numbers, counts: NDArray[np.intp], signs: Numbers
    ) -> dict[str, float]:
        """Weights as certainties: of the factors that leave lines about as heavy as they are, the one that the steps of
        the scale distort least.
        """
        mass = sum(counts[at] * _phi(abs(self.rules[at].certainty)) for at in used)
        even = mass / float((counts[used] * weights).sum())
        grid = [even * _WIDEST ** (step / _STEPS) for step in range(-_STEPS, _STEPS + 1)]
        factor = min(grid, key=lambda one: (_distortion(one * weights, counts[used]), abs(log(one / even))))
        return {
            self.rules[at].id: float(signs[at] * (1.0 - exp(-factor * weight)))
            for at, weight in zip(used, weights, strict=True)
        }


def _distortion(heights: Numbers, counts: NDArray[np.intp]) -> float:
    """How far, squared and on average, snapping to the scale moves a weight, over the weights."""
    steps = np.array([min((_phi(step) for step in SCALE), key=lambda one: abs(one - height)) for height in heights])
    return round(float((counts * (steps - heights) ** 2).sum() / (counts * heights**2).sum()), 9)


def _phi(strength: float) -> float:
    return -log(1.0 - strength)


def _snapped(rule: Rule, fitted: float) -> float:
    """The nearest certainty of the scale, on the scale on which lines add up."""
    nearest = min(SCALE, key=lambda step: abs(_phi(step) - _phi(min(abs(fitted), 0.999))))
    return nearest if rule.certainty > 0 else -nearest


def _forecast(sample: Sample, certainties: Numbers, known: Places, asked: Places) -> Numbers:
    curves = curves_of([sample.groups[place] for place in known], certainties[known], sample.right[known])
    return frequencies(curves, [sample.groups[place] for place in asked], certainties[asked])


def _weighing(sample: Sample, certainties: Numbers, said: Numbers) -> Weighing:
    ranked = estimate(partial(auc, certainties, sample.right), sample.clusters)
    score = estimate(partial(brier, said, sample.right), sample.clusters)
    return Weighing(ranked, score, tuple(leans(sample, certainties)))


def _lesson(kb: KnowledgeBase, table: _Design, rule: Rule, whole: _Fitted, against: float) -> Lesson:
    sample, own = table.sample, table.fired(rule)
    rates = np.bincount(sample.numbers, sample.right) / np.bincount(sample.numbers)
    fitted = whole.certainties.get(rule.id)
    proposed = None if fitted is None else _snapped(rule, fitted)
    return Lesson(
        id=rule.id,
        certainty=rule.certainty,
        verdict=_verdict(kb, rule, len(own), proposed, against),
        proposed=proposed,
        fitted=None if fitted is None else round(fitted, 4),
        fired=len(own),
        right=float(sample.right[own].mean()) if len(own) else None,
        expected=float(rates[sample.numbers[own]].mean()) if len(own) else None,
        against=against,
    )


def _verdict(kb: KnowledgeBase, rule: Rule, fired: int, proposed: float | None, against: float) -> Verdict:
    if abs(rule.certainty) == 1.0:
        return "by definition"
    if fired < _FEWEST:
        return "too few cases"
    if proposed is None:
        return "wrong sign" if against >= _FOLDS_AGAINST else "says nothing"
    if proposed == rule.certainty:
        return "keep"
    if rule.location.file in kb.used_files:
        return "of a used base"
    return "change" if _NUMBER.match(_written(kb, rule)) else "no plain number"


def _written(kb: KnowledgeBase, rule: Rule) -> str:
    """What stands at the certainty of a rule, to the end of the line; of an anchor or its alias, the anchor."""
    place = rule.marks.get("certainty", rule.location)
    lines = kb.texts.get(place.file, "").splitlines()
    return lines[place.line - 1][place.column - 1 :] if place.line <= len(lines) else ""


def _diff(kb: KnowledgeBase, told: Sequence[Lesson]) -> str:
    """A unified diff of the files of rules, with the record of each rule beside its new certainty."""
    from difflib import unified_diff

    rules = {rule.id: rule for rule in kb.rules}
    texts: dict[str, list[str]] = {}
    for item in told:
        if item.verdict != "change":
            continue
        place = rules[item.id].marks["certainty"]
        lines = texts.setdefault(place.file, kb.texts[place.file].splitlines(keepends=True))
        lines[place.line - 1] = _changed(lines[place.line - 1], place.column - 1, item)
    found: list[str] = []
    for file, lines in sorted(texts.items()):
        found += unified_diff(kb.texts[file].splitlines(keepends=True), lines, file, file)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in found)


def _changed(line: str, column: int, item: Lesson) -> str:
    """A line with another certainty; where nothing follows, with its record as a comment."""
    head, tail = line[:column], line[column:]
    number = tail.split("}")[0].split(",")[0].split()[0]
    rest = tail[len(number) :]
    end = rest[len(rest.rstrip("\r\n")) :]
    if item.right is None or item.expected is None or rest.strip():
        return f"{head}{item.proposed:g}{rest}"
    record = f"right in {item.right:.0%} of {item.fired:,} cases, {item.expected:.0%} expected"
    return f"{head}{item.proposed:g}  # {record}{end}"
