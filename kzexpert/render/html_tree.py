"""Proofs → the trees that a page shows: each statement once, with its lines of evidence, its records and its sources.

It makes values for a template and writes no HTML.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from kzexpert.certainty import combine, likelihood
from kzexpert.errors import Location
from kzexpert.model import BaseFact, Citation, GroundAtom
from kzexpert.proof.build import Node, Proof, Step, Support
from kzexpert.questions.sentences import dates

__all__ = ["Argument", "Branch", "Condition", "Counter", "Line", "Record", "argument", "citations_of", "nodes_of"]

#: How many conclusions nest on a page. What lies deeper is shown further down: browsers nest no more than 512 elements.
DEEPEST = 12


class Record(msgspec.Struct, frozen=True):
    """Where a fact is recorded: one row of a facts file."""

    source: str
    at: str
    dates: str
    certainty: float
    note: str
    place: str


class Condition(msgspec.Struct, frozen=True):
    """One condition of a rule, and what satisfied it.

    Attributes:
        written: as the author wrote it.
        holds: in atoms and values; for a fact only the window it was looked for in, if any.
        branches: the premise, or what an aggregate ranged over.
    """

    written: str
    kind: Literal["fact", "absence", "comparison", "aggregate"]
    holds: str
    branches: tuple["Branch", ...]


class Line(msgspec.Struct, frozen=True):
    """One line of evidence that a rule gives.

    Attributes:
        counts: false where a better proof counts instead.
        others: how many more times the rule fires, which does not add up.
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
    others: int
    conditions: tuple[Condition, ...]
    sources: tuple[int, ...]


class Branch(msgspec.Struct, frozen=True):
    """A fact or a conclusion where it is shown, or a reference to where that is.

    Attributes:
        id: the anchor of the statement on the page.
        derived: rules conclude it.
        shown: false for a reference; then it has no records and no lines.
        best_only: of its lines of evidence the best one counts.
        favour, against: what the lines for it and those against it come to by themselves.
        sources: numbers of all sources at or below it.
    """

    id: str
    says: str
    atom: str
    certainty: float
    likelihood: str
    established: bool
    derived: bool
    conflict: bool
    assumed: bool
    shown: bool
    best_only: bool
    favour: float
    against: float
    sources: tuple[int, ...]
    records: tuple[Record, ...] = ()
    lines: tuple[Line, ...] = ()

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


class Counter(msgspec.Struct, frozen=True):
    """A line of evidence against a statement of the argument."""

    id: str
    says: str
    line: Line


class Argument(msgspec.Struct, frozen=True):
    """All that a page shows of some proofs.

    Attributes:
        proven: a tree for each proof, in their order.
        deeper: trees of what lies too deep to nest.
        against: the evidence against what is proven and against what that rests on, in the order of the trees.
        anchors: statement → the anchor of it on the page.
    """

    proven: tuple[Branch, ...]
    deeper: tuple[Branch, ...]
    against: tuple[Counter, ...]
    anchors: Mapping[str, str]


def argument(
    proofs: Sequence[Proof], numbers: Mapping[str, int], place: Callable[[Location | str], str] = str
) -> Argument:
    """The trees of some proofs.

    Args:
        numbers: source → its number on the page.
        place: how a place in a file is shown.
    """
    grove = _Grove(nodes_of(proofs), numbers, place)
    proven = tuple(grove.branch(proof.conclusion, 0) for proof in proofs)
    deeper = []
    while grove.postponed:
        atom = next(iter(grove.postponed))
        del grove.postponed[atom]
        deeper.append(grove.branch(atom, 0))
    against = tuple(counter for tree in (*proven, *deeper) for counter in _against(tree))
    return Argument(proven, tuple(deeper), against, {str(atom): anchor for atom, anchor in grove.ids.items()})


def nodes_of(proofs: Iterable[Proof]) -> dict[GroundAtom, Node]:
    """What some proofs consist of, each statement once, in the order in which a reader meets them."""
    nodes: dict[GroundAtom, Node] = {}
    for proof in proofs:
        nodes.update((atom, node) for atom, node in proof.nodes.items() if atom not in nodes)
    return nodes


def citations_of(node: Node) -> Iterator[tuple[Literal["fact", "rule"], str, Citation]]:
    """What the records of a statement and the rules that conclude it cite: what cites, its name, and the citation."""
    for row in node.base.rows if node.base else ():
        if row.source:
            yield "fact", str(node.atom), row.source
    for step in node.steps:
        rule = step.firing.rule.rule
        if rule.source:
            yield "rule", rule.id, rule.source


class _Grove:
    """Grows the trees; a statement that stands already, or that is to stand further down, is referred to."""

    def __init__(
        self, nodes: Mapping[GroundAtom, Node], numbers: Mapping[str, int], place: Callable[[Location | str], str]
    ) -> None:
        self.nodes = nodes
        self.numbers = numbers
        self.place = place
        self.below = _sources_below(nodes, numbers)
        self.ids = {atom: f"s{number}" for number, atom in enumerate(nodes, 1)}
        self.placed: set[GroundAtom] = set()
        self.postponed: dict[GroundAtom, None] = {}

    def branch(self, atom: GroundAtom, depth: int) -> Branch:
        node = self.nodes[atom]
        known = atom in self.placed or atom in self.postponed
        if known or (depth == DEEPEST and node.steps):
            if not known:
                self.postponed[atom] = None
            return self.made(node)
        self.placed.add(atom)
        records = tuple(self.records(node.base)) if node.base else ()
        return self.made(node, shown=True, records=records, lines=tuple(self.line(step, depth) for step in node.steps))

    def made(
        self, node: Node, *, shown: bool = False, records: tuple[Record, ...] = (), lines: tuple[Line, ...] = ()
    ) -> Branch:
        strengths = [step.strength for step in node.steps if step.counts]
        strengths += [node.base.certainty] if node.base and not node.best_only else []
        return Branch(
            id=self.ids[node.atom],
            says=node.says,
            atom=str(node.atom),
            certainty=node.certainty,
            likelihood=likelihood(node.certainty),
            established=node.established,
            derived=bool(node.steps),
            conflict=node.conflict,
            assumed=node.base is not None and node.base.assumed,
            shown=shown,
            best_only=node.best_only,
            favour=combine(strength for strength in strengths if strength > 0),
            against=combine(strength for strength in strengths if strength < 0),
            sources=tuple(sorted(self.below[node.atom])),
            records=records,
            lines=lines,
        )

    def line(self, step: Step, depth: int) -> Line:
        rule = step.firing.rule.rule
        cited = {self.numbers[rule.source.source]} if rule.source else set()
        return Line(
            because=step.because,
            strength=step.strength,
            rule=rule.id,
            title=rule.title,
            source=rule.source.source if rule.source else "",
            at=rule.source.at if rule.source else "",
            place=self.place(rule.location),
            counts=step.counts,
            others=len(step.others),
            conditions=tuple(self.condition(support, depth) for support in step.supports),
            sources=tuple(sorted(cited.union(*(self.below[fact] for s in step.supports for fact in s.facts)))),
        )

    def condition(self, support: Support, depth: int) -> Condition:
        branches = tuple(self.branch(fact, depth + 1) for fact in support.facts)
        holds = support.holds.removeprefix(str(support.facts[0])).strip() if support.kind == "fact" else support.holds
        return Condition(support.condition, support.kind, holds, branches)

    def records(self, base: BaseFact) -> Iterator[Record]:
        for row in base.rows:
            yield Record(
                source=row.source.source if row.source else "",
                at=row.source.at if row.source else "",
                dates=dates(row),
                certainty=row.certainty,
                note=row.note,
                place=self.place(row.location),
            )


def _sources_below(nodes: Mapping[GroundAtom, Node], numbers: Mapping[str, int]) -> Mapping[GroundAtom, set[int]]:
    """Statement → the sources at or below it. Proofs may run in circles, so it goes on until nothing is added."""
    found = {atom: {numbers[citation.source] for _, _, citation in citations_of(node)} for atom, node in nodes.items()}
    premises = {
        atom: {fact for step in node.steps for support in step.supports for fact in support.facts}
        for atom, node in reversed([*nodes.items()])
    }
    changed = True
    while changed:
        changed = False
        for atom, facts in premises.items():
            before = len(found[atom])
            found[atom].update(*(found[fact] for fact in facts))
            changed = changed or len(found[atom]) > before
    return found


def _against(branch: Branch) -> Iterator[Counter]:
    for line in branch.lines:
        if line.counts and line.strength < 0:
            yield Counter(branch.id, branch.says, line)
    for line in branch.lines:
        for condition in line.conditions:
            for below in condition.branches:
                yield from _against(below)
