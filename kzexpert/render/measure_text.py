"""Evaluations, calibrations and lessons as text: coverage first, then tables with a line for each thing counted."""

from collections.abc import Iterable, Iterator, Sequence

from kzexpert.analysis.measure.evaluation import Band, Estimate, Evaluation, Evaluations
from kzexpert.analysis.measure.lessons import Lessons, Weighing
from kzexpert.errors import counted
from kzexpert.model.calibration import Calibrations
from kzexpert.render.writer import PLAIN, Piece, Writer, display_width, sentence, visible

__all__ = [
    "FORECASTS",
    "LEGEND",
    "calibrations_text",
    "change",
    "evaluations_text",
    "interval",
    "lessons_text",
    "percent",
    "share",
    "span",
]

#: Name of a way to forecast → in words.
FORECASTS = {
    "certainty": "certainty c read as (1 + c) / 2",
    "concluded": "where anything is concluded",
    "on file": "calibration on file",
    "calibrated": "calibrated on other clusters",
    "lines": "count of lines, calibrated so",
    "base rate": "base rate of other clusters",
}
LEGEND = (
    "The interval in brackets covers 95% of resamples of whole clusters. Brier skill is measured against always giving "
    "the base rate of each group. What is calibrated was fitted on clusters other than those it is judged on."
)


def percent(part: float | None) -> str:
    """A share as whole percent."""
    return "" if part is None else f"{100.0 * part:.0f}%"


def interval(found: Estimate | None, digits: int = 2) -> str:
    """A number with its interval."""
    if found is None:
        return "none"
    bounds = "" if found.low is None or found.high is None else f" [{found.low:.{digits}f}, {found.high:.{digits}f}]"
    return f"{found.value:.{digits}f}{bounds}".replace("-", "−")


def span(item: Evaluation) -> str:
    """What was judged, in words."""
    days = f", {item.first.isoformat()} to {item.last.isoformat()}" if item.first and item.last else ""
    kept = f"; only what is held out: {item.held_out}" if item.held_out else ""
    return f"{counted(item.cases, 'case')}{days}, {counted(item.clusters, 'value')} of {item.by}{kept}"


def evaluations_text(found: Evaluations, out: Writer = PLAIN) -> str:
    """A part for each predicate, and how to read them."""
    blocks = ["\n\n".join(_evaluation(item, out)) for item in found.evaluations]
    return "\n\n".join([*blocks, out.wrap([("faint", LEGEND)])]) + "\n"


def _evaluation(item: Evaluation, out: Writer) -> Iterator[str]:
    source = f" ({item.source})" if item.source else ""
    head: list[Piece] = [("strong", item.predicate), ("", f", right where {item.yardstick}{source}")]
    yield out.wrap(head) + "\n" + out.wrap([("", span(item))])
    covered = f"{percent(item.coverage)} of cases have a conclusion, {percent(item.established)} an established one"
    base_rate = f"the outcome was right in {percent(item.base_rate)} of all cases (the base rate)"
    yield out.wrap([("", f"Coverage: {covered}; {base_rate}.")]) + _groups(item, out)
    rows = [
        (FORECASTS[one.name], interval(one.auc), interval(one.brier, 3), interval(one.brier_skill))
        for one in item.forecasts
    ]
    yield _table("Forecasts", ("", "AUC", "Brier", "skill"), rows, out)
    certainty = item.forecasts[0]
    murphy = certainty.murphy
    parts = f"reliability {murphy.reliability:.3f} − resolution {murphy.resolution:.3f}"
    parts += f" + uncertainty {murphy.uncertainty:.3f}"
    corp = item.reliability[0]
    recal = f"miscalibration {corp.miscalibration:.3f}, discrimination {corp.discrimination:.3f}"
    yield out.wrap([("", f"Brier score of the certainty: {parts} (Murphy 1973); {recal} (CORP).")])
    if item.leans:
        told = [
            (f"{one.one} v. {one.other}", f"{one.cases:,}", f"{one.leaning:,}", interval(one.auc),
             interval(one.spearman), interval(one.lines_auc))
            for one in item.leans
        ]  # fmt: skip
        yield _table("Leaning", ("", "cases", "lean", "AUC", "rank", "AUC of lines"), told, out)
    yield _table("Words for the evidence", ("", "cases", "right"), _bands(item.words), out)
    title = "Likelihood, as the base says it" if item.forecast("on file") else "Likelihood, if calibrated"
    yield _table(title, ("", "said", "cases", "right"), _bands(item.likelihoods, said=True), out)
    yield from _rules(item, out)
    for note in item.notes:
        yield out.wrap([("poor", f"Note: {note}.")], rest="  ")
    digests = item.digests
    shown = f"Digests: rules {digests.rules[:12]}, facts {digests.facts[:12]}, outcomes {digests.outcomes[:12]}."
    yield out.wrap([("faint", shown)])


def _groups(item: Evaluation, out: Writer) -> str:
    if not item.groups:
        return ""
    rows = [
        (one.value, f"{one.cases:,}", f"{one.concluded:,}", f"{one.established:,}", percent(one.base_rate))
        for one in item.groups
    ]
    return "\n" + _table("", (item.rival, "cases", "concluded", "established", "right"), rows, out)


def _bands(bands: Sequence[Band], said: bool = False) -> list[tuple[str, ...]]:
    return [(one.word, *([percent(one.said)] if said else []), f"{one.cases:,}", share(one.right)) for one in bands]


def share(found: Estimate | None) -> str:
    if found is None or found.low is None or found.high is None:
        return "" if found is None else percent(found.value)
    return f"{percent(found.value)} [{percent(found.low)}, {percent(found.high)}]"


def _rules(item: Evaluation, out: Writer) -> Iterator[str]:
    if item.rules:
        rows = [
            (one.id, f"{one.certainty:g}", f"{one.cases:,}", "" if one.fired is None else f"{one.fired:,}",
             percent(one.right), percent(one.expected), change(one.auc), change(one.brier_skill),
             "against what turned out" if one.against else "")
            for one in item.rules
        ]  # fmt: skip
        names = ("", "certainty", "moves", "fired", "right", "expected", "AUC", "skill", "")
        yield _table("What each rule is worth: with it minus without it", names, rows, out)
    if item.silent:
        yield out.wrap([("", "Rules that never fired: "), ("name", ", ".join(item.silent))], rest="  ")


def change(number: float | None) -> str:
    return "" if number is None else f"{round(number, 3) + 0.0:+.3f}".replace("-", "−")


def calibrations_text(found: Calibrations, file: str, out: Writer = PLAIN) -> str:
    """What was fitted, and how good it is."""
    blocks = []
    for item in found.calibrations:
        head: list[Piece] = [
            ("strong", item.predicate),
            ("", f", right where {item.yardstick}: {counted(item.n, 'case')}, "),
        ]
        head.append(("", f"{counted(item.clusters, 'value')} of {item.by}"))
        role = "good" if item.skill > 0 else "bad"
        judged = f"Cross-validated Brier score {item.brier:.3f}, {item.base_brier:.3f} by base rates: "
        judged += f"skill {item.skill:+.2f}.".replace("-", "−")
        rows = [
            (f"{item.argument} {curve.value}" if curve.value else "all", f"{curve.n:,}", percent(curve.base_rate),
             "  ".join(f"{c:g} → {percent(f)}" for c, f in _ends(curve.certainties, curve.frequencies)))
            for curve in item.curves
        ]  # fmt: skip
        lines = [out.wrap(head), out.wrap([(role, judged)])]
        blocks.append("\n".join([*lines, _table("", ("", "cases", "right", "certainty → frequency"), rows, out, 1)]))
    blocks.append(
        out.wrap([("", f"Name it in the manifest of the base for its answers to use it: calibration: {file}")])
    )
    return "\n\n".join(blocks) + "\n"


def _ends(certainties: Sequence[float], frequencies: Sequence[float]) -> Iterable[tuple[float, float]]:
    """The first, the middle and the last point of a curve."""
    places = sorted({0, len(certainties) // 2, len(certainties) - 1})
    return [(round(certainties[place], 2), frequencies[place]) for place in places]


def lessons_text(found: Lessons, out: Writer = PLAIN) -> str:
    """What is proposed for each rule, how good that is on cases that were not learned from, and the diff."""
    head: list[Piece] = [("strong", found.predicate), ("", f", right where {found.yardstick}: ")]
    kept = f", without what is held out: {found.held_out}" if found.held_out else ""
    head.append(("", f"{counted(found.cases, 'case')}, {counted(found.clusters, 'value')} of {found.by}{kept}"))
    rows = [
        (one.id, f"{one.certainty:g}", "" if one.proposed is None else f"{one.proposed:g}", one.verdict,
         f"{one.fired:,}", percent(one.right), percent(one.expected))
        for one in found.lessons
    ]  # fmt: skip
    names = ("", "now", "proposed", "", "fired", "right", "expected")
    blocks = [out.wrap(head), _table("Rules", names, rows, out)]
    pairs = [
        ("AUC", found.before.auc, found.after.auc, 2),
        ("Brier, calibrated", found.before.brier, found.after.brier, 3),
    ]
    pairs += [(name, *both, 2) for name, *both in _leans(found.before, found.after)]  # type: ignore[misc]
    compared = [(name, interval(one, digits), interval(other, digits)) for name, one, other, digits in pairs]
    blocks.append(_table("On clusters left out of the learning", ("", "as they are", "as proposed"), compared, out))
    if found.diff:
        blocks.append("\n".join(out.style(_role(line), visible(line)) for line in found.diff.splitlines()))
    else:
        blocks.append("No certainty needs to change.")
    return "\n\n".join(blocks) + "\n"


def _leans(before: Weighing, after: Weighing) -> Iterator[tuple[str, Estimate | None, Estimate | None]]:
    for one, other in zip(before.leans, after.leans, strict=True):
        yield f"AUC, {one.one} v. {one.other}", one.auc, other.auc


def _role(line: str) -> str:
    return {"+": "good", "-": "bad"}.get(line[:1], "")


def _table(title: str, names: Sequence[str], rows: Sequence[Sequence[str]], out: Writer, left: int = 0) -> str:
    """Aligned columns, the first and the last ``left`` to the left, the others to the right."""
    every = [[visible(cell) for cell in row] for row in (names, *rows)]
    widths = [max(display_width(row[place]) for row in every) for place in range(len(names))]
    texts = {0, len(names) - 1} if left else {0}
    texts |= {place for place, name in enumerate(names) if not name}

    def line(row: Sequence[str]) -> str:
        cells = []
        for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
            gap = " " * (width - display_width(cell))
            cells.append(cell + gap if place in texts else gap + cell)
        return "  " + "  ".join(cells).rstrip()

    lines = [out.style("strong", sentence(title))] if title else []
    return "\n".join([*lines, out.style("faint", line(every[0])), *map(line, every[1:])])
