"""DESIGN §4 once more, as plainly as it can be written: nested loops over lists, repeated until nothing changes.

An oracle for small programs. From the package it takes the values of `kzexpert.model` as an author's text gives them,
and nothing else: names, dates, strata, joins and certainties are worked out here anew.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from math import inf
from typing import Any, NamedTuple

from reference_conditions import atoms, choices, is_open, mentioned, outside_of_alternatives, shared, variables_of
from reference_values import OPERATORS, compute, moved, value_of

from kzexpert.model import (
    Aggregation,
    Anonymous,
    Atom,
    Block,
    Comparison,
    Condition,
    Constant,
    Expression,
    Fact,
    GroundAtom,
    Inference,
    KnowledgeBase,
    Membership,
    Negation,
    Premise,
    Rule,
    Term,
    Value,
    Variable,
    Within,
)

__all__ = ["Fired", "NegativeValue", "Outcome", "evaluate", "outcome_of"]

Args = tuple[Value, ...]
#: Days of ``since``, ``until`` or ``on``, where an atom asks for them.
Days = tuple[date, ...]
Facts = dict[str, dict[Args, float]]
Lines = dict[str, dict[Args, list[float]]]
Binding = dict[str, Value]
#: What a condition looks at, under the predicate's name, or under none where it looks at records alone.
Seen = tuple[str, Args, Days]


class NegativeValue(Exception):
    """A sum inside its own component has a negative value; its argument is the fact."""


class Fired(NamedTuple):
    """A firing; the binding is sorted by variable. The variant says which alternatives and which conclusion."""

    rule: str
    variant: int
    binding: tuple[tuple[str, Value], ...]
    conclusion: tuple[str, Args]
    premises: tuple[tuple[str, Args], ...]
    strength: float


class Variant(NamedTuple):
    """A rule with one of its conclusions and one alternative of each ``either``."""

    rule: Rule
    number: int
    when: tuple[Condition, ...]
    then: Atom


class Outcome(NamedTuple):
    """What a program comes to: certainties by predicate and arguments, all firings, conclusions in conflict."""

    facts: Facts
    firings: set[Fired]
    conflicts: set[tuple[str, Args]]


def evaluate(kb: KnowledgeBase, day: date, assume: Sequence[Atom] = (), without: Sequence[Atom] = ()) -> Outcome:
    """Everything that follows from a knowledge base on a day."""
    return _Reference(kb, day, assume, without).outcome()


def outcome_of(inference: Inference) -> Outcome:
    """What an engine came to, in the same form; the windows of events are left out, since they are no predicates."""
    names = inference.program.kb.predicate
    facts = {name: dict(known.items()) for name, known in inference.certainties.items() if name in names}
    firings = [
        Fired(
            firing.rule.id,
            firing.rule.variant,
            tuple(sorted(firing.values.items())),
            (firing.conclusion.predicate, firing.conclusion.args),
            tuple((premise.predicate, premise.args) for premise in firing.premises),
            firing.strength,
        )
        for found in inference.firings.values()
        for firing in found
    ]
    assert len(firings) == len(set(firings)), "a firing stands twice"
    conflicts = {(atom.predicate, atom.args) for atom in inference.conflicts}
    return Outcome({name: known for name, known in facts.items() if known}, set(firings), conflicts)


class _Reference:
    def __init__(self, kb: KnowledgeBase, day: date, assume: Sequence[Atom], without: Sequence[Atom]) -> None:
        self.kb, self.day = kb, day
        self.names = {alias: entity.name for entity in kb.entities for alias in (*entity.aliases, entity.name)}
        self.assumed = [(atom.predicate, tuple(value_of(term, {}) for term in self.terms(atom))) for atom in assume]
        self.rows = [
            (fact.predicate, args, fact)
            for fact in kb.facts
            for args in [self.arguments(fact)]
            if not any(atom.predicate == fact.predicate and self.extend(atom, args, {}) is not None for atom in without)
        ]
        self.facts = self.recorded()
        self.variants = [
            Variant(rule, number, when, then)
            for rule in kb.rules
            for number, (when, then) in enumerate((when, then) for when in choices(rule.when) for then in rule.then)
        ]
        #: The recursive group of predicates that is at work.
        self.group: set[str] = set()
        #: Of the statements of that group, once their certainties are known.
        self.heights: dict[tuple[str, Args], int] = {}
        self.has_heights = False
        self.records: dict[Atom, list[tuple[Args, Days, float]]] = {}

    # --- names and dates ---

    def arguments(self, fact: Fact) -> Args:
        specs = self.kb.predicate[fact.predicate].args
        values = [(spec.type, fact.arguments[spec.name]) for spec in specs]
        return tuple(self.names[str(value)] if kind in self.kb.kinds else value for kind, value in values)

    def terms(self, atom: Atom) -> list[Term]:
        """One for each declared argument, ``_`` where it was left out."""
        found: list[Term] = []
        for place, spec in enumerate(self.kb.predicate[atom.predicate].args):
            term: Term = Anonymous()
            for number, argument in enumerate(atom.arguments):
                if argument.name == spec.name or (argument.name is None and number == place):
                    term = argument.term
            if isinstance(term, Constant) and spec.type in self.kb.kinds:
                term = Constant(self.names[str(term.value)])
            found.append(term)
        return found

    def in_force(self, after: str = "") -> Iterator[tuple[str, Args, Fact]]:
        """The rows in force, or those of them that begin after a day."""
        today = self.day.isoformat()
        for predicate, args, fact in self.rows:
            over = fact.until is not None and fact.until.text < today[: len(fact.until.text)]
            if since_text(fact) <= today and not over and (not after or since_text(fact) > after):
                yield predicate, args, fact

    def recorded(self) -> Facts:
        """What the rows in force say: of equal ones the most certain; 1 for what is assumed."""
        facts: Facts = {}
        for predicate, args, fact in self.in_force():
            known = facts.setdefault(predicate, {})
            known[args] = max(round(fact.certainty, 9), known.get(args, 0.0))
        for predicate, args in self.assumed:
            facts.setdefault(predicate, {})[args] = 1.0
        return facts

    def on_record(self, atom: Atom) -> list[tuple[Args, Days, float]]:
        """What the rows of an atom with ``within``, ``since``, ``until`` or ``on`` say, with the days that it binds."""
        start = before(self.day, atom.within) if atom.within else ""
        rows: dict[Args, list[Fact | None]] = {args: [None] for name, args in self.assumed if name == atom.predicate}
        for name, args, fact in self.in_force(start):
            if name == atom.predicate:
                rows.setdefault(args, []).append(fact)
        found: dict[tuple[Args, Days], float] = {}
        for args, facts in rows.items():
            for days, certainty in self.days(facts, [word for word, _ in atom.dates]):
                found[args, days] = max(found.get((args, days), 0.0), certainty)
        return [(args, days, certainty) for (args, days), certainty in found.items()]

    def days(self, facts: Sequence[Fact | None], words: Sequence[str]) -> Iterator[tuple[Days, float]]:
        """The days that rows of one statement give, each with a certainty; None among them is an assumption."""
        certainties = [1.0 if fact is None else round(fact.certainty, 9) for fact in facts]
        if "on" in words:
            for fact, certainty in zip(facts, certainties, strict=True):
                yield (self.day if fact is None else date.fromisoformat(since_text(fact)),), certainty
            return
        recorded = [fact for fact in facts if fact is not None]  # nobody says since when an assumption holds
        bounds: list[Any] = [[getattr(fact, word) for fact in recorded] for word in words]
        if (recorded or not words) and not any(None in known for known in bounds):
            found = [
                min(bound.first for bound in known) if word == "since" else max(bound.last for bound in known)
                for word, known in zip(words, bounds, strict=True)
            ]
            behind = recorded if words else facts
            yield tuple(found), max(1.0 if fact is None else round(fact.certainty, 9) for fact in behind)

    def extent(self, atom: Atom) -> Iterable[tuple[Args, Days, float]]:
        """The established facts that an atom ranges over; windows and dates look at records alone."""
        if atom.within or atom.dates:
            if atom not in self.records:
                self.records[atom] = self.on_record(atom)
            found = self.records[atom]
        else:
            found = [(args, (), certainty) for args, certainty in self.facts.get(atom.predicate, {}).items()]
        return [item for item in found if item[2] > 0.2]

    # --- strata and certainties ---

    def outcome(self) -> Outcome:
        firings: set[Fired] = set()
        conflicts: set[tuple[str, Args]] = set()
        for predicates, recursive in strata(self.kb.rules):
            variants = [variant for variant in self.variants if variant.then.predicate in predicates]
            base = {predicate: dict(self.facts.get(predicate, {})) for predicate in predicates}
            self.group = predicates if recursive else set()
            settled = False
            while not settled:
                fired = {firing for variant in variants for firing in self.fire(variant)}
                lines = self.lines(fired, base)
                certainty = max if recursive else combined
                now = {
                    name: {args: round(certainty(found), 9) + 0.0 for args, found in lines[name].items()}
                    for name in predicates
                }
                settled = not recursive or all(now[name] == self.facts.get(name, {}) for name in predicates)
                self.facts.update(now)
            if recursive:
                self.refuse_negative(variants)
                self.heights, self.has_heights = self.lowest_proofs(variants, base), True
                fired = {firing for variant in variants for firing in self.fire(variant)}
                self.heights, self.has_heights = {}, False
            firings |= fired
            contrary = [(name, args, found) for name in lines for args, found in lines[name].items()]
            conflicts |= {(name, args) for name, args, found in contrary if {1.0, -1.0} <= set(found)}
        return Outcome({name: known for name, known in self.facts.items() if known}, firings, conflicts)

    def lines(self, fired: set[Fired], base: Facts) -> Lines:
        """The lines of evidence: a base fact, and the strongest firing of a family for and against.

        With ``each`` that is the strongest for each binding of the variables that stand outside of alternatives.
        """
        outside = {rule.id: outside_of_alternatives(rule) if rule.each else set() for rule in self.kb.rules}
        families = {rule.id: ("family", rule.family) if rule.family else None for rule in self.kb.rules}
        lines = {name: {args: [certainty] for args, certainty in known.items()} for name, known in base.items()}
        strongest: dict[Any, float] = {}
        for firing in fired:
            kept = tuple(item for item in firing.binding if item[0] in outside[firing.rule])
            key = firing.conclusion, families[firing.rule] or firing.rule, (kept, firing.strength > 0)
            strongest[key] = max(firing.strength, strongest.get(key, firing.strength), key=abs)
        for ((name, args), _, _), strength in strongest.items():
            lines[name].setdefault(args, []).append(strength)
        return lines

    # --- firings ---

    def fire(self, variant: Variant) -> Iterator[Fired]:
        rule, when, then = variant.rule, variant.when, variant.then
        premises = [condition for condition in when if isinstance(condition, Premise)]
        for binding, _ in self.solutions(rule, when, {}, variables_of(rule.then)):
            behind = [self.strongest(premise, binding) for premise in premises]
            strength = rule.certainty * min((certainty for certainty, _ in behind), default=1.0)
            conclusion = then.predicate, tuple(value_of(term, binding) for term in self.terms(then))
            names = tuple((premise.atom.predicate, args) for premise, (_, args) in zip(premises, behind, strict=True))
            shown = self.with_reached(variant, binding, conclusion) if self.has_heights else binding
            yield Fired(rule.id, variant.number, tuple(sorted(shown.items())), conclusion, names, strength)

    def solutions(
        self, rule: Rule, conditions: Sequence[Condition], binding: Binding, outside: set[str]
    ) -> Iterator[tuple[Binding, tuple[Seen, ...]]]:
        """Every binding under which conditions hold together, with the facts behind the positive ones.

        Args:
            outside: the variables that stand outside of the conditions.
        """
        premises = [condition for condition in conditions if isinstance(condition, Premise)]
        for matched, seen in self.matched(premises, binding):
            complete = self.rest(rule, conditions, matched, outside)
            if complete is not None:
                yield complete, seen

    def matched(self, premises: Sequence[Premise], binding: Binding) -> Iterator[tuple[Binding, tuple[Seen, ...]]]:
        if not premises:
            yield binding, ()
            return
        first, *others = premises
        name = "" if first.atom.within or first.atom.dates else first.atom.predicate
        for args, days, certainty in self.extent(first.atom):
            extended = self.extend(first.atom, args, binding, days, first.certainty, certainty)
            if extended is not None:
                for solution, seen in self.matched(others, extended):
                    yield solution, ((name, args, days), *seen)

    def extend(
        self, atom: Atom, args: Args, binding: Binding, days: Days = (), at: str | None = None, certainty: float = 0.0
    ) -> Binding | None:
        """The binding under which an atom is this fact, if there is one."""
        extended = dict(binding)
        for term, value in zip(self.terms(atom), args, strict=True):
            if isinstance(term, Constant) and term.value != value:
                return None
            if isinstance(term, Variable) and extended.setdefault(term.name, value) != value:
                return None
        for (_, name), day in zip(atom.dates, days, strict=False):
            if extended.setdefault(name, day) != day:
                return None
        return None if at and extended.setdefault(at, certainty) != certainty else extended

    def strongest(self, premise: Premise, binding: Binding) -> tuple[float, Args]:
        """The strongest of the facts that satisfy a condition; of equal ones the lowest, then the first by text."""

        def order(item: tuple[float, Args]) -> tuple[float, str]:
            inside = self.looks_into(premise.atom)
            height = self.heights.get((premise.atom.predicate, item[1]), inf) if inside else 0
            return height, str(GroundAtom(premise.atom.predicate, item[1]))

        return min(self.options(premise, binding), key=order)

    def options(self, premise: Premise, binding: Binding) -> list[tuple[float, Args]]:
        """The strongest facts that satisfy a condition."""
        found = [
            (certainty, args)
            for args, days, certainty in self.extent(premise.atom)
            if self.extend(premise.atom, args, binding, days, premise.certainty, certainty) is not None
        ]
        return [item for item in found if item[0] == max(found)[0]]

    # --- recursive groups ---

    def looks_into(self, atom: Atom) -> bool:
        """Whether an atom ranges over what the group at work concludes."""
        return atom.predicate in self.group and not atom.within and not atom.dates

    def growing(self, when: Sequence[Condition]) -> list[Aggregation]:
        """The aggregates that look into the group at work."""
        aggregates = [condition for condition in when if isinstance(condition, Aggregation)]
        return [item for item in aggregates if any(self.looks_into(atom) for atom in atoms(item))]

    def lowest_proofs(self, variants: Sequence[Variant], base: Facts) -> dict[tuple[str, Args], int]:
        """Statement of the group → the steps inside it of the lowest of its proofs that give its certainty.

        Those that owe their certainty to an aggregate over what rests on them lie above all others.
        """
        proofs = [
            (variant, dict(firing.binding), firing.conclusion)
            for variant in variants
            for firing in self.fire(variant)
            if round(firing.strength, 9) == self.facts[firing.conclusion[0]][firing.conclusion[1]]
        ]
        heights: dict[tuple[str, Args], int] = {}
        found = {
            (name, args)
            for name in self.group
            for args, certainty in base[name].items()
            if certainty == self.facts[name][args]
        }
        for counting in (True, False):
            found |= {item[2] for item in proofs if self.rests_on(*item[:2], heights, counting)} - {*heights}
            while found:
                heights.update(dict.fromkeys(found, 1 + max(heights.values(), default=-1)))
                found = {item[2] for item in proofs if self.rests_on(*item[:2], heights, counting)} - {*heights}
        return heights

    def rests_on(
        self, variant: Variant, binding: Binding, known: Mapping[tuple[str, Args], int], counting: bool
    ) -> bool:
        """Whether a firing needs nothing of the group but what is known, for aggregates if they are counting."""
        inside = [item for item in variant.when if isinstance(item, Premise) and self.looks_into(item.atom)]
        return all(
            any((premise.atom.predicate, args) in known for _, args in self.options(premise, binding))
            for premise in inside
        ) and all(
            not counting or self.reached(variant, item, binding, {*known}) is not None
            for item in self.growing(variant.when)
        )

    def reached(
        self, variant: Variant, condition: Aggregation, binding: Binding, known: set[tuple[str, Args]]
    ) -> Value | None:
        """The value of an aggregate over what is known of the group, if it satisfies the rule."""
        outside = variables_of(variant.rule.then)
        combinations = [
            value
            for seen, value in self.combinations(variant.rule, variant.when, condition, binding, outside)
            if all((name, args) in known for name, args, _ in seen if name in self.group)
        ]
        value = fold(condition.function, combinations)
        if value is None:
            return None
        changed = {**binding, condition.result: value}
        compared = [
            item for item in variant.when if isinstance(item, Comparison) and condition.result in mentioned(item)
        ]
        return value if all(self.compare(variant.rule, item, changed) for item in compared) else None

    def with_reached(self, variant: Variant, binding: Binding, conclusion: tuple[str, Args]) -> Binding:
        """A binding in which aggregates tell what lies lower than the conclusion, where that is enough."""
        lower = {atom for atom, height in self.heights.items() if height < self.heights.get(conclusion, inf)}
        shown = dict(binding)
        for condition in self.growing(variant.when):
            value = self.reached(variant, condition, binding, lower)
            if value is not None:
                shown[condition.result] = value
        return shown

    def refuse_negative(self, variants: Sequence[Variant]) -> None:
        """No sum of the group may have a negative value in the end."""
        for variant in variants:
            premises = [item for item in variant.when if isinstance(item, Premise)]
            for condition in self.growing(variant.when):
                for binding, _ in self.matched(premises, {}):
                    outside = variables_of(variant.rule.then)
                    found = self.combinations(variant.rule, variant.when, condition, binding, outside)
                    for seen, value in found:
                        if condition.function == "sum" and value < 0:
                            raise NegativeValue(seen)

    # --- conditions that are not positive ---

    def rest(self, rule: Rule, conditions: Sequence[Condition], matched: Binding, outside: set[str]) -> Binding | None:
        """Check and compute, in any order in which all is bound; the binding with what was computed."""
        binding = dict(matched)
        pending = [condition for condition in conditions if not isinstance(condition, Premise)]
        while pending:
            condition = next(
                item for item in pending if shared(conditions, item, outside) <= set(binding) or is_open(item, binding)
            )
            pending.remove(condition)
            if isinstance(condition, Negation):
                if any(True for _ in self.matched([Premise(condition.atom, "")], binding)):
                    return None
            elif isinstance(condition, Block):
                outer = {name: binding[name] for name in shared(conditions, condition, outside)}
                for way in choices(condition.conditions):
                    if any(True for _ in self.solutions(rule, way, outer, {*outer})):
                        return None
            elif isinstance(condition, Aggregation):
                found = [value for _, value in self.combinations(rule, conditions, condition, binding, outside)]
                if any(self.looks_into(atom) for atom in atoms(condition)) and condition.function == "sum":
                    found = [max(value, 0.0) for value in found]
                value = fold(condition.function, found)
                if value is None or binding.setdefault(condition.result, value) != value:
                    return None
            elif isinstance(condition, Membership):
                if not self.among(rule, condition, binding):
                    return None
            elif isinstance(condition, Comparison) and not self.compare(rule, condition, binding):
                return None
        return binding

    def compare(self, rule: Rule, condition: Comparison, binding: Binding) -> bool:
        """Whether a comparison holds; an ``=`` with one unbound variable binds it."""
        name = is_open(condition, binding)
        sides = [condition.left, condition.right]
        values = [None if side == Variable(name) else compute(side, binding, self.day) for side in sides]
        if condition.operator in ("=", "!=") and any(self.is_entity(rule, side) for side in sides):
            values = [value and self.names.get(value, value) for value in values]
        if name:
            value = values[0] if values[1] is None else values[1]
            return value is not None and binding.setdefault(name, value) == value
        return None not in values and bool(OPERATORS[condition.operator](*values))

    def among(self, rule: Rule, condition: Membership, binding: Binding) -> bool:
        """Whether a value is in a list, or not in it."""
        value = compute(condition.left, binding, self.day)
        values = [compute(item, binding, self.day) for item in condition.values]
        if self.is_entity(rule, condition.left):
            values = [self.names.get(item, item) for item in values]
        return value is not None and (value in values) != condition.negated

    def is_entity(self, rule: Rule, side: Expression) -> bool:
        """Whether a side of a comparison is a variable for an entity."""
        return any(
            term == side and isinstance(side, Variable) and spec.type in self.kb.kinds
            for atom in [*rule.then, *(atom for condition in rule.when for atom in atoms(condition))]
            for term, spec in zip(self.terms(atom), self.kb.predicate[atom.predicate].args, strict=True)
        )

    def combinations(
        self,
        rule: Rule,
        conditions: Sequence[Condition],
        condition: Aggregation,
        binding: Binding,
        outside: set[str],
    ) -> list[tuple[tuple[Seen, ...], Any]]:
        """The combinations of facts that satisfy the body of an aggregate, each with what it contributes."""
        outer = {name: binding[name] for name in shared(conditions, condition, outside)}
        found = {
            seen: compute(condition.over, solution, self.day)
            for solution, seen in self.solutions(rule, condition.body, outer, {*outer})
        }
        return [(seen, value) for seen, value in found.items() if value is not None]


def fold(function: str, values: list[Any]) -> Any:
    """The result of an aggregate over what combinations of facts contribute; None where it has none."""
    if function == "count":
        return float(len(set(values)))
    if function == "sum":
        return total(values)
    if not values:
        return None
    if function == "avg":
        whole = total(values)
        return None if whole is None else whole / len(values) + 0.0
    return sorted(values)[0 if function == "min" else -1]


def total(values: list[float]) -> float | None:
    try:
        return float(sum(map(Fraction, values)))
    except OverflowError:
        return None


def strata(rules: Sequence[Rule]) -> Iterator[tuple[set[str], bool]]:
    """Groups of predicates that need each other, each after those it needs, and whether it needs itself."""
    heads = {then.predicate for rule in rules for then in rule.then}
    used = [
        (then.predicate, atom)
        for rule in rules
        for then in rule.then
        for condition in rule.when
        for atom in atoms(condition)
    ]
    needed = {(head, atom.predicate) for head, atom in used if not atom.within and not atom.dates}
    while further := {(one, three) for one, two in needed for other, three in needed if two == other} - needed:
        needed |= further
    while heads:
        groups = [{head, *(other for other in heads if {(head, other), (other, head)} <= needed)} for head in heads]
        ready = [
            group
            for group in groups
            if not any((name, other) in needed and other not in group for name in group for other in heads)
        ]
        heads -= ready[0]
        yield ready[0], any((name, name) in needed for name in ready[0])


def combined(strengths: list[float]) -> float:
    pro = con = 1.0
    for strength in sorted(strengths):
        if strength > 0:
            pro *= 1.0 - strength
        else:
            con *= 1.0 + strength
    p, n = 1.0 - pro, -(1.0 - con)
    return 0.0 if min(p, -n) == 1.0 else (p + n) / (1.0 - min(p, -n))


def since_text(fact: Fact) -> str:
    """The first day of ``since`` or ``on``; before all days where there is none."""
    begins = fact.since or fact.on
    return f"{begins.text}-01-01"[:10] if begins else ""


def before(day: date, within: Within) -> str:
    """The day that lies so many days, months or years earlier. Empty where the calendar does not reach so far."""
    if within.unit == "day":
        return (day - timedelta(days=within.amount)).isoformat() if within.amount < day.toordinal() else ""
    start = moved(day, -within.amount * (12 if within.unit == "year" else 1))
    return start.isoformat() if start else ""
