"""``kzexpert calibrate``: how often conclusions of a certainty have been right, as a file for answers to use."""

import os

import click

from kzexpert.atomic import check_writable
from kzexpert.cli.options import Options, command, common_options
from kzexpert.cli.outcomes import Measure, measured, opened, outcomes_options
from kzexpert.cli.output import emit, print_error
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.model.calibration import Calibrations
from kzexpert.program.likelihood import rules_digest

__all__ = ["calibrate"]


@command(
    epilog="""\b
Examples:
  kzexpert calibrate --output calibration.json
  kzexpert calibrate --by state --per power --output calibration.json
  kzexpert calibrate --hold-out 20% --output calibration.json""",
)
@click.option("--per", metavar="ARGUMENT", help="A separate curve for each of its values with 50 cases or more.")
@outcomes_options("leave these out")
@common_options(run=False, engine=True, formats=())
def calibrate(options: Options, given: Measure, per: str | None) -> int:
    """Fit a monotone map from certainty to the frequency of being right, and write it to the file of --output.

    The file holds its own Brier score, cross-validated by cluster, what it was measured on, and the digests of rules
    and outcomes. A base whose manifest names the file states likelihoods, as long as its rules stay the same.
    """
    if options.output is None:
        hint = "give --output calibration.json"
        raise UsageError(Issue("KZ308", "where should the calibration go?", Location("--output"), hint))
    check_writable(options.output)
    with opened(options, given) as (session, _, yards):
        from kzexpert.analysis.measure.fit import calibration_of
        from kzexpert.analysis.measure.sample import check_sample
        from kzexpert.render.json import json_text
        from kzexpert.render.measure_text import calibrations_text

        found = []
        for yard in yards:
            item = measured(session, yard, given)
            sample = check_sample(item.rest, "fit on")
            digest = rules_digest(session.kb, yard.predicate)
            found.append(calibration_of(sample, per, given.hold_out or "", digest))
    document = Calibrations(tuple(found))
    emit(options, lambda _out: json_text(document))
    own = next((layer.folder for layer in reversed(session.kb.layers) if not layer.used), "")
    named = os.path.relpath(options.output, own or ".")  # a manifest names files from where it lies
    print_error(lambda out: calibrations_text(document, named, out))
    return 0
