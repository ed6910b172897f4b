"""``kzexpert review``: sign a judgement, challenge what it rests on, and hear which verdicts no longer hold."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click
from msgspec.structs import replace

from kzexpert.cli.asked import conclusion_of
from kzexpert.cli.judged import FOLDER, Author, NewReview, authored
from kzexpert.cli.options import Command, Options, common_options
from kzexpert.cli.output import print_error, show, spare
from kzexpert.cli.review_serve import serve
from kzexpert.cli.session import Session, open_session, reviews_folder
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.language.dates import DATE_HINT, parse_partial_date
from kzexpert.language.folders import YAML_ENDINGS
from kzexpert.render.issues import issues_text
from kzexpert.render.review_json import reviews_document
from kzexpert.render.review_text import reviews_text, show_text, stale_text
from kzexpert.review.document import VERDICTS, Opinion, PartKind
from kzexpert.review.folder import Reviews, read_reviews
from kzexpert.review.state import ground, review_states
from kzexpert.signature import SIGNERS, check_signers, verify

__all__ = ["review"]

_SIGNERS = click.option(
    "--signers", metavar="FILE", envvar=SIGNERS, help="Check signatures against a file of allowed signers of OpenSSH."
)
_VERDICTS = click.Choice(VERDICTS)


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
@authored
def sign(
    options: Options,
    author: Author,
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
    if not all(reason.strip() for _, reason in challenge):
        raise _missing("a challenge without a reason", "give --challenge WHAT REASON")
    act = NewReview(options, author, judgement)
    remarks = [act.remark(act.kind_of(what), what, "rejected", reason) for what, reason in challenge]
    return act.write(verdict=verdict, remarks=tuple(remarks), expires=_expiry(expires), note=note.strip())


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
@authored
def challenge(
    options: Options,
    author: Author,
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
    if not (reason.strip() or withdraw):
        raise _missing("a challenge without a reason", "give --reason TEXT")
    act = NewReview(options, author, judgement)
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
@authored
def note(options: Options, author: Author, judgement: tuple[str, ...], note: str) -> int:
    """Note something beside a CONCLUSION; it is neither a verdict nor a challenge."""
    if not note.strip():
        raise _missing("a note without text", "give --note TEXT")
    return NewReview(options, author, judgement).write(note=note)


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
@FOLDER
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
@FOLDER
@common_options(run=False, engine=True)
def show_(options: Options, judgement: tuple[str, ...], signers: str | None, reviews: str | None) -> int:
    """Show what reviewers said of a CONCLUSION, or of that which the FILE of a review is of, and whether it holds."""
    session, folder, held = _held(options, reviews)
    text = " ".join(judgement)
    if Path(text).suffix in YAML_ENDINGS:
        wanted = {item.conclusion for item in held.reviews if Path(item.place.file).resolve() == Path(text).resolve()}
        if not wanted and not held.issues:
            hint = "kzexpert review list --format json names the files"
            raise UsageError(Issue("KZ608", f"{text} is no review in {folder}", Location(text), hint))
    else:
        pattern = conclusion_of(session, text).pattern
        grounds = {item.conclusion: ground(session.kb, item.conclusion) for item in held.reviews}
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
    spare(options, [folder, str(Path(folder, "traces"))])
    return session, folder, read_reviews(folder)


def _signatures(held: Reviews, signers: str | None) -> tuple[dict[str, str], list[Issue]]:
    """File of each signed review → who signed it, and what is wrong with signatures; nothing where nobody may sign."""
    known: dict[str, str] = {}
    issues: list[Issue] = []
    if signers:
        check_signers(signers)
    for item in held.reviews if signers else ():
        if not item.signature:
            hint = "whoever wrote it signs with --key FILE"
            issues.append(Issue("KZ605", f"{item.reviewer} has not signed it with a key", item.place, hint, "warning"))
        elif signers:
            found = verify(item.signed, item.signature, signers, "kzexpert-review")
            known[item.place.file] = found.principal or "not valid"
            if found.reason:
                issues.append(Issue("KZ605", f"the signature does not hold: {found.reason}", item.place, "sign again"))
    return known, issues


def _told(held: Reviews, issues: Sequence[Issue]) -> int:
    """Tell what is wrong with files and signatures; 1 as an exit code where there is an error, else 0."""
    found = [*held.issues, *issues]
    if found:
        print_error(lambda out: issues_text(found, held.texts, out))
    return int(any(issue.severity == "error" for issue in found))
