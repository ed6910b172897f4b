"""The argument of a trace as a graph that one page takes: what stands in a picture of it, and what is left out.

SVG, DOT and Mermaid are written from it. Evidence stands on the left and what it supports on the right, in sentences;
conditions on numbers, and what rules looked for and did not find, are told in the other formats alone.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from kzexpert.certainty import established
from kzexpert.errors import counted
from kzexpert.proof.document import Trace, TracedConclusion, TracedFact
from kzexpert.proof.index import Index, graded
from kzexpert.render.abridgement import alike
from kzexpert.render.svg import SMALL, TALL, WIDE, heading, height_of, supposed, weighed, wrapped
from kzexpert.render.text import headline
from kzexpert.render.writer import certainty_text, sentence

__all__ = ["CHANNEL", "GAP", "LANE", "PAD", "Edge", "Graph", "GraphNode", "graph_of", "reading_order"]

#: What is left around the text of a node, between nodes and between columns; and what an edge takes
#: that passes a column.
PAD, GAP, CHANNEL, LANE = 6, 9, 36, 6
#: How many columns a page may take.
_COLUMNS = (5, 3)
_RECORD = "="


class GraphNode(msgspec.Struct, frozen=True):
    """A node with the lines of its label.

    Attributes:
        id: ``c1`` for a conclusion, ``f1`` for a firing, ``b1`` for a recorded fact.
        column: how many edges lie, at most, between it and an answer.
        lines, notes: the sentence, and what is said of it in small print.
        strength: of a firing.
        weak: not established.
    """

    id: str
    kind: Literal["conclusion", "firing", "fact"]
    column: int
    lines: tuple[str, ...]
    notes: tuple[str, ...]
    strength: float | None = None
    weak: bool = False

    @property
    def label(self) -> tuple[str, ...]:
        """All its lines."""
        return (*self.lines, *([] if self.strength is None else [weighed(self.strength)]), *self.notes)

    @property
    def height(self) -> float:
        """What it takes of a column."""
        return height_of(self.label[: len(self.label) - len(self.notes)]) + height_of(self.notes, SMALL) + 2 * PAD


class Edge(msgspec.Struct, frozen=True):
    """An edge; one from a line of evidence to its conclusion has the strength of that line.

    Attributes:
        denied: whether a rule asks that there be no such thing.
    """

    source: str
    target: str
    strength: float | None = None
    denied: bool = False

    @property
    def against(self) -> bool:
        """Whether it is evidence against, or what must not be."""
        return self.denied or (self.strength is not None and self.strength < 0)


class Graph(msgspec.Struct, frozen=True):
    """All nodes, then all edges, each once.

    Attributes:
        title: what was asked, in words.
        notes: what is left out, and the sources by their numbers.
        card: the width of a node, to which its lines are wrapped.
        words: what conclusions, firings and facts are called in the key.
    """

    title: str
    nodes: tuple[GraphNode, ...]
    edges: tuple[Edge, ...]
    notes: tuple[str, ...]
    card: int
    words: tuple[str, str, str] = ("concluded", "reason", "on record")


def reading_order(index: Index) -> tuple[TracedConclusion, ...]:
    """The conclusions as a reader meets them: the answers, then what the first of them rests on, and so on."""
    conclusions = index.conclusions
    found = {answer: conclusions[answer] for answer in index.trace.answers if answer in conclusions}
    pending = list(reversed(found))
    while pending:
        below = dict.fromkeys(index.below(pending.pop()))
        fresh = [name for name in below if name in conclusions and name not in found]
        found.update({name: conclusions[name] for name in fresh})
        pending.extend(reversed(fresh))
    return tuple(found.values())


def graph_of(trace: Trace, depth: int | None = None) -> Graph:
    """The graph of a trace.

    Args:
        depth: how many steps down it goes, each from a conclusion by way of rules to what these rest on; None for as
            much as fits a page.
    """
    index = Index(trace)
    choices = [_Choice(index, depth, columns) for columns in (_COLUMNS if depth is None else _COLUMNS[:1])]
    return max(choices, key=lambda choice: len(choice.consumers)).graph()


class _Choice:
    """What stands in the picture: the answers with their lines of evidence, then step by step what these rest on.

    Attributes:
        consumers: node → what it supports, with the strength of that. A node is a statement, the id of a firing, or
            the record of a statement that rules also conclude.
        left: node → how much right below it is left out.
        alike: fact → how many more are told with it, since they differ from it in one name.
    """

    def __init__(self, index: Index, depth: int | None, most: int) -> None:
        self.index = index
        self.trace = index.trace
        self.depth = depth
        self.most = most
        self.card = (WIDE - (most - 1) * CHANNEL) // most
        self.consumers: dict[str, dict[str, float | None]] = {}
        self.left: dict[str, int] = {}
        self.alike: dict[str, int] = {}
        self.numbers: dict[str, int] = {}
        self.heights: dict[str, float] = {}
        known = [name for name in self.trace.answers if self.known(name)]
        self.answers = [name for name in known if established(index[name].certainty)] or known
        self.weighed = len(known) - len(self.answers)
        sources = {row.source for fact in self.trace.facts for row in fact.rows if row.source}
        self.tall = TALL - height_of([""] * max(0, len(sources) - 2), SMALL)
        self.omitted = 0
        self.choose()

    # --- what is chosen -----------------------------------------------------------------------------------------------

    def choose(self) -> None:
        firings: list[str] = []
        for number, answer in enumerate(self.answers):
            placed = self.place({answer: {}})
            if placed:
                found = self.with_lines(answer)
                if number and self.left[answer] == self.below_count(answer) > 0:  # no line of it fits
                    del self.consumers[answer]
                    placed = False
            if not placed:
                self.omitted = len(self.answers) - number
                break
            firings += found
        step = 1
        while firings:
            premises = [name for firing in firings for name in self.with_premises(firing)]
            if step == self.depth:
                break
            firings = [firing for name in premises for firing in self.with_lines(name)]
            step += 1

    def known(self, name: str) -> bool:
        return name in self.index.conclusions or name in self.index.facts

    def with_lines(self, statement: str) -> list[str]:
        """Put the lines of evidence for a statement, the strongest first, and return their firings."""
        put = []
        for line in self.index.conclusions[statement].lines if statement in self.index.conclusions else ():
            name = line.evidence if line.evidence in self.index.firings else f"{_RECORD}{statement}"
            known = name in self.index.firings or statement in self.index.facts
            if known and line.counts and self.place({name: {statement: line.strength}}):
                self.left[statement] -= 1
                put.append(name)
        return [name for name in put if name in self.index.firings]

    def with_premises(self, firing: str) -> list[str]:
        """Put what a firing rests on, all or nothing, and return what was not there before."""
        below = self.below(firing)
        fresh = [name for name in below if name not in self.consumers]
        recorded = [name for name in fresh if name not in self.index.conclusions]
        groups = {one.first: len(one.names) for one in alike(recorded, str, lambda name: self.cited(name, {}))}
        self.alike.update(groups)
        below, fresh = ([name for name in names if name not in recorded or name in groups] for names in (below, fresh))
        if not self.place({name: {firing: None} for name in below}):
            return []
        self.left[firing] = 0
        return fresh

    def below(self, firing: str) -> list[str]:
        """What a firing rests on."""
        facts = (fact for premise in self.index.firings[firing].premises for fact in premise.facts)
        return [name for name in dict.fromkeys(facts) if self.known(name)]

    def place(self, found: Mapping[str, Mapping[str, float | None]]) -> bool:
        """Put some nodes beside what they support, unless the page is full then; whether they were put."""
        before = {name: dict(self.consumers[name]) for name in found if name in self.consumers}
        for name, supported in found.items():
            self.consumers.setdefault(name, {}).update(supported)
            if name not in before:
                self.left[name] = self.below_count(name)
        if self.depth is not None or self.fits():
            return True
        for name in found:
            del self.consumers[name]
        self.consumers.update(before)
        return False

    def below_count(self, name: str) -> int:
        if name in self.index.firings:
            return len(self.below(name))
        return sum(line.counts for line in self.index.conclusions[name].lines) if name in self.index.conclusions else 0

    def fits(self) -> bool:
        columns = self.columns()
        heights = [0.0] * (max(columns.values()) + 1)
        for name, column in columns.items():
            if name not in self.heights:
                self.heights[name] = self.node(name, "", column, {}).height
            heights[column] += self.heights[name] + GAP
            for supported in self.consumers[name]:
                for passed in range(columns[supported] + 1, column):
                    heights[passed] += LANE + GAP
        return len(heights) <= self.most and max(heights) <= self.tall

    def columns(self) -> dict[str, int]:
        """Node → how many edges lie between it and an answer, at most.

        Where nodes lead in a circle, which they do in no trace that is right, one of its edges is left out.
        """
        waiting = {name: len(supported) for name, supported in self.consumers.items()}
        below: dict[str, list[str]] = {}
        for name, supported in self.consumers.items():
            for above in supported:
                below.setdefault(above, []).append(name)
        found: dict[str, int] = {}
        ready = [name for name, count in waiting.items() if not count]
        while waiting:
            if not ready:
                name = next(iter(waiting))
                for above in [above for above in self.consumers[name] if above in waiting]:
                    del self.consumers[name][above]
                    below[above].remove(name)
                ready.append(name)
            name = ready.pop()
            del waiting[name]
            found[name] = max((found[above] + 1 for above in self.consumers[name]), default=0)
            for lower in below.get(name, ()):
                waiting[lower] -= 1
                if not waiting[lower]:
                    ready.append(lower)
        return found

    # --- what is said of it -------------------------------------------------------------------------------------------

    def graph(self) -> Graph:
        """All that was chosen, in the order of the columns."""
        columns = self.columns()
        order = {name: number for number, name in enumerate(self.consumers)}
        names = sorted(columns, key=lambda name: (columns[name], order[name]))
        counts: dict[str, int] = {}
        numbers: dict[str, int] = {}
        nodes = {}
        for name in names:
            kind = "f" if name in self.index.firings else "c" if name in self.index.conclusions else "b"
            counts[kind] = counts.get(kind, 0) + 1
            nodes[name] = self.node(name, f"{kind}{counts[kind]}", columns[name], numbers)
        edges = [
            Edge(nodes[name].id, nodes[above].id, strength)
            for name in names
            for above, strength in self.consumers[name].items()
        ]
        return Graph(self.title(), tuple(nodes.values()), tuple(edges), tuple(self.notes(numbers)), self.card)

    def node(self, name: str, id: str, column: int, numbers: dict[str, int]) -> GraphNode:
        """A node with its text.

        Args:
            numbers: source → its number; those that are cited for the first time get the next one.
        """
        if name in self.index.firings:
            return self.firing_node(name, id, column)
        conclusion = self.index.conclusions.get(name)
        if conclusion is None:
            fact = self.index.facts[name.removeprefix(_RECORD)]
            return GraphNode(id, "fact", column, self.lines(fact), tuple(self.fact_notes(name, fact, numbers)))
        notes = [f"{conclusion.evidence} ({certainty_text(conclusion.certainty)})".replace("(-", "(−")]
        confidence = conclusion.testimony and conclusion.testimony.confidence
        notes += [f"{confidence.level} confidence"] if confidence and name in self.trace.answers else []
        weak = not conclusion.established
        return GraphNode(id, "conclusion", column, self.lines(conclusion), self.small(name, notes), weak=weak)

    def lines(self, item: TracedConclusion | TracedFact) -> tuple[str, ...]:
        return tuple(wrapped(_headed(item), self.card - 2 * PAD, bold=isinstance(item, TracedConclusion)))

    def firing_node(self, name: str, id: str, column: int) -> GraphNode:
        firing = self.index.firings[name]
        line = next(
            (one for one, other in self.index.lines(firing.conclusion) if other.id == name and one.counts), None
        )
        notes = [f"and {line.others} more like it, adding nothing"] if line and line.others else []
        because = tuple(wrapped(sentence(firing.because), self.card - 2 * PAD))
        strength = line.strength if line else firing.strength
        return GraphNode(id, "firing", column, because, self.small(name, notes), strength)

    def fact_notes(self, name: str, fact: TracedFact, numbers: dict[str, int]) -> tuple[str, ...]:
        notes = [f"and {counted(self.alike[name], 'more like it', 'more like it')}"] if self.alike.get(name) else []
        said = [*(["assumed"] if fact.assumed else []), *filter(None, [self.cited(fact.fact, numbers)])]
        said += [f"certainty {certainty_text(fact.certainty)}"] if fact.certainty < 1 else []
        return self.small(name, [*notes, "; ".join(said) or "no source"])

    def small(self, name: str, notes: list[str]) -> tuple[str, ...]:
        """Notes in lines, with what is left out below."""
        left = [f"{self.left[name]} more below"] if self.left.get(name) else []
        return tuple(line for note in [*notes, *left] for line in wrapped(note, self.card - 2 * PAD, SMALL))

    def cited(self, fact: str, numbers: dict[str, int]) -> str:
        """The sources of a fact by their numbers, with the places in them."""
        places: dict[str, list[str]] = {}
        for row in self.index.facts[fact].rows:
            if row.source:
                places.setdefault(row.source, []).extend([row.at] if row.at else [])
        return "; ".join(
            f"[{numbers.setdefault(source, len(numbers) + 1)}] {', '.join(dict.fromkeys(at))}".rstrip()
            for source, at in places.items()
        )

    def title(self) -> str:
        """What was asked; the first answer where that is a pattern."""
        if not self.answers:
            return sentence(self.trace.question)
        others = f", and {len(self.answers) - 1} more" if len(self.answers) > 1 else ""
        return heading(self.trace.question, f"{_headed(self.index[self.answers[0]])}{others}")

    def notes(self, numbers: Mapping[str, int]) -> Iterator[str]:
        if not self.answers:
            yield "Nothing in the knowledge base supports it."
        omitted = [f"{counted(self.omitted, 'more answer')}"] if self.omitted else []
        omitted += (
            [f"{self.weighed} that {'was' if self.weighed == 1 else 'were'} weighed and not established"]
            if self.weighed
            else []
        )
        if omitted:
            yield f"Not drawn: {' and '.join(omitted)}."
        yield supposed(self.trace.as_of, self.trace.assumed, self.trace.withdrawn)
        for name, number in numbers.items():
            yield f"[{number}] {_described(name, self.index)}"


def _headed(item: TracedConclusion | TracedFact) -> str:
    return headline(item.conclusion if isinstance(item, TracedConclusion) else item.fact, item.says)


def _described(name: str, index: Index) -> str:
    """A source in a line."""
    source = index.sources.get(name)
    if source is None:
        return name
    said = ", ".join(filter(None, (source.authors, source.title or name, source.date)))
    return graded(said, source.reliability)
