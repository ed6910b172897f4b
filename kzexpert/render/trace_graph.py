"""A trace as a graph: nodes for facts, firings and conclusions, edges from what supports to what is supported.

DOT and Mermaid are written from it. Numbers and the order of nodes depend on the trace alone.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from kzexpert.proof.document import (
    AbsencePremise,
    AggregatePremise,
    BlockPremise,
    ComparisonPremise,
    FactPremise,
    ListPremise,
    Trace,
    TracedConclusion,
)
from kzexpert.proof.index import Index
from kzexpert.render.premise_text import with_values
from kzexpert.render.text import headline
from kzexpert.render.writer import certainty_text, sentence

__all__ = ["Edge", "Graph", "GraphNode", "graph_of", "reading_order"]


class GraphNode(msgspec.Struct, frozen=True):
    """A node with the lines of its label.

    Attributes:
        id: ``c1`` for a conclusion, ``f1`` for a firing, ``b1`` for a recorded fact.
        weak: not established, or a firing that does not count.
    """

    id: str
    kind: Literal["conclusion", "firing", "fact"]
    lines: tuple[str, ...]
    weak: bool = False


class Edge(msgspec.Struct, frozen=True):
    """An edge; `against` where the line of evidence is negative, `weak` where it does not count."""

    source: str
    target: str
    label: str = ""
    against: bool = False
    weak: bool = False


class Graph(msgspec.Struct, frozen=True):
    """All nodes, then all edges, each once."""

    title: str
    nodes: tuple[GraphNode, ...]
    edges: tuple[Edge, ...]


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


def graph_of(trace: Trace) -> Graph:
    """The graph of a trace."""
    order = reading_order(Index(trace))
    ids = {fact.fact: f"b{number}" for number, fact in enumerate(trace.facts, 1)}
    recorded = dict(ids)
    ids.update({item.conclusion: f"c{number}" for number, item in enumerate(order, 1)})
    lines = [(item, line) for item in order for line in item.lines]
    edges = [
        Edge(
            source=recorded.get(line.evidence, line.evidence),
            target=ids[item.conclusion],
            label=certainty_text(line.strength),
            against=line.strength < 0,
            weak=not line.counts,
        )
        for item, line in lines
    ]
    for firing in trace.firings:
        for premise in firing.satisfied:
            if isinstance(premise, FactPremise):
                edges.append(Edge(ids[premise.fact], firing.id))
            elif isinstance(premise, AggregatePremise):
                edges.extend(Edge(ids[fact], firing.id, label="counted", weak=True) for fact in premise.counted)
    nodes = (*_conclusion_nodes(order), *_firing_nodes(trace), *_fact_nodes(trace))
    return Graph(trace.question, nodes, tuple(dict.fromkeys(edges)))


def _conclusion_nodes(order: tuple[TracedConclusion, ...]) -> Iterator[GraphNode]:
    for number, item in enumerate(order, 1):
        certainty = f"{item.evidence} ({certainty_text(item.certainty)})"
        yield GraphNode(
            f"c{number}", "conclusion", (headline(item.conclusion, item.says), certainty), weak=not item.established
        )


def _firing_nodes(trace: Trace) -> Iterator[GraphNode]:
    uncounted = {line.evidence for item in trace.conclusions for line in item.lines if not line.counts}
    for firing in trace.firings:
        lines = [sentence(firing.because), f"rule {firing.rule}"]
        for premise in firing.satisfied:
            if isinstance(premise, AbsencePremise):
                lines.append(f"nothing matches {premise.absent}")
            elif isinstance(premise, AggregatePremise):
                lines.append(f"{premise.condition}: {premise.result}")
            elif isinstance(premise, ComparisonPremise):
                lines.append(f"{premise.left} {premise.operator} {premise.right}")
            elif isinstance(premise, BlockPremise | ListPremise):
                lines.append(with_values(premise, firing.binding))
        yield GraphNode(firing.id, "firing", tuple(lines), weak=firing.id in uncounted)


def _fact_nodes(trace: Trace) -> Iterator[GraphNode]:
    for number, fact in enumerate(trace.facts, 1):
        sources = dict.fromkeys(row.citation for row in fact.rows)
        cited = "; ".join(filter(None, ("assumed" if fact.assumed else "", *sources))) or "no source"
        yield GraphNode(
            f"b{number}", "fact", (headline(fact.fact, fact.says), f"{cited} ({certainty_text(fact.certainty)})")
        )
