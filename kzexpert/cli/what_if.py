"""``kzexpert what-if``: what changes when facts, rules or the date do."""

import os
from collections.abc import Sequence

import click
from msgspec.structs import replace

from kzexpert.analysis.what_if import what_if as compared
from kzexpert.checks import check, refuse_errors
from kzexpert.cli.options import Options, common_options
from kzexpert.cli.output import show
from kzexpert.cli.progress import progress_line
from kzexpert.cli.session import Session, layers, open_session, read_knowledge_base
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.language import load_knowledge_base, parse_partial_date
from kzexpert.model import KnowledgeBase
from kzexpert.program.order import planned
from kzexpert.questions.question import read_conclusion
from kzexpert.render.changes_text import what_if_text

__all__ = ["what_if"]

_AGAINST = "--against"


@click.command(
    epilog="""\b
Examples:
  kzexpert what-if "who leads the Pact" --without "leads(Borduria, Pact)"
  kzexpert what-if --all --assume "member(Ruritania, Pact)"
  kzexpert what-if --all --as-of 1993 --against 2011
  kzexpert what-if --all --against ../other-knowledge-base
  kzexpert what-if --all --rules draft.yaml --against draft-2.yaml""",
)
@click.argument("question", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Show every conclusion that changes.")
@click.option(
    _AGAINST,
    multiple=True,
    metavar="DIR|FILE|DATE",
    help="Compare with another knowledge base, with a file in the place of those of --rules and --facts, or with "
    "another day. A rule of the file replaces that with its id. Repeatable; ./2011 is a folder of that name.",
)
@common_options()
def what_if(options: Options, question: tuple[str, ...], everything: bool, against: tuple[str, ...]) -> int:
    """Show what would change: conclusions gained, lost, stronger and weaker, each with the reason.

    What --assume adds, --without removes and --against replaces is the change; it starts from everything else. A
    QUESTION, in plain words or as a pattern, limits what is shown.
    """
    if not question and not everything:
        raise UsageError(Issue("KZ301", "no question", Location("question"), "ask one, or give --all"))
    if not (options.assume or options.without or against):
        hint = "give --assume, --without or --against"
        raise UsageError(Issue("KZ301", "there is nothing to change", Location("question"), hint))
    session = open_session(options)
    asked = read_conclusion(session.kb, " ".join(question)) if question and not everything else None
    other = _other_side(session, against)
    before = session.given(assume=(), without=()).infer()
    after = other.infer()
    with progress_line() as progress:
        found = compared(before, after, session.engine(progress).infer, asked)
    names = [text for text in against if not _is_date(text)]
    show(options, found, lambda out: what_if_text(found, names, out))
    return 0 if found.changes else 3


def _other_side(session: Session, against: Sequence[str]) -> Session:
    """The other side, which the same engine runs.

    Raises:
        UsageError: something to compare with is no folder, no file and no date.
        KnowledgeBaseError: something is wrong with it.
    """
    changed, folders, files = session.options, [], []
    for text in against:
        if _is_date(text):
            changed = replace(changed, as_of=text)
        elif os.path.isdir(text):  # noqa: PTH112, as in `cli.session`
            folders.append(text)
        elif os.path.exists(text):  # noqa: PTH110
            files.append(text)
        else:
            hint = "give a folder, a file, or a date such as 2010, 2010-01 or 2010-01-31"
            raise UsageError(Issue("KZ101", f"{text} is no folder, no file and no date", Location(_AGAINST), hint))
    changed = replace(changed, kb=tuple(folders) or changed.kb)
    other = replace(session, options=changed)
    if files:
        return other.beside(_with_files(changed, files))
    return other.beside(read_knowledge_base(changed)) if folders else other


def _with_files(options: Options, files: Sequence[str]) -> KnowledgeBase:
    """The knowledge base with some files; a rule of theirs takes the place of that with its id.

    Raises:
        KnowledgeBaseError: something is wrong with it.
    """
    kb = load_knowledge_base(layers(options), files)
    own = {rule.id for rule in kb.rules if rule.location.file in files}
    kept = tuple(rule for rule in kb.rules if rule.id not in own or rule.location.file in files)
    kb = planned(replace(kb, rules=kept))
    refuse_errors(kb, check(kb))
    return kb


def _is_date(text: str) -> bool:
    try:
        parse_partial_date(text.strip())
    except ValueError:
        return False
    return True
