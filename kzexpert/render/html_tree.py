"""A proof → the trees that a page shows: each statement once, with its lines of evidence, its records and its sources.

It makes values for a template and writes no HTML.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Literal, TypeVar

import msgspec
from msgspec.structs import replace

from kzexpert.certainty import established, evidence_word
from kzexpert.proof.document import (
    EitherPremise,
    FactPremise,
    Row,
    TracedFiring,
    TracedLine,
    TracedPremise,
)
from kzexpert.proof.index import Index
from kzexpert.proof.witnesses import Witnesses
from kzexpert.render.arithmetic import combined_text, multiplied_text
from kzexpert.render.premise_text import with_values
from kzexpert.render.text import further_firings

__all__ = [
    "ArgumentTree",
    "Balance",
    "Branch",
    "CounterEvidence",
    "RuleLine",
    "ShownCondition",
    "ShownLine",
    "Stretch",
    "argument",
    "balance",
    "citations_of",
    "sources_below",
]

_Key = TypeVar("_Key", int, str)

#: How many conclusions nest on a page. What lies deeper is shown further down: browsers nest no more than 512 elements.
DEEPEST = 12
#: A chain of more conclusions is folded.
_LONGEST = 4


class ShownCondition(msgspec.Struct, frozen=True):
    """One condition of a rule, and what satisfied it.

    Attributes:
        written: as the author wrote it.
        kind: that of the premise in the document.
        holds: in atoms and values; for a fact only the window that it was looked for in and its dates, if any.
        branches: the premise, or what an aggregate ranged over.
        inner: of alternatives, the conditions of the one that holds.
    """

    written: str
    kind: str
    holds: str
    branches: tuple["Branch", ...]
    inner: tuple["ShownCondition", ...] = ()

    @property
    def every_inner(self) -> Iterator["ShownCondition"]:
        """The conditions inside, with those inside of them."""
        for item in self.inner:
            yield item
            yield from item.every_inner


class ShownLine(msgspec.Struct, frozen=True):
    """One line of evidence that a rule gives.

    Attributes:
        counts: false where a better proof counts instead.
        reckoned: how its strength comes about, in numbers.
        further: what else fires for it and does not add up, as a sentence.
        facts: the sources of the recorded facts that it rests on, each with the places in it.
        sources: numbers of all sources at or below it.
    """

    because: str
    strength: float
    rule: str
    title: str
    source: str
    at: str
    place: str
    counts: bool
    further: str
    facts: tuple[tuple[str, str], ...]
    reckoned: str
    conditions: tuple[ShownCondition, ...]
    sources: tuple[int, ...]


class Stretch(msgspec.Struct, frozen=True):
    """Steps of a long chain, one after the other; `note` says which step it is, and of those that fold nothing."""

    steps: tuple["Branch", ...]
    note: str


class Branch(msgspec.Struct, frozen=True):
    """A fact or a conclusion where it is shown, or a reference to where that is.

    Attributes:
        id: the anchor of the statement on the page.
        derived: rules conclude it.
        shown: false for a reference; then it has no records and no lines.
        best_only: of its lines of evidence the best one counts.
        favour, against: what the lines for it and those against it come to by themselves.
        sources: numbers of all sources at or below it.
        reckoned: how its lines of evidence combine, in numbers; empty where one line is all.
        chain: where it is the first step of a long chain of conclusions that each rest on the next alone, the others.
    """

    id: str
    says: str
    atom: str
    certainty: float
    evidence: str
    established: bool
    derived: bool
    conflict: bool
    assumed: bool
    shown: bool
    best_only: bool
    favour: float
    against: float
    sources: tuple[int, ...]
    records: tuple[Row, ...] = ()
    lines: tuple[ShownLine, ...] = ()
    reckoned: str = ""
    chain: tuple[Stretch, ...] = ()

    @property
    def supporting(self) -> int:
        """How many lines of evidence count for it."""
        return self._counting(1)

    @property
    def opposing(self) -> int:
        """How many lines of evidence count against it."""
        return self._counting(-1)

    def _counting(self, sign: int) -> int:
        recorded = bool(self.records) and not self.best_only and sign > 0
        return sum(line.counts and line.strength * sign > 0 for line in self.lines) + recorded


class Balance(msgspec.Struct, frozen=True):
    """Lines of evidence that rest on the same sources."""

    sources: tuple[str, ...]
    lines: tuple[ShownLine, ...]


class RuleLine(msgspec.Struct, frozen=True):
    """A line of evidence that a rule gives, and the statement that it is about."""

    branch: Branch
    line: ShownLine


class CounterEvidence(msgspec.Struct, frozen=True):
    """A line of evidence against a statement of the argument."""

    id: str
    says: str
    line: ShownLine


class ArgumentTree(msgspec.Struct, frozen=True):
    """All that a page shows of a proof.

    Attributes:
        proven: a tree for each of what is proven.
        deeper: trees of what lies too deep to nest.
        against: the evidence against what is proven and against what that rests on, in the order of the trees.
        uses: rule → the lines that it gives and that count, in the order of the trees.
        sums: statements with several lines of evidence.
        anchors: statement → the anchor of it on the page.
    """

    proven: tuple[Branch, ...]
    deeper: tuple[Branch, ...]
    against: tuple[CounterEvidence, ...]
    uses: Mapping[str, Sequence[RuleLine]]
    sums: tuple[Branch, ...]
    anchors: Mapping[str, str]


def argument(index: Index, proven: Sequence[str], numbers: Mapping[str, int], witnesses: Witnesses) -> ArgumentTree:
    """The trees of a proof.

    Args:
        witnesses: of the index.
        proven: answers of the document, of which there may be more.
        numbers: source → its number on the page.
    """
    grove = _Grove(index, index.reading_order(proven), numbers, witnesses)
    roots = tuple(grove.branch(name, 0) for name in proven)
    deeper = []
    while grove.postponed:
        name = next(iter(grove.postponed))
        del grove.postponed[name]
        deeper.append(grove.branch(name, 0))
    every = [item for tree in (*roots, *deeper) for item in _every(tree)]
    against: list[CounterEvidence] = []
    uses: dict[str, list[RuleLine]] = {}
    for branch in every:
        for line in branch.lines:
            if line.counts:
                uses.setdefault(line.rule, []).append(RuleLine(branch, line))
                against += [CounterEvidence(branch.id, branch.says, line)] if line.strength < 0 else []
    sums = tuple(branch for branch in every if branch.reckoned)
    return ArgumentTree(roots, tuple(deeper), tuple(against), uses, sums, grove.ids)


def balance(branch: Branch) -> tuple[Balance, ...]:
    """The lines that count for a statement, by the sources of their facts or else of their rules."""
    groups: dict[tuple[str, ...], list[ShownLine]] = {}
    for line in branch.lines:
        if line.counts:
            key = tuple(source for source, _ in line.facts) or ((line.source,) if line.source else ())
            groups.setdefault(key, []).append(line)
    return tuple(Balance(sources, tuple(lines)) for sources, lines in groups.items())


def citations_of(index: Index, name: str) -> Iterator[tuple[Literal["fact", "rule"], str, str]]:
    """What the records of a statement and the rules that conclude it cite: what cites, its name, and the source."""
    fact = index.facts.get(name)
    for row in fact.rows if fact else ():
        if row.source:
            yield "fact", name, row.source
    for _, firing in index.lines(name):
        rule = index.rules[firing.rule]
        if rule.source:
            yield "rule", rule.id, rule.source


class _Grove:
    """Grows the trees; a statement that stands already, or that is to stand further down, is referred to."""

    def __init__(self, index: Index, order: Sequence[str], numbers: Mapping[str, int], witnesses: Witnesses) -> None:
        self.index = index
        self.witnesses = witnesses
        self.numbers = numbers
        self.below = sources_below(index, order, numbers)
        self.ids = {name: f"s{number}" for number, name in enumerate(order, 1)}
        self.placed: set[str] = set()
        self.postponed: dict[str, None] = {}

    def branch(self, name: str, depth: int) -> Branch:
        lines = self.index.lines(name)
        known = name in self.placed or name in self.postponed
        if known or (depth == DEEPEST and lines):
            if not known:
                self.postponed[name] = None
            return self.made(name)
        steps = self.chain(name)
        chain = steps if len(steps) > _LONGEST else [name]
        self.placed.update(chain)
        grown = self.grown(name, depth)
        if chain == [name]:
            return grown
        return replace(grown, chain=tuple(_runs([self.grown(step, depth) for step in chain], self.weakest(chain))))

    def grown(self, name: str, depth: int) -> Branch:
        """A statement with what it rests on."""
        fact = self.index.facts.get(name)
        lines = tuple(self.line(line, firing, depth) for line, firing in self.index.lines(name))
        return self.made(name, shown=True, records=fact.rows if fact else (), lines=lines)

    def chain(self, name: str) -> list[str]:
        """A statement and, one after the other, the conclusions that each rest on the next and on records alone."""
        found = [name]
        while True:
            below = {fact: None for fact in self.index.below(found[-1]) if fact in self.index.conclusions}
            if len(below) != 1 or len(self.index.lines(found[-1])) != 1:
                return found
            (following,) = below
            if following in found or following in self.placed or following in self.postponed:
                return found
            found.append(following)

    def weakest(self, chain: Sequence[str]) -> int:
        """The step that takes most of the certainty of what it rests on."""
        held = [abs(self.index[name].certainty) for name in chain]
        losses = [(below - above, place) for place, (above, below) in enumerate(pairwise(held))]
        return max(losses, key=lambda item: (item[0], -item[1]))[1]

    def made(
        self, name: str, *, shown: bool = False, records: tuple[Row, ...] = (), lines: tuple[ShownLine, ...] = ()
    ) -> Branch:
        item, fact = self.index[name], self.index.facts.get(name)
        conclusion = self.index.conclusions.get(name)
        return Branch(
            id=self.ids[name],
            says=item.says,
            atom=name,
            certainty=item.certainty,
            evidence=evidence_word(item.certainty),
            established=established(item.certainty),
            derived=conclusion is not None,
            conflict=conclusion is not None and conclusion.conflict,
            assumed=fact is not None and fact.assumed,
            shown=shown,
            best_only=conclusion is not None and conclusion.method == "best",
            favour=conclusion.supporting if conclusion else item.certainty,
            against=conclusion.opposing if conclusion else 0.0,
            sources=tuple(sorted(self.below[name])),
            records=records,
            lines=lines,
            reckoned=combined_text(conclusion) if conclusion and shown else "",
        )

    def line(self, line: TracedLine, firing: TracedFiring, depth: int) -> ShownLine:
        rule = self.index.rules[firing.rule]
        cited = {self.numbers[rule.source]} if rule.source else set()
        return ShownLine(
            because=firing.because,
            strength=line.strength,
            rule=rule.id,
            title=rule.title,
            source=rule.source,
            at=rule.at,
            place=rule.place,
            counts=line.counts,
            further=further_firings(line, rule.family),
            facts=tuple(sorted(self.witnesses.cited(firing.id), key=lambda item: self.numbers[item[0]])),
            reckoned=multiplied_text(rule, firing),
            conditions=tuple(self.condition(premise, firing, depth) for premise in firing.premises),
            sources=tuple(sorted(cited.union(*(self.below[fact] for item in firing.premises for fact in item.facts)))),
        )

    def condition(self, premise: TracedPremise, firing: TracedFiring, depth: int) -> ShownCondition:
        inner: tuple[ShownCondition, ...] = ()
        if isinstance(premise, EitherPremise):
            inner = tuple(self.condition(item, firing, depth) for item in premise.premises)
        branches = () if inner else tuple(self.branch(fact, depth + 1) for fact in premise.facts)
        window = premise.fact.rpartition(")")[2].strip() if isinstance(premise, FactPremise) else ""
        holds = window if isinstance(premise, FactPremise) else with_values(premise, firing.binding)
        return ShownCondition(premise.condition, str(type(premise).__struct_config__.tag), holds, branches, inner)


def sources_below(index: Index, order: Sequence[str], numbers: Mapping[str, _Key]) -> Mapping[str, set[_Key]]:
    """Statement → the sources at or below it. Proofs may run in circles, so it goes on until nothing is added.

    Args:
        order: the statements, see `Index.reading_order`.
        numbers: source → what stands for it.
    """
    found = {name: {numbers[source] for _, _, source in citations_of(index, name)} for name in order}
    premises = {name: set(index.below(name)) for name in reversed(order)}
    changed = True
    while changed:
        changed = False
        for name, facts in premises.items():
            before = len(found[name])
            found[name].update(*(found[fact] for fact in facts))
            changed = changed or len(found[name]) > before
    return found


def _runs(steps: Sequence[Branch], weakest: int) -> Iterator[Stretch]:
    """The steps after the first, in turn shown and folded."""
    last = len(steps) - 1
    notes = (
        {last: "the last step", weakest: "the weakest step"} if weakest != last else {last: "the weakest, last step"}
    )
    for note, run in groupby(range(1, len(steps)), key=lambda place: notes.get(place, "")):
        yield Stretch(tuple(steps[place] for place in run), note)


def _every(branch: Branch) -> Iterator[Branch]:
    """A statement, and all that is shown below it."""
    yield branch
    for run in branch.chain:
        for step in run.steps:
            yield from _every(step)
    for line in branch.lines:
        for condition in line.conditions:
            for item in (condition, *condition.every_inner):
                for below in item.branches:
                    yield from _every(below)
