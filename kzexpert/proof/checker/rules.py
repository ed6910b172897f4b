"""The rules on disk as the checker reads them: names resolved, variables told apart, and which predicate needs which.

In what order conditions are evaluated is decided where they are (`joins`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from kzexpert.model import (
    Absence,
    Aggregate,
    Aggregation,
    Condition,
    Constant,
    Expression,
    KnowledgeBase,
    Match,
    Negation,
    Pattern,
    Premise,
    ProgramCondition,
    ProgramRule,
    Rule,
    Test,
    Within,
)
from kzexpert.program.resolve import (
    expression_type,
    resolve_atom,
    resolve_expression,
    variable_types,
)

__all__ = ["CheckedCondition", "CheckedRule", "components", "read_rules"]

CheckedCondition: TypeAlias = ProgramCondition


class CheckedRule(ProgramRule, frozen=True, dict=True):
    """A rule with its names resolved; of an ``=`` is not said whether it binds or compares, and `order` is not used.

    Attributes:
        windows: relation → the window it stands for, None for all facts of a predicate.
    """

    windows: Mapping[str, Within | None] = {}

    @property
    def patterns(self) -> Iterator[Pattern]:
        """The patterns of all its conditions."""
        for condition in self.conditions:
            yield from condition.patterns


def read_rules(kb: KnowledgeBase) -> dict[str, CheckedRule]:
    """The rules of a knowledge base without errors, by id."""
    return {rule.id: _read_rule(kb, rule) for rule in kb.rules}


def _read_rule(kb: KnowledgeBase, rule: Rule) -> CheckedRule:
    types, _ = variable_types(kb, rule)
    head, issues = resolve_atom(kb, rule.then)
    conditions = []
    names: list[str] = []
    windows: dict[str, Within | None] = {}
    for condition in rule.when:
        patterns = []
        for atom, certainty in condition.atoms:
            pattern, found = resolve_atom(kb, atom, certainty)
            issues += found
            if pattern is not None:
                patterns.append(pattern)
                windows[pattern.relation] = atom.within
        local = _local_names(rule, condition)
        names += [name for name in condition.variables if name not in local]
        if not issues:
            conditions.append(_read_condition(kb, condition, patterns, types, local))
    if issues or head is None:
        raise ValueError(f"rule {rule.id} has errors that the checks let pass: {issues}")
    return CheckedRule(rule, head, tuple(conditions), (), tuple(dict.fromkeys(names)), windows)


def _read_condition(
    kb: KnowledgeBase, condition: Condition, patterns: Sequence[Pattern], types: dict[str, str], local: set[str]
) -> CheckedCondition:
    if isinstance(condition, Premise):
        return Match(patterns[0])
    if isinstance(condition, Negation):
        return Absence(patterns[0])
    if isinstance(condition, Aggregation):
        inner = dict.fromkeys(name for pattern in patterns for name in pattern.variables)
        shared = tuple(name for name in inner if name not in local)
        return Aggregate(condition.result, condition.function, condition.over, tuple(patterns), shared)

    def typed(side: Expression, other: Expression) -> Expression:
        """The side with an alias replaced by the name, where the other side says of what kind it is."""
        wanted = None if isinstance(other, Constant) else expression_type(kb, other, types)
        return resolve_expression(kb, side, wanted, condition.location, [])

    left, right = condition.left, condition.right
    return Test(typed(left, right), condition.operator, typed(right, left))


def _local_names(rule: Rule, condition: Condition) -> set[str]:
    """The variables of an aggregate that stand nowhere else in its rule."""
    if not isinstance(condition, Aggregation):
        return set()
    rest = (*(other for other in rule.when if other is not condition), rule.then)
    return {*condition.variables} - {condition.result} - {name for other in rest for name in other.variables}


def components(rules: Iterable[CheckedRule], goal: str) -> list[tuple[frozenset[str], bool]]:
    """The predicates that a predicate rests on, itself last, grouped where they need one another.

    Kosaraju's algorithm, without recursion.

    Returns:
        In an order in which each group needs only those before it: the group, and whether it needs itself.
    """
    needs: dict[str, set[str]] = {}
    for rule in rules:
        bodies = needs.setdefault(rule.head.predicate, set())
        bodies.update(relation for relation, within in rule.windows.items() if within is None)
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
