"""``kzexpert infer``: all conclusions, written to a file for other programs to read."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from kzexpert.atomic import check_writable
from kzexpert.cli.options import Options, command, common_options
from kzexpert.cli.output import emit_file, print_error
from kzexpert.cli.progress import progress_line
from kzexpert.cli.session import Session, open_session, years_of
from kzexpert.engines import infer_each
from kzexpert.engines.export.files import export, written_predicates
from kzexpert.engines.export.folders import (
    check_address,
    check_folder,
    folder_replacement,
    is_address,
    is_folder,
    size_of,
)
from kzexpert.engines.reports import Listener, Report, Standing
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.model import ANY, Inference, KnowledgeBase, Pattern, Program, Relation
from kzexpert.model.columns import ENDINGS, Form, Selection, layout_of
from kzexpert.questions.question import read_question
from kzexpert.render.export_text import Cost, cost_text

if TYPE_CHECKING:
    from kzexpert.analysis.line_rows import LineRow

__all__ = ["infer"]

_OUTPUT, _GUARD, _LINES = "--output", "--guard-formulas", "--lines"


@command(
    epilog="""\b
Examples:
  kzexpert infer --output conclusions.parquet
  kzexpert infer alignment hedges --all --output weighed.csv
  kzexpert infer "alignment(?state, Borduria, _)" --format jsonl
  kzexpert infer alignment --lines --output lines.csv
  kzexpert infer --engine duckdb --memory 2GB --output world.duckdb
  kzexpert infer --as-of 1992..2011 --output years.parquet
  kzexpert infer --as-of 1992..2011 --output years/ --format csv
  kzexpert infer --engine spark --output hdfs:///results/2011""",
)
@click.argument("pattern", nargs=-1, metavar="[PATTERN|PREDICATE]...")
@click.option("--all", "weighed", is_flag=True, help="Write also what was weighed and not established.")
@click.option("--recorded", is_flag=True, help="Write also recorded facts, and a column that tells them apart.")
@click.option(_LINES, "by_line", is_flag=True, help="Write a row for each line of evidence, as CSV or JSON lines.")
@click.option(
    "--format",
    "form",
    type=click.Choice(tuple(ENDINGS)),
    help="What to write.  [default: what the ending of the file of --output says]",
)
@click.option(
    _GUARD,
    "guarded",
    is_flag=True,
    help="Put an apostrophe before texts of CSV that a spreadsheet would take for formulas: = + - @ and tabs.",
)
@common_options(formats=(), as_of="DATE|YEAR..YEAR")
def infer(
    options: Options,
    pattern: tuple[str, ...],
    weighed: bool,
    recorded: bool,
    by_line: bool,
    form: Form | None,
    guarded: bool,
) -> int:
    """Write the conclusions, or those of some predicates and patterns, to a Parquet, CSV, JSON lines or DuckDB file.

    A row holds the as-of date, the predicate, a column for every name of an argument, certainty, evidence, and
    whether it is established. A DuckDB file has a table for each predicate, and one that describes the run. The file
    is written whole or not at all. What it cost is reported on stderr.

    Where --output is a folder that exists, or ends with a slash, files are written to it (Parquet, unless --format
    says otherwise) in folders by date, if there are several, and predicate: years/as_of=2011-12-31/predicate=alignment.
    Its file _SUCCESS, written last, says what the run was. A folder of that kind is replaced, and no other. With Spark
    the executors write it, at an address also to another file system, where nothing may be yet.

    With --lines a row is a line of evidence: the date, the conclusion, the rule and its family, the strength, whether
    it counts, and the origins of all recorded facts below it.
    """
    costs = _Costs()
    folder = options.output is not None and is_folder(options.output)
    chosen = _form(options, form)
    if guarded and chosen != "csv":
        raise UsageError(Issue("KZ308", f"{_GUARD} is for CSV", Location(_GUARD), "leave it out, or give --format csv"))
    if by_line:
        _check_lines(chosen, recorded)
    if folder:
        _check_folder(options, chosen, by_line)
    elif options.output is not None:
        check_writable(options.output)
    session = open_session(options)
    selection = Selection(_patterns(session.kb, pattern), weighed, recorded)
    _check_selection(session.kb, selection)
    programs = _programs(session, selection.patterns)
    found: dict[str, int] = {}
    with progress_line() as line:
        engine = session.engine(line, costs.hear)
        if options.output is not None and is_address(options.output):
            check_address(options.output, engine, programs)
        inferences = infer_each(engine, programs, lambda day, done, total: line(f"as of {day.year}", done, total))

        def fill(path: Path | str) -> None:
            if by_line:
                found.update(_write_lines(inferences, selection, chosen, Path(path), listen, guarded=guarded))
            else:
                found.update(export(inferences, selection, chosen, path, listen, folders=folder, guarded=guarded))
            costs.size = size_of(path)

        def listen(report: Report) -> None:
            line.hear(report)
            costs.hear(report)

        if folder:
            with folder_replacement(options.output or "", inferences) as path:
                fill(path)
        else:
            emit_file(options, fill)
    cost = costs.cost(found, options.output or "")
    print_error(lambda _out: cost_text(cost))
    return 0 if sum(found.values()) else 3


def _form(options: Options, form: Form | None) -> Form:
    """The format to write.

    Raises:
        UsageError: nothing says which, or where to.
    """
    forms = ", ".join(ENDINGS)
    if form is None and options.output is None:
        hint = "give --output FILE, or --format csv or --format jsonl to print on stdout"
        raise UsageError(Issue("KZ308", "where should the conclusions go?", Location(_OUTPUT), hint))
    if form is None:
        name = (options.output or "").lower().rstrip("/")
        form = next((form for form, endings in ENDINGS.items() if name.endswith(endings)), None)
    if form is None and is_folder(options.output or ""):
        return "parquet"
    if form is None:
        endings = ", ".join(ending for endings in ENDINGS.values() for ending in endings)
        hint = f"end it on one of {endings}, or give --format {forms}"
        raise UsageError(Issue("KZ307", f"the ending of {options.output} names no format", Location(_OUTPUT), hint))
    if options.output is None and form in ("parquet", "duckdb") and sys.stdout is not None and sys.stdout.isatty():
        hint = "give --output FILE, or send stdout to a file"
        raise UsageError(Issue("KZ308", f"{form} cannot be shown on a terminal", Location("--format"), hint))
    return form


def _check_folder(options: Options, form: Form, by_line: bool) -> None:
    """Make sure that a folder can be written.

    Raises:
        UsageError: what is asked for stands in a file (KZ308), or it may not be written to (KZ306).
    """
    name = options.output or ""
    if form == "duckdb" or by_line:
        what = "lines of evidence are" if by_line else "a DuckDB database is"
        raise UsageError(Issue("KZ308", f"{what} written to a file, not to a folder", Location(_OUTPUT), "name a file"))
    check_folder(name)


def _check_lines(form: Form, recorded: bool) -> None:
    """Make sure that lines of evidence can be written so.

    Raises:
        UsageError: the format is not theirs, or recorded facts were asked for, which have no such lines (KZ308).
    """
    if form not in ("csv", "jsonl"):
        hint = "give --format csv or --format jsonl"
        raise UsageError(Issue("KZ308", "lines of evidence are written as CSV or JSON lines", Location(_LINES), hint))
    if recorded:
        raise UsageError(
            Issue("KZ308", "recorded facts have no lines of evidence", Location("--recorded"), "leave it out")
        )


def _write_lines(
    inferences: Sequence[Inference], selection: Selection, form: Form, path: Path, listen: Listener, *, guarded: bool
) -> dict[str, int]:
    """Write a row for each line of evidence; as `kzexpert.engines.export.files.export`."""
    from kzexpert.analysis.line_rows import line_rows
    from kzexpert.render.line_table import write_line_table

    listen(Standing(phase="writing"))
    kb = inferences[0].program.kb
    layout = replace(layout_of(kb, written_predicates(kb, selection), derived=False), guarded=guarded)
    counts = dict.fromkeys(layout.predicates, 0)

    def counted() -> "Iterator[LineRow]":
        for inference in inferences:
            for row in line_rows(inference, selection, layout):
                counts[row.conclusion.predicate] += 1
                yield row

    with path.open("w", encoding="utf-8", newline="") as file:
        write_line_table(file, layout, counted(), form)
    return counts


def _patterns(kb: KnowledgeBase, texts: Sequence[str]) -> tuple[Pattern, ...]:
    """What the arguments name: whole predicates, or what matches a pattern or a question.

    Raises:
        UsageError: something is not understood.
    """
    found = []
    for text in texts:
        predicate = kb.predicate.get(text.strip())
        if predicate is not None:
            found.append(Pattern(predicate.name, predicate.name, (ANY,) * len(predicate.args)))
            continue
        question = read_question(kb, text)
        if isinstance(question.pattern.relation, Relation):
            message = "a file of conclusions has neither a window of time nor dates on record"
            hint = "leave 'within', 'since', 'until' and 'on' out"
            raise UsageError(Issue("KZ301", message, Location("question"), hint))
        found.append(question.pattern)
    return tuple(found)


def _check_selection(kb: KnowledgeBase, selection: Selection) -> None:
    """Make sure that there can be something to write.

    Raises:
        UsageError: only recorded facts were asked for, and they are not to be written.
    """
    names = [name for name in written_predicates(kb, selection) if name not in kb.concluded]
    if not selection.recorded and (names or not kb.concluded):
        message = f"no rule concludes {', '.join(names) or 'anything'}"
        raise UsageError(Issue("KZ308", message, Location("question"), "--recorded writes recorded facts too"))


def _programs(session: Session, goals: Sequence[Pattern]) -> list[Program]:
    """What the engine is to run: a program for each as-of date."""
    asked = session.options.as_of
    if asked is None or ".." not in asked:
        return [session.program(goals)]
    return [session.given(as_of=f"{year:04}").program(goals) for year in years_of(asked) or ()]


class _Costs:
    """Adds up what a run costs while it tells how it stands."""

    def __init__(self) -> None:
        self.size: int | None = None
        self._seconds = {"loading": 0.0, "inferring": 0.0, "writing": 0.0}
        self._phase = "loading"
        self._since = perf_counter()
        self._facts = 0
        self._spilled: int | None = None

    def hear(self, report: Report) -> None:
        """Take note of a report. Only the main thread changes the phase."""
        if not isinstance(report, Standing):
            return
        if report.phase != self._phase:
            self._turn(report.phase)
        self._facts = max(self._facts, report.facts)
        if report.phase == "writing" and report.done is not None:
            self._spilled = max(self._spilled or 0, report.spilled)  # a late report may know less

    def _turn(self, phase: str) -> None:
        now = perf_counter()
        self._seconds[self._phase] += now - self._since
        self._phase, self._since = phase, now

    def cost(self, rows: dict[str, int], file: str) -> Cost:
        """All of it, once all is written."""
        self._turn("writing")
        return Cost(
            rows=rows,
            file=file,
            size=self.size,
            facts=self._facts,
            memory=_peak_memory(),
            spilled=self._spilled,
            **self._seconds,
        )


def _peak_memory() -> int | None:
    """Bytes; None where the system does not tell."""
    try:
        from resource import RUSAGE_SELF, getrusage
    except ModuleNotFoundError:  # Windows
        return None
    most = getrusage(RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
