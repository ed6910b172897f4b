"""``kzexpert evaluate``: how often the conclusions have been right, what their certainties and the rules are worth."""

import operator
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from kzexpert.cli.options import Options, command, common_options
from kzexpert.cli.outcomes import Measure, Measured, measured, opened, outcomes_options
from kzexpert.cli.output import emit, print_error, show
from kzexpert.cli.progress import progress_line
from kzexpert.cli.session import Session
from kzexpert.errors import Issue, KnowledgeBaseError, Location, UsageError
from kzexpert.language.digest import facts_digest
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import KnowledgeBase
from kzexpert.model.calibration import Calibration
from kzexpert.program.likelihood import fitting_calibrations, rules_digest
from kzexpert.render.issues import issues_text

if TYPE_CHECKING:
    from kzexpert.analysis.measure.evaluation import Evaluation

__all__ = ["evaluate"]

_REQUIRE = "--require"
_REQUIREMENT = re.compile(r"\s*(\w+)\s*(>=|<=|>|<)\s*(-?[0-9]+(?:\.[0-9]+)?)\s*")
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def _said(found: "Evaluation") -> str:
    """What the base says is how likely things are: its calibration, else its certainties."""
    return "on file" if found.forecast("on file") else "certainty"


def _of(found: "Evaluation", name: str, field: str) -> float | None:
    held = getattr(found.forecast(name), field)
    return None if held is None else float(held.value)


#: What ``--require`` may name → the number of an evaluation; None where it does not exist.
_FIGURES: dict[str, Callable[["Evaluation"], float | None]] = {
    "coverage": lambda found: found.coverage,
    "established": lambda found: found.established,
    "auc": lambda found: _of(found, "certainty", "auc"),
    "spearman": lambda found: _of(found, "certainty", "spearman"),
    "brier": lambda found: _of(found, _said(found), "brier"),
    "brier_skill": lambda found: _of(found, _said(found), "brier_skill"),
    "calibrated_brier": lambda found: _of(found, "calibrated", "brier"),
    "calibrated_brier_skill": lambda found: _of(found, "calibrated", "brier_skill"),
    "lean_auc": lambda found: min((lean.auc.value for lean in found.leans if lean.auc), default=None),
}


@command(
    epilog="""\b
Examples:
  kzexpert evaluate
  kzexpert evaluate --outcomes votes.yaml --by state --as-of 1994..2008
  kzexpert evaluate --hold-out 20% --format html --output report.html
  kzexpert evaluate --require "brier_skill > 0" --require "coverage >= 0.5\"""",
)
@click.option(
    _REQUIRE,
    "required",
    multiple=True,
    metavar="CONDITION",
    help=f'Exit with 1 unless it holds, such as "brier_skill > 0": {", ".join(_FIGURES)}.',
)
@click.option("--no-rules", is_flag=True, help="Leave out what each rule is worth, which takes longest.")
@outcomes_options("judge by these alone, and fit on the others")
@common_options(run=False, engine=True, formats=("text", "json", "html"))
def evaluate(options: Options, given: Measure, required: tuple[str, ...], no_rules: bool) -> int:
    """Compare the conclusions with what happened: how many cases they cover, how well they rank them, how often the
    printed words were right, and what each rule is worth.

    What happened is in tables that a YAML file of outcomes declares. Intervals come from resamples of whole
    clusters. A certainty c is read as the forecast (1 + c) / 2 unless the base has a calibration that fits its rules.
    """
    conditions = [_condition(text) for text in required]
    with opened(options, given) as (session, unread, yards):
        from kzexpert.analysis.measure.evaluation import Evaluations

        known, issues = fitting_calibrations(session.kb)
        if issues:
            print_error(lambda out: issues_text(issues, session.kb.texts, out))
        found = Evaluations(
            tuple(
                _evaluation(session, unread, measured(session, yard, given), given, known.get(yard.predicate), no_rules)
                for yard in yards
            )
        )
    if options.format == "html":
        from kzexpert.render.measure_html import evaluations_html

        emit(options, lambda _out: evaluations_html(found))
    else:
        from kzexpert.render.measure_text import evaluations_text

        show(options, found, lambda out: evaluations_text(found, out))
    _check(found.evaluations, conditions)
    return 0


def _evaluation(
    session: Session,
    unread: KnowledgeBase,
    item: Measured,
    given: Measure,
    calibration: Calibration | None,
    no_rules: bool,
) -> "Evaluation":
    from kzexpert.analysis.measure.assessment import assessment
    from kzexpert.analysis.measure.evaluation import Inputs
    from kzexpert.analysis.measure.sample import check_sample
    from kzexpert.analysis.measure.worth import rule_worths

    sample = check_sample(item.held if given.hold_out else item.rest, "judge by")
    rest = check_sample(item.rest, "fit on") if given.hold_out else None
    predicate = item.yard.predicate
    digests = Inputs(rules_digest(session.kb, predicate), facts_digest(unread), item.yard.digest)
    with progress_line() as line:
        tell = lambda rule, done, total: line(f"without {rule}", done, total)  # noqa: E731
        worths = [] if no_rules else rule_worths(session.kb, sample, item.runs, tell)
    silent = sorted(item.runs.bearing - item.runs.fired)
    return assessment(sample, rest, given.hold_out or "", digests, calibration, worths, silent)


def _condition(text: str) -> tuple[str, str, float]:
    """A figure, a comparison and a number.

    Raises:
        UsageError: the text is no such condition (KZ307).
    """
    written = _REQUIREMENT.fullmatch(text)
    if written is not None and written[1] in _FIGURES:
        return written[1], written[2], float(written[3])
    hint = "a condition is written brier_skill > 0"
    if written is not None:
        hint = did_you_mean(written[1], _FIGURES) or f"the figures are {', '.join(_FIGURES)}"
    raise UsageError(Issue("KZ307", f"{text} is not something that can be required", Location(_REQUIRE), hint))


def _check(found: "Sequence[Evaluation]", conditions: Sequence[tuple[str, str, float]]) -> None:
    """Make sure that all conditions hold for all predicates.

    Raises:
        KnowledgeBaseError: some do not (KZ707); all of those.
    """
    issues = []
    for item in found:
        for name, comparison, bound in conditions:
            value = _FIGURES[name](item)
            if value is None or not _COMPARISONS[comparison](value, bound):
                told = "does not exist" if value is None else f"is {value:.4f}"
                message = f"{name} of {item.predicate} {told}, and {comparison} {bound:g} is required"
                issues.append(Issue("KZ707", message, Location(_REQUIRE), "see the words and rules of the report"))
    if issues:
        raise KnowledgeBaseError(*issues)
