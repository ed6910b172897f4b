"""``kzexpert trace``: write down all that an answer rests on, check such a file against rules and facts, compare."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import click
from msgspec import UNSET
from msgspec.structs import replace

from kzexpert.certainty import established
from kzexpert.checks import refuse_errors
from kzexpert.cli.asked import question_of, questions_of
from kzexpert.cli.options import DEPTH, Command, Count, Options, common_options
from kzexpert.cli.output import emit, print_error, show, spare
from kzexpert.cli.page import page
from kzexpert.cli.session import inspect, open_session
from kzexpert.cli.trace_files import TraceCheck, made_with, only_trace, signers_of, told_traces, trace_text
from kzexpert.errors import Issue, KnowledgeBaseError, Location, UsageError
from kzexpert.model import KnowledgeBase
from kzexpert.program.relevance import opened
from kzexpert.proof.diff import TraceDiff, trace_diff
from kzexpert.proof.document import Trace, TraceReport, signed_text
from kzexpert.proof.enclosure import bound, enclosed
from kzexpert.proof.index import Index
from kzexpert.proof.lineage import exported, prove
from kzexpert.render import RENDERERS, rendered
from kzexpert.render.changes_text import trace_diff_text
from kzexpert.render.issues import issues_text
from kzexpert.render.judgement import Page, unaided
from kzexpert.render.trace_text import shown_text, verifications_document, verifications_text
from kzexpert.signature import sign as signature_of

__all__ = ["trace"]


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
    short_help="Write answers and all they rest on to a file.",
    epilog="""\b
Examples:
  kzexpert trace export "which states hedge?" --output hedging.json
  kzexpert trace export "which states hedge?" "who is Kazakhstan aligned with?" --format html --output report.html
  kzexpert trace export "hedges(?state, _, _, security)" --format markdown
  kzexpert trace export "which states hedge?" --format svg --output hedging.svg""",
)
@click.argument("question", nargs=-1, required=True)
@click.option("--depth", type=Count(), metavar="NUMBER", help=DEPTH)
@click.option(
    "--sign", metavar="KEY", help="Sign it with an SSH key: the file of a private key, or of one that the agent has."
)
@common_options(formats=tuple(RENDERERS))
def export(options: Options, question: tuple[str, ...], depth: int | None, sign: str | None) -> int:
    """Write everything that answers a QUESTION to a file, with every fact, firing and rule below it.

    JSON is the trace that "verify" checks and "diff" compares. Markdown and HTML are reports for reading, which begin
    with a key judgement. SVG is a picture of the argument on one page, DOT and Mermaid are the same for programs that
    draw.

    Several questions, each in quotes, make one report: the key judgement on each, then one annex. As JSON it is a
    document that holds a trace of each. Words without quotes are one question.
    """
    _check_signing(options.format, sign)
    spare(options, filter(None, [sign]))
    session = open_session(options)
    asked = [question_of(session, text) for text in questions_of(question)]
    row = RENDERERS[options.format]
    if len(asked) > 1 and row.drawn:
        hint = "ask one question, or choose json, markdown or html"
        message = f"{options.format} draws one question, and here are {len(asked)}"
        raise UsageError(Issue("KZ308", message, Location("--format"), hint))
    # A page compares a conclusion with its rivals, which differ in a constant of the question.
    inference = session.infer([opened(one.pattern) if row.shows == "page" else one.pattern for one in asked])
    traces = [exported(prove(inference, one), session.kb) for one in asked]
    several = [*zip(asked, traces, strict=True)]
    text = _written(traces, options.format, lambda: page(session, inference, several), depth, sign)
    emit(options, lambda _out: text)
    certainties = [Index(found)[name].certainty for found in traces for name in found.answers]
    return 0 if any(map(established, certainties)) else 3


def _check_signing(form: str, key: str | None) -> None:
    """Refuse to sign what carries no trace.

    Raises:
        UsageError: it is a picture (KZ511).
    """
    if key is not None and RENDERERS[form].drawn:
        hint = "sign it as json, html or markdown"
        raise UsageError(Issue("KZ511", f"{form} carries no trace, so that nothing in it can be signed", hint=hint))


def _written(
    traces: Sequence[Trace], form: str, page_of: Callable[[], Page], depth: int | None = None, key: str | None = None
) -> str:
    """Traces in a format, a page with the traces inside.

    Args:
        key: what to sign them with.
    """

    def signed(trace: Trace) -> Trace:
        return (
            trace if key is None else replace(trace, signature=signature_of(signed_text(trace), key, "kzexpert-trace"))
        )

    def document(found: Iterable[Trace]) -> Trace | TraceReport:
        every = tuple(found)
        return every[0] if len(every) == 1 else TraceReport(every)

    if not RENDERERS[form].carries:
        return rendered(form, {"trace": lambda: document(map(signed, traces))}, depth)
    text = rendered(form, {"trace": lambda: document(traces), "page": page_of}, depth)
    return enclosed(text, map(signed, bound(text, traces)))


@trace.command(
    cls=Command,
    short_help="Check traces against the rules and facts on disk, or alone.",
    epilog="""\b
Examples:
  kzexpert trace verify hedging.json
  kzexpert trace verify mailed.html --alone
  kzexpert trace verify traces/*.json --kb my-knowledge-base --signers signers""",
)
@click.argument("file", nargs=-1, required=True)
@click.option("--alone", is_flag=True, help="Check against the rules and facts that the trace carries.")
@click.option(
    "--signers", metavar="FILE", help="Who must have signed it, as ssh-keygen(1) has it under ALLOWED SIGNERS."
)
@common_options(run=False)
def verify(options: Options, file: tuple[str, ...], alone: bool, signers: str | None) -> int:
    """Check each FILE against the rules and facts on disk. Exit code 1 when something in one of them is wrong.

    JSON, HTML and Markdown alike. A small checker that shares no code with the engines derives everything
    again: facts and dates, every binding, negation, aggregate and certainty. It names each difference, and what
    should be there.

    With "--alone" no knowledge base is needed: what follows from what the trace carries is checked, and
    what it cannot tell is said. KZEXPERT_SIGNERS may name the file of signers.
    """
    texts = {name: trace_text(name) for name in file}
    known = signers_of(signers)
    spare(options, (*file, *filter(None, [known])))
    check = TraceCheck(None if alone else _base(options, texts), options.allow_network, known)
    found = [item for name, text in texts.items() for item in check.of(name, text)]
    problems = [issue for item in found for issue in item.issues]
    if problems and options.format == "text":
        print_error(lambda out: issues_text(problems, texts, out))
    show(options, verifications_document(found), lambda out: verifications_text(found, out))
    return 0 if all(item.verified for item in found) else 1


def _base(options: Options, texts: Mapping[str, str]) -> KnowledgeBase:
    """The knowledge base that traces are checked against.

    Raises:
        KnowledgeBaseError: it has errors, or there is none; then it is said which one the traces are about.
    """
    try:
        kb, issues = inspect(options)
        refuse_errors(kb, issues)
    except KnowledgeBaseError as error:
        if [issue.code for issue in error.issues] != ["KZ115"]:
            raise
        (issue,) = error.issues
        message = f"{issue.message}; {made_with(texts)}"
        hint = f"{issue.hint}; --alone needs none"
        raise KnowledgeBaseError(replace(issue, message=message, hint=hint), texts=error.texts) from None
    return kb


@trace.command(
    "show",
    cls=Command,
    short_help="Print a trace in any format, without its base.",
    epilog="""\b
Examples:
  kzexpert trace show hedging.json
  kzexpert trace show mailed.html --format markdown
  kzexpert trace show hedging.json --format svg --output hedging.svg""",
)
@click.argument("file")
@click.option("--depth", type=Count(), metavar="NUMBER", help=DEPTH)
@common_options(base=False, run=False, formats=("text", *RENDERERS))
def show_trace(options: Options, file: str, depth: int | None) -> int:
    """Print the trace of a FILE, JSON or a page, as text or in any format. It needs no knowledge base.

    Whether the trace is true is not asked: "verify" tells. A page of a trace by itself shows neither what a
    conclusion hangs on, nor its rivals, nor other years. A signature of a page is of that page alone.
    """
    spare(options, [file])
    drawn = options.format in RENDERERS and RENDERERS[options.format].drawn
    traces = [only_trace(file)] if drawn else told_traces(file)
    if options.format != "json" or any(trace.shown for trace in traces):
        traces = [replace(trace, shown=UNSET, signature=UNSET) for trace in traces]
    if options.format == "text":
        emit(options, lambda out: "\n".join(shown_text(Index(trace), out, depth) for trace in traces))
    else:
        text = _written(traces, options.format, lambda: unaided(traces), depth)
        emit(options, lambda _out: text)
    return 0


@trace.command(
    cls=Command,
    short_help="Ask the question of a trace again, and show what changed.",
    epilog="""\b
Examples:
  kzexpert trace rerun last-year.json
  kzexpert trace rerun last-year.json --as-of 2012

Exit codes: 0 the answer and what it rests on are the same; 1 they are not.""",
)
@click.argument("old")
@common_options(limit=10)
def rerun(options: Options, old: str) -> int:
    """Ask the question of the trace OLD again, of the rules and facts as they are now, and show what changed.

    It is asked as of the day of the trace, unless "--as-of" says otherwise, and under its assumptions; further ones are
    added to them.
    """
    spare(options, [old])
    before = only_trace(old)
    session = open_session(
        replace(
            options,
            as_of=options.as_of or before.as_of.isoformat(),
            assume=(*before.assumed, *options.assume),
            without=(*before.withdrawn, *options.without),
        )
    )
    asked = question_of(session, before.question)
    now = exported(prove(session.infer([asked.pattern]), asked), session.kb)
    found = _compared(options, before, now)
    return int(bool(found.facts or found.rules or found.sources or found.changes))


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
    return 0 if _compared(options, only_trace(old), only_trace(new)).same else 1


def _compared(options: Options, old: Trace, new: Trace) -> TraceDiff:
    """Print what changed from one trace to another."""
    found = trace_diff(old, new)
    measured = Index(old).measured and Index(new).measured
    show(options, found, lambda out: trace_diff_text(found, options.limit, out, measured=measured))
    return found
