"""A trace as a graph in DOT, for Graphviz: evidence on the left, what it supports on the right, on one A4 page."""

from kzexpert.proof.document import Trace
from kzexpert.render.svg import AGAINST, FOR
from kzexpert.render.trace_graph import Edge, Graph, GraphNode, graph_of
from kzexpert.render.writer import visible

__all__ = ["dot", "dot_text"]

_HEAD = """\
digraph trace {
  graph [rankdir=LR, size="10.9,7.4", ranksep="0.4", nodesep="0.12", fontname=Helvetica, labelloc=t, label=%s]
  node [fontname="Helvetica", fontsize=11, margin="0.08,0.04"]
  edge [fontname="Helvetica", fontsize=10]
"""
_SHAPES = {
    "conclusion": 'shape=box, style="rounded,bold"',
    "firing": "shape=box, style=filled, fillcolor=gray95, color=gray60",
    "fact": "shape=note, color=gray40",
}
_WEAK = {
    "conclusion": 'shape=box, style="rounded,dashed"',
    "firing": 'shape=box, style="filled,dashed", fillcolor=gray98, color=gray60',
    "fact": "shape=note, color=gray40",
}


def dot(trace: Trace, depth: int | None = None) -> str:
    """The graph of a trace in the DOT language.

    Args:
        depth: how many steps down it goes; None for as much as fits a page.
    """
    return dot_text(graph_of(trace, depth))


def dot_text(graph: Graph) -> str:
    """A graph in the DOT language."""
    lines = [_HEAD % _quoted((graph.title, *graph.notes), "l")]
    lines.extend(f"  {_node(node)}\n" for node in graph.nodes)
    lines.extend(f"  {_edge(edge)}\n" for edge in graph.edges)
    return "".join([*lines, "}\n"])


def _node(node: GraphNode) -> str:
    shapes = _WEAK if node.weak else _SHAPES
    return f"{node.id} [label={_quoted(node.label)}, {shapes[node.kind]}]"


def _edge(edge: Edge) -> str:
    marks = [] if edge.strength is None else [f'penwidth="{1 + 4 * abs(edge.strength):.1f}"']
    if edge.against:
        marks += [f'color="{AGAINST}", style=dashed']
    elif marks:
        marks += [f'color="{FOR}"']
    return f"{edge.source} -> {edge.target}" + (f" [{', '.join(marks)}]" if marks else "")


def _quoted(lines: tuple[str, ...], end: str = "n") -> str:
    """A label whose lines are centred, or begin at the left where they end with `l`.

    Graphviz reads backslashes and character entities in it, so both are escaped.
    """
    escaped = (
        visible(line).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"').replace("<", "&lt;")
        for line in lines
    )
    return '"' + "".join(f"{line}\\{end}" for line in escaped) + '"'
