"""Below a conclusion: the graph of facts and firings that it rests on, each step as the author of its rule wrote it.

A proof reads an inference and changes nothing; what a negation looked for and what an aggregate counted are looked up
among the established facts.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from kzexpert.certainty import established
from kzexpert.engines.evaluation import evaluate
from kzexpert.evidence import Line, lines
from kzexpert.model import (
    Absence,
    Aggregate,
    Assignment,
    BaseFact,
    Constant,
    Expression,
    Firing,
    GroundAtom,
    Inference,
    Match,
    Operation,
    Pattern,
    ProgramCondition,
    Test,
    Value,
    Variable,
    format_value,
)
from kzexpert.model.established import EstablishedFacts
from kzexpert.questions.sentences import because, says

__all__ = ["Node", "Proof", "Step", "Support", "prove", "supports"]


class Support(msgspec.Struct, frozen=True):
    """One condition of a firing, and what satisfied it.

    Attributes:
        condition: as the author wrote it.
        kind: ``fact`` for a positive condition, ``absence`` for a negation, ``comparison`` (also for ``=`` that binds),
            ``aggregate``.
        holds: what held, in atoms and values: the fact, the pattern that nothing matches, the comparison with its
            values, the aggregate with its result.
        facts: the premise, or the facts that the aggregate ranged over; sorted by text.
        certainty: that of the premise; None for the other kinds.
    """

    condition: str
    kind: Literal["fact", "absence", "comparison", "aggregate"]
    holds: str
    facts: tuple[GroundAtom, ...] = ()
    certainty: float | None = None


class Step(msgspec.Struct, frozen=True):
    """One firing in a proof.

    Attributes:
        because: the rule's sentence for this binding.
        supports: one for each condition, in the order of the rule.
        counts: false when a better proof stands instead (recursive components).
        others: further firings of the same rule that do not add up.
    """

    firing: Firing
    because: str
    supports: tuple[Support, ...]
    strength: float
    counts: bool = True
    others: tuple[Firing, ...] = ()


class Node(msgspec.Struct, frozen=True):
    """A fact or a conclusion in a proof.

    Attributes:
        base: where it is recorded or assumed; None when it is only derived.
        steps: the lines of evidence that are firings, the strongest first.
        conflict: certain evidence for it and certain evidence against it.
        best_only: of its lines the best one counts (recursive components).
    """

    atom: GroundAtom
    says: str
    certainty: float
    established: bool
    base: BaseFact | None
    steps: tuple[Step, ...]
    conflict: bool = False
    best_only: bool = False


class Proof(msgspec.Struct, frozen=True):
    """What a conclusion rests on.

    Attributes:
        nodes: every fact and conclusion below it, itself first, in the order in which a reader meets them.
    """

    conclusion: GroundAtom
    nodes: Mapping[GroundAtom, Node]

    @property
    def root(self) -> Node:
        return self.nodes[self.conclusion]


def prove(inference: Inference, atom: GroundAtom) -> Proof:
    """The proof of a fact or conclusion.

    Raises:
        KeyError: nothing is known of the atom.
    """
    if inference.certainty(atom) is None:
        raise KeyError(str(atom))
    nodes: dict[GroundAtom, Node] = {}
    level = [atom]
    while level:  # a whole level at a time, which a database finds at once
        inference.facts.prefetch(level)
        nodes.update((current, _node(inference, current)) for current in level)
        below = dict.fromkeys(fact for current in level for fact in _below(nodes[current]))
        level = [fact for fact in below if fact not in nodes]
    return Proof(atom, {current: nodes[current] for current in _in_reading_order(atom, nodes)})


def _below(node: Node) -> list[GroundAtom]:
    return [fact for step in node.steps for support in step.supports for fact in support.facts]


def _in_reading_order(atom: GroundAtom, nodes: Mapping[GroundAtom, Node]) -> Iterator[GroundAtom]:
    """Each conclusion before what it rests on, and all below one fact before the next."""
    met: set[GroundAtom] = set()
    pending = [atom]
    while pending:
        current = pending.pop()
        if current not in met:
            met.add(current)
            yield current
            pending.extend(reversed(_below(nodes[current])))


def _node(inference: Inference, atom: GroundAtom) -> Node:
    program = inference.program
    certainty = inference.certainty(atom) or 0.0
    found = lines(inference, atom)
    stratum = program.stratum_of.get(atom.predicate)
    return Node(
        atom=atom,
        says=says(program.kb, atom),
        certainty=certainty,
        established=established(certainty),
        base=program.base.get(atom.predicate, {}).get(atom.args),
        steps=tuple(_step(inference, line, line.firing) for line in found if line.firing is not None),
        conflict=atom in inference.conflicts,
        best_only=stratum is not None and stratum.recursive,
    )


def _step(inference: Inference, line: Line, firing: Firing) -> Step:
    return Step(
        firing=firing,
        because=because(firing),
        supports=supports(inference, firing),
        strength=line.strength,
        counts=line.counts,
        others=line.others,
    )


def supports(inference: Inference, firing: Firing) -> tuple[Support, ...]:
    """What satisfied each condition of a firing, in the order of the rule."""
    premises = iter(firing.premises)
    values = firing.values
    return tuple(
        _support(inference, written.text, condition, values, premises)
        for written, condition in zip(firing.rule.rule.when, firing.rule.conditions, strict=True)
    )


def _support(
    inference: Inference,
    text: str,
    condition: ProgramCondition,
    values: Mapping[str, Value],
    premises: Iterator[GroundAtom],
) -> Support:
    if isinstance(condition, Match):
        fact = next(premises)
        certainty = inference.certainties[condition.pattern.relation][fact.args]
        return Support(text, "fact", f"{fact}{_window(condition.pattern)}", (fact,), certainty)
    if isinstance(condition, Absence):
        return Support(text, "absence", f"no {condition.pattern.instance(values)}")
    if isinstance(condition, Aggregate):
        own = {name: values[name] for name in condition.shared}
        counted = _counted(condition.patterns, own, inference.facts.established)
        result = format_value(values[condition.variable])
        return Support(text, "aggregate", f"{condition.function} = {result}", counted)
    if isinstance(condition, Assignment):
        return Support(
            text, "comparison", f"{format_value(values[condition.variable])} = {_shown(condition.expression, values)}"
        )
    assert isinstance(condition, Test)
    sides = _shown(condition.left, values), _shown(condition.right, values)
    return Support(text, "comparison", f"{sides[0]} {condition.operator} {sides[1]}")


def _counted(patterns: Sequence[Pattern], binding: dict[str, Value], facts: EstablishedFacts) -> tuple[GroundAtom, ...]:
    """The facts that an aggregate ranged over."""
    found: set[GroundAtom] = set()
    for solution in facts.solutions(patterns, binding):
        for pattern in patterns:
            found.update(GroundAtom(pattern.predicate, args) for args in facts.rows(pattern, solution))
    return tuple(sorted(found, key=str))


def _window(pattern: Pattern) -> str:
    return pattern.relation[len(pattern.predicate) :]


def _shown(expression: Expression, values: Mapping[str, Value]) -> str:
    """An expression with its values; arithmetic is followed by what it comes to."""
    if isinstance(expression, Variable):
        return format_value(values[expression.name])
    if isinstance(expression, Constant):
        return str(expression)
    value = evaluate(expression, values)
    written = _written(expression, values)
    return f"{written} [= {format_value(value)}]" if value is not None else written


def _written(expression: Expression, values: Mapping[str, Value]) -> str:
    if not isinstance(expression, Operation):
        return _shown(expression, values)
    sides = [
        f"({_written(side, values)})" if isinstance(side, Operation) else _written(side, values)
        for side in (expression.left, expression.right)
    ]
    return f"{sides[0]} {expression.operator} {sides[1]}"
