"""The rules and predicates of a base as a graph: what concludes what, stratum by stratum, and what is new in it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from kzexpert.analysis.edits import edits
from kzexpert.errors import Issue, UsageError, counted, listed
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import KnowledgeBase, Rule
from kzexpert.model.conditions import Looks
from kzexpert.program.strata import ordered

__all__ = ["BaseGraph", "Tie", "Vertex", "base_graph", "topic_of", "uses_of"]

Turn: TypeAlias = Literal["", "added", "changed", "gone"]
How: TypeAlias = Looks | Literal["for", "against"]


class Vertex(msgspec.Struct, frozen=True):
    """A rule or a predicate.

    Attributes:
        key: ``rule ID`` or ``predicate NAME``.
        text: the title of a rule, or the name of a predicate.
        note: more of it: the topic of a rule, or how many rules and records a conclusion of an overview rests on.
        topic: the file that a rule stands in, without its ending; of a predicate that of the first rule that concludes
            it; empty where it is recorded only.
        level: 0 for what is recorded only, odd for rules, even for conclusions: more than all that it rests on.
        certainty: of a rule.
        turn: how it differs from the other base, where there is one.
        left: how many neighbours are not in the graph.
    """

    key: str
    name: str
    kind: Literal["rule", "concluded", "recorded"]
    text: str
    note: str
    topic: str
    level: int
    certainty: float | None = None
    turn: Turn = ""
    left: int = 0


class Tie(msgspec.Struct, frozen=True):
    """An edge: from a predicate to a rule that looks at it, or from a rule to what it concludes.

    Attributes:
        source, target: keys.
        how: in which way a rule looks at a predicate; what a conclusion gets from a rule.
    """

    source: str
    target: str
    how: How


class BaseGraph(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.graph/1"):
    """The graph of a base, or of a part of it.

    Attributes:
        title: what is shown.
        items: by level, topic and name.
        ties: by their ends.
    """

    title: str
    items: tuple[Vertex, ...]
    ties: tuple[Tie, ...]


def topic_of(rule: Rule) -> str:
    """The file that a rule stands in, without its ending."""
    return PurePath(rule.location.file).stem


def uses_of(rule: Rule) -> dict[str, Looks]:
    """The predicates that a rule looks at → how; where it looks in several ways, a condition that holds goes first."""
    found: dict[str, set[Looks]] = {}
    pending = list(rule.when)
    while pending:
        condition = pending.pop()
        if condition.choices:  # alternatives speak for themselves
            pending += condition.inner
            continue
        for atom, _ in condition.atoms:
            found.setdefault(atom.predicate, set()).add(condition.looks)
    order: Sequence[Looks] = ("positive", "aggregate", "negation")
    return {name: next(looks for looks in order if looks in ways) for name, ways in found.items()}


def base_graph(
    kb: KnowledgeBase, names: Sequence[str] = (), depth: int = 1, old: KnowledgeBase | None = None
) -> BaseGraph:
    """The graph of a base, or of what lies around some of its rules, predicates and topics.

    Args:
        names: of rules, predicates, or files of rules without their ending; none for an overview of the conclusions.
        depth: how many rules away from what is named, on both sides; a rule is shown with all that it looks at and
            concludes.
        old: the base to compare with.

    Raises:
        UsageError: there is nothing of a name (KZ309).
    """
    turns = {f"{edit.kind} {edit.name}": edit.turn for edit in edits(old, kb)} if old else {}
    gone = [rule for rule in old.rules if turns.get(f"rule {rule.id}") == "gone"] if old else []
    rules = {f"rule {rule.id}": rule for rule in (*gone, *kb.rules)}
    ties = sorted(set(_ties(rules)), key=lambda tie: (tie.source, tie.target))
    chosen = _chosen(kb, names, depth, rules, ties)
    kept = [tie for tie in ties if tie.source in chosen and tie.target in chosen]
    items = _items(kb, rules, ties, chosen, turns)
    if names:
        titles = {rule.id: f"“{rule.title}”" for rule in kb.rules if rule.title}
        shown = listed(titles.get(name, name) for name in names)
        return BaseGraph(f"What {shown} rests on, and what rests on it", tuple(items), tuple(kept))
    return _overview(items, ties)


def _overview(items: Sequence[Vertex], ties: Sequence[Tie]) -> BaseGraph:
    """The conclusions alone, each with the rules and records that it rests on by number."""
    concluded = {item.key for item in items if item.kind == "concluded"}
    turns = {item.key: item.turn for item in items}
    used: dict[str, list[Tie]] = {}
    for tie in ties:
        used.setdefault(tie.target, []).append(tie)
    found, edges = [], set()
    for item in items:
        if item.kind != "concluded":
            continue
        rules = used[item.key]
        below = {(premise.source, premise.how, tie.how) for tie in rules for premise in used.get(tie.source, ())}
        records = {source for source, _, _ in below if source not in concluded}
        turn = item.turn or ("changed" if any(turns[tie.source] for tie in rules) else "")
        text = f"{counted(len(rules), 'rule')}, {counted(len(records), 'recorded predicate')}"
        found.append(replace(item, note=text, turn=turn, left=0))
        sides: dict[str, set[How]] = {}
        for source, looks, side in below:
            sides.setdefault(source, set()).add("negation" if looks == "negation" else side)
        edges |= {
            Tie(source, item.key, next(how for how in ("for", "against", "negation") if how in ways))
            for source, ways in sides.items()
            if source in concluded
        }
    return BaseGraph(
        "What rules conclude, from left to right",
        tuple(found),
        tuple(sorted(edges, key=lambda tie: (tie.source, tie.target))),
    )


def _ties(rules: Mapping[str, Rule]) -> Iterator[Tie]:
    for key, rule in rules.items():
        for predicate, looks in uses_of(rule).items():
            yield Tie(f"predicate {predicate}", key, looks)
        for head in rule.then:
            yield Tie(key, f"predicate {head.predicate}", "for" if rule.certainty > 0 else "against")


def _chosen(
    kb: KnowledgeBase, names: Sequence[str], depth: int, rules: Mapping[str, Rule], ties: Iterable[Tie]
) -> set[str]:
    everything = {end for tie in ties for end in (tie.source, tie.target)} | {
        f"predicate {name}" for name in kb.predicate
    }
    if not names:
        return everything
    topics: dict[str, list[str]] = {}
    for key, rule in rules.items():
        topics.setdefault(topic_of(rule), []).append(key)
    chosen: set[str] = set()
    unknown = []
    for name in names:
        found = {key for key in (f"rule {name}", f"predicate {name}") if key in everything} or {*topics.get(name, ())}
        chosen |= found
        if not found:
            known = {*topics, *(key.partition(" ")[2] for key in everything)}
            unknown.append(
                Issue("KZ309", f"there is no rule, predicate or topic {name}", hint=did_you_mean(name, known))
            )
    if unknown:
        raise UsageError(*unknown)
    return _around(chosen, ties, depth)


def _around(chosen: Collection[str], ties: Iterable[Tie], depth: int) -> set[str]:
    """Also what is so many rules away, downwards from what was chosen, and upwards."""
    found = {*chosen}
    for up in (True, False):
        near: dict[str, list[str]] = {}
        for tie in ties:
            one, other = (tie.source, tie.target) if up else (tie.target, tie.source)
            near.setdefault(one, []).append(other)
        edge = {*chosen}
        for _ in range(depth):
            met = {other for key in edge for other in near.get(key, ())}
            beyond = {other for key in met if key.startswith("rule ") for other in near.get(key, ())}
            found |= met | beyond
            edge = {key for key in met | beyond if key.startswith("predicate ")}
    # A rule is shown with all that it looks at and concludes.
    whole = {key for key in found if key.startswith("rule ")}
    return found | {end for tie in ties if {tie.source, tie.target} & whole for end in (tie.source, tie.target)}


def _items(
    kb: KnowledgeBase,
    rules: Mapping[str, Rule],
    ties: Sequence[Tie],
    chosen: Collection[str],
    turns: Mapping[str, Turn],
) -> list[Vertex]:
    levels = _levels(list(rules.values()))
    topics: dict[str, str] = {}
    for rule in kb.rules:
        for head in rule.then:
            topics.setdefault(head.predicate, topic_of(rule))
    left: dict[str, int] = {}
    for tie in ties:
        for end, other in ((tie.source, tie.target), (tie.target, tie.source)):
            left[end] = left.get(end, 0) + (other not in chosen)
    found = []
    for key in chosen:
        kind, _, name = key.partition(" ")
        turn = turns.get(key, "")
        if kind == "rule":
            rule = rules[key]
            level = 1 + max((levels.get(item, 0) for item in uses_of(rule)), default=0)
            level = min([level, *(levels[head.predicate] - 1 for head in rule.then)])
            topic = topic_of(rule)
            text = rule.title or name
            found.append(Vertex(key, name, "rule", text, topic, topic, level, rule.certainty, turn, left[key]))
        else:
            sort: Literal["concluded", "recorded"] = "concluded" if name in levels else "recorded"
            topic = topics.get(name, "")
            found.append(Vertex(key, name, sort, name, "", topic, levels.get(name, 0), None, turn, left.get(key, 0)))
    return sorted(found, key=lambda item: (item.level, item.topic, item.name, item.kind))


def _levels(rules: Sequence[Rule]) -> dict[str, int]:
    """Concluded predicate → twice the number of rules, at most, between it and what is recorded; of a cycle once."""
    needs: dict[str, set[str]] = {}
    for rule in rules:
        for head in rule.then:
            needs.setdefault(head.predicate, set()).update(uses_of(rule))
    levels: dict[str, int] = {}
    for component in ordered(rules):
        below = {name for head in component for name in needs[head]} - {*component}
        level = 2 + max((levels.get(name, 0) for name in below), default=0)
        levels.update(dict.fromkeys(component, level))
    return levels
