"""Conclusions as a network: the entities that they join, with a line for each pair, as wide as it is certain.

igraph finds the places. Which arguments are joined, their types and the pattern say; what it is about does not matter.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import cos, hypot, pi, sin, sqrt
from typing import NamedTuple

from kzexpert.engines.packages import bulk
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.model import Inference, KnowledgeBase, Pattern, Variable
from kzexpert.proof.answers import Conclusion, Conclusions, once
from kzexpert.questions import paraphrase
from kzexpert.questions.question import Question
from kzexpert.render.abridgement import parts
from kzexpert.render.svg import (
    AGAINST,
    FOR,
    INK,
    QUIET,
    SIZE,
    SMALL,
    TALL,
    WIDE,
    dashed,
    escaped,
    figure,
    heading,
    label,
    left_out,
    line_key,
    sheet,
    supposed,
    text_width,
    wrapped,
)
from kzexpert.render.writer import certainty_text, sentence

__all__ = ["network_svg"]

_HIGH, _PAD, _APART, _LONGEST, _KEY = 22, 7, 8, 150, 14
#: So many entities a page takes; and how often they are moved, at most, until none lies on another.
_MOST, _ROUNDS = 40, 400
#: At most so many pairs of them are looked at.
_STEPS = 4_000_000
#: Where on a line its number may stand.
_SHARES = (0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78)
_NUMBER = (30.0, 13.0)


def network_svg(inference: Inference, found: Conclusions, asked: Question | None, limit: int | None = 0) -> str:
    """The picture.

    Args:
        asked: what the conclusions answer.
        limit: at most so many lines, the most certain first; 0 for what a page takes, None for all.

    Raises:
        UsageError: there are no two entities to join (KZ308), or igraph is missing (KZ403).
    """
    program = inference.program
    if asked is None:
        raise _unjoined("a network joins what a PATTERN names", "give one")
    ends = _ends(program.kb, asked.pattern)
    network = _Network([*once(found.conclusions)], ends, limit, program.kb.predicate[asked.pattern.predicate].symmetric)
    title = heading(asked.text, paraphrase.stated(program.kb, asked.pattern))
    notes = [*network.notes(), supposed(program.as_of, program.assumed, program.withdrawn)]
    return sheet("network", title, network.reading(), network.size, network.elements(), notes)


def _unjoined(message: str, hint: str) -> UsageError:
    return UsageError(Issue("KZ308", message, Location("--format"), hint))


def _ends(kb: KnowledgeBase, pattern: Pattern) -> tuple[int, int]:
    """The places of the arguments that are joined: of those that take entities the first two that are asked for."""
    specs = kb.predicate[pattern.predicate].args
    places = [place for place, spec in enumerate(specs) if spec.type in kb.kinds]
    places.sort(key=lambda place: not isinstance(pattern.terms[place], Variable))
    if len(places) < 2:
        raise _unjoined(f"{pattern.predicate} joins no two entities", "--format svg draws a table")
    first, second = sorted(places[:2])
    return first, second


class _Box(NamedTuple):
    """A rectangle by its middle, its width and its height."""

    x: float
    y: float
    wide: float
    tall: float

    def overlap(self, other: "_Box", apart: float) -> tuple[float, float]:
        """How far they reach into each other, across and down; below 0 where they do not."""
        across = (self.wide + other.wide) / 2 + apart - abs(self.x - other.x)
        return across, (self.tall + other.tall) / 2 + apart - abs(self.y - other.y)


class _Network:
    def __init__(self, items: Sequence[Conclusion], ends: tuple[int, int], limit: int | None, symmetric: bool) -> None:
        pairs: dict[tuple[str, str], Conclusion] = {}
        for item in items:
            _, args = parts(item.conclusion)
            pair = args[ends[0]], args[ends[1]]
            if pair[0] != pair[1] and (pair not in pairs or abs(pairs[pair].certainty) < abs(item.certainty)):
                pairs[pair] = item
        self.symmetric = symmetric
        self.hidden = len(items) - len(pairs)
        ordered = sorted(pairs, key=lambda pair: (-abs(pairs[pair].certainty), pair))
        self.pairs: dict[tuple[str, str], Conclusion] = {}
        names: dict[str, None] = {}
        for pair in ordered[:limit] if limit else ordered:
            if limit == 0 and len({*names, *pair}) > _MOST:
                continue
            self.pairs[pair] = pairs[pair]
            names.update(dict.fromkeys(pair))
        self.left = len(pairs) - len(self.pairs)
        self.names = sorted(names)
        self.wide = WIDE
        self.boxes = self.placed()
        self.size = (self.wide, max((box.y + box.tall / 2 for box in self.boxes.values()), default=0.0) + 10 + _KEY)

    # --- places -------------------------------------------------------------------------------------------------------

    def placed(self) -> dict[str, _Box]:
        """Where the entities stand: as igraph finds, over the page, and moved apart where they lie on each other."""
        if not self.names:
            return {}
        with bulk("a picture of a network", "review"):
            from igraph import Graph as Joined
        numbers = {name: number for number, name in enumerate(self.names)}
        joined = Joined(n=len(numbers), edges=sorted({tuple(sorted((numbers[a], numbers[b]))) for a, b in self.pairs}))
        # It starts from places that are the same on every machine, and ends where none is better nearby.
        turns = [2 * pi * number / len(numbers) for number in range(len(numbers))]
        start = [[round(cos(turn), 3), round(sin(turn), 3)] for turn in turns]
        layout = joined.layout_kamada_kawai(seed=start).coords
        wide = {name: min(_LONGEST, text_width(name, bold=True)) + 2 * _PAD for name in self.names}
        more = max(1.0, sqrt(len(numbers) / _MOST))  # a larger sheet for more than a page takes
        self.wide = round(min(WIDE, 520 + 24 * len(numbers)) * more)
        tall = round(min(TALL - 20, 120 + 26 * len(numbers)) * more)
        across = _spread([place[0] for place in layout], max(wide.values()) / 2, self.wide - max(wide.values()) / 2)
        down = _spread([place[1] for place in layout], _HIGH / 2, tall - _HIGH / 2)
        boxes = [_Box(x, y, wide[name], _HIGH) for name, x, y in zip(self.names, across, down, strict=True)]
        lines = [(numbers[one], numbers[other]) for one, other in self.pairs]
        return dict(zip(self.names, _moved_apart(boxes, lines, (self.wide, tall)), strict=True))

    def ends(self, pair: tuple[str, str]) -> tuple[float, float, float, float]:
        """Where a line leaves the one and meets the other."""
        one, other = (self.boxes[name] for name in pair)
        x1, y1 = _border(one, other)
        x2, y2 = _border(other, one)
        return x1, y1, x2, y2

    # --- elements -----------------------------------------------------------------------------------------------------

    def elements(self) -> Iterator[str]:
        taken = [*self.boxes.values()]
        numbers = []
        for pair, item in self.pairs.items():
            x1, y1, x2, y2 = self.ends(pair)
            said = f"{sentence(item.says)}: {item.evidence} ({certainty_text(item.certainty)})"
            yield f"<g><title>{escaped(said)}</title>"
            yield from _line(x1, y1, x2, y2, item.certainty, arrow=not self.symmetric)
            yield "</g>"
            for share in _SHARES:
                box = _Box(round(x1 + (x2 - x1) * share, 1), round(y1 + (y2 - y1) * share, 1), *_NUMBER)
                if all(min(box.overlap(other, 1.0)) < 0 for other in taken):
                    taken.append(box)
                    numbers.append((box, item.certainty))
                    break
        for box, certainty in numbers:
            words = figure(certainty)
            x, y = box.x - box.wide / 2, box.y - box.tall / 2
            yield f'<rect x="{x:g}" y="{y:g}" width="{box.wide:g}" height="{box.tall:g}" fill="#ffffff"/>'
            colour = AGAINST if certainty < 0 else FOR
            yield label(box.x, round(box.y + 3.5, 1), words, "middle", SMALL, f'fill="{colour}" font-weight="bold"')
        targets = {pair[1] for pair in self.pairs}
        for name, box in self.boxes.items():
            yield from _entity(name, box, name in targets and not self.symmetric)
        yield from line_key(self.size[1] - _KEY)

    def notes(self) -> Iterator[str]:
        yield from left_out((self.left, "line"))
        if self.hidden:
            yield "Where several conclusions join the same two, the most certain is drawn."

    def reading(self) -> str:
        told = (f"{sentence(item.says)}: {certainty_text(item.certainty)}." for item in self.pairs.values())
        return " ".join(told)


def _spread(places: Sequence[float], low: float, high: float) -> list[float]:
    """The places in a range from low to high, in whole pixels."""
    first, last = min(places), max(places)
    if last - first < 1e-6:
        return [round((low + high) / 2) for _ in places]
    return [round(low + (place - first) / (last - first) * (high - low)) for place in places]


def _moved_apart(boxes: Sequence[_Box], lines: Sequence[tuple[int, int]], room: tuple[float, float]) -> list[_Box]:
    """The boxes with each moved off all others, and off the lines that pass it, by the shortest way, within some room.

    Args:
        lines: pairs of boxes that they join.
    """
    found = list(boxes)
    for _ in range(min(_ROUNDS, _STEPS // len(found) ** 2 + 1)):
        before = list(found)
        for one, other in combinations(range(len(found)), 2):
            a, b = found[one], found[other]
            across, down = a.overlap(b, _APART)
            if across > 0 and down > 0:
                x, y = (0.0, down / 2 + 0.5) if down <= across else (across / 2 + 0.5, 0.0)
                ahead = (a.y, a.x) < (b.y, b.x) if down <= across else (a.x, a.y) < (b.x, b.y)
                found[one] = _moved(a, (-x, -y) if ahead else (x, y), room)
                found[other] = _moved(b, (x, y) if ahead else (-x, -y), room)
        for one, other in lines:
            for number, box in enumerate(found):
                if number not in (one, other):
                    x, y = _aside(box, found[one], found[other])
                    found[number] = _moved(box, (x, y), room)
                    found[one] = _moved(found[one], (-x, -y), room)
        if found == before:
            break
    return [box._replace(x=round(box.x), y=round(box.y)) for box in found]


def _aside(box: _Box, one: _Box, other: _Box) -> tuple[float, float]:
    """How far a box is to be moved off the line between the middles of two others."""
    x, y = other.x - one.x, other.y - one.y
    length = hypot(x, y) or 1.0
    share = ((box.x - one.x) * x + (box.y - one.y) * y) / length**2
    if not 0 < share < 1:
        return 0.0, 0.0
    off = ((box.x - one.x) * y - (box.y - one.y) * x) / length
    reach = (box.wide * abs(y) + box.tall * abs(x)) / length / 2 + 4
    if abs(off) >= reach:
        return 0.0, 0.0
    step = min(reach - abs(off), 6.0) * (1 if off >= 0 else -1)
    return step * y / length, -step * x / length


def _moved(box: _Box, way: tuple[float, float], room: tuple[float, float]) -> _Box:
    (wide, tall), x, y = room, box.x + way[0], box.y + way[1]
    x = max(min(x, wide - box.wide / 2 - 1), box.wide / 2 + 1)
    return box._replace(x=x, y=max(min(y, tall - box.tall / 2 - 1), box.tall / 2 + 1))


def _border(box: _Box, towards: _Box) -> tuple[float, float]:
    """Where the line from its middle to that of another leaves a box."""
    across, down = towards.x - box.x, towards.y - box.y
    shares = [(side / 2 + 2) / abs(way) for side, way in ((box.wide, across), (box.tall, down)) if way]
    share = min([*shares, 0.5])
    return round(box.x + across * share, 1), round(box.y + down * share, 1)


def _line(x1: float, y1: float, x2: float, y2: float, certainty: float, *, arrow: bool) -> Iterator[str]:
    """A line, with the head of an arrow where it has a direction."""
    width = round(1 + 4 * abs(certainty), 1)
    length = hypot(x2 - x1, y2 - y1) or 1.0
    across, down = (x2 - x1) / length, (y2 - y1) / length
    reach = min(width + 6, length / 2) if arrow else 0.0
    foot = x2 - reach * across, y2 - reach * down
    path = f"M{x1:g} {y1:g}L{foot[0]:.1f} {foot[1]:.1f}"
    yield f'<path d="{path}" fill="none" stroke-width="{width:g}" {dashed(certainty)}/>'
    if arrow:
        side = width / 2 + 2.5
        corners = [(x2, y2), *((foot[0] + way * down, foot[1] - way * across) for way in (-side, side))]
        drawn = "L".join(f"{x:.1f} {y:.1f}" for x, y in corners)
        yield f'<path d="M{drawn}z" fill="{AGAINST if certainty < 0 else FOR}"/>'


def _entity(name: str, box: _Box, target: bool) -> Iterator[str]:
    look = f'fill="#ededed" stroke="{INK}" stroke-width="1.5"' if target else f'fill="#ffffff" stroke="{QUIET}"'
    x, y = box.x - box.wide / 2, box.y - box.tall / 2
    yield f'<rect x="{x:g}" y="{y:g}" width="{box.wide:g}" height="{box.tall:g}" rx="8" {look}/>'
    (line,) = wrapped(name, box.wide - _PAD, SIZE, bold=True, most=1)
    yield label(box.x, box.y + 4, line, "middle", more='font-weight="bold"' if target else "")
