"""A timeline as text: for each conclusion its years as one line of bars, then each change with the facts behind it."""

from collections.abc import Iterator

import msgspec

from kzexpert.analysis.timeline import Point, Series, Timeline
from kzexpert.proof.changes import Cause
from kzexpert.render.text import UNCALIBRATED
from kzexpert.render.writer import PLAIN, Piece, Writer, certainty_text, stated

__all__ = ["ASCII", "UNICODE", "Glyphs", "cause_pieces", "timeline_text"]

_LOSES = ("no longer assumed", "withdrawn", "went out of force", "not recorded", "lost", "weaker")
_BAR = 28
_LONGEST_WORD = len("very strong evidence against")
_INDENT = " " * 6


class Glyphs(msgspec.Struct, frozen=True):
    """The characters that draw.

    Attributes:
        levels: from just above 0 to 1.
        unknown, negative: what stands for a year without, or with a negative, certainty.
        bar, negative_bar: fill a bar.
    """

    levels: str = "▁▂▃▄▅▆▇█"
    unknown: str = "·"
    negative: str = "▾"
    bar: str = "█"
    negative_bar: str = "░"


UNICODE = Glyphs()
#: For terminals that know no other characters: a digit stands for tenths.
ASCII = Glyphs("123456789", ".", "v", "#", "-")


def timeline_text(found: Timeline, out: Writer = PLAIN, glyphs: Glyphs = UNICODE) -> str:
    """A block for each conclusion, and what the drawing means."""
    blocks = ["\n".join(_block(series, out, glyphs)) for series in found.series]
    if not blocks:
        years = f"{found.start.year}..{found.end.year}"
        blocks = [out.wrap([("", f"Nothing in the knowledge base supports {found.pattern} in {years}.")])]
    legend = (
        f"Each column is the certainty as of 31 December of a year, {glyphs.levels[0]} just above 0 and "
        f"{glyphs.levels[-1]} near 1; {glyphs.unknown} nothing is known, {glyphs.negative} below 0. {UNCALIBRATED}"
    )
    parts = [f"Assumed: {atom}." for atom in found.assumed] + [f"Withdrawn: {atom}." for atom in found.withdrawn]
    blocks.append(out.wrap([("faint", " ".join([*parts, legend]))]))
    return "\n\n".join(blocks) + "\n"


def _block(series: Series, out: Writer, glyphs: Glyphs) -> Iterator[str]:
    yield out.wrap([("strong", stated(series.says, series.conclusion))], rest="  ")
    chunk = out.width - 14
    for start in range(0, len(series.points), chunk):
        part = series.points[start : start + chunk]
        line = "".join(_column(point, glyphs) for point in part)
        yield (
            out.style("faint", f"  {part[0].period} ")
            + out.style("good", line)
            + out.style("faint", f" {part[-1].period}")
        )
    changes = {change.period: change for change in series.changes}
    for first, last in _spans(series):
        years = first.period if first is last else f"{first.period}-{last.period}"
        yield out.style("name", f"  {years.ljust(9)}") + _estimate(first, out, glyphs)
        change = changes.get(first.period)
        for cause in change.causes if change else ():
            yield out.wrap(cause_pieces(cause), first=_INDENT, rest=_INDENT + "  ")


def _spans(series: Series) -> Iterator[tuple[Point, Point]]:
    """The first and the last of consecutive years with one certainty."""
    first = last = series.points[0]
    for point in series.points[1:]:
        if point.certainty != first.certainty:
            yield first, last
            first = point
        last = point
    yield first, last


def _estimate(point: Point, out: Writer, glyphs: Glyphs) -> str:
    if point.certainty is None:
        return out.style("faint", "      -  nothing is known")
    columns = f"  {certainty_text(point.certainty).rjust(5)}  {point.evidence.ljust(_LONGEST_WORD)} "
    length = round(abs(point.certainty) * min(_BAR, max(0, out.width - len(columns) - 11)))
    bar = (glyphs.bar if point.certainty > 0 else glyphs.negative_bar) * length
    return (out.style("", columns) + out.style("good" if point.established else "poor", bar)).rstrip()


def _column(point: Point, glyphs: Glyphs) -> str:
    if point.certainty is None:
        return glyphs.unknown
    if point.certainty <= 0:
        return glyphs.negative
    return glyphs.levels[min(int(point.certainty * len(glyphs.levels)), len(glyphs.levels) - 1)]


def cause_pieces(cause: Cause) -> list[Piece]:
    """A fact that came or went, with a sign, its dates and its place."""
    sign: Piece = ("bad", "- ") if cause.turn in _LOSES else ("name", "~ ") if cause.was else ("good", "+ ")
    rows = [", ".join(filter(None, [record.dates, record.place])) for record in cause.records]
    turn = "" if cause.was or cause.turn in ("came into force", "went out of force") else f"{cause.turn}; "
    note = f"{turn}{'; '.join(rows)}".removesuffix("; ")
    return [sign, ("", cause.says), ("faint", f" ({note})" if note else "")]
