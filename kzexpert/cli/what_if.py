"""``kzexpert what-if``: what changes when facts, rules or the date do."""

import os
from collections.abc import Sequence
from contextlib import ExitStack

import click
from msgspec.structs import replace

from kzexpert.analysis.causes import Place
from kzexpert.analysis.what_if import what_if as compared
from kzexpert.checks import check, refuse_errors
from kzexpert.cli.asked import conclusion_of
from kzexpert.cli.located import located
from kzexpert.cli.options import PICTURED, Options, command, common_options, on_page
from kzexpert.cli.output import emit, show
from kzexpert.cli.progress import progress_line
from kzexpert.cli.session import Session, layers, open_session
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.language import load_knowledge_base, parse_partial_date
from kzexpert.model import KnowledgeBase
from kzexpert.program.order import planned
from kzexpert.render.changes_text import what_if_text

__all__ = ["what_if"]

_AGAINST = "--against"


@command(
    epilog="""\b
Examples:
  kzexpert what-if "who leads the Pact" --without "leads(Borduria, Pact)"
  kzexpert what-if --all --assume "member(Ruritania, Pact)"
  kzexpert what-if --all --as-of 1993 --against 2011
  kzexpert what-if --all --against ../other-knowledge-base
  kzexpert what-if "which states hedge?" --against HEAD~1
  kzexpert what-if --all --rules draft.yaml --against draft-2.yaml""",
)
@click.argument("question", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Show every conclusion that changes.")
@click.option(
    _AGAINST,
    multiple=True,
    metavar="BASE|FILE|DATE",
    help="Compare with another base (a folder, a name, or a git revision of the base in use), with a file in the place "
    "of those of --rules and --facts, or with another day. A rule of the file replaces that with its id. Repeatable; "
    "./2011 is a folder of that name.",
)
@common_options(formats=("text", "json", "svg"), limit=7, limits=PICTURED)
def what_if(options: Options, question: tuple[str, ...], everything: bool, against: tuple[str, ...]) -> int:
    """Show what would change: conclusions gained, lost, stronger and weaker, each with the reason.

    The change is what --assume adds, --without removes and --against replaces; it starts from everything else. A
    QUESTION, in plain words or as a pattern, limits what is shown.
    """
    if not question and not everything:
        raise UsageError(Issue("KZ301", "no question", Location("question"), "ask one, or give --all"))
    if not (options.assume or options.without or against):
        hint = "give --assume, --without or --against"
        raise UsageError(Issue("KZ301", "there is nothing to change", Location("question"), hint))
    session = open_session(options)
    asked = conclusion_of(session, " ".join(question)) if question and not everything else None
    before = session.given(assume=(), without=()).infer()
    with ExitStack() as stack, progress_line() as progress:
        other, place = _other_side(session, against, stack)
        found = compared(before, other.infer(), session.engine(progress).infer, asked, place)
        names = [text for text in against if not _is_date(text)]
        if options.format == "svg":
            from kzexpert.render.what_if_svg import what_if_svg

            emit(options, lambda _out: what_if_svg(found, on_page(options)))
        else:
            show(options, found, lambda out: what_if_text(found, names, options.limit, out))
    return 0 if found.changes else 3


def _other_side(session: Session, against: Sequence[str], stack: ExitStack) -> tuple[Session, Place]:
    """The other side, which the same engine runs, and how its places are shown.

    Raises:
        UsageError: something to compare with is nothing that there is.
        KnowledgeBaseError: something is wrong with it.
    """
    days = [text for text in against if _is_date(text)]
    changed = replace(session.options, as_of=days[-1]) if days else session.options
    files = [text for text in against if text not in days and os.path.isfile(text)]  # noqa: PTH113
    sides = [stack.enter_context(located(changed, text)) for text in against if text not in (*days, *files)]
    other = replace(session, options=changed)
    if not sides:
        return (other.beside(_with_files(changed, files)) if files else other), str
    side = max(sides, key=lambda side: bool(side.folder))
    side = replace(side, options=replace(changed, kb=tuple(name for one in sides for name in one.options.kb)))
    other = replace(other, options=side.options)
    return other.beside(_with_files(side.options, files) if files else side.knowledge_base()), side.place


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
