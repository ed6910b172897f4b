"""``kzexpert review``: sign a judgement, challenge what it rests on, and hear which verdicts no longer hold."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from kzexpert.certainty import THRESHOLD
from kzexpert.cli.asked import conclusion_of
from kzexpert.cli.options import Command, Options, common_options
from kzexpert.cli.output import print_error, show
from kzexpert.cli.review_serve import serve
from kzexpert.cli.reviewer import reviewer_name, writable_folder
from kzexpert.cli.session import Session, open_session, reviews_folder
from kzexpert.errors import Issue, KnowledgeBaseError, Location, UsageError
from kzexpert.language import GrammarError
from kzexpert.language.dates import DATE_HINT, parse_day, parse_partial_date
from kzexpert.language.files import read_file
from kzexpert.language.grammar import parse_atom
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import NOWHERE, GroundAtom, Inference, Pattern
from kzexpert.program.resolve import resolve_atom
from kzexpert.program.snapshot import default_as_of
from kzexpert.proof.checker.parser import read_traces
from kzexpert.proof.document import Trace, seal_of
from kzexpert.proof.enclosure import edited
from kzexpert.proof.index import Index
from kzexpert.proof.lineage import exported, prove
from kzexpert.questions.statements import read_statement
from kzexpert.render.issues import issues_text
from kzexpert.render.review_json import reviews_document
from kzexpert.render.review_text import added_text, reviews_text, show_text, stale_text
from kzexpert.review.document import PARTS, VERDICTS, Opinion, PartKind, Remark, Review, moment
from kzexpert.review.folder import Reviews, add_review, read_reviews
from kzexpert.review.judgement import judgement, touched
from kzexpert.review.remainder import certainty_without
from kzexpert.review.state import review_states
from kzexpert.signature import SIGNERS, verify
from kzexpert.signature import sign as sign_bytes

__all__ = ["review"]

_FOLDER = click.option("--reviews", metavar="FOLDER", help="Where reviews lie.  [default: reviews/ of the base]")
_SIGNERS = click.option(
    "--signers", metavar="FILE", envvar=SIGNERS, help="Check signatures against a file of allowed signers of OpenSSH."
)
_AUTHOR = (
    click.option("--reviewer", metavar="NAME", help="Who reviews.  [default: user.name of git]"),
    click.option("--conclusion", metavar="ATOM", help="Which answer, where there are several."),
    click.option("--key", metavar="FILE", help="Sign with a private key of OpenSSH."),
    click.option("--date", metavar="DAY", help="When it was reviewed.  [default: now]"),
    _FOLDER,
)
_VERDICTS = click.Choice(VERDICTS)


class _Author(msgspec.Struct, frozen=True):
    """What the options say of who reviews what."""

    reviewer: str | None
    conclusion: str | None
    key: str | None
    date: str | None
    reviews: str | None


def _authored(function: Any) -> Any:
    """Give a command the options of whoever writes a review, as one value before its own."""

    @wraps(function)
    def command(options: Options, **values: Any) -> int:
        author = _Author(**{name: values.pop(name) for name in _Author.__struct_fields__})
        code: int = function(options, author, **values)
        return code

    for option in reversed(_AUTHOR):
        command = option(command)
    return command


@click.group(
    epilog="""\b
Examples:
  kzexpert review sign "is Kazakhstan aligned with Russia in security?"
  kzexpert review list --stale"""
)
def review() -> None:
    """Record what reviewers say of judgements, and hear which verdicts no longer hold."""


@review.command(
    cls=Command,
    short_help="Give a verdict on a judgement.",
    epilog="""\b
Examples:
  kzexpert review sign "which states hedge?" --conclusion "hedges(Kazakhstan)"
  kzexpert review sign mailed.html --verdict "needs work" --note "one source"
  kzexpert review sign mailed.html --key ~/.ssh/id_ed25519 --expires 2027""",
)
@click.argument("judgement", nargs=-1, required=True, metavar="QUESTION|TRACE-FILE")
@click.option("--verdict", type=_VERDICTS, default="accepted", show_default=True, help="On the whole of it.")
@click.option(
    "--challenge",
    nargs=2,
    multiple=True,
    metavar="WHAT REASON",
    help="Reject a premise, rule or source, and say why; repeatable.",
)
@click.option("--expires", metavar="DATE", help="Until when the verdict counts.")
@click.option("--note", default="", metavar="TEXT", help="What else is to be said.")
@common_options()
@_authored
def sign(
    options: Options,
    author: _Author,
    judgement: tuple[str, ...],
    verdict: Opinion,
    challenge: Sequence[tuple[str, str]],
    expires: str | None,
    note: str,
) -> int:
    """Give a verdict on the answer to a QUESTION, or on what somebody sent: a trace, or a page or text made of one.

    The verdict is a new file in reviews/, and the trace that it is of stands beside it. Nothing is overwritten; a newer
    verdict of the same reviewer counts in the place of an older one.
    """
    act = _Act(options, author, judgement)
    known = touched(act.judged)
    remarks = [act.remark(_kind_of(what, known), what, "rejected", reason) for what, reason in challenge]
    return act.write(verdict=verdict, remarks=tuple(remarks), expires=_expiry(expires), note=note)


@review.command(
    cls=Command,
    short_help="Contest a premise, a rule or a source of a judgement.",
    epilog="""\b
Examples:
  kzexpert review challenge "hedges(Kazakhstan)" --source news --reason "a rumour"
  kzexpert review challenge mailed.html --rule two-blocs --reason "too broad"
  kzexpert review challenge mailed.html --rule two-blocs --withdraw""",
)
@click.argument("judgement", nargs=-1, required=True, metavar="CONCLUSION|TRACE-FILE")
@click.option("--premise", multiple=True, metavar="ATOM", help="A fact or a conclusion that it rests on.")
@click.option("--rule", multiple=True, metavar="ID", help="A rule that it rests on.")
@click.option("--source", multiple=True, metavar="ID", help="A source that it rests on.")
@click.option("--reason", default="", metavar="TEXT", help="Why.")
@click.option("--verdict", type=_VERDICTS, default="rejected", show_default=True, help="How much is wrong with it.")
@click.option("--withdraw", is_flag=True, help="Take an earlier challenge back.")
@common_options()
@_authored
def challenge(
    options: Options,
    author: _Author,
    judgement: tuple[str, ...],
    premise: tuple[str, ...],
    rule: tuple[str, ...],
    source: tuple[str, ...],
    reason: str,
    verdict: Opinion,
    withdraw: bool,
) -> int:
    """Contest something that a CONCLUSION rests on, and see what would be left without it.

    The challenge is open until you withdraw it, or the conclusion no longer rests on what is contested.
    """
    if not (premise or rule or source):
        raise _missing("nothing is challenged", "give --premise, --rule or --source")
    if not (reason or withdraw):
        raise _missing("a challenge without a reason", "give --reason TEXT")
    act = _Act(options, author, judgement)
    verdict, reason = ("accepted", reason or "withdrawn") if withdraw else (verdict, reason)
    named: tuple[tuple[PartKind, tuple[str, ...]], ...] = (("premise", premise), ("rule", rule), ("source", source))
    return act.write(remarks=tuple(act.remark(kind, name, verdict, reason) for kind, names in named for name in names))


@review.command(
    cls=Command,
    short_help="Note something beside a judgement.",
    epilog="""\b
Examples:
  kzexpert review note "hedges(Kazakhstan)" --note "ask the desk in May"
  kzexpert review note mailed.html --note "read twice\"""",
)
@click.argument("judgement", nargs=-1, required=True, metavar="CONCLUSION|TRACE-FILE")
@click.option("--note", required=True, metavar="TEXT", help="What is to be noted.")
@common_options()
@_authored
def note(options: Options, author: _Author, judgement: tuple[str, ...], note: str) -> int:
    """Note something beside a CONCLUSION; it is neither a verdict nor a challenge."""
    return _Act(options, author, judgement).write(note=note)


@review.command(
    "list",
    cls=Command,
    short_help="List reviews with their state; those that are stale with the reason.",
    epilog="""\b
Examples:
  kzexpert review list
  kzexpert review list --stale
  kzexpert review list --stale --format json

Exit codes: 1 with --stale where a verdict no longer holds, and where a review cannot be read.""",
)
@click.option("--stale", is_flag=True, help="Show the verdicts that no longer hold as given, each with the reasons.")
@_SIGNERS
@_FOLDER
@common_options(run=False, engine=True)
def list_(options: Options, stale: bool, signers: str | None, reviews: str | None) -> int:
    """List the reviews that are in force.

    A verdict is stale when the judgement is no longer the one that was signed: its evidence, its confidence, how likely
    it is, or what it rests on. Where things are written, and what the judgement does not rest on, do not count.
    """
    session, folder, held = _held(options, reviews)
    states = review_states(held, session.kb, session.engine(), date.today())
    known, issues = _signatures(held, signers)
    document = reviews_document([state for state in states if state.stale or not stale], folder, known)
    text = stale_text if stale else reviews_text
    show(options, document, lambda out: text(states, folder, out))
    return _told(held, issues) or int(stale and any(state.stale for state in states))


@review.command(
    "show",
    cls=Command,
    short_help="Show a judgement with its verdicts, dissent and challenges.",
    epilog="""\b
Examples:
  kzexpert review show "hedges(Kazakhstan)"
  kzexpert review show reviews/2026-11-28-hedges-kazakhstan-a-smith.yaml""",
)
@click.argument("judgement", nargs=-1, required=True, metavar="CONCLUSION|FILE")
@_SIGNERS
@_FOLDER
@common_options(run=False, engine=True)
def show_(options: Options, judgement: tuple[str, ...], signers: str | None, reviews: str | None) -> int:
    """Show what reviewers said of a CONCLUSION, or of that which the FILE of a review is of, and whether it holds."""
    session, folder, held = _held(options, reviews)
    text = " ".join(judgement)
    named = [item.conclusion for item in held.reviews if Path(item.place.file) == Path(text)]
    if named:
        wanted = {*named}
    else:
        pattern = conclusion_of(session, text).pattern
        grounds = {item.conclusion: _ground(session, item.conclusion) for item in held.reviews}
        wanted = {
            name
            for name, atom in grounds.items()
            if atom and atom.predicate == pattern.predicate and pattern.matches(atom.args)
        }
    chosen = replace(held, reviews=tuple(item for item in held.reviews if item.conclusion in wanted))
    states = review_states(chosen, session.kb, session.engine(), date.today())
    known, issues = _signatures(chosen, signers)
    show(options, reviews_document(states, folder, known), lambda out: show_text(states, folder, known, out))
    return _told(held, issues) or (0 if states else 3)


review.add_command(serve)


# --- one act of a reviewer ------------------------------------------------------------------------------------------


class _Act:
    """A review that is being written: what is judged, by whom, and where it goes.

    Raises:
        UsageError: what is judged, who judges or where that goes is not clear.
        KnowledgeBaseError: the file holds no trace, or one that was changed.
    """

    def __init__(self, options: Options, author: _Author, words: Sequence[str]) -> None:
        self.options, self.author = options, author
        self.session = open_session(options)
        self.folder = writable_folder(options, self.session.kb, author.reviews)
        self.file = words[0] if len(words) == 1 and _is_file(words[0]) else ""
        self.inference: Inference | None = None
        if self.file:
            if options.as_of or options.assume or options.without:
                hint = "leave --as-of, --assume and --without out: the trace says them"
                raise UsageError(Issue("KZ308", f"{self.file} is a trace", Location(self.file), hint))
            traces = _mailed(self.file)
        else:
            question = conclusion_of(self.session, " ".join(words))
            self.inference = self.session.infer([question.pattern])
            traces = [exported(prove(self.inference, question), self.session.kb)]
        self.conclusion, self.trace = _chosen(self.session, traces, author.conclusion)
        # Who sent a trace does not say who chose its day.
        day = default_as_of(self.session.kb)[0]
        self.given = self.trace.as_of != day if self.file else options.as_of is not None
        self.judged = judgement(Index(self.trace), self.conclusion)

    def remark(self, kind: PartKind, name: str, verdict: Opinion, reason: str) -> Remark:
        """A remark on something that the judgement rests on.

        Raises:
            UsageError: it rests on nothing of that name (KZ604).
        """
        known = touched(self.judged)[kind] - {self.conclusion}
        text = _as_atom(self.session, name) if kind == "premise" else name
        found = [item for item in sorted(known) if item == text or item.startswith(f"{text} ")]
        if len(found) == 1:
            return Remark(kind, found[0], verdict, reason)
        hint = did_you_mean(text, known) or f"it rests on {'; '.join(sorted(known)[:5])}"
        hint = f"it is one of {'; '.join(found)}" if found else hint
        message = f"the judgement does not rest on one {kind} {name}"
        raise UsageError(Issue("KZ604", message, Location(f"--{kind}"), hint))

    def write(self, **said: Any) -> int:
        """Write it, and tell what was written; 0 as an exit code."""
        trace = self.trace
        made = self.author.date
        found = Review(
            conclusion=self.conclusion,
            question=trace.question,
            as_of=trace.as_of,
            given=self.given,
            assumed=trace.assumed,
            withdrawn=trace.withdrawn,
            seal=str(trace.seal),
            reviewer=reviewer_name(self.author.reviewer),
            made=moment(datetime.now(UTC)) if made is None else _day(made),
            **said,
        )
        if self.author.key:
            found = replace(found, signature=sign_bytes(found.signed, self.author.key, "kzexpert-review").strip())
        path = add_review(self.folder, found, trace)
        found = replace(found, place=Location(path))
        held = Reviews(self.folder, (found,), {found.seal: trace})
        (state,) = review_states(held, self.session.kb, self.session.engine(), date.today())
        left = dict(self._left(remark) for remark in found.remarks if remark.verdict != "accepted")
        document = reviews_document([state], self.folder, left={(item.kind, item.name): c for item, c in left.items()})
        show(self.options, document, lambda out: added_text(state, path, left, out))
        return 0

    def _left(self, remark: Remark) -> tuple[Remark, float]:
        """How certain the judgement would be without something."""
        atom = _ground(self.session, self.conclusion)
        if atom is None:
            return remark, 0.0
        if self.inference is None:
            given = {
                "as_of": self.trace.as_of.isoformat(),
                "assume": self.trace.assumed,
                "without": self.trace.withdrawn,
            }
            self.inference = self.session.given(**given).infer([Pattern.of(atom.predicate, atom.args)])
        return remark, certainty_without(self.inference, atom, remark.kind, remark.name, self.session.engine())


def _mailed(name: str) -> list[Trace]:
    """The traces that somebody sent.

    Raises:
        KnowledgeBaseError: the file holds none (KZ501, KZ502), one that was changed since (KZ509), or is a page
            that was (KZ514).
    """
    text = read_file(name, 100_000_000).text
    traces, issues = read_traces(name, text)
    changed = "the seal does not fit: the trace was changed after it was written"
    hint = "ask whoever sent it for the file itself"
    issues += [Issue("KZ509", changed, Location(name), hint) for trace in traces if trace.seal != seal_of(trace)]
    wrong = edited(name, text, traces) if any(trace.shown for trace in traces) else None
    if issues or wrong:
        raise KnowledgeBaseError(*issues, *([wrong] if wrong else []), texts={name: text})
    return [replace(trace, shown=UNSET) for trace in traces]


def _is_file(text: str) -> bool:
    return Path(text).is_file() or Path(text).suffix in (".json", ".html", ".md")


def _chosen(session: Session, traces: Sequence[Trace], conclusion: str | None) -> tuple[str, Trace]:
    """The answer that is judged, and its trace.

    Raises:
        UsageError: there is none, or several of which none is chosen (KZ608).
    """
    answers = {name: trace for trace in reversed(traces) for name in trace.answers}
    if conclusion is not None:
        text = _as_atom(session, conclusion)
        if text in answers:
            return text, answers[text]
        hint = did_you_mean(text, answers) or f"the answers are {'; '.join([*answers][:5])}"
        raise UsageError(Issue("KZ608", f"{text} is no answer", Location("--conclusion"), hint))
    established = [name for name, trace in answers.items() if Index(trace)[name].certainty > THRESHOLD]
    found = established or [*answers]
    if len(found) == 1:
        return found[0], answers[found[0]]
    place = Location("question")
    if not found:
        hint = "kzexpert why-not tells what it lacks"
        raise UsageError(Issue("KZ608", "nothing answers the question, so there is no judgement", place, hint))
    hint = "\n".join(["give one of them with --conclusion:", *found])
    raise UsageError(Issue("KZ608", f"there are {len(found)} answers: one is judged at a time", place, hint))


def _as_atom(session: Session, text: str) -> str:
    """A statement as traces write it: an atom or a sentence, with a window behind it if it has one."""
    try:
        atom = read_statement(session.kb, text, Location("--premise", 1, 1))
    except (GrammarError, UsageError):
        return text
    pattern, _ = resolve_atom(session.kb, atom)
    return text if pattern is None else str(pattern)


def _ground(session: Session, text: str) -> GroundAtom | None:
    pattern, _ = resolve_atom(session.kb, parse_atom(text, NOWHERE))
    return None if pattern is None else pattern.ground


def _kind_of(what: str, known: Mapping[PartKind, set[str]]) -> PartKind:
    """What is challenged: a rule or a source of that id, else a premise."""
    return next((kind for kind in PARTS if kind != "premise" and what in known[kind]), "premise")


def _day(text: str) -> str:
    try:
        return parse_day(text.strip()).isoformat()
    except ValueError as error:
        raise UsageError(Issue("KZ307", str(error), Location("--date"), "a day is written 2010-01-31")) from None


def _expiry(text: str | None) -> str:
    try:
        return str(parse_partial_date(text.strip())) if text is not None else ""
    except ValueError as error:
        raise UsageError(Issue("KZ307", str(error), Location("--expires"), DATE_HINT)) from None


def _missing(message: str, hint: str) -> UsageError:
    return UsageError(Issue("KZ608", message, Location("review"), hint))


# --- folders and signatures -----------------------------------------------------------------------------------------


def _held(options: Options, chosen: str | None) -> tuple[Session, str, Reviews]:
    """The base, the folder of its reviews, and what that holds.

    Raises:
        UsageError: the folder that is named is none (KZ607).
    """
    session = open_session(options)
    folder = chosen or reviews_folder(session.kb)
    if chosen and not Path(chosen).is_dir():
        raise UsageError(Issue("KZ607", f"there is no folder {chosen}", Location("--reviews"), "check the spelling"))
    return session, folder, read_reviews(folder)


def _signatures(held: Reviews, signers: str | None) -> tuple[dict[str, str], list[Issue]]:
    """File of each signed review → who signed it, and what is wrong with signatures; nothing where nobody may sign."""
    known: dict[str, str] = {}
    issues: list[Issue] = []
    for item in held.reviews if signers else ():
        if item.signature and signers:
            found = verify(item.signed, item.signature, signers, "kzexpert-review")
            known[item.place.file] = found.principal or "not valid"
            if found.reason:
                issues.append(Issue("KZ605", f"the signature does not hold: {found.reason}", item.place, "sign again"))
    return known, issues


def _told(held: Reviews, issues: Sequence[Issue]) -> int:
    """Tell what is wrong with files and signatures; 1 as an exit code where something is, else 0."""
    found = [*held.issues, *issues]
    if found:
        print_error(lambda out: issues_text(found, held.texts, out))
    return 1 if found else 0
