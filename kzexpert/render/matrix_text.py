"""Matrices of competing hypotheses as text: evidence in rows, hypotheses in columns, as many as the width takes."""

from collections.abc import Iterator, Sequence

from kzexpert.analysis.matrix import Cell, Hypothesis, Matrices, Matrix
from kzexpert.model import Inference
from kzexpert.render.text import footnote
from kzexpert.render.writer import PLAIN, Writer, certainty_text, display_width, stated, visible

__all__ = ["matrix_text"]

_TELLS = 6
_COLUMN = 12
_NARROWEST = 28
_LEGEND = (
    "Evidence that tells the hypotheses apart comes first: the number before it is its highest strength minus its "
    "lowest, and at 0.00 it proves nothing, however strong it is. A dot is silence; what is in brackets does not "
    "count, since its rule or family speaks by stronger evidence."
)
_ADVICE = (
    "Of the hypotheses on which evidence bears, that with the least against it is to be preferred (Heuer 1999, ch. 8)."
)


def matrix_text(inference: Inference, found: Matrices, out: Writer = PLAIN) -> str:
    """A table for each matrix, and how to read them."""
    blocks = ["\n".join(_matrix(matrix, out)) for matrix in found.matrices]
    if not blocks:
        blocks = [out.wrap([("", f"No rule and no fact says anything about: {found.question}")])]
    else:
        bears = any(sum(map(_borne_on, matrix.hypotheses)) > 1 for matrix in found.matrices)
        blocks.append(out.wrap([("faint", f"{_LEGEND} {_ADVICE}" if bears else _LEGEND)]))
    blocks.append(footnote(inference, out))
    return "\n\n".join(blocks) + "\n"


def _matrix(matrix: Matrix, out: Writer) -> Iterator[str]:
    yield out.wrap([("strong", stated(matrix.says, matrix.pattern))], rest="  ")
    fitting = max(1, (out.width - _TELLS - _NARROWEST) // _COLUMN)
    for start in range(0, len(matrix.hypotheses), fitting):
        chosen = range(start, min(start + fitting, len(matrix.hypotheses)))
        table = _Grid(out, out.width - _TELLS - _COLUMN * len(chosen))
        columns = [matrix.hypotheses[index] for index in chosen]
        yield ""
        yield from table.row("", "", [("name", item.value) for item in columns])
        for row in matrix.rows:
            cells = [_cell(row.cells[index]) for index in chosen]
            yield from table.row(certainty_text(row.diagnosticity), stated(row.says, "; ".join(row.evidence)), cells)
        yield from _sums(table, columns)


def _sums(table: "_Grid", columns: Sequence[Hypothesis]) -> Iterator[str]:
    yield from table.row("", "all evidence for", [("", certainty_text(item.support)) for item in columns])
    yield from table.row("", "all evidence against", [("", certainty_text(item.against)) for item in columns])
    yield from table.row("", "certainty", [("strong", certainty_text(item.certainty)) for item in columns])
    yield from table.row("", "evidence", [_word(item) for item in columns])


def _borne_on(item: Hypothesis) -> bool:
    """Whether any evidence speaks for a hypothesis or against it."""
    return bool(item.support or item.against)


def _word(item: Hypothesis) -> tuple[str, str]:
    if item.established:
        return "good", item.evidence
    return ("poor", item.evidence) if _borne_on(item) else ("faint", "no evidence")


def _cell(cell: Cell) -> tuple[str, str]:
    if cell.effect == "silent":
        return "faint", "."
    text = f"{cell.strength:+.2f}"
    role = "good" if cell.effect == "supports" else "bad"
    return (role, text) if cell.counts else ("faint", f"({text})")


class _Grid:
    """Rows of a number, a text and cells, each wrapped to the width of its column."""

    def __init__(self, out: Writer, label: int) -> None:
        self.out = out
        self.label = label

    def row(self, number: str, text: str, cells: Sequence[tuple[str, str]]) -> Iterator[str]:
        labels = _filled(text, self.label - 2)
        values = [_filled(value, _COLUMN - 1) for _, value in cells]
        for line in range(max(len(labels), *map(len, values))):
            label = labels[line] if line < len(labels) else ""
            pieces = [self.out.style("", f"{number if line == 0 else '':>4}  {_padded(label, self.label)}")]
            for (role, _), lines in zip(cells, values, strict=True):
                shown = lines[line] if line < len(lines) else ""
                pieces.append(
                    " " * max(0, _COLUMN - display_width(shown)) + (self.out.style(role, shown) if shown else "")
                )
            yield "".join(pieces).rstrip()


def _filled(text: str, width: int) -> list[str]:
    return Writer(width=width).wrap([("", visible(text))]).split("\n")


def _padded(text: str, width: int) -> str:
    return text + " " * max(0, width - display_width(text))
