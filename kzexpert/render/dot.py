"""A trace as a graph in DOT, for Graphviz: what is concluded on top, what is recorded at the bottom."""

from kzexpert.proof.document import Trace
from kzexpert.render.trace_graph import Edge, GraphNode, graph_of
from kzexpert.render.writer import visible

__all__ = ["dot"]

_HEAD = """\
digraph trace {
  graph [rankdir=BT, fontname="Helvetica", labelloc=t, label=%s]
  node [fontname="Helvetica", fontsize=11]
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


def dot(trace: Trace) -> str:
    """The graph of a trace in the DOT language."""
    graph = graph_of(trace)
    lines = [_HEAD % _quoted((graph.title,))]
    lines.extend(f"  {_node(node)}\n" for node in graph.nodes)
    lines.extend(f"  {_edge(edge)}\n" for edge in graph.edges)
    return "".join([*lines, "}\n"])


def _node(node: GraphNode) -> str:
    shapes = _WEAK if node.weak else _SHAPES
    return f"{node.id} [label={_quoted(node.lines)}, {shapes[node.kind]}]"


def _edge(edge: Edge) -> str:
    marks = [f"label={_quoted((edge.label,))}"] if edge.label else []
    marks += ["color=firebrick, fontcolor=firebrick"] if edge.against else []
    marks += ["style=dashed"] if edge.weak else []
    return f"{edge.source} -> {edge.target}" + (f" [{', '.join(marks)}]" if marks else "")


def _quoted(lines: tuple[str, ...]) -> str:
    """A label. Graphviz reads backslashes and character entities in it, so both are escaped."""
    escaped = (
        visible(line).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"').replace("<", "&lt;")
        for line in lines
    )
    return '"' + "\\n".join(escaped) + '"'
