"""A certainty and a calibration → a likelihood, or none: only where the rules are those that were measured.

Layers above ask `likelihoods`; nothing else turns a certainty into the words of ICD 203.
"""

from collections.abc import Mapping

import msgspec

from kzexpert.certainty import probability_word
from kzexpert.errors import Issue, Location
from kzexpert.language.calibration_file import read_calibrations
from kzexpert.model import ANY, GroundAtom, KnowledgeBase, Pattern, Value, shown
from kzexpert.model.calibration import Calibration, Likelihood
from kzexpert.program.order import planned
from kzexpert.program.relevance import opened, relevance

__all__ = ["fitting_calibrations", "likelihoods", "rules_digest", "with_siblings"]


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
    return Issue("KZ706", message, place, "measure it again with kzexpert calibrate", "warning")


def likelihoods(
    kb: KnowledgeBase, known: Mapping[str, Calibration], certainties: Mapping[GroundAtom, float]
) -> dict[GroundAtom, Likelihood]:
    """The likelihoods of some conclusions.

    Measured was, of conclusions that differ only in arguments without outcomes, the one of the highest certainty. So
    nothing is said of the others, nor where the predicate has no calibration that fits.

    Args:
        known: from `fitting_calibrations`.
        certainties: of all conclusions that match a pattern from `with_siblings`.
    """
    cases: dict[tuple[str, tuple[Value, ...]], float] = {}
    for atom, certainty in certainties.items():
        case = _case(kb, known.get(atom.predicate), atom)
        cases[case] = max(cases.get(case, certainty), certainty)
    found: dict[GroundAtom, Likelihood] = {}
    for atom, certainty in certainties.items():
        calibration = known.get(atom.predicate)
        if calibration and certainty == cases[_case(kb, calibration, atom)]:
            told = _likelihood(kb, calibration, atom, certainty)
            found.update({atom: told} if told else {})
    return found


def with_siblings(kb: KnowledgeBase, pattern: Pattern) -> Pattern:
    """A pattern that also matches what differs only in arguments that the calibration of its predicate leaves out."""
    if not isinstance(pattern.relation, str) or not any(layer.calibration for layer in kb.layers):
        return pattern
    known = {item.predicate: item for _, item in read_calibrations(kb)[0]}
    calibration = known.get(pattern.predicate)
    if calibration is None or pattern.predicate not in kb.predicate:
        return pattern
    measured = _measured_places(kb, calibration)
    terms = tuple(term if place in measured else ANY for place, term in enumerate(pattern.terms))
    return Pattern(pattern.relation, pattern.predicate, terms)


def _measured_places(kb: KnowledgeBase, calibration: Calibration) -> list[int]:
    specs = kb.predicate[calibration.predicate].args
    return [place for place, spec in enumerate(specs) if spec.name in calibration.arguments]


def _case(kb: KnowledgeBase, calibration: Calibration | None, atom: GroundAtom) -> tuple[str, tuple[Value, ...]]:
    """What was measured as one: the conclusions that agree in the arguments with outcomes."""
    measured = range(len(atom.args)) if calibration is None else _measured_places(kb, calibration)
    return atom.predicate, tuple(atom.args[place] for place in measured)


def _likelihood(kb: KnowledgeBase, calibration: Calibration, atom: GroundAtom, certainty: float) -> Likelihood | None:
    names = [spec.name for spec in kb.predicate[atom.predicate].args]
    value = shown(atom.args[names.index(calibration.argument)]) if calibration.argument else ""
    curve = calibration.curve(value)
    if curve is None:
        return None
    frequency = curve.at(certainty)
    return Likelihood(round(100.0 * frequency, 1), probability_word(frequency), calibration.population(curve.n, names))
