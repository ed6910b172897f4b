"""Conclusions as a heat table: a row for each value of a pattern's first variable, columns for those of the others.

Colour says for and against, and the number in each cell says it again.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from math import ceil
from typing import TypeAlias, TypeVar

from kzexpert.model import Inference
from kzexpert.proof.answers import Conclusion, Conclusions
from kzexpert.questions import paraphrase
from kzexpert.questions.question import Question
from kzexpert.render.svg import (
    SMALL,
    TALL,
    WIDE,
    block,
    escaped,
    figure,
    heading,
    height_of,
    label,
    left_out,
    sheet,
    supposed,
    text_width,
    tint,
    wrapped,
)
from kzexpert.render.writer import certainty_text, sentence

__all__ = ["conclusions_svg"]

_ROW, _NARROWEST, _WIDEST, _HIGHEST = 20, 44, 96, 110
#: How wide the names of rows may be, where there are columns, and where there are none.
_NAME, _SENTENCE = 240, 760
#: What is left between groups of columns, around a label, and above the key.
_BETWEEN, _PAD, _ABOVE_KEY = 8, 4, 12
_KEY, _LEFT, _SWATCHES = 18, 66, (-1.0, -0.6, -0.2, 0.2, 0.6, 1.0)
_Column: TypeAlias = tuple[str, ...]
_Key = TypeVar("_Key", str, tuple[str, ...])


def conclusions_svg(inference: Inference, found: Conclusions, asked: Question | None, limit: int | None = 0) -> str:
    """The picture.

    Args:
        asked: what the conclusions answer; None where they are all that there are.
        limit: at most so many rows; 0 for as many as a page takes, None for all.
    """
    program = inference.program
    title = heading(asked.text, paraphrase.stated(program.kb, asked.pattern)) if asked else "All conclusions"
    table = _HeatTable(found.conclusions, limit)
    notes = [*table.notes(), supposed(program.as_of, program.assumed, program.withdrawn)]
    return sheet("table", title, table.reading(), table.size, table.elements(), notes)


class _HeatTable:
    """Rows, columns, and what stands where they cross; of several conclusions the most certain.

    Attributes:
        same: what all conclusions have in the places of variables that tell none apart.
    """

    def __init__(self, items: Sequence[Conclusion], limit: int | None) -> None:
        names = list(dict.fromkeys(name for item in items for name in item.bindings))
        values = {name: {item.bindings[name] for item in items} for name in names}
        varying = [name for name in names if len(values[name]) > 1] or names[:1]
        self.same = [str(*values[name]) for name in names if name not in varying]
        self.cells: dict[tuple[str, _Column], Conclusion] = {}
        for item in items:
            row, *column = [str(item.bindings[name]) for name in varying] or [sentence(item.says)]
            known = self.cells.get((row, tuple(column)))
            if known is None or abs(item.certainty) > abs(known.certainty):
                self.cells[row, tuple(column)] = item
        widest = _NAME if any(column for _, column in self.cells) else _SENTENCE
        named = max((text_width(row) for row, _ in self.cells), default=0.0) + 2 * _PAD
        self.name = min(widest, ceil(named))
        self.hidden = len(items) - len(self.cells)
        columns = _strongest((column, item) for (_, column), item in self.cells.items())
        self.columns = sorted(columns if limit is None else columns[: (WIDE - self.name) // _NARROWEST])
        self.columns_left = len(columns) - len(self.columns)
        self.places = self.placed()
        self.top = self.header_height()
        rows = _strongest((row, item) for (row, column), item in self.cells.items() if column in self.places)
        most = limit if limit != 0 else int((TALL - self.top - _ABOVE_KEY - _KEY) // _ROW)
        self.rows = rows[:most]
        self.rows_left = len(rows) - len(self.rows)
        shown = {column for row, column in self.cells if row in self.rows}
        self.columns = [column for column in self.columns if column in shown]
        self.places = self.placed()

    def placed(self) -> dict[_Column, float]:
        """Column → its left side; those that agree in all but the last value stand together."""
        groups = [list(group) for _, group in groupby(self.columns, key=lambda column: column[:-1])]
        room = WIDE - self.name - _BETWEEN * len(groups)
        self.width = min(_WIDEST, max(_NARROWEST, room // max(1, len(self.columns))))
        places: dict[_Column, float] = {}
        x = float(self.name)
        for group in groups:
            for column in group:
                places[column] = x
                x += self.width
            x += _BETWEEN
        self.right = x - (_BETWEEN if groups else 0)
        return places

    def header_height(self) -> float:
        """What the names of columns take; where a word is wider than its column, they are turned."""
        last = [column[-1] for column in self.columns if column]
        words = [word for name in last for word in name.split()]
        self.turned = any(text_width(word, SMALL) > self.width - _PAD for word in words)
        if self.turned:
            tall = min(_HIGHEST, max(text_width(name, SMALL) for name in last))
        else:
            tall = max((height_of(self.named(name), SMALL) for name in last), default=0.0)
        groups = 2 * height_of([""], SMALL) if any(len(column) > 1 for column in self.columns) else 0.0
        return groups + tall + 2 * _PAD

    def named(self, name: str) -> list[str]:
        return wrapped(name, self.width - _PAD, SMALL, most=3)

    @property
    def size(self) -> tuple[float, float]:
        return self.right, self.top + _ROW * len(self.rows) + _ABOVE_KEY + _KEY

    # --- elements -----------------------------------------------------------------------------------------------------

    def elements(self) -> Iterator[str]:
        yield from self.header()
        for number, row in enumerate(self.rows):
            y = self.top + _ROW * number
            (name,) = wrapped(row, self.name - 2 * _PAD, most=1)
            yield label(self.name - _PAD, y + 14, name, "end")
            for column, x in self.places.items():
                yield from self.cell(x, y, self.cells.get((row, column)))
        yield from _key(self.top + _ROW * len(self.rows) + _ABOVE_KEY)

    def header(self) -> Iterator[str]:
        for name, group in groupby(self.columns, key=lambda column: column[:-1]):
            columns = list(group)
            left = self.places[columns[0]]
            wide = self.places[columns[-1]] + self.width - left
            if name:
                lines = wrapped(", ".join(name), wide - _PAD, SMALL, bold=True, most=2)
                yield from block(left + wide / 2, 0, lines, "middle", SMALL, 'font-weight="bold"')
            for column in columns if name or columns[0] else ():
                yield from self.head(self.places[column] + self.width / 2, column[-1])

    def head(self, middle: float, name: str) -> Iterator[str]:
        if self.turned:
            x, y = middle + SMALL * 0.35, self.top - _PAD
            (line,) = wrapped(name, _HIGHEST, SMALL, most=1)
            yield label(x, y, line, size=SMALL, more=f'transform="rotate(-90 {x:g} {y:g})"')
        else:
            lines = self.named(name)
            yield from block(middle, self.top - _PAD - height_of(lines, SMALL), lines, "middle", SMALL)

    def cell(self, x: float, y: float, item: Conclusion | None) -> Iterator[str]:
        wide, tall = self.width - 2, _ROW - 2
        if item is None:
            yield f'<rect x="{x + 1:g}" y="{y + 1:g}" width="{wide:g}" height="{tall}" fill="none" stroke="#dddddd"/>'
            return
        fill, ink = tint(item.certainty)
        yield f"<g><title>{escaped(f'{sentence(item.says)}: {item.evidence}')}</title>"
        yield f'<rect x="{x + 1:g}" y="{y + 1:g}" width="{wide:g}" height="{tall}" fill="{fill}" stroke="#bbbbbb"/>'
        yield label(x + self.width / 2, y + 14, figure(item.certainty), "middle", more=f'fill="{ink}"')
        yield "</g>"

    # --- words --------------------------------------------------------------------------------------------------------

    def notes(self) -> Iterator[str]:
        yield from left_out((self.rows_left, "row"), (self.columns_left, "column"))
        if self.same:
            yield f"All of it is about {', '.join(self.same)}."
        if self.hidden:
            yield "Where several conclusions fit a cell, it shows the most certain."

    def reading(self) -> str:
        told = []
        for row in self.rows:
            cells = [(column, self.cells[row, column]) for column in self.columns if (row, column) in self.cells]
            said = (f"{', '.join(column)} {certainty_text(item.certainty)}".lstrip() for column, item in cells)
            told.append(f"{row}: {'; '.join(said)}.")
        return " ".join(told)


def _strongest(items: Iterable[tuple[_Key, Conclusion]]) -> list[_Key]:
    """The keys, that of the most certain conclusion first, then by text."""
    found: dict[_Key, float] = {}
    for key, item in items:
        found[key] = max(found.get(key, 0.0), abs(item.certainty))
    return sorted(found, key=lambda key: (-found[key], key))


def _key(y: float) -> Iterator[str]:
    """What the colours mean."""
    yield label(_PAD, y + 12, "certainty", size=SMALL)
    for number, certainty in enumerate(_SWATCHES):
        fill, ink = tint(certainty)
        x = _LEFT + number * _NARROWEST
        yield f'<rect x="{x}" y="{y:g}" width="{_NARROWEST}" height="{_KEY}" fill="{fill}"/>'
        words = f"{certainty:.1f}".replace("-", "−")
        yield label(x + _NARROWEST / 2, y + 12.5, words, "middle", SMALL, f'fill="{ink}"')
    yield label(_LEFT + len(_SWATCHES) * _NARROWEST + 10, y + 12, "below 0: evidence against", size=SMALL)
