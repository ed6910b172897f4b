"""What is judged, by whom, and where that goes: the part that all commands of ``kzexpert review`` share that write."""

from collections.abc import Sequence
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
from kzexpert.cli.options import Options
from kzexpert.cli.output import show, spare
from kzexpert.cli.reviewer import reviewer_name, writable_folder
from kzexpert.cli.session import Session, open_session
from kzexpert.cli.trace_files import trace_text
from kzexpert.errors import Issue, KnowledgeBaseError, Location, UsageError
from kzexpert.language import GrammarError
from kzexpert.language.dates import parse_day
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import Inference, Pattern
from kzexpert.program.resolve import resolve_atom
from kzexpert.program.snapshot import default_as_of
from kzexpert.proof.checker.parser import read_traces
from kzexpert.proof.document import Trace, seal_of
from kzexpert.proof.enclosure import edited
from kzexpert.proof.index import Index
from kzexpert.proof.lineage import exported, prove
from kzexpert.questions.statements import read_statement
from kzexpert.render.review_json import reviews_document
from kzexpert.render.review_text import added_text
from kzexpert.review.document import PARTS, Opinion, PartKind, Remark, Review, moment
from kzexpert.review.file import review_text
from kzexpert.review.folder import Reviews, add_review
from kzexpert.review.judgement import judgement, touched
from kzexpert.review.remainder import certainty_without
from kzexpert.review.state import ground, review_states
from kzexpert.signature import sign as sign_bytes

__all__ = ["FOLDER", "Author", "NewReview", "authored"]

FOLDER = click.option("--reviews", metavar="FOLDER", help="Where reviews lie.  [default: reviews/ of the base]")
_AUTHOR = (
    click.option("--reviewer", metavar="NAME", help="Who reviews.  [default: user.name of git]"),
    click.option("--conclusion", metavar="ATOM", help="Which answer, where there are several."),
    click.option("--key", metavar="FILE", help="Sign with a private key of OpenSSH."),
    click.option("--date", metavar="DAY", help="When it was reviewed.  [default: now]"),
    FOLDER,
)


class Author(msgspec.Struct, frozen=True):
    """What the options say of who reviews what."""

    reviewer: str | None
    conclusion: str | None
    key: str | None
    date: str | None
    reviews: str | None


def authored(function: Any) -> Any:
    """Give a command the options of whoever writes a review, as one value before its own."""

    @wraps(function)
    def command(options: Options, **values: Any) -> int:
        author = Author(**{name: values.pop(name) for name in Author.__struct_fields__})
        code: int = function(options, author, **values)
        return code

    for option in reversed(_AUTHOR):
        command = option(command)
    return command


class NewReview:
    """A review that is being written: what is judged, by whom, and where it goes.

    Raises:
        UsageError: what is judged, who judges or where that goes is not clear.
        KnowledgeBaseError: the file holds no trace, or one that was changed.
    """

    def __init__(self, options: Options, author: Author, words: Sequence[str]) -> None:
        self.options, self.author = options, author
        self.session = open_session(options)
        self.folder = writable_folder(options, self.session.kb, author.reviews)
        self.file = words[0] if len(words) == 1 and _is_file(words[0]) else ""
        self.inference: Inference | None = None
        spare(options, filter(None, [self.folder, self.file, author.key]))
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

    def kind_of(self, what: str) -> PartKind:
        """What is meant: a rule or a source of that id, else a premise."""
        known = touched(self.judged)
        return next((kind for kind in PARTS if kind != "premise" and what in known[kind]), "premise")

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
        try:
            review_text(found).encode()
        except UnicodeEncodeError:
            hint = "say it again in UTF-8"
            raise UsageError(Issue("KZ608", "the review is not text in UTF-8", Location("review"), hint)) from None
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
        atom = ground(self.session.kb, self.conclusion)
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
    text = trace_text(name)
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


def _day(text: str) -> str:
    try:
        return parse_day(text.strip()).isoformat()
    except ValueError as error:
        raise UsageError(Issue("KZ307", str(error), Location("--date"), "a day is written 2010-01-31")) from None
