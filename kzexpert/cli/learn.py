"""``kzexpert learn``: certainties that outcomes propose for the rules, as a diff. It changes no file of rules."""

from kzexpert.cli.options import Options, command, common_options
from kzexpert.cli.outcomes import Measure, measured, opened, outcomes_options
from kzexpert.cli.output import emit, show
from kzexpert.program.likelihood import rules_digest

__all__ = ["learn"]


@command(
    epilog="""\b
Examples:
  kzexpert learn
  kzexpert learn --outcomes votes.yaml --by state --hold-out 20%
  kzexpert learn --format diff --output learned.diff""",
)
@outcomes_options("leave these out")
@common_options(run=False, engine=True, formats=("text", "json", "diff"))
def learn(options: Options, given: Measure) -> int:
    """Propose a certainty for each rule that concludes what outcomes judge, beside how often the rule was right.

    A rule keeps its sign, and takes a value of the scale 0.3, 0.6, 0.8; one that contradicts what happened is
    flagged. The proposals are judged on clusters that they were not learned from. Nothing is changed: the
    diff is yours to apply.
    """
    with opened(options, given) as (session, _, yards):
        from kzexpert.analysis.measure.lessons import Lessons, Taught
        from kzexpert.analysis.measure.sample import check_sample
        from kzexpert.analysis.measure.weights import lessons
        from kzexpert.render.measure_text import lessons_text

        found: list[Lessons] = []
        for yard in yards:
            item = measured(session, yard, given)
            sample = check_sample(item.rest, "learn from")
            digest = rules_digest(session.kb, yard.predicate)
            found.append(lessons(session.kb, sample, given.hold_out or "", digest))
    if options.format == "diff":
        emit(options, lambda _out: "".join(item.diff for item in found))
    else:
        show(options, Taught(tuple(found)), lambda out: "\n".join(lessons_text(item, out) for item in found))
    return 0 if any(item.diff for item in found) else 3
