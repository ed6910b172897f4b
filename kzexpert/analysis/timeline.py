"""A conclusion over the years: its certainty as of the end of each, and the facts that made it change.

If the last year is that of the as-of date, it is looked at on that date, beyond which the base does not speak. Between
two points nothing is looked at, so what came and went within one year is not seen.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise

import msgspec
from msgspec import UNSET, UnsetType

from kzexpert.analysis.causes import Divergence
from kzexpert.analysis.scenario import Infer, Progress, Scenario, silent
from kzexpert.certainty import established, evidence_word
from kzexpert.engines.base import Engine, infer_each
from kzexpert.model import Fact, GroundAtom, Inference, Pattern, Program
from kzexpert.model.calibration import Likelihood
from kzexpert.program.likelihood import fitting_calibrations
from kzexpert.program.relevance import relevance, sliced
from kzexpert.proof.answers import likelihoods_of
from kzexpert.proof.changes import Cause, folded
from kzexpert.questions.question import Question
from kzexpert.questions.sentences import says

__all__ = ["Point", "Series", "Step", "Timeline", "timeline", "years_on_record"]


class Point(msgspec.Struct, frozen=True):
    """A conclusion as of one day.

    Attributes:
        period: the year.
        certainty: None where nothing is known of it.
        likelihood: how often such judgements were right; None where that was not measured.
        silent: nothing is known of it any more, since all lapsed that it rested on: nothing newer is on record, and no
            end either.
    """

    period: str
    as_of: date
    certainty: float | None
    evidence: str
    established: bool
    likelihood: Likelihood | None
    silent: bool


class Step(msgspec.Struct, frozen=True):
    """A conclusion changed from one point to the next.

    Attributes:
        period: the later one.
        as_of: its day, by which the change was seen.
        silent: nothing on record made the change: all its causes are facts that lapsed, as nothing newer is on record.
        causes: the recorded facts that came into force or went out of it and made the difference.
    """

    period: str
    as_of: date
    before: float | None
    after: float | None
    silent: bool
    causes: tuple[Cause, ...]


class Series(msgspec.Struct, frozen=True):
    """One conclusion over time."""

    conclusion: str
    says: str
    points: tuple[Point, ...]
    changes: tuple[Step, ...]


class Timeline(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.timeline/1"):
    """The conclusions that match a pattern over time; the most certain at the end comes first.

    Attributes:
        start, end: the first and the last day that was looked at.
        read_as: how a question that led here was read, in words; not set where none did.
        command: the command line that it led to; set with `read_as`.
    """

    question: str
    pattern: str
    start: date
    end: date
    engine: str
    assumed: tuple[str, ...]
    withdrawn: tuple[str, ...]
    series: tuple[Series, ...]
    read_as: str | UnsetType = UNSET
    command: str | UnsetType = UNSET


def timeline(
    scenario: Scenario,
    question: Question,
    years: range,
    engine: Engine,
    progress: Progress = silent,
    *,
    weighed: bool = False,
) -> Timeline:
    """Follow the conclusions that match a question through some years.

    Args:
        scenario: its own day is the last one, where its year is the last one.
        years: consecutive, at least one.
        weighed: also conclusions that are never established.

    Raises:
        UsageError: an assumption or a withdrawal that means nothing.
    """
    days = [date(year, 12, 31) for year in years]
    if years[-1] == scenario.as_of.year:
        days[-1] = scenario.as_of
    about = scenario.about(question.pattern, settled=True)
    programs = [about.at(day).program() for day in days]
    inferences = infer_each(engine, programs, lambda day, done, total: progress(f"as of {day.year}", done, total))
    seen = {atom: None for inference in inferences for atom in inference.facts.matching(question.pattern)}
    kept = [atom for atom in seen if weighed or any(established(i.certainty(atom) or 0.0) for i in inferences)]
    kept.sort(key=lambda atom: (-(inferences[-1].certainty(atom) or 0.0), str(atom)))
    differences = _differences(inferences)
    known, _ = fitting_calibrations(scenario.kb)
    measured = [likelihoods_of(inference, question.pattern, known) for inference in inferences]
    program = inferences[-1].program
    return Timeline(
        question.text,
        str(question.pattern),
        days[0],
        days[-1],
        inferences[-1].engine,
        program.assumed,
        program.withdrawn,
        tuple(_series(atom, inferences, measured, differences) for atom in kept),
    )


def _differences(inferences: Sequence[Inference]) -> list[Divergence | None]:
    """What differs from each point to the next; None where nothing can."""
    return [
        None if before.facts is after.facts else Divergence(before, after) for before, after in pairwise(inferences)
    ]


def _series(
    atom: GroundAtom,
    inferences: Sequence[Inference],
    measured: Sequence[Mapping[GroundAtom, Likelihood]],
    differences: Sequence[Divergence | None],
) -> Series:
    days = [inference.program.as_of for inference in inferences]
    certainties = [inference.certainty(atom) for inference in inferences]
    changes = {
        day: _step(atom, day, before, after, difference)
        for day, (before, after), difference in zip(days[1:], pairwise(certainties), differences, strict=True)
        if difference and before != after
    }
    points: list[Point] = []
    silent = False
    for day, certainty, told in zip(days, certainties, measured, strict=True):
        silent = changes[day].silent if day in changes else silent
        word, holds = evidence_word(certainty or 0.0), established(certainty or 0.0)
        lapsed = silent and certainty is None
        points.append(Point(str(day.year), day, certainty, word, holds, told.get(atom), lapsed))
    return Series(str(atom), says(inferences[0].program.kb, atom), tuple(points), tuple(changes.values()))


def _step(atom: GroundAtom, day: date, before: float | None, after: float | None, difference: Divergence) -> Step:
    causes = tuple(folded(difference.roots(atom)))
    silent = bool(causes) and all(cause.turn == "lapsed" for cause in causes)
    return Step(str(day.year), day, before, after, silent, causes)


def years_on_record(program: Program, pattern: Pattern, infer: Infer) -> range:
    """The years from the first date of a fact that the pattern can depend on to that of a program.

    Args:
        infer: runs the engine, where facts lie in tables that it reads.
    """
    kb, last = program.kb, program.as_of.year
    first = [day.year for fact in sliced(kb, relevance(kb, pattern)).facts for day in _starts(fact)]
    if kb.tables:
        day = infer(program).facts.first_day(pattern.predicate)
        first += [] if day is None else [day.year]
    return range(min([*first, last]), last + 1)


def _starts(fact: Fact) -> list[date]:
    return [day.first for day in (fact.since, fact.on) if day]
