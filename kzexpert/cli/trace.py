"""``kzexpert trace``: write down all that an answer rests on, check such a file against rules and facts, compare."""

from collections.abc import Mapping, Sequence
from datetime import date

import click
from msgspec.structs import replace

from kzexpert.certainty import established
from kzexpert.checks import refuse_errors
from kzexpert.cli.asked import question_of
from kzexpert.cli.options import DEPTH, Command, Count, Options, common_options
from kzexpert.cli.output import emit, print_error, show, spare
from kzexpert.cli.page import page
from kzexpert.cli.session import inspect, open_session
from kzexpert.engines import ENGINES, Settings, with_rows
from kzexpert.errors import Issue, KnowledgeBaseError, Location, UsageError
from kzexpert.language.files import read_file
from kzexpert.model import KnowledgeBase
from kzexpert.program.likelihood import fitting_calibrations
from kzexpert.program.relevance import opened
from kzexpert.proof.checker import Checker, Verification
from kzexpert.proof.checker.parser import read_trace, read_traces
from kzexpert.proof.citation import exported
from kzexpert.proof.diff import trace_diff
from kzexpert.proof.document import Trace
from kzexpert.proof.enclosure import Enclosed, bound, edited, enclosed, enclosing
from kzexpert.proof.index import Index
from kzexpert.proof.lineage import prove
from kzexpert.render import RENDERERS, rendered
from kzexpert.render.changes_text import trace_diff_text
from kzexpert.render.issues import issues_text
from kzexpert.render.trace_text import verifications_document, verifications_text

__all__ = ["trace"]

#: Bytes. A trace of this size holds a hundred thousand firings.
_LIMIT = 100_000_000


@click.group(
    epilog="""\b
Examples:
  kzexpert trace export "which states hedge?" --output hedging.json
  kzexpert trace verify hedging.json
  kzexpert trace diff last-year.json hedging.json""",
)
def trace() -> None:
    """Work with traces: files that hold an answer and all it rests on, for others to check."""


@trace.command(
    cls=Command,
    short_help="Write an answer and all it rests on to a file.",
    epilog="""\b
Examples:
  kzexpert trace export "which states hedge?" --output hedging.json
  kzexpert trace export "hedges(?state, _, _, security)" --format markdown
  kzexpert trace export "which states hedge?" --format svg --output hedging.svg""",
)
@click.argument("question", nargs=-1, required=True)
@click.option("--depth", type=Count(), metavar="NUMBER", help=DEPTH)
@common_options(formats=tuple(RENDERERS))
def export(options: Options, question: tuple[str, ...], depth: int | None) -> int:
    """Write everything that answers a QUESTION to a file, with every fact, firing and rule below it.

    JSON is the trace that "verify" checks and "diff" compares. Markdown and HTML are for reading. SVG is
    a picture of the argument on one page, DOT and Mermaid are the same for programs that draw.
    """
    session = open_session(options)
    asked = question_of(session, " ".join(question))
    # A page compares a conclusion with its rivals, which differ in a constant of the question.
    whole = RENDERERS[options.format].shows == "page"
    inference = session.infer([opened(asked.pattern) if whole else asked.pattern])
    index = Index(exported(prove(inference, asked), session.kb))
    shown = {"trace": lambda: index.trace, "page": lambda: page(session, inference, asked)}
    text = rendered(options.format, shown, depth)
    if RENDERERS[options.format].carries:
        text = enclosed(text, bound(text, [index.trace]))
    emit(options, lambda _out: text)
    return 0 if any(established(index[answer].certainty) for answer in index.trace.answers) else 3


@trace.command(
    cls=Command,
    short_help="Check traces against the rules and facts on disk.",
    epilog="""\b
Examples:
  kzexpert trace verify hedging.json
  kzexpert trace verify traces/*.json --kb my-knowledge-base""",
)
@click.argument("file", nargs=-1, required=True)
@common_options(run=False)
def verify(options: Options, file: tuple[str, ...]) -> int:
    """Check each FILE against the rules and facts on disk. Exit code 1 when something in one of them is wrong.

    A small checker that shares no code with the engines derives everything again: facts and dates, every binding,
    negation, aggregate and certainty. It names each difference, and what should be there.
    """
    texts = {name: _read(name) for name in file}
    try:
        kb, issues = inspect(options)
        refuse_errors(kb, issues)
    except KnowledgeBaseError as error:
        raise _naming_bases(error, texts) from None
    spare(options, file)
    found = _verified(kb, texts, options.allow_network)
    problems = [issue for item in found for issue in item.issues]
    if problems and options.format == "text":
        print_error(lambda out: issues_text(problems, texts, out))
    show(options, verifications_document(found), lambda out: verifications_text(found, out))
    return 0 if all(item.verified for item in found) else 1


def _naming_bases(error: KnowledgeBaseError, texts: Mapping[str, str]) -> KnowledgeBaseError:
    """That there is no knowledge base, and which one the traces were made from."""
    if [issue.code for issue in error.issues] != ["KZ115"]:
        return error
    traces = (trace for name, text in texts.items() for trace in read_traces(name, text)[0])
    bases = (base for trace in traces for base in trace.bases or () if not base.used)
    named = dict.fromkeys(f"{base.name} {base.version}".rstrip() for base in bases)
    of = f"the trace is about {' and '.join(named)}" if named else "the trace does not name its own"
    return KnowledgeBaseError(replace(error.issues[0], message=f"{error.issues[0].message}; {of}"), texts=error.texts)


def _verified(kb: KnowledgeBase, texts: Mapping[str, str], network: bool) -> list[Verification]:
    """What comes of checking some traces; for each day the rows of tables are read that may count on it."""
    checkers: dict[date | None, Checker] = {}
    calibrations, _ = fitting_calibrations(kb)

    def verified(name: str, item: Enclosed) -> Verification:
        traced = read_trace(name, item.text)[0] if kb.tables else None
        day = traced.as_of if traced else None
        if day not in checkers:
            read = with_rows(kb, Settings(network=network), day) if traced else kb
            checkers[day] = Checker(read, ENGINES, calibrations)
        checked = checkers[day].verify(name, item.text)
        return replace(checked, issues=tuple(item.placed(issue, name) for issue in checked.issues))

    found = []
    for name, text in texts.items():
        inside = enclosing(name, text)
        checked = [verified(name, item) for item in inside.traces] or [Verification(name, inside.issues)]
        traces, _ = read_traces(name, text)
        wrong = edited(name, text, traces) if inside.form != "json" and traces else None
        if wrong:
            checked = [replace(item, issues=(wrong, *item.issues)) for item in checked]
        found += checked
    return found


@trace.command(
    cls=Command,
    short_help="Show what changed from one trace to another.",
    epilog="""\b
Examples:
  kzexpert trace diff last-year.json hedging.json
  kzexpert trace diff last-year.json hedging.json --format json

Exit codes: 0 they say the same; 1 they do not.""",
)
@click.argument("old")
@click.argument("new")
@common_options(base=False, run=False, limit=10)
def diff(options: Options, old: str, new: str) -> int:
    """Show what changed from the trace OLD to the trace NEW, and what is responsible. It needs no knowledge base.

    Conclusions gained, lost, stronger or weaker; the facts, dates and rules behind it. Where rules and facts are
    written, and which engine was used, does not count.
    """
    spare(options, (old, new))
    traces = _read_traces((old, new))
    found = trace_diff(*traces)
    measured = all(Index(item).measured for item in traces)
    show(options, found, lambda out: trace_diff_text(found, options.limit, out, measured=measured))
    return 0 if found.same else 1


def _read(name: str) -> str:
    return read_file(name, _LIMIT).text


def _read_traces(names: Sequence[str]) -> tuple[Trace, Trace]:
    """Two traces; whether they are true is not asked.

    Raises:
        KnowledgeBaseError: one of them is none.
    """
    texts = {name: _read(name) for name in names}
    read = [read_traces(name, texts[name]) for name in names]
    issues = [issue for _, found in read for issue in found]
    if issues:
        raise KnowledgeBaseError(*dict.fromkeys(issues), texts=texts)
    for name, (traces, _) in zip(names, read, strict=True):
        if len(traces) > 1:
            message = f"{name} carries {len(traces)} traces, and one is compared with one"
            raise UsageError(Issue("KZ502", message, Location(name), "export the question by itself"))
    (one, _), (other, _) = read
    return one[0], other[0]
