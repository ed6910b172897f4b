"""Cases against mutants: does what a case asks come out otherwise when one rule is another?

A case is inferred once, with the rules as they are. A mutant's conclusions are drawn from what is established there;
where they differ from those of its rule, the certainties above are settled again, rule by rule, as far as the
difference reaches and the question looks. Only recursion, or a base with tables, takes another run of the engine.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeAlias

from msgspec.structs import replace

from kzexpert.analysis.cases import Infer, OpenCase, fired
from kzexpert.authoring.mutation.mutants import Mutant
from kzexpert.certainty import established
from kzexpert.errors import KzexpertError
from kzexpert.evidence import certainty_of
from kzexpert.model import (
    Body,
    EstablishedFacts,
    GroundAtom,
    Inference,
    Pattern,
    Program,
    ProgramRule,
    Relation,
    Rule,
    Value,
)
from kzexpert.model.established import Binding
from kzexpert.model.evaluation import solutions
from kzexpert.program.order import plan_rule
from kzexpert.program.relevance import relevance, starts
from kzexpert.program.snapshot import looked_at

__all__ = ["CaseTrial", "drawn"]

#: Arguments of a conclusion → what is one line of evidence → its strength.
Drawn: TypeAlias = Mapping[tuple[Value, ...], Mapping[Hashable, float]]
_Variants: TypeAlias = Sequence[ProgramRule]


class CaseTrial:
    """One case that passes, ready to be tried on mutants.

    Args:
        ready: the case, which asks something.
        inference: with the rules as they are.
        infer: runs the engine again.

    Attributes:
        fired: ids of the rules that fire.
    """

    def __init__(self, ready: OpenCase, inference: Inference, infer: Infer) -> None:
        assert ready.question is not None
        self.ready, self.inference, self._infer = ready, inference, infer
        self.pattern = ready.question.pattern
        self.fired = frozenset(fired(inference))
        self._facts = inference.facts.established
        self._rules = {rule.id: rule for rule in ready.kb.rules}
        self._program = replace(inference.program, shapes=relevance(ready.kb, self.pattern).shapes)
        self._drawn: dict[str, Drawn] = {}
        seen = (self._program.shapes or {}).keys()
        recursive = any(item.recursive and seen & {*item.predicates} for item in self._program.strata)
        self._takes_engine = recursive or bool(ready.kb.tables)

    @property
    def id(self) -> str:
        """Of the case."""
        return self.ready.case.id

    @property
    def established(self) -> set[str]:
        """What the case wants, all of which is so."""
        return {text for text, certainty in self.ready.answers(self.inference).items() if established(certainty)}

    def reaches(self, rule: Rule, variants: _Variants = ()) -> bool:
        """Whether what is asked can depend on a rule, which the case has neither replaced nor dropped.

        Args:
            variants: further ones, as engines run them.
        """
        if self._rules.get(rule.id) is not rule:
            return False
        own = (item for item in self._program.rules.values() if item.rule is rule)
        return any(starts(item, self._program) for item in (*own, *variants))

    def notices(self, mutant: Mutant, variants: _Variants | None = None) -> bool:
        """Whether the case fails with a mutant instead of its rule.

        Args:
            variants: the mutant as engines run it with the vocabulary of the case; it is planned where there are none.
        """
        if variants is None:
            variants = plan_rule(self.ready.kb, mutant.mutated).variants if mutant.mutated else ()
        if not self.reaches(mutant.rule, variants):
            return False
        if self._takes_engine:
            return self.fails(mutant)
        answers = self._answers(mutant, variants)
        return answers is not None and bool(self.ready.differences(answers))

    def fails(self, mutant: Mutant) -> bool:
        """The same by the engine, from the facts on."""
        rules = (mutant.mutated if item is mutant.rule else item for item in self.ready.kb.rules)
        try:
            inference = self._infer(self.ready.changed([rule for rule in rules if rule is not None]))
        except KzexpertError:
            return True
        return bool(self.ready.differences(self.ready.answers(inference)))

    # --- without an engine --------------------------------------------------------------------------------------------

    def _answers(self, mutant: Mutant, variants: _Variants) -> dict[str, float] | None:
        """What is known with a mutant that matches the question, by its text; None where all is as it was."""
        facts = self._facts
        for pattern in (pattern for item in variants for pattern in item.patterns):
            relation = pattern.relation
            if isinstance(relation, Relation) and relation not in facts.relations:
                facts = facts.instead(relation, _established(looked_at(self._program, relation)))
        changed: dict[str, dict[tuple[Value, ...], float]] = {}
        heads = {head.predicate for head in mutant.rule.then}
        for stratum in self._program.strata:
            for predicate in stratum.predicates:
                rules = [item for item in stratum.rules if item.head.predicate == predicate]
                touched = [item for item in rules if any(it.relation in changed for it in item.patterns)]
                if predicate in heads or touched:
                    new = self._settled(predicate, rules, mutant, variants, touched, facts)
                    if new:
                        changed[predicate] = {**self.inference.certainties.get(predicate, {}), **new}
                        facts = facts.instead(predicate, _established(changed[predicate]))
        known = changed.get(self.pattern.predicate)
        if known is None or self.pattern.relation != self.pattern.predicate:
            return None
        return {
            str(GroundAtom(self.pattern.predicate, args)): it
            for args, it in known.items()
            if self.pattern.matches(args)
        }

    def _settled(
        self,
        predicate: str,
        rules: _Variants,
        mutant: Mutant,
        variants: _Variants,
        touched: _Variants,
        facts: EstablishedFacts,
    ) -> dict[tuple[Value, ...], float]:
        """The conclusions whose certainty is another than it was; 0 where nothing speaks of one any more."""
        before = [self._before(item) for item in rules]
        after = [
            drawn(item, self._program, facts) if item in touched else was
            for item, was in zip(rules, before, strict=True)
            if item.rule is not mutant.rule
        ]
        after += [drawn(item, self._program, facts) for item in variants if item.head.predicate == predicate]
        base, certainties = self._program.base.get(predicate, {}), self.inference.certainties.get(predicate, {})
        new: dict[tuple[Value, ...], float] = {}
        for args in dict.fromkeys(args for found in (*before, *after) for args in found):
            lines = _lines(args, after)
            if lines != _lines(args, before):
                given = [base[args].certainty] if args in base else []
                certainty = certainty_of([*given, *lines.values()], recursive=False)[0]
                if certainty != certainties.get(args, 0.0):
                    new[args] = certainty
        return new

    def _before(self, rule: ProgramRule) -> Drawn:
        if rule.key not in self._drawn:
            self._drawn[rule.key] = drawn(rule, self._program, self._facts)
        return self._drawn[rule.key]


def _established(known: Mapping[tuple[Value, ...], float]) -> dict[tuple[Value, ...], float]:
    return {args: certainty for args, certainty in known.items() if established(certainty)}


def _lines(args: tuple[Value, ...], found: Iterable[Drawn]) -> dict[Hashable, float]:
    lines: dict[Hashable, float] = {}
    for each in found:
        for line, strength in each.get(args, {}).items():
            lines[line] = max(lines.get(line, 0.0), strength, key=abs)
    return lines


def drawn(rule: ProgramRule, program: Program, facts: EstablishedFacts) -> Drawn:
    """What a rule concludes from facts, and how strongly each of its lines of evidence speaks.

    Args:
        program: says which conclusions matter.
    """
    found: dict[tuple[Value, ...], dict[Hashable, float]] = {}
    body = Body(rule.conditions, rule.order, rule.variables)
    for start in starts(rule, program):
        for binding in solutions(body, facts, start, program.as_of):
            atom = rule.head.instance(binding).ground
            assert atom is not None  # every variable of a conclusion is bound
            line: Hashable = rule.rule.line
            if rule.rule.each:
                line = (rule.id, *[binding[rule.variables[place]] for place in rule.instance_places])
            weakest = min((_certainty(item, binding, facts) for item in rule.matches), default=1.0)
            lines, strength = found.setdefault(atom.args, {}), rule.rule.certainty * weakest
            lines[line] = max(lines.get(line, 0.0), strength, key=abs)
    return found


def _certainty(pattern: Pattern, binding: Binding, facts: EstablishedFacts) -> float:
    """Of the strongest fact behind a premise."""
    known, instance = facts.relations[pattern.relation], pattern.instance(binding)
    return max(known[args] for args in facts.rows(pattern, binding) if instance.matches(args))
