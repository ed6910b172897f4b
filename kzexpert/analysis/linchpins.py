"""What a conclusion hangs on: how certain it would be without each fact, source and rule that bears on it.

That is more than its proof: a fact that holds back evidence against stands in none. One thing is taken away at a time,
so that two facts which stand in for each other both show no effect.
"""

from collections import Counter
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from itertools import islice
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from kzexpert.analysis.scenario import Progress, Revision, Scenario, silent
from kzexpert.analysis.worlds import outcomes, with_facts
from kzexpert.certainty import established, evidence_word
from kzexpert.engines.base import Engine
from kzexpert.model import BaseFact, GroundAtom, Inference, Pattern, ProgramRule
from kzexpert.proof.answers import ranked
from kzexpert.proof.document import Asked
from kzexpert.proof.lineage import asked, lineage
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
        other_word: the word for the evidence would be another.
        facts, rules: with a source, how many of the facts and rules that are told of cite it.
    """

    kind: Literal["fact", "source", "rule"]
    name: str
    says: str
    certainty: float
    evidence: str
    change: float
    falls: bool
    other_word: bool
    facts: int = 0
    rules: int = 0


class Margin(msgspec.Struct, frozen=True):
    """How far the certainty of a rule can move, all else being equal, before the word for the evidence changes.

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
        single_source: the only source that these facts and rules cite; empty where there are several, or a fact that
            cites none.
        facts, rules: those of the proof, and others whose withdrawal changes the conclusion.
    """

    conclusion: str
    says: str
    certainty: float
    evidence: str
    single_source: str
    facts: tuple[Effect, ...]
    sources: tuple[Effect, ...]
    rules: tuple[Effect, ...]
    margins: tuple[Margin, ...]


class Linchpins(Asked, frozen=True, tag_field="schema", tag="kzexpert.linchpins/1"):
    """What each established conclusion that answers a question hangs on.

    Attributes:
        read_as: how a question that led here was read, in words; not set where none did.
        command: the command line that it led to; set with `read_as`.
    """

    conclusions: tuple[Hanging, ...]
    read_as: str | UnsetType = UNSET
    command: str | UnsetType = UNSET


def linchpins(
    inference: Inference, question: Question, engine: Engine, progress: Progress = silent, *, margins: bool = True
) -> Linchpins:
    """What the answers to a question hang on.

    Args:
        engine: runs programs again.
        margins: whether to look how far the certainty of each rule can move, which takes most of the time.
    """
    answers = [known.atom for known in ranked(inference, question)]
    found = [atom for atom in answers if established(inference.certainty(atom) or 0.0)]
    return Linchpins(
        *asked(inference, question),
        tuple(hangs_on(inference, atom, engine, progress, margins=margins) for atom in found),
    )


def hangs_on(
    inference: Inference, atom: GroundAtom, engine: Engine, progress: Progress = silent, *, margins: bool = True
) -> Hanging:
    """What one fact or conclusion hangs on.

    Raises:
        KeyError: nothing is known of it.
    """
    return _Trial(inference, atom, engine, progress).hanging(margins)


class _Trial:
    """One conclusion, and what it would be with one thing taken away or moved."""

    def __init__(self, inference: Inference, atom: GroundAtom, engine: Engine, progress: Progress) -> None:
        below = lineage(inference, [atom])
        known = inference.certainty(atom)
        if known is None:
            raise KeyError(str(atom))
        self.atom = atom
        self.certainty = known
        self.pattern = Pattern.of(atom.predicate, atom.args)
        self.kb = inference.program.kb
        self.scenario = Scenario.of(inference.program).about(self.pattern, settled=True)
        self.program = with_facts(self.scenario, engine)
        self.recursive = atom in below.judgements and below.judgements[atom].best
        self.engine = engine
        self.progress = progress
        self.proof_facts = {fact.atom: fact for fact in below.records.values()}
        self.proof_rules = {firing.rule.id: firing.rule for firing in below.firings}

    def hanging(self, margins: bool) -> Hanging:
        facts, rules = dict(self.proof_facts), dict(self.proof_rules)
        if self.program:
            facts |= {fact.atom: fact for known in self.program.base.values() for fact in known.values()}
            rules |= {rule.id: rule for rule in self.program.rules.values()}
        names = sorted({source for source, _ in _citations(facts.values(), rules.values())})
        ordered = sorted(facts, key=str)
        changes = [Revision(without=frozenset([atom])) for atom in ordered]
        changes += [Revision(source=name) for name in names] + [Revision(rule=name) for name in sorted(rules)]
        without = iter(self.certainties(changes))
        by_fact = {atom: next(without) for atom in ordered}
        by_source = {name: next(without) for name in names}
        by_rule = {name: next(without) for name in sorted(rules)}
        # What has no effect alone is told only of the proof, where one would expect it.
        facts = {atom: fact for atom, fact in facts.items() if self.moves(by_fact[atom]) or atom in self.proof_facts}
        rules = {name: rule for name, rule in rules.items() if self.moves(by_rule[name]) or name in self.proof_rules}
        cited = Counter(_citations(facts.values(), rules.values()))
        sources = {name for name, _ in cited} | {name for name in names if self.moves(by_source[name])}
        return Hanging(
            str(self.atom),
            says(self.kb, self.atom),
            self.certainty,
            evidence_word(self.certainty),
            _only_source(facts.values(), sources),
            _by_effect(self.effect("fact", str(atom), says(self.kb, atom), by_fact[atom]) for atom in facts),
            _by_effect(
                self.effect(
                    "source",
                    name,
                    self.kb.source[name].title if name in self.kb.source else "",
                    by_source[name],
                    cited[name, "fact"],
                    cited[name, "rule"],
                )
                for name in sources
            ),
            _by_effect(self.effect("rule", name, rule.rule.title, by_rule[name]) for name, rule in rules.items()),
            self.margins([rules[name] for name in sorted(rules)]) if margins else (),
        )

    def certainties(self, changes: Sequence[Revision]) -> list[float]:
        """Of the conclusion, after each of some changes."""
        found = outcomes(self.scenario, self.program, changes, self.pattern, self.engine, self.progress)
        return [known.get(self.atom, 0.0) for known in found]

    def moves(self, certainty: float) -> bool:
        return certainty != self.certainty

    def effect(
        self, kind: Literal["fact", "source", "rule"], name: str, sentence: str, certainty: float, *cited: int
    ) -> Effect:
        return Effect(
            kind=kind,
            name=name,
            says=sentence,
            certainty=certainty,
            evidence=evidence_word(certainty),
            change=round(certainty - self.certainty, 9) + 0.0,
            falls=established(self.certainty) and not established(certainty),
            other_word=evidence_word(certainty) != evidence_word(self.certainty),
            **dict(zip(("facts", "rules"), cited, strict=False)),
        )

    # --- how far rules can move ---------------------------------------------------------------------------------------

    def margins(self, rules: Sequence[ProgramRule]) -> tuple[Margin, ...]:
        """How far each rule can move. The searches go on side by side, so that one pass serves a step of all."""
        searches = {(rule.id, end): self.search(rule, end) for rule in rules for end in (-1, 1)}
        asked = {key: next(search, ()) for key, search in searches.items()}
        found: dict[tuple[str, int], tuple[float, str]] = {}
        while len(found) < len(searches):
            changes = [
                Revision(rule=name, certainty=certainty)
                for (name, end), probes in asked.items()
                for certainty in probes
            ]
            words = iter([evidence_word(certainty) for certainty in self.certainties(changes)])
            for key, probes in list(asked.items()):
                try:
                    asked[key] = searches[key].send(list(islice(words, len(probes))))
                except StopIteration as stop:
                    found[key] = stop.value
                    del asked[key]
        margins = []
        for rule in rules:
            (lowest, below), (highest, above) = found[rule.id, -1], found[rule.id, 1]
            margins.append(Margin(rule.id, rule.rule.certainty, lowest, highest, below, above))
        return tuple(margins)

    def search(
        self, rule: ProgramRule, end: Literal[-1, 1]
    ) -> Generator[Sequence[float], list[str], tuple[float, str]]:
        """The last certainty of a rule towards one end that keeps the word, and the word behind it.

        Asks for the words at some certainties, again and again.
        """
        kept = rule.rule.certainty
        side = (_EXACT, 1.0) if kept > 0 else (-1.0, -_EXACT)
        last = min(side[0], kept) if end < 0 else max(side[1], kept)
        # Where nothing below the conclusion uses what the rule concludes, certainty moves one way with the rule's.
        direct = rule.head.predicate == self.atom.predicate and not self.recursive
        steps = [last] if direct else [*_steps(kept, last)]
        usual = evidence_word(self.certainty)
        for beyond, word in zip(steps, (yield steps), strict=True):
            if word != usual:
                while abs(beyond - kept) > _EXACT * 1.5:
                    middle = round((kept + beyond) / 2, 2)
                    (there,) = yield [middle]
                    if there == usual:
                        kept = middle
                    else:
                        beyond, word = middle, there
                return kept, word
            kept = beyond
        return kept, ""


def _citations(facts: Iterable[BaseFact], rules: Iterable[ProgramRule]) -> Iterator[tuple[str, str]]:
    """Each source that a fact or a rule cites, and which of the two does; a fact cites one once."""
    for fact in facts:
        yield from ((name, "fact") for name in {row.source.source for row in fact.rows if row.source})
    yield from ((rule.rule.source.source, "rule") for rule in rules if rule.rule.source)


def _only_source(facts: Iterable[BaseFact], sources: Collection[str]) -> str:
    """The one source that all facts cite; empty where there are several, or a fact that cites none."""
    if len(sources) != 1 or not all(any(row.source for row in fact.rows) for fact in facts):
        return ""
    return next(iter(sources))


def _steps(start: float, end: float) -> Iterable[float]:
    """Values from start to end, without the start."""
    count = max(1, round(abs(end - start) / _STEP))
    return [round(start + (end - start) * step / count, 2) for step in range(1, count)] + [end]


def _by_effect(effects: Iterable[Effect]) -> tuple[Effect, ...]:
    return tuple(sorted(effects, key=lambda effect: (-abs(effect.change), effect.name)))
