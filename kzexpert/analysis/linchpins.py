"""What a conclusion hangs on: how certain it would be without each fact, source and rule of its proof.

Every number comes from an inference of its own. One thing is taken away at a time, so that two facts which stand in for
each other both show no effect.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal

import msgspec

from kzexpert.analysis.rerun import Infer, Progress, Scenario, as_pattern, silent
from kzexpert.certainty import established, likelihood
from kzexpert.model import GroundAtom, Inference
from kzexpert.proof.answers import ranked
from kzexpert.proof.build import Proof, prove
from kzexpert.questions.question import Question
from kzexpert.questions.sentences import says

__all__ = ["Effect", "Hanging", "Linchpins", "Margin", "hangs_on", "linchpins"]

#: How exactly the turning points of a rule's certainty are found.
_EXACT = 0.01
#: A rule's certainty is first moved in steps of this size. A word that changes and changes back within one is missed.
_STEP = 0.1


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What a conclusion would be without one thing.

    Attributes:
        kind: what is taken away.
        name: the statement, the id of the source or the id of the rule.
        says: the sentence of the fact, the title of the source or of the rule; may be empty.
        certainty: of the conclusion without it.
        change: that minus the certainty with it.
        falls: the conclusion would no longer be established.
        other_word: it would get another likelihood word.
        facts, rules: with a source, how many facts and rules of the proof cite it.
    """

    kind: Literal["fact", "source", "rule"]
    name: str
    says: str
    certainty: float
    likelihood: str
    change: float
    falls: bool
    other_word: bool
    facts: int = 0
    rules: int = 0


class Margin(msgspec.Struct, frozen=True):
    """How far the certainty of a rule can move, all else being equal, before the likelihood word changes.

    Attributes:
        certainty: of the rule as written.
        lowest, highest: the outermost values, to 0.01, at which the word is still the same. They stay on the rule's
            side of zero.
        word_below, word_above: the words beyond them; empty where the certainty can move to the end of its range.
    """

    rule: str
    certainty: float
    lowest: float
    highest: float
    word_below: str
    word_above: str


class Hanging(msgspec.Struct, frozen=True):
    """What one conclusion hangs on; the strongest effect comes first in each list.

    Attributes:
        single_source: the only source that facts and rules of the proof cite; empty where there are several or none.
    """

    conclusion: str
    says: str
    certainty: float
    likelihood: str
    single_source: str
    facts: tuple[Effect, ...]
    sources: tuple[Effect, ...]
    rules: tuple[Effect, ...]
    margins: tuple[Margin, ...]


class Linchpins(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.linchpins/1"):
    """What each established conclusion that answers a question hangs on."""

    question: str
    pattern: str
    as_of: date
    engine: str
    assumed: tuple[str, ...]
    withdrawn: tuple[str, ...]
    conclusions: tuple[Hanging, ...]


def linchpins(
    inference: Inference, question: Question, infer: Infer, progress: Progress = silent, *, margins: bool = True
) -> Linchpins:
    """What the answers to a question hang on.

    Args:
        infer: runs the engine.
        margins: whether to look how far the certainty of each rule can move, which takes most of the time.
    """
    found = [atom for atom in ranked(inference, question) if established(inference.certainty(atom) or 0.0)]
    return Linchpins(
        question.text,
        str(question.pattern),
        inference.program.as_of,
        inference.engine,
        inference.program.assumed,
        inference.program.withdrawn,
        tuple(hangs_on(inference, atom, infer, progress, margins=margins) for atom in found),
    )


def hangs_on(
    inference: Inference, atom: GroundAtom, infer: Infer, progress: Progress = silent, *, margins: bool = True
) -> Hanging:
    """What one fact or conclusion hangs on.

    Raises:
        KeyError: nothing is known of it.
    """
    return _Trial(inference, prove(inference, atom), infer, progress).hanging(margins)


class _Trial:
    """One conclusion, run again and again with one thing taken away or moved."""

    def __init__(self, inference: Inference, proof: Proof, infer: Infer, progress: Progress) -> None:
        self.atom = proof.conclusion
        self.certainty = proof.root.certainty
        self.word = likelihood(self.certainty)
        self.kb = inference.program.kb
        self.scenario = Scenario.of(inference.program).about(as_pattern(self.atom))
        self.recursive = proof.root.best_only
        self.infer = infer
        self.progress = progress
        self.done = self.total = 0
        nodes = proof.nodes.values()
        self.facts = sorted((node for node in nodes if node.base), key=lambda node: str(node.atom))
        rules = {step.firing.rule.id: step.firing.rule for node in nodes for step in node.steps}
        self.rules = [rules[name] for name in sorted(rules)]

    def hanging(self, margins: bool) -> Hanging:
        cited = self.cited()
        self.total = len(self.facts) + len(cited) + len(self.rules) * (2 if margins else 1)
        facts = [
            self.effect("fact", str(node.atom), node.says, self.scenario.withdrawing([node.atom]))
            for node in self.facts
        ]
        sources = [self.source_effect(name, *counts) for name, counts in cited.items()]
        rules = [
            self.effect("rule", rule.id, rule.rule.title, self.scenario.without_rule(rule.id)) for rule in self.rules
        ]
        return Hanging(
            str(self.atom),
            says(self.kb, self.atom),
            self.certainty,
            self.word,
            next(iter(cited)) if len(cited) == 1 else "",
            _by_effect(facts),
            _by_effect(sources),
            _by_effect(rules),
            tuple(self.margins()) if margins else (),
        )

    def cited(self) -> dict[str, tuple[int, int]]:
        """Source → how many facts and how many rules of the proof cite it."""
        of_facts = [{row.source.source for row in node.base.rows if row.source} for node in self.facts if node.base]
        of_rules = [rule.rule.source.source for rule in self.rules if rule.rule.source]
        names = sorted(set(of_rules).union(*of_facts))
        return {name: (sum(name in found for found in of_facts), of_rules.count(name)) for name in names}

    def source_effect(self, name: str, facts: int, rules: int) -> Effect:
        source = self.kb.source.get(name)
        effect = self.effect("source", name, source.title if source else "", self.scenario.without_source(name))
        return msgspec.structs.replace(effect, facts=facts, rules=rules)

    def effect(self, kind: Literal["fact", "source", "rule"], name: str, sentence: str, scenario: Scenario) -> Effect:
        self.progress(f"without {name}", self.done, self.total)
        self.done += 1
        certainty = self.certainty_in(scenario)
        return Effect(
            kind=kind,
            name=name,
            says=sentence,
            certainty=certainty,
            likelihood=likelihood(certainty),
            change=round(certainty - self.certainty, 9) + 0.0,
            falls=established(self.certainty) and not established(certainty),
            other_word=likelihood(certainty) != self.word,
        )

    def certainty_in(self, scenario: Scenario) -> float:
        return self.infer(scenario.program()).certainty(self.atom) or 0.0

    # --- how far rules can move ---------------------------------------------------------------------------------------

    def margins(self) -> Iterator[Margin]:
        for rule in self.rules:
            self.progress(f"moving the certainty of {rule.id}", self.done, self.total)
            self.done += 1
            certainty = rule.rule.certainty
            ends = (_EXACT, 1.0) if certainty > 0 else (-1.0, -_EXACT)
            # Where nothing below the conclusion uses what the rule concludes, certainty moves one way with the rule's.
            direct = rule.head.predicate == self.atom.predicate and not self.recursive
            lowest, word_below = self.turning_point(rule.id, certainty, min(ends[0], certainty), direct)
            highest, word_above = self.turning_point(rule.id, certainty, max(ends[1], certainty), direct)
            yield Margin(rule.id, certainty, lowest, highest, word_below, word_above)

    def turning_point(self, rule_id: str, start: float, end: float, direct: bool) -> tuple[float, str]:
        """The last certainty on the way from start to end that keeps the word, and the word behind it."""

        def word_at(certainty: float) -> str:
            return likelihood(self.certainty_in(self.scenario.with_rule_certainty(rule_id, certainty)))

        kept = start
        for beyond in (end,) if direct else _steps(start, end):
            word = word_at(beyond)
            if word != self.word:
                while abs(beyond - kept) > _EXACT * 1.5:
                    middle = round((kept + beyond) / 2, 2)
                    word_there = word_at(middle)
                    if word_there == self.word:
                        kept = middle
                    else:
                        beyond, word = middle, word_there
                return kept, word
            kept = beyond
        return kept, ""


def _steps(start: float, end: float) -> Iterable[float]:
    """Values from start to end, without the start."""
    count = max(1, round(abs(end - start) / _STEP))
    return [round(start + (end - start) * step / count, 2) for step in range(1, count)] + [end]


def _by_effect(effects: list[Effect]) -> tuple[Effect, ...]:
    return tuple(sorted(effects, key=lambda effect: (-abs(effect.change), effect.name)))
