"""An inference and a question → what the HTML page shows: the proofs, and all beside them."""

from msgspec.structs import replace

from kzexpert.analysis.linchpins import Hanging, hangs_on
from kzexpert.analysis.matrix import rivals_of
from kzexpert.analysis.scenario import Scenario
from kzexpert.analysis.timeline import Timeline, timeline, years_on_record
from kzexpert.analysis.why_not import why_not
from kzexpert.certainty import established
from kzexpert.cli.output import note
from kzexpert.cli.progress import ProgressLine, progress_line
from kzexpert.cli.session import Session
from kzexpert.model import GroundAtom, Inference
from kzexpert.proof.answers import answer, ranked
from kzexpert.proof.index import Index
from kzexpert.proof.lineage import lineage, prove
from kzexpert.questions.question import Question
from kzexpert.render.html import Page

__all__ = ["page"]

#: A page is for reading: no more answers, no more lines in its drawing, no more years.
_MOST_ANSWERS, _MOST_LINES, _MOST_YEARS = 40, 8, 120
#: Where more statements and rules than this bear a conclusion, to leave out each in turn would take too long.
_MOST_TRIALS = 120


def page(session: Session, inference: Inference, question: Question) -> Page:
    """The page for what matches a question.

    The most certain conclusion is also shown with what it hangs on and with its rivals, and all are followed through
    the years. Where nothing is established, the page tells what is missing.
    """
    index = Index(prove(inference, question, _MOST_ANSWERS))
    found = answer(inference, question)
    with progress_line() as progress:
        best = next((known.atom for known in ranked(inference, question)), None)
        if best is None or not established(inference.certainty(best) or 0.0):
            lacking = why_not(inference, question, session.engine(progress), progress=progress)
            return Page(inference, found, index, lacking=lacking)
        hanging = _hanging(session, inference, best, progress)
        years = _timeline(session, inference, question, progress)
    return Page(inference, found, index, hanging, rivals_of(inference, best), years)


def _hanging(session: Session, inference: Inference, atom: GroundAtom, progress: ProgressLine) -> tuple[Hanging, ...]:
    below = lineage(inference, [atom])
    recorded, rules = len(below.records), {firing.rule.id for firing in below.firings}
    trials = recorded + len(rules)
    if trials > _MOST_TRIALS:
        note(
            session.options,
            f"the page leaves out what it hangs on: it rests on {recorded} facts and {len(rules)} rules",
        )
        return ()
    return (hangs_on(inference, atom, session.engine(progress), progress),)


def _timeline(session: Session, inference: Inference, question: Question, progress: ProgressLine) -> Timeline | None:
    program = inference.program
    years = years_on_record(program, question.pattern, lambda _: inference)[-_MOST_YEARS:]
    if len(years) == 1:
        return None
    found = timeline(Scenario.of(program), question, years, session.engine(progress), progress)
    return replace(found, series=found.series[:_MOST_LINES]) if found.series else None
