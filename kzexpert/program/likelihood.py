"""A certainty and a calibration → a likelihood, or none: only where the rules are those that were measured.

Layers above ask `calibrated`; nothing else turns a certainty into the words of ICD 203.
"""

from collections.abc import Mapping

import msgspec

from kzexpert.certainty import probability_word
from kzexpert.errors import Issue, Location
from kzexpert.language.calibration_file import read_calibrations
from kzexpert.model import ANY, GroundAtom, KnowledgeBase, Pattern, shown
from kzexpert.model.calibration import Calibration, Likelihood
from kzexpert.program.order import planned
from kzexpert.program.relevance import opened, relevance

__all__ = ["calibrated", "fitting_calibrations", "rules_digest"]


def rules_digest(kb: KnowledgeBase, predicate: str) -> str:
    """SHA-256, in hex, of what the rules say that can bear on a predicate, and of the grades of sources.

    Titles, sentences and sources of rules, and where they stand, do not matter.
    """
    from hashlib import sha256

    arity = len(kb.predicate[predicate].args)
    found = relevance(kb, opened(Pattern(predicate, predicate, (ANY,) * arity)))
    said = sorted(
        [item.key, str(item.head), [*map(str, item.conditions)], item.rule.certainty, item.rule.family, item.rule.each]
        for plan in planned(kb).plans
        for item in plan.variants
        if item.key in found.rules
    )
    grades = [layer.grades for layer in kb.layers if layer.grades]
    return sha256(msgspec.json.encode([said, grades], order="deterministic")).hexdigest()


def fitting_calibrations(kb: KnowledgeBase) -> tuple[Mapping[str, Calibration], tuple[Issue, ...]]:
    """The calibrations of a knowledge base by predicate, as far as its rules are still those that were measured.

    Returns:
        Them, and what is wrong: files that are no calibrations (KZ705), and a warning for each that no longer fits
        (KZ706).
    """
    found: dict[str, Calibration] = {}
    read, issues = read_calibrations(kb)
    for place, item in read:
        if item.predicate not in kb.predicate or item.rules != rules_digest(kb, item.predicate):
            issues.append(_outdated(place, item.predicate))
        else:
            found[item.predicate] = item
    return found, tuple(issues)


def _outdated(place: Location, predicate: str) -> Issue:
    message = f"the calibration of {predicate} does not count: its rules have changed since it was measured"
    return Issue("KZ706", message, place, "measure it anew with kzexpert calibrate", "warning")


def calibrated(
    kb: KnowledgeBase, known: Mapping[str, Calibration], atom: GroundAtom, certainty: float
) -> Likelihood | None:
    """The likelihood of a conclusion; None where its predicate has no calibration that fits.

    Args:
        known: from `fitting_calibrations`.
        certainty: of the conclusion. Measured was, of several that differ only in arguments without outcomes, the
            highest.
    """
    calibration = known.get(atom.predicate)
    if calibration is None:
        return None
    names = [spec.name for spec in kb.predicate[atom.predicate].args]
    value = shown(atom.args[names.index(calibration.argument)]) if calibration.argument else ""
    curve = calibration.curve(value)
    if curve is None:
        return None
    frequency = curve.at(certainty)
    return Likelihood(round(100.0 * frequency, 1), probability_word(frequency), _measured(calibration, curve.n))


def _measured(calibration: Calibration, n: int) -> str:
    days = ""
    if calibration.first and calibration.last:
        years = sorted({calibration.first.year, calibration.last.year})
        days = f", {'–'.join(map(str, years))}"
    return f"{n:,} cases, {calibration.clusters:,} values of {calibration.by}{days}"
