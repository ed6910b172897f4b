"""The rules and predicates of a base as a picture: what is recorded on the left, what is concluded on the right."""

from collections.abc import Callable, Mapping

from kzexpert.analysis.base_graph import BaseGraph, Tie, Vertex
from kzexpert.errors import counted
from kzexpert.render.dot import dot_text
from kzexpert.render.mermaid import mermaid_text
from kzexpert.render.svg import SMALL, wrapped
from kzexpert.render.trace_graph import PAD, Edge, Graph, GraphNode
from kzexpert.render.trace_svg import graph_svg

__all__ = ["PICTURES", "drawn"]

_CARD = 190
_KINDS: Mapping[str, str] = {"rule": "firing", "concluded": "conclusion", "recorded": "fact"}

#: Format → what makes it of a graph.
PICTURES: Mapping[str, Callable[[Graph], str]] = {"svg": graph_svg, "dot": dot_text, "mermaid": mermaid_text}


def drawn(found: BaseGraph) -> Graph:
    """The graph as its picture shows it.

    Ties of a cycle that lead back are left out, and named below.
    """
    levels = sorted({item.level for item in found.items}, reverse=True)
    column = {item.key: levels.index(item.level) for item in found.items}
    ids = {item.key: f"{item.kind[0]}{number}" for number, item in enumerate(found.items, 1)}
    back = [tie for tie in found.ties if column[tie.source] <= column[tie.target]]
    nodes = tuple(_node(item, ids[item.key], column[item.key]) for item in found.items)
    names = {item.key: item.name for item in found.items}
    edges = tuple(_edge(tie, ids, found) for tie in found.ties if column[tie.source] > column[tie.target])
    circles = sorted({f"{names[tie.source]} leads back to {names[tie.target]}" for tie in back})
    notes = ["Dashed towards a rule is what must not be."] if any(tie.how == "negation" for tie in found.ties) else []
    notes += [f"Not drawn, since it is a cycle: {'; '.join(circles)}."] if circles else []
    words = ("concluded by rules", "rule", "recorded only")
    return Graph(found.title, nodes, edges, tuple(notes), _CARD, words)


def _node(item: Vertex, id: str, column: int) -> GraphNode:
    notes = [item.note] if item.note else []
    notes += [{"added": "new", "changed": "changed", "gone": "gone"}[item.turn]] if item.turn else []
    notes += [f"{counted(item.left, 'more neighbour')}"] if item.left else []
    lines = tuple(wrapped(item.text, _CARD - 2 * PAD))
    small = tuple(line for note in notes for line in wrapped(note, _CARD - 2 * PAD, SMALL))
    return GraphNode(id, _KINDS[item.kind], column, lines, small, item.certainty, item.turn == "gone")  # type: ignore[arg-type]


def _edge(tie: Tie, ids: Mapping[str, str], found: BaseGraph) -> Edge:
    certainty = next((item.certainty for item in found.items if item.key == tie.source), None)
    return Edge(ids[tie.source], ids[tie.target], certainty, tie.how == "negation")
