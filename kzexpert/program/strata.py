"""The dependency graph of the predicates: its strongly connected components bottom-up, and the cycles without an order.

It reads rules as written, so that the checks can run on a knowledge base whose names are still wrong.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from kzexpert.model import (
    AGGREGATES,
    Atom,
    Condition,
    Rule,
    Variable,
)
from kzexpert.model.conditions import Looks
from kzexpert.program.resolve import flat

__all__ = [
    "Dependency",
    "components",
    "dependencies",
    "not_monotone",
    "ordered",
    "recursive_components",
    "unstratified",
]

How: TypeAlias = Looks | Literal["certainty"]


class Dependency(msgspec.Struct, frozen=True):
    """A rule's conclusion depends on a predicate of one of its conditions."""

    head: str
    body: str
    how: How
    rule: Rule
    condition: Condition


def dependencies(rules: Iterable[Rule]) -> list[Dependency]:
    """Every dependency, in the order of the rules. An atom with ``within`` or a date depends on records alone."""
    return [
        Dependency(head.predicate, atom.predicate, how, rule, condition)
        for rule in rules
        for head in rule.then
        for condition, atom, how in _uses(rule.when)
        if atom.within is None and not atom.dates
    ]


def _uses(conditions: Iterable[Condition]) -> Iterator[tuple[Condition, Atom, How]]:
    """Every atom that conditions look at, how, and by which of them; alternatives speak for themselves."""
    for condition in conditions:
        if condition.choices:
            yield from _uses(condition.inner)
            continue
        for atom, certainty in condition.atoms:
            how: How = "certainty" if certainty and condition.looks == "positive" else condition.looks
            yield condition, atom, how


def not_monotone(rule: Rule, condition: Condition, component: Collection[str]) -> str:
    """Why an aggregate over conclusions of its own component has no least fixpoint; empty where it has one.

    It has one where more facts can only make it hold: where its value is compared with a bound from outside, in the
    direction in which it grows, and used nowhere else (Ross and Sagiv, *Monotonic aggregation in deductive databases*,
    PODS 1992).
    """
    grows = AGGREGATES[condition.function].grows
    if not grows:
        return f"{condition.function} can rise and fall as facts are added"
    if any(certainty and atom.predicate in component for atom, certainty in condition.atoms):
        return "it reads a certainty (@), which still rises"
    used = f"the value ?{condition.result} is used for more than a comparison with {' or '.join(grows)}"
    if any(condition.result in atom.variables for atom in rule.then):
        return used
    given = _given(rule, component)
    for other in flat(rule.when):
        if other is condition or condition.result not in other.variables or other.choices:
            continue
        faced = other.facing(condition.result)
        if faced is None:
            return used
        operator, bound = faced
        if operator not in grows:
            return f"more facts can make {other.text} false: {condition.function} goes with {' and '.join(grows)}"
        if not given.issuperset(bound.variables):
            return f"the bound of {other.text} comes from the cycle itself"
    return ""


def _given(rule: Rule, component: Collection[str]) -> set[str]:
    """The variables that get their values outside of a component."""
    found: set[str] = set()
    for condition in flat(rule.when):
        if condition.matches:
            ((atom, _),) = condition.atoms
            outside = atom.predicate not in component or atom.within or atom.dates
            found.update(condition.variables if outside else ())
    before = -1
    while len(found) > before:
        before = len(found)
        for condition in flat(rule.when):
            for side, other in condition.equates:
                if isinstance(side, Variable) and found.issuperset(other.variables):
                    found.add(side.name)
    return found


def components(rules: Sequence[Rule]) -> list[tuple[str, ...]]:
    """The strongly connected components of the concluded predicates, each sorted, in an order of evaluation.

    The order depends on names alone, never on the order of the rules. Tarjan (1972), without recursion, since a
    chain of rules may be longer than Python's stack.
    """
    return [*ordered(rules)]


def ordered(rules: Sequence[Rule]) -> dict[tuple[str, ...], bool]:
    """The components in their order → whether a rule of one uses a predicate of it."""
    needs: dict[str, set[str]] = {head.predicate: set() for rule in rules for head in rule.then}
    for rule in rules:
        used = {atom.predicate for _, atom, _ in _uses(rule.when) if atom.within is None and not atom.dates}
        for head in rule.then:
            needs[head.predicate].update(used & needs.keys())
    found = _tarjan({head: sorted(needs[head]) for head in sorted(needs)})
    return {component: any(not needs[head].isdisjoint(component) for head in component) for component in found}


def _tarjan(graph: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[tuple[str, ...]] = []
    for root in graph:
        if root in index:
            continue
        work = [(root, iter(graph[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, successors = work[-1]
            for successor in successors:
                if successor not in index:
                    index[successor] = low[successor] = len(index)
                    stack.append(successor)
                    on_stack.add(successor)
                    work.append((successor, iter(graph[successor])))
                    break
                if successor in on_stack:
                    low[node] = min(low[node], index[successor])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    start = len(stack) - 1
                    while stack[start] != node:
                        start -= 1
                    found.append(tuple(sorted(stack[start:])))
                    on_stack.difference_update(stack[start:])
                    del stack[start:]
    return found


def recursive_components(rules: Sequence[Rule]) -> list[tuple[str, ...]]:
    """The components in which a rule uses a predicate of its own component."""
    return [component for component, recursive in ordered(rules).items() if recursive]


def unstratified(rules: Sequence[Rule]) -> list[tuple[Dependency, tuple[Dependency, ...]]]:
    """The dependencies that forbid an order of evaluation.

    Returns:
        For each of them a shortest cycle through it: the dependency itself comes first, and the last leads back to it.
        A rule of negative certainty whose conclusion is part of a cycle stands as each of its dependencies inside the
        cycle, or, where it has none there, as the first dependency of that cycle with its own rule.
    """
    edges = dependencies(rules)
    member = {name: component for component in components(rules) for name in component}
    inside = [edge for edge in edges if edge.body in member and member[edge.head] is member.get(edge.body)]
    leaving: dict[str, list[Dependency]] = {}
    for edge in inside:
        leaving.setdefault(edge.head, []).append(edge)
    found = [
        (edge, (edge, *_path(leaving, edge.body, edge.head)))
        for edge in inside
        if edge.rule.certainty < 0 or _forbids(edge, member[edge.head])
    ]
    told = {edge.rule.id for edge, _ in found}
    for rule in rules:
        heads = [head.predicate for head in rule.then if head.predicate in leaving]
        if rule.certainty < 0 and rule.id not in told and heads:
            edge = leaving[heads[0]][0]
            cycle = (edge, *_path(leaving, edge.body, edge.head))
            found.append((Dependency(edge.head, edge.body, "positive", rule, edge.condition), cycle))
    return found


def _forbids(edge: Dependency, component: Collection[str]) -> bool:
    if edge.how == "aggregate":
        return not_monotone(edge.rule, edge.condition, component) != ""
    return edge.how != "positive"


def _path(leaving: Mapping[str, Sequence[Dependency]], start: str, goal: str) -> tuple[Dependency, ...]:
    """A shortest way from one predicate to another along the dependencies; breadth first."""
    came: dict[str, Dependency | None] = {start: None}
    queue = [start]
    for node in queue:
        if node == goal:
            break
        for edge in leaving[node]:
            if edge.body not in came:
                came[edge.body] = edge
                queue.append(edge.body)
    path: list[Dependency] = []
    while (step := came[goal]) is not None:
        path.append(step)
        goal = step.head
    return tuple(reversed(path))
