"""The rules on disk as the checker reads them: names resolved, variables told apart, an order, what needs which.

The checker's own way from what an author wrote to what is evaluated. It evaluates nothing.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import structs

from kzexpert.model import (
    Absence,
    Aggregate,
    Aggregation,
    Atom,
    Block,
    Body,
    Comparison,
    Condition,
    Constant,
    Exclusion,
    KnowledgeBase,
    Listing,
    Match,
    Membership,
    Negation,
    Pattern,
    Premise,
    ProgramCondition,
    ProgramRule,
    Rule,
    Test,
    Variable,
    alternatives,
)
from kzexpert.program.resolve import Types, resolve_atom
from kzexpert.program.values import Values

__all__ = ["Monotone", "components", "grouped", "monotone", "ordered", "read_rules"]

#: Aggregates to which every fact contributes, whatever its value.
_ADDING = frozenset(("sum", "avg"))


class Monotone(Aggregate, frozen=True, kw_only=True):
    """An aggregate over conclusions of the component of its own rule: more of them can only make the rule fire."""


def monotone(rule: ProgramRule, group: Collection[str]) -> ProgramRule:
    """A rule that knows which of its aggregates look at its own group of predicates."""
    conditions = tuple(
        Monotone(**structs.asdict(item))
        if place in rule.aggregates and any(pattern.relation in group for pattern in item.patterns)
        else item
        for place, item in enumerate(rule.conditions)
    )
    return structs.replace(rule, conditions=conditions)


def read_rules(kb: KnowledgeBase) -> dict[str, ProgramRule]:
    """The rules of a knowledge base without errors, by key: one for each conclusion and choice of alternatives.

    Of an ``=`` is not said whether it binds or compares, a block stays one, and `ProgramRule.order` is not used.
    """
    found = (variant for rule in kb.rules for variant in _Reading(kb, rule).variants())
    return {rule.key: rule for rule in found}


class _Reading:
    """One rule as it is read."""

    def __init__(self, kb: KnowledgeBase, rule: Rule) -> None:
        self._kb = kb
        self._rule = rule
        self._values = Values(kb, Types(kb, rule), rule, [])

    def variants(self) -> Iterator[ProgramRule]:
        heads = [self._pattern(atom) for atom in self._rule.then]
        concluded = {name for atom in self._rule.then for name in atom.variables}
        variant = 0
        for choice, chosen in alternatives(self._rule.when):
            conditions = tuple(self._conditions(chosen, concluded))
            local = _local_names(chosen, concluded)
            names = (
                name for part, own in zip(chosen, local, strict=True) for name in part.variables if name not in own
            )
            variables = tuple(dict.fromkeys(names))
            for head in heads:
                yield ProgramRule(conditions, (), variables, self._rule, head, choice, variant)
                variant += 1

    def _pattern(self, atom: Atom, certainty: str | None = None) -> Pattern:
        pattern, issues = resolve_atom(self._kb, atom, certainty)
        if pattern is None:
            raise ValueError(f"rule {self._rule.id} has errors that the checks let pass: {issues}")
        return pattern

    def _conditions(self, written: Sequence[Condition], outside: Collection[str]) -> Iterator[ProgramCondition]:
        """Conditions that hold together.

        Args:
            outside: the names of variables that stand elsewhere as well.
        """
        for condition, local in zip(written, _local_names(written, outside), strict=True):
            if isinstance(condition, Premise):
                yield Match(self._pattern(condition.atom, condition.certainty))
            elif isinstance(condition, Negation):
                yield Absence(self._pattern(condition.atom))
            elif isinstance(condition, Comparison):
                left, right = self._values.expressions(condition)
                yield Test(left, condition.operator, right)
            elif isinstance(condition, Membership):
                left, *listed = self._values.expressions(condition)
                yield Listing(left, tuple(listed), condition.negated)
            elif isinstance(condition, Aggregation):
                yield self._aggregate(condition, local)
            else:
                assert isinstance(condition, Block)  # alternatives were chosen before
                shared = tuple(name for name in dict.fromkeys(condition.variables) if name not in local)
                for _, chosen in alternatives(condition.inner):
                    yield Exclusion(self._body(chosen, shared), shared)

    def _aggregate(self, condition: Aggregation, local: Collection[str]) -> Aggregate:
        inner = dict.fromkeys(name for part in condition.body for name in part.variables)
        shared = tuple(name for name in inner if name not in local)
        body = self._body(condition.body, shared)
        return Aggregate(
            body=body.named() if condition.function in _ADDING else body,
            shared=shared,
            variable=condition.result,
            function=condition.function,
            over=condition.over,
        )

    def _body(self, written: Sequence[Condition], shared: Sequence[str]) -> Body:
        found = tuple(self._conditions(written, shared))
        names = dict.fromkeys(
            name
            for part, local in zip(written, _local_names(written, shared), strict=True)
            for name in part.variables
            if name not in local and name not in shared
        )
        places = {id(condition): place for place, condition in enumerate(found)}
        order = tuple(places[id(condition)] for condition in ordered(found, shared))
        return Body(found, order, tuple(names))


def _local_names(conditions: Sequence[Condition], outside: Collection[str]) -> list[set[str]]:
    """For each condition the variables that it keeps to itself: those of an aggregate or block that stand nowhere else.

    What an aggregate comes to is never one of them.
    """
    stands = Counter(name for condition in conditions for name in {*condition.variables})
    stands.update({*outside})
    found = []
    for condition in conditions:
        own = {name for name in condition.variables if stands[name] == 1}
        found.append(own - {condition.result} if condition.inner else set())
    return found


# --- in which order ------------------------------------------------------------------------------------------------


def ordered(
    conditions: Iterable[ProgramCondition], known: Iterable[str] = (), last: Collection[ProgramCondition] = ()
) -> list[ProgramCondition]:
    """Conditions, each as soon as it can be evaluated; of several atoms the one with the most bound.

    Args:
        known: variables that have a value from the start.
        last: conditions that wait until nothing else is left that can be evaluated.
    """
    bound = set(known)
    pending = list(conditions)
    found: list[ProgramCondition] = []
    while pending:
        ready = [item for item in pending if _ready(item, bound)]
        chosen = next((item for item in ready if item not in last), None)
        if chosen is None:
            best = max(pending, key=lambda item: _bound_terms(item, bound))
            chosen = best if best.match is not None else ready[0]
        pending.remove(chosen)
        found.append(chosen)
        bound.update((*chosen.binds, *chosen.needs))
    return found


def _ready(condition: ProgramCondition, bound: set[str]) -> bool:
    if condition.match is not None:
        return False
    if bound.issuperset(condition.needs):
        return True
    faced = (condition.facing(name) for name in condition.connects if name not in bound)
    return any(found is not None and bound.issuperset(found[1].variables) for found in faced)


def _bound_terms(condition: ProgramCondition, bound: set[str]) -> int:
    """How many terms of a match have a value; -1 for what is no match."""
    terms = condition.match.terms if condition.match is not None else None
    if terms is None:
        return -1
    return sum(isinstance(term, Constant) or (isinstance(term, Variable) and term.name in bound) for term in terms)


# --- which predicate needs which -----------------------------------------------------------------------------------


def components(
    rules: Iterable[ProgramRule], goal: str, circles: Iterable[Sequence[str]] = ()
) -> list[tuple[frozenset[str], bool]]:
    """The predicates that a predicate rests on, itself last, grouped where they need one another; see `grouped`.

    Args:
        circles: predicates of which each needs the next, and the last the first, whatever the rules say.
    """
    needs: dict[str, set[str]] = {}
    for rule in rules:
        needs.setdefault(rule.head.predicate, set()).update(
            pattern.relation for pattern in rule.patterns if isinstance(pattern.relation, str)
        )
    for circle in circles:
        for name, following in zip(circle, (*circle[1:], circle[0]), strict=True):
            needs.setdefault(name, set()).add(following)
    return grouped(needs, goal)


def grouped(needs: Mapping[str, Iterable[str]], goal: str) -> list[tuple[frozenset[str], bool]]:
    """What a name rests on, itself last, grouped where they need one another.

    Kosaraju's algorithm, without recursion.

    Returns:
        In an order in which each group needs only those before it: the group, and whether it needs itself.
    """
    needed_by: dict[str, list[str]] = {}
    finished = _finishing_order(needs, [goal])
    for head in finished:
        for body in needs.get(head, ()):
            needed_by.setdefault(body, []).append(head)
    found: list[tuple[frozenset[str], bool]] = []
    placed: set[str] = set()
    for start in reversed(finished):
        if start not in placed:
            group = frozenset(_finishing_order(needed_by, [start], placed))
            placed |= group
            found.append((group, any(body in group for head in group for body in needs.get(head, ()))))
    return found[::-1]


def _finishing_order(
    graph: Mapping[str, Iterable[str]], starts: Sequence[str], closed: Iterable[str] = ()
) -> list[str]:
    """Depth-first search: every node that can be reached, each after those it leads to."""
    seen = {*closed, *starts}
    order: list[str] = []
    stack = [(start, iter(sorted(graph.get(start, ())))) for start in starts]
    while stack:
        node, rest = stack[-1]
        step = next((other for other in rest if other not in seen), None)
        if step is None:
            order.append(node)
            stack.pop()
        else:
            seen.add(step)
            stack.append((step, iter(sorted(graph.get(step, ())))))
    return order
