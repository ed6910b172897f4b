"""What an engine is given: positional arguments, canonical names, facts cut to the as-of date, rules in strata."""

from collections.abc import Mapping
from datetime import date
from functools import cached_property

import msgspec

from kzexpert.model.body import Conditions
from kzexpert.model.conditions import Condition, alternatives
from kzexpert.model.knowledge import Fact, KnowledgeBase, Rule
from kzexpert.model.pattern import Pattern
from kzexpert.model.terms import GroundAtom, RelationKey, Shape, Value

__all__ = ["BaseFact", "Program", "ProgramRule", "Stratum"]


class ProgramRule(Conditions, frozen=True, dict=True, array_like=True):
    """A resolved rule.

    Attributes:
        rule: as written.
        head: its conclusion; every variable of it is bound.
        choice: the number of the alternative of each ``either:``, from 0.
        variant: which of the rule's conclusions and choices this is, from 0.
    """

    rule: Rule
    head: Pattern
    choice: tuple[int, ...] = ()
    variant: int = 0

    @property
    def id(self) -> str:
        """Of the rule; variants share it, since they are one line of evidence."""
        return self.rule.id

    @cached_property
    def when(self) -> tuple[Condition, ...]:
        """The condition of the rule behind each of `conditions`, in the same order.

        They are those of the alternatives that were chosen; a block that denies alternatives stands once for each.
        """
        chosen = dict(alternatives(self.rule.when))[self.choice]
        return tuple(
            item
            for item in chosen
            for _ in (alternatives(item.inner) if item.inner and item.looks == "negation" else range(1))
        )

    @cached_property
    def instance_places(self) -> tuple[int, ...]:
        """The places in a binding of the variables that stand outside of alternatives, in the order of their names.

        Variants that agree there are one instance of a rule with ``each: true``: alternatives never add up.
        """
        outside = {name for atom in self.rule.then for name in atom.variables}
        outside.update(name for item in self.rule.when if not item.choices for name in item.variables)
        return tuple(self.variables.index(name) for name in sorted(outside.intersection(self.variables)))

    @cached_property
    def key(self) -> str:
        """Tells the variants of all rules apart: no id holds a space."""
        return f"{self.rule.id} {self.variant}" if self.variant else self.rule.id


class Stratum(msgspec.Struct, frozen=True):
    """One strongly connected component of the dependency graph with the rules that conclude its predicates.

    Attributes:
        recursive: whether a rule of it uses a predicate of it; then the best proof counts.
    """

    predicates: tuple[str, ...]
    rules: tuple[ProgramRule, ...]
    recursive: bool


class BaseFact(msgspec.Struct, frozen=True):
    """A recorded or assumed fact in force, with every row that states it, the most certain first."""

    atom: GroundAtom
    certainty: float
    rows: tuple[Fact, ...]
    assumed: bool = False


class Program(msgspec.Struct, frozen=True, dict=True):
    """What an engine is given: a snapshot of the facts and the rules in strata.

    Attributes:
        as_of_reason: where the day comes from, in words; empty where it was given.
        strata: in an order in which each needs only those before it.
        base: relation → arguments, and dates where it has them → fact in force.
        assumed, withdrawn: what was added and removed, as text.
        shapes: predicate → what its statements must look like to matter; those that look like none of these may be
            missing. None where everything matters.
    """

    kb: KnowledgeBase
    as_of: date
    strata: tuple[Stratum, ...]
    base: Mapping[RelationKey, Mapping[tuple[Value, ...], BaseFact]]
    assumed: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    shapes: Mapping[str, tuple[Shape, ...]] | None = None
    as_of_reason: str = ""

    @cached_property
    def rules(self) -> Mapping[str, ProgramRule]:
        """Rule by key."""
        return {rule.key: rule for stratum in self.strata for rule in stratum.rules}

    @cached_property
    def tells_time(self) -> bool:
        """Whether a rule looks at the as-of date itself."""
        return any("as_of()" in str(item) for rule in self.rules.values() for item in rule.conditions)

    @cached_property
    def stratum_of(self) -> Mapping[str, Stratum]:
        """Concluded predicate → its stratum."""
        return {rule.head.predicate: stratum for stratum in self.strata for rule in stratum.rules}
