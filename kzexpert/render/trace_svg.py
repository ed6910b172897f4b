"""The argument of a trace as a picture: evidence on the left, the answers on the right, as much as one page takes.

igraph puts the columns in order, so that few edges cross.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from operator import itemgetter
from statistics import fmean
from typing import NamedTuple

from kzexpert.engines.packages import bulk
from kzexpert.proof.document import Trace
from kzexpert.render.svg import (
    AGAINST,
    FOR,
    INK,
    LINE_KEY,
    QUIET,
    SMALL,
    apart,
    arrow,
    block,
    dashed,
    height_of,
    label,
    line_key,
    sheet,
    signed,
    text_width,
    weighed,
)
from kzexpert.render.trace_graph import CHANNEL, GAP, LANE, PAD, Edge, Graph, GraphNode, graph_of

__all__ = ["graph_svg", "trace_svg"]

#: So often is each column put near those beside it.
_SWEEPS = 12
_KEY = 14
_LOOKS = {
    "conclusion": f'fill="#ffffff" stroke="{INK}" stroke-width="2"',
    "firing": f'fill="#f1f1f1" stroke="{QUIET}"',
    "fact": f'fill="#ffffff" stroke="{QUIET}"',
}


def trace_svg(trace: Trace, depth: int | None = None) -> str:
    """The picture.

    Args:
        depth: how many steps down it goes; None for as much as fits a page.

    Raises:
        UsageError: igraph is missing (KZ403).
    """
    return graph_svg(graph_of(trace, depth))


def graph_svg(graph: Graph) -> str:
    """The picture of a graph, whose edges lead from a column to one further right.

    Raises:
        UsageError: igraph is missing (KZ403).
    """
    return _Picture(graph).text()


class _Place(NamedTuple):
    """Where a node is, or an edge that passes a column: its left side, its middle and its height."""

    x: float
    y: float
    height: float


class _Picture:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.card = graph.card
        self.nodes = {node.id: node for node in graph.nodes}
        self.last = max((node.column for node in graph.nodes), default=0)
        self.width = (self.last + 1) * self.card + self.last * CHANNEL
        #: Each edge as the nodes and the places between columns that it goes by, from what supports.
        self.routes = [(edge, [edge.source, *self.passed(edge), edge.target]) for edge in graph.edges]
        self.places = self.placed()

    def passed(self, edge: Edge) -> list[str]:
        columns = range(self.nodes[edge.source].column - 1, self.nodes[edge.target].column, -1)
        return [f"{edge.source} {edge.target} {column}" for column in columns]

    def placed(self) -> dict[str, _Place]:
        """Where everything stands: in the order that igraph finds, near what it is joined to."""
        sizes = {node.id: node.height for node in self.graph.nodes}
        columns = {node.id: node.column for node in self.graph.nodes}
        joined: dict[str, list[str]] = {node.id: [] for node in self.graph.nodes}
        for edge, route in self.routes:
            for steps, name in enumerate(route[1:-1], 1):
                columns[name], sizes[name], joined[name] = columns[edge.source] - steps, LANE, []
            for one, other in pairwise(route):
                joined[one].append(other)
                joined[other].append(one)
        stacks = _ordered(columns, [pair for _, route in self.routes for pair in pairwise(route)])
        tall = max((sum(sizes[name] + GAP for name in stack) for stack in stacks), default=0.0)
        middles = dict.fromkeys(columns, tall / 2)
        for _ in range(_SWEEPS):
            for stack in (*stacks, *reversed(stacks)):
                wanted = [fmean(map(middles.__getitem__, joined[name] or [name])) for name in stack]
                middles.update(zip(stack, apart(wanted, [sizes[name] for name in stack], GAP, 0.0, tall), strict=True))
        step = self.card + CHANNEL
        return {
            name: _Place((self.last - column) * step, round(middles[name], 1), sizes[name])
            for name, column in columns.items()
        }

    # --- elements -----------------------------------------------------------------------------------------------------

    def text(self) -> str:
        foot = max((place.y + place.height / 2 for place in self.places.values()), default=0.0) + 10
        size = (self.width, foot + _KEY)
        graph = self.graph
        return sheet("argument", graph.title, self.reading(), size, self.elements(foot), graph.notes, nothing="")

    def elements(self, foot: float) -> Iterator[str]:
        entering, leaving = self.ports()
        for edge, route in self.routes:
            yield from self.edge(edge, route, leaving[edge], entering[edge])
        for node in self.graph.nodes:
            yield from self.box(node)
        yield from _key(foot, self.graph)

    def ports(self) -> tuple[dict[Edge, float], dict[Edge, float]]:
        """Where edges enter and leave a card: in the order of what is on their other end, none on another."""
        entering: dict[Edge, float] = {}
        leaving: dict[Edge, float] = {}
        for ends, own, other in ((entering, -1, -2), (leaving, 0, 1)):
            sides: dict[str, list[tuple[float, Edge]]] = {}
            for edge, route in self.routes:
                sides.setdefault(route[own], []).append((self.places[route[other]].y, edge))
            for name, edges in sides.items():
                place = self.places[name]
                edges.sort(key=itemgetter(0))
                room = min(14.0, (place.height - 8) / len(edges))
                for number, (_, edge) in enumerate(edges):
                    ends[edge] = round(place.y + (number - (len(edges) - 1) / 2) * room, 1)
        return entering, leaving

    def edge(self, edge: Edge, route: Sequence[str], start: float, end: float) -> Iterator[str]:
        """A curve from column to column; its width and dash say how strong it is, and on which side."""
        places = [self.places[name] for name in route]
        x, y = places[0].x + self.card, start
        path = f"M{x:g} {y:g}"
        for place in places[1:]:
            last = place is places[-1]
            to = end if last else round(place.y, 1)
            until = place.x - (5 if last else 0)
            bend = (place.x - x) / 2
            path += f"C{x + bend:g} {y:g} {until - bend:g} {to:g} {until:g} {to:g}"
            x, y = place.x, to
            if not last:
                x += self.card
                path += f"H{x:g}"
        strength = edge.strength
        colour = AGAINST if edge.against else QUIET if strength is None else FOR
        look = dashed(-1.0 if edge.against else 1.0) if colour != QUIET else f'stroke="{QUIET}"'
        width = 1.0 if strength is None else round(1 + 4 * abs(strength), 1)
        yield f'<path d="{path}" fill="none" stroke-width="{width:g}" {look}/>'
        yield arrow(places[-1].x - 1, end, colour)

    def box(self, node: GraphNode) -> Iterator[str]:
        place = self.places[node.id]
        x, y = place.x, round(place.y - node.height / 2, 1)
        look = _LOOKS[node.kind] + (' stroke-dasharray="5 3"' if node.weak else "")
        round_off = "" if node.kind == "fact" else ' rx="6"'
        yield f'<rect x="{x:g}" y="{y:g}" width="{self.card}" height="{node.height:g}"{round_off} {look}/>'
        more = 'font-weight="bold"' if node.kind == "conclusion" else ""
        yield from block(x + PAD, y + PAD, node.lines, more=more)
        below = y + PAD + height_of(node.lines)
        if node.strength is not None:
            colour = AGAINST if node.strength < 0 else FOR
            yield from block(x + PAD, below, [weighed(node.strength)], more=f'font-weight="bold" fill="{colour}"')
            below = y + node.height - PAD - height_of(node.notes, SMALL)
        yield from block(x + PAD, below, node.notes, size=SMALL, more='fill="#4a4a4a"')

    def reading(self) -> str:
        """The argument in words, from the answers down."""
        parts = []
        below: dict[str, list[Edge]] = {}
        for edge in self.graph.edges:
            below.setdefault(edge.target, []).append(edge)
        for node in self.graph.nodes:
            said = " ".join(node.lines)
            if node.kind == "conclusion":
                parts.append(f"{said}: {', '.join(node.notes)}.")
            for edge in below.get(node.id, ()) if node.kind == "conclusion" else ():
                words = " ".join(self.nodes[edge.source].lines)
                parts.append(f"{'Against' if edge.against else 'For'}, {signed(edge.strength or 0.0)}: {words}.")
        return " ".join(parts)


def _ordered(columns: Mapping[str, int], joined: Sequence[tuple[str, str]]) -> list[list[str]]:
    """The names in each column, from the top, so that few of the lines that join them cross.

    Raises:
        UsageError: igraph is missing (KZ403).
    """
    with bulk("a picture of an argument", "review"):
        from igraph import Graph as Layered
    numbers = {name: number for number, name in enumerate(columns)}
    pairs = [(numbers[one], numbers[other]) for one, other in joined]
    last = max(columns.values(), default=0)
    layered = Layered(n=len(numbers), edges=pairs, directed=True)
    found = layered.layout_sugiyama(layers=[last - column for column in columns.values()])
    across = {name: found[number][0] for name, number in numbers.items()}
    stacks: list[list[str]] = [[] for _ in range(last + 1)]
    for name in sorted(columns, key=lambda name: (across[name], numbers[name])):
        stacks[columns[name]].append(name)
    return stacks


def _key(y: float, graph: Graph) -> Iterator[str]:
    """What lines and boxes mean."""
    yield from line_key(y)
    x = LINE_KEY
    for kind, words in zip(("conclusion", "firing", "fact"), graph.words, strict=True):
        round_off = "" if kind == "fact" else ' rx="3"'
        yield f'<rect x="{x:g}" y="{y + 3:g}" width="16" height="10"{round_off} {_LOOKS[kind]}/>'
        yield label(x + 22, y + 12, words, size=SMALL)
        x += 22 + text_width(words, SMALL) + 20
