"""What would be left of a conclusion without one of its premises, rules or sources: how much a challenge is about."""

from collections.abc import Iterator

from msgspec.structs import replace

from kzexpert.analysis.scenario import Revision, Scenario
from kzexpert.engines.base import Engine
from kzexpert.language.grammar import parse_atom, parse_condition
from kzexpert.model import NOWHERE, Atom, Block, Constant, GroundAtom, Inference, KnowledgeBase, Pattern, Rule
from kzexpert.model.terms import format_value
from kzexpert.program.resolve import resolve_atom
from kzexpert.proof.document import atom_of
from kzexpert.review.document import PartKind

__all__ = ["certainty_without"]


def certainty_without(inference: Inference, conclusion: GroundAtom, kind: PartKind, name: str, engine: Engine) -> float:
    """How certain a conclusion would be without something, all else being equal; 0 where nothing would be known of it.

    A premise is withdrawn where it is on record, and no rule concludes it; a source is left out with all its rows and
    rules.

    Args:
        name: the premise, or the id of the rule or source.
        engine: runs the program again.
    """
    scenario = Scenario.of(inference.program)
    if kind == "premise":
        pattern, _ = resolve_atom(scenario.kb, parse_atom(atom_of(name), NOWHERE))
        premise = None if pattern is None else pattern.ground
        if premise is not None:
            scenario = scenario.changed(Revision(without=frozenset([premise])))
            rules = tuple(
                other for rule in scenario.kb.rules for other in _never_concluding(scenario.kb, rule, premise)
            )
            scenario = replace(scenario, kb=replace(scenario.kb, rules=rules))
    else:
        scenario = scenario.changed(Revision(source=name) if kind == "source" else Revision(rule=name))
    left = engine.infer(scenario.about(Pattern.of(conclusion.predicate, conclusion.args)).program())
    return left.certainty(conclusion) or 0.0


def _never_concluding(kb: KnowledgeBase, rule: Rule, statement: GroundAtom) -> Iterator[Rule]:
    """A rule as one that concludes all but one statement; of several conclusions the others are a rule apart."""
    others = tuple(head for head in rule.then if head.predicate != statement.predicate)
    if len(others) == len(rule.then):
        yield rule
        return
    if others:
        yield replace(rule, then=others)
    for number, head in enumerate(head for head in rule.then if head not in others):
        where = _where(kb, head, statement)
        own = rule if len(rule.then) == 1 else replace(rule, id=f"{rule.id} {number}", then=(head,))
        if where is None:
            yield own
        elif where:
            block = Block(tuple(parse_condition(text, NOWHERE) for text in where), "unless")
            yield replace(own, when=(*own.when, block))


def _where(kb: KnowledgeBase, head: Atom, statement: GroundAtom) -> list[str] | None:
    """The conditions under which a head is a statement; None where it never is."""
    pattern, _ = resolve_atom(kb, head)
    found = []
    for term, value in zip(pattern.terms if pattern else (), statement.args, strict=bool(pattern)):
        if not isinstance(term, Constant):
            found.append(f"{term} = {format_value(value)}")
        elif term.value != value:
            return None
    return found
