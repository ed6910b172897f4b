"""A rule → a query whose rows are its bindings, each a firing, with their strengths; and what they conclude.

Which bindings there are is said in `conjunction`. Certainties are weighed in `conclusions`, recursion is unrolled in
`recursion`; both take their rows from here.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import msgspec
from sqlglot import exp

from kzexpert.engines.sql.plan.conjunction import Conjunction, Given, Touch
from kzexpert.engines.sql.plan.context import Computation, Context
from kzexpert.engines.sql.plan.dialects import Dialect
from kzexpert.engines.sql.plan.extents import DAY, Extent, Kind, argument
from kzexpert.engines.sql.plan.texts import Texts
from kzexpert.engines.sql.plan.words import both, called, column, either, least, number, select, subquery
from kzexpert.model import (
    Aggregate,
    Anonymous,
    Call,
    Constant,
    Expression,
    Operation,
    ProgramRule,
    RelationKey,
    Shape,
    Value,
    Variable,
)

__all__ = ["STRENGTH", "Bindings", "Planner", "constants_of", "expressions_of", "premise", "variable"]

#: The column that holds the strength of a binding.
STRENGTH = "s"


def variable(place: int) -> str:
    """The column of a rule's variable."""
    return f"v{place}"


def premise(place: int) -> str:
    """The column of the certainty of a premise."""
    return f"p{place}"


def constants_of(rule: ProgramRule) -> Iterator[Value]:
    """Every value that stands in a rule."""
    for pattern in (rule.head, *rule.patterns):
        yield from pattern.fixed.values()
    for expression in expressions_of(rule):
        if isinstance(expression, Constant):
            yield expression.value


def expressions_of(rule: ProgramRule) -> Iterator[Expression]:
    """Every expression of the conditions of a rule, and those that these consist of."""
    for condition in rule.flat:
        yield from _parts(*condition.expressions)


def _parts(*expressions: Expression) -> Iterator[Expression]:
    for expression in expressions:
        yield expression
        if isinstance(expression, Operation):
            yield from _parts(expression.left, expression.right)
        elif isinstance(expression, Call):
            yield from _parts(*expression.arguments)


class Bindings(msgspec.Struct, frozen=True):
    """The bindings of a rule.

    Attributes:
        query: columns ``v0``, ``v1`` ... in the order of the rule's variables; ``s``, the strength, unless all are
            equal; and where asked for ``p0``, ``p1`` ..., the certainties of the premises.
        strength: that of every binding, or None.
        lowest: no binding is weaker, by absolute value.
        matched: the variables that no other variable determines.
        kinds: how the values of the variables are stored, in the order of the rule's.
        dated: whether they differ by as-of date, which is in the column `DAY`.
    """

    query: exp.Select
    strength: float | None
    lowest: float
    matched: frozenset[str]
    kinds: tuple[Kind, ...]
    dated: bool


class Planner(Context):
    """Plans the rules of one program.

    Args:
        shapes: those of the program: conclusions that look like none of them are left out.
    """

    def __init__(
        self,
        extents: Mapping[RelationKey, Extent],
        texts: Texts,
        dialect: Dialect,
        computation: Computation,
        as_of: date,
        days: exp.Table | None = None,
        shapes: Mapping[str, Sequence[Shape]] | None = None,
    ) -> None:
        super().__init__(extents, texts, dialect, computation, as_of, days)
        self.shapes = shapes

    def body(
        self,
        rule: ProgramRule,
        chosen: Mapping[int, Extent] | None = None,
        *,
        inside: Mapping[RelationKey, Extent] | None = None,
        touch: Touch | None = None,
        premises: bool = False,
        given: Given | None = None,
    ) -> Bindings:
        """The bindings of a rule; each stands for one firing.

        Args:
            chosen: index of a match → an extent to read instead. There ``_`` may repeat a binding.
            inside: relation of a component under way → the extent to read.
            touch: leaves bindings out that new facts cannot have changed.
            premises: whether to keep the certainty of each premise.
            given: values of some variables; bindings with others are left out.
        """
        kept: dict[str, exp.Expr] = {}
        found = Conjunction(
            self,
            rule.conditions,
            rule.order,
            (rule.key,),
            inside=inside,
            chosen=chosen,
            touch=touch,
            each=lambda place, certainty: kept.update({premise(place): certainty} if premises else {}),
            given=given,
            partial=given is not None,
        )
        matched = frozenset(found.values) - found.determined
        found.kept.update(kept)
        strength, lowest = _strength(rule, found)
        found.where += self._restrictions(rule, found)
        found.complete()
        columns = [called(found.values[name].copy(), variable(place)) for place, name in enumerate(rule.variables)]
        columns = columns or [called(exp.Literal.number(0), variable(0))]
        columns += [called(item.copy(), name) for name, item in found.kept.items()]
        if found.day is not None:
            columns.append(called(found.day.copy(), DAY))
        kinds = tuple(found.kinds[name] for name in rule.variables)
        return Bindings(found.query(columns), strength, lowest, matched, kinds, found.day is not None)

    def negative(self, rule: ProgramRule, aggregate: Aggregate) -> Given:
        """The values of shared variables under which an aggregate of a complete component meets a negative value.

        As far as the matches of the rule, and what they bind all variables of, let it get there.
        """
        conditions = [item for item in rule.conditions if item.joinable and {*rule.matched}.issuperset(item.needs)]
        found = Conjunction(self, conditions, range(len(conditions)), None)
        return found.negative(rule.conditions.index(aggregate), aggregate)

    def head(self, rule: ProgramRule, body: Bindings) -> exp.Select:
        """What the bindings conclude: ``a0``, ``a1`` ..., and ``s`` unless all strengths are equal."""
        columns = [called(expression, argument(place)) for place, expression in enumerate(self.head_values(rule))]
        if body.dated:
            columns.append(column(DAY, "b"))
        if body.strength is None:
            columns.append(column(STRENGTH, "b"))
        return select(columns, subquery(body.query, "b"))

    def head_values(self, rule: ProgramRule) -> list[exp.Expr]:
        """The arguments of the conclusion, over the columns of the bindings under the alias ``b``."""
        places = {name: place for place, name in enumerate(rule.variables)}
        return [
            column(variable(places[term.name]), "b") if isinstance(term, Variable) else self._constant(term)
            for term in rule.head.terms
        ] or [exp.Literal.number(0)]

    def _constant(self, term: Constant | Anonymous) -> exp.Expr:
        assert isinstance(term, Constant)
        return self.literal(term.value)

    def _restrictions(self, rule: ProgramRule, found: Conjunction) -> list[exp.Expr]:
        """The conditions under which a conclusion looks like one of those that matter, as far as matches bind it."""
        if self.shapes is None:
            return []
        allowed = []
        for shape in self.shapes.get(rule.head.predicate, ()):
            agree = [
                found.values[term.name].eq(self.literal(value))
                for term, value in zip(rule.head.terms, shape, strict=True)
                if value is not None and isinstance(term, Variable) and term.name in found.values
            ]
            if not agree:
                return []
            allowed.append(both(agree))
        return [either(allowed)] if allowed else []


def _strength(rule: ProgramRule, found: Conjunction) -> tuple[float | None, float]:
    """The rule's certainty times that of the weakest premise, or None: then it is kept in the column ``s``.

    The second value is what none is weaker than.
    """
    factor = rule.rule.certainty
    lowest = abs(factor) * min(found.lowest, found.weakest)
    if not found.certainties:
        return factor * found.weakest, lowest
    terms = [certainty.copy() for certainty in found.certainties]
    if found.weakest < 1.0:
        terms.append(number(found.weakest))
    weakest = terms[0] if len(terms) == 1 else least(terms)
    found.kept[STRENGTH] = weakest if factor == 1.0 else number(factor) * weakest
    return None, lowest
