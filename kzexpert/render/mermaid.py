"""A trace as a Mermaid flowchart, which Markdown viewers draw."""

import re

from kzexpert.proof.document import Trace
from kzexpert.render.svg import AGAINST, FOR, INK, QUIET
from kzexpert.render.trace_graph import Edge, Graph, GraphNode, graph_of
from kzexpert.render.writer import visible

__all__ = ["mermaid", "mermaid_text"]

_SHAPES = {"conclusion": ("(", ")"), "firing": ("(", ")"), "fact": ("[", "]")}
#: As dense as a page needs it, in the type of the other pictures.
_LOOK = (
    '%%{init: {"themeVariables": {"fontSize": "11px"}, '
    '"flowchart": {"nodeSpacing": 10, "rankSpacing": 36, "padding": 6, "wrappingWidth": 400}}}%%\n'
)
_CLASSES = f"""\
  classDef conclusion fill:#ffffff,stroke:{INK},stroke-width:3px,color:{INK}
  classDef firing fill:#f1f1f1,stroke:{QUIET},color:{INK}
  classDef fact fill:#ffffff,stroke:{QUIET},color:{INK}
  classDef notes stroke:none,fill:none
  classDef weak fill:#ffffff,stroke:{INK},stroke-dasharray:5 5,color:{INK}
"""
#: Mermaid gives a meaning to most marks, even in quotes: what is not listed here is written as a number.
_UNSAFE = re.compile(r"[^\w ,.()\[\]!?=+/:'-]|^[-+](?= )|(?<=^\d)[.)](?= )")  # the last two begin lists


def mermaid(trace: Trace, depth: int | None = None) -> str:
    """The graph of a trace as a flowchart.

    Args:
        depth: how many steps down it goes; None for as much as fits a page.
    """
    return mermaid_text(graph_of(trace, depth))


def mermaid_text(graph: Graph) -> str:
    """A graph as a flowchart."""
    lines = [_LOOK, "flowchart LR\n", f"  accTitle: {_escaped(graph.title)}\n"]
    lines.extend(f"  {_node(node)}\n" for node in graph.nodes)
    lines.extend(f"  {_edge(edge)}\n" for edge in graph.edges)
    lines.append(f'  notes["{"<br/>".join(map(_escaped, graph.notes))}"]:::notes\n')
    for colour, against in ((FOR, False), (AGAINST, True)):
        edges = enumerate(graph.edges)
        numbers = [str(n) for n, edge in edges if edge.against is against and (against or edge.strength is not None)]
        if numbers:
            lines.append(f"  linkStyle {','.join(numbers)} stroke:{colour}\n")
    return "".join([*lines, _CLASSES])


def _node(node: GraphNode) -> str:
    opening, closing = _SHAPES[node.kind]
    label = "<br/>".join(map(_escaped, node.label))
    return f'{node.id}{opening}"{label}"{closing}:::{"weak" if node.weak else node.kind}'


def _edge(edge: Edge) -> str:
    arrow = "-.->" if edge.against else "-->" if edge.strength is None else "==>"
    return f"{edge.source} {arrow} {edge.target}"


def _escaped(text: str) -> str:
    return _UNSAFE.sub(lambda match: f"#{ord(match[0])};", visible(text))
