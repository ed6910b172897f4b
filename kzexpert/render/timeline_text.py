"""A timeline as text: for each conclusion its years as one line of bars, then each change with the facts behind it."""

from collections.abc import Iterator

import msgspec

from kzexpert.analysis.timeline import Point, Series, Step, Timeline
from kzexpert.errors import counted
from kzexpert.proof.changes import Cause
from kzexpert.render.abridgement import all_shown, first_of, more
from kzexpert.render.text import UNCALIBRATED
from kzexpert.render.writer import PLAIN, Piece, Writer, certainty_text, stated

__all__ = [
    "ASCII",
    "LAPSED",
    "UNICODE",
    "Glyphs",
    "cause_pieces",
    "days_looked_at",
    "estimated",
    "timeline_text",
    "unmeasured",
]

LAPSED = "Lapsed: nothing newer is on record, which does not mean that it ended."
_LOSES = ("no longer assumed", "withdrawn", "went out of force", "lapsed", "not recorded", "lost", "weaker")
_BAR = 28
_LONGEST_WORD = len("very strong evidence against")
_INDENT = " " * 6


class Glyphs(msgspec.Struct, frozen=True):
    """The characters that draw.

    Attributes:
        levels: from just above 0 to 1.
        unknown, negative: what stands for a year without, or with a negative, certainty.
        silent: for one of which nothing is known any more, as nothing newer is on record.
        bar, negative_bar: fill a bar.
    """

    levels: str = "▁▂▃▄▅▆▇█"
    unknown: str = "·"
    negative: str = "▾"
    silent: str = "~"
    bar: str = "█"
    negative_bar: str = "░"


UNICODE = Glyphs()
#: For terminals that know no other characters: a digit stands for tenths.
ASCII = Glyphs("123456789", ".", "v", "~", "#", "-")


def timeline_text(found: Timeline, out: Writer = PLAIN, glyphs: Glyphs = UNICODE, limit: int | None = None) -> str:
    """A block for each conclusion, and what the drawing means.

    Args:
        limit: so many conclusions are drawn; None for all.
    """
    shown, left = first_of(found.series, limit)
    blocks = (
        [f"{counted(len(found.series), 'conclusion')} between {found.start.year} and {found.end.year}."] if left else []
    )
    blocks += ["\n".join(_block(series, out, glyphs)) for series in shown]
    blocks += ["\n".join([*more(left, "conclusion", "conclusions", indent=""), all_shown(out)])] if left else []
    if not blocks:
        years = f"{found.start.year}..{found.end.year}"
        blocks = [out.wrap([("", f"Nothing in the knowledge base supports {found.pattern} in {years}.")])]
    parts = [f"Assumed: {atom}." for atom in found.assumed] + [f"Withdrawn: {atom}." for atom in found.withdrawn]
    blocks.append(out.wrap([("faint", " ".join([*parts, *_legend(found, glyphs)]))]))
    return "\n\n".join(blocks) + "\n"


def _legend(found: Timeline, glyphs: Glyphs) -> Iterator[str]:
    points = [point for series in found.series for point in series.points]
    silent = f", {glyphs.silent} nothing any more" if any(point.silent for point in points) else ""
    yield (
        f"{days_looked_at(found)} {glyphs.levels[0]} is just above 0 and {glyphs.levels[-1]} near 1; {glyphs.unknown} "
        f"nothing is known{silent}, {glyphs.negative} below 0."
    )
    if any(cause.turn == "lapsed" for series in found.series for change in series.changes for cause in change.causes):
        yield LAPSED
    yield from unmeasured(found)


def days_looked_at(found: Timeline) -> str:
    """As of which days the certainties are, as a sentence."""
    last = "" if (found.end.month, found.end.day) == (12, 31) else f", of {found.end.year} as of {found.end}"
    alone = found.start == found.end
    return f"Certainties as of {found.end if alone else f'31 December of each year{last}'}."


def unmeasured(found: Timeline) -> Iterator[str]:
    """That likelihoods were not measured, where any of them was not, and on what they were where some were."""
    known = [point for series in found.series for point in series.points if point.certainty is not None]
    measured = dict.fromkeys(point.likelihood.measured for point in known if point.likelihood)
    yield from (f"Likelihoods as measured on {text}." for text in measured)
    if not measured or any(point.likelihood is None for point in known):
        yield UNCALIBRATED


def estimated(point: Point) -> str:
    """The certainty of a point, with its likelihood where that was measured."""
    if point.certainty is None:
        return "lapsed" if point.silent else "unknown"
    told = point.likelihood
    likely = f" ({told.word}, {told.percent:g} percent)" if told else ""
    return f"{certainty_text(point.certainty)}{likely}"


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
        change = changes.get(first.period)
        yield out.style("name", f"  {years.ljust(9)}") + _estimate(first, change, out, glyphs)
        if first.likelihood:
            likely = f"{first.likelihood.word}, {first.likelihood.percent:g} percent"
            yield out.wrap([("", likely)], first=_INDENT, rest=_INDENT)
        for cause in change.causes if change else ():
            yield out.wrap(cause_pieces(cause), first=_INDENT, rest=_INDENT + "  ")


def _spans(series: Series) -> Iterator[tuple[Point, Point]]:
    """The first and the last of consecutive years with one certainty and likelihood."""
    first = last = series.points[0]
    for point in series.points[1:]:
        if (point.certainty, point.likelihood) != (first.certainty, first.likelihood):
            yield first, last
            first = point
        last = point
    yield first, last


def _estimate(point: Point, change: Step | None, out: Writer, glyphs: Glyphs) -> str:
    if point.certainty is None:
        words = "nothing newer is on record" if point.silent else "nothing is known"
        if change and not point.silent:
            ended = all(cause.turn == "went out of force" for cause in change.causes)
            words = "it ended on record" if ended else "it no longer follows"
        return out.style("faint", f"      -  {words}")
    columns = f"  {certainty_text(point.certainty).rjust(5)}  {point.evidence.ljust(_LONGEST_WORD)} "
    length = round(abs(point.certainty) * min(_BAR, max(0, out.width - len(columns) - 11)))
    bar = (glyphs.bar if point.certainty > 0 else glyphs.negative_bar) * length
    return (out.style("", columns) + out.style("good" if point.established else "poor", bar)).rstrip()


def _column(point: Point, glyphs: Glyphs) -> str:
    if point.certainty is None:
        return glyphs.silent if point.silent else glyphs.unknown
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
