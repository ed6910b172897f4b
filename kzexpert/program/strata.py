"""The dependency graph of the predicates: its strongly connected components bottom-up, and the cycles without an order.

It reads rules as written, so that the checks can run on a knowledge base whose names are still wrong.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from kzexpert.model import Rule
from kzexpert.model.conditions import Looks

__all__ = ["Dependency", "components", "dependencies", "recursive_components", "unstratified"]

How: TypeAlias = Looks | Literal["certainty"]


class Dependency(msgspec.Struct, frozen=True):
    """A rule's conclusion depends on a predicate of one of its conditions."""

    head: str
    body: str
    how: How
    rule: Rule


def dependencies(rules: Iterable[Rule]) -> list[Dependency]:
    """Every dependency, in the order of the rules. An atom with ``within`` depends on recorded events alone."""
    found = []
    for rule in rules:
        for condition in rule.when:
            for atom, certainty in condition.atoms:
                how: How = condition.looks
                if how == "positive" and certainty:
                    how = "certainty"
                if atom.within is None:
                    found.append(Dependency(rule.then.predicate, atom.predicate, how, rule))
    return found


def components(rules: Sequence[Rule]) -> list[tuple[str, ...]]:
    """The strongly connected components of the concluded predicates, each sorted, in an order of evaluation.

    The order depends on names alone, never on the order of the rules. Tarjan (1972), without recursion, since a
    chain of rules may be longer than Python's stack.
    """
    heads = {rule.then.predicate for rule in rules}
    needs: dict[str, set[str]] = {head: set() for head in heads}
    for edge in dependencies(rules):
        if edge.body in heads:
            needs[edge.head].add(edge.body)
    return _tarjan({head: sorted(needs[head]) for head in sorted(heads)})


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
    depends = {(edge.head, edge.body) for edge in dependencies(rules)}
    return [
        component
        for component in components(rules)
        if any((head, body) in depends for head in component for body in component)
    ]


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
        if edge.how != "positive" or edge.rule.certainty < 0
    ]
    told = {edge.rule.id for edge, _ in found}
    for rule in rules:
        if rule.certainty < 0 and rule.id not in told and rule.then.predicate in leaving:
            edge = leaving[rule.then.predicate][0]
            cycle = (edge, *_path(leaving, edge.body, edge.head))
            found.append((Dependency(edge.head, edge.body, "positive", rule), cycle))
    return found


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
