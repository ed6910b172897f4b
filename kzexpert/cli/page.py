"""An inference and questions → what the HTML page shows: the proofs, and all that was looked at beside them."""

from collections.abc import Iterable, Sequence
from datetime import date

from msgspec.structs import replace

from kzexpert.analysis.linchpins import Hanging, hangs_on
from kzexpert.analysis.matrix import rivals_of
from kzexpert.analysis.scenario import Scenario
from kzexpert.analysis.timeline import Timeline, timeline, years_on_record
from kzexpert.analysis.why_not import misses, why_not
from kzexpert.certainty import established
from kzexpert.cli.output import print_error
from kzexpert.cli.progress import ProgressLine, progress_line
from kzexpert.cli.session import Session, reviews_folder
from kzexpert.errors import counted
from kzexpert.model import GroundAtom, Inference, Pattern, Program
from kzexpert.program.resolve import resolve_atom
from kzexpert.proof.answers import ranked
from kzexpert.proof.document import Trace
from kzexpert.proof.lineage import lineage
from kzexpert.questions import paraphrase
from kzexpert.questions.question import Question
from kzexpert.questions.sentences import says
from kzexpert.render.issues import issues_text
from kzexpert.render.judgement import UNRIVALLED, Inquiry, Page, plain_statement
from kzexpert.render.writer import sentence
from kzexpert.review.folder import read_reviews
from kzexpert.review.state import ReviewState, review_states

__all__ = ["page"]

#: A page is for reading: no more lines in its drawing, no more years.
_MOST_LINES, _MOST_YEARS = 8, 120
#: Where more statements and rules than this bear a conclusion, to leave out each in turn would take too long.
_MOST_TRIALS = 120


def page(session: Session, inference: Inference, asked: Sequence[tuple[Question, Trace]]) -> Page:
    """The page for what matches some questions, each with its proof.

    The most certain conclusion is also shown with what it hangs on and with its rivals, and all are followed through
    the years. Where nothing is established, the page tells what is missing. What is left out says why.
    """
    reviews = read_reviews(reviews_folder(session.kb))
    if reviews.issues:  # a page may lack a dissent for them
        print_error(lambda out: issues_text(reviews.issues, reviews.texts, out))
    with progress_line() as progress:
        states = review_states(reviews, session.kb, session.engine(), date.today())
        found = tuple(
            replace(_inquiry(session, inference, question, trace, progress), reviews=_of(states, trace))
            for question, trace in asked
        )
    return Page(found, inference.program.as_of_reason, _supposed(inference.program))


def _supposed(program: Program) -> dict[str, str]:
    """What is assumed or left out → the sentence of it; what fits several statements has none."""
    scenario = Scenario.of(program)
    found = (resolve_atom(program.kb, atom)[0] for atom in (*scenario.assume, *scenario.without))
    return {str(item): says(program.kb, item.ground) for item in found if item and item.ground}


def _inquiry(
    session: Session, inference: Inference, question: Question, trace: Trace, progress: ProgressLine
) -> Inquiry:
    title = _title(inference, question)
    best = next((known.atom for known in ranked(inference, question)), None)
    if best is None or not established(inference.certainty(best) or 0.0):
        lacking = why_not(inference, question, session.engine(progress), progress=progress)
        nothing = "nothing is established"
        return Inquiry(title, trace, nothing, nothing, nothing, lacking, lacking.misses, negated=question.negated)
    return Inquiry(
        title,
        trace,
        _hanging(session, inference, best, progress),
        rivals_of(inference, best) or UNRIVALLED,
        _timeline(session, inference, question, progress),
        "an answer is established",
        misses(inference, Pattern.of(best.predicate, best.args)),
        negated=question.negated,
    )


def _of(states: Iterable[ReviewState], trace: Trace) -> tuple[ReviewState, ...]:
    """What was said of the answers of a trace, under the same assumptions."""
    world = trace.assumed, trace.withdrawn
    return tuple(
        state
        for state in states
        if state.review.conclusion in trace.answers and (state.review.assumed, state.review.withdrawn) == world
    )


def _title(inference: Inference, question: Question) -> str:
    """The question in words, also where it was asked by a pattern."""
    kb, pattern = inference.program.kb, question.pattern
    if question.text.partition("(")[0].strip() != pattern.predicate:
        return sentence(question.text if question.text[-1] in "?.!" else f"{question.text}?")
    words = paraphrase.asked(kb, pattern, polar=pattern.ground is not None)
    return f"{plain_statement(words) if words == str(pattern) else sentence(words)}?"


def _hanging(session: Session, inference: Inference, atom: GroundAtom, progress: ProgressLine) -> Hanging | str:
    below = lineage(inference, [atom])
    recorded, rules = len(below.records), len({firing.rule.id for firing in below.firings})
    if recorded + rules > _MOST_TRIALS:
        rests = f"it rests on {counted(recorded, 'fact')} and {counted(rules, 'rule')}"
        return f"{rests}, and a page tries at most {_MOST_TRIALS} in turn; the command linchpins tries all"
    return hangs_on(inference, atom, session.engine(progress), progress)


def _timeline(session: Session, inference: Inference, question: Question, progress: ProgressLine) -> Timeline | str:
    program = inference.program
    years = years_on_record(program, question.pattern, lambda _: inference)[-_MOST_YEARS:]
    if len(years) == 1:
        return f"nothing that bears on it has a date before {program.as_of.year}"
    found = timeline(Scenario.of(program), question, years, session.engine(progress), progress)
    if not found.series:
        return "no answer is established at the end of any year"
    return replace(found, series=found.series[:_MOST_LINES])
