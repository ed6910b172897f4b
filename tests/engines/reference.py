"""DESIGN §4 once more, as plainly as it can be written: nested loops over lists, repeated until nothing changes.

An oracle for small programs. From the package it takes the values of `kzexpert.model` as an author's text gives them,
and nothing else: names, dates, strata, joins and certainties are worked out here anew.
"""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from math import fsum, isfinite
from typing import Any, NamedTuple

from kzexpert.model import (
    Aggregation,
    Anonymous,
    Atom,
    Comparison,
    Condition,
    Constant,
    Expression,
    Fact,
    GroundAtom,
    Inference,
    KnowledgeBase,
    Negation,
    Operation,
    Premise,
    Rule,
    Term,
    Value,
    Variable,
    Within,
)

__all__ = ["Fired", "Outcome", "evaluate", "outcome_of"]

Args = tuple[Value, ...]
Facts = dict[str, dict[Args, float]]
Lines = dict[str, dict[Args, list[float]]]
Binding = dict[str, Value]

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
}  # fmt: skip


class Fired(NamedTuple):
    """A firing; the binding is sorted by variable."""

    rule: str
    binding: tuple[tuple[str, Value], ...]
    conclusion: tuple[str, Args]
    premises: tuple[tuple[str, Args], ...]
    strength: float


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
        #: Of the statements of the group of predicates that is at work, once their certainties are known.
        self.heights: dict[tuple[str, Args], int] = {}
        used = [atom for rule in kb.rules for condition in rule.when for atom in atoms(condition)]
        self.recent = {atom.within: self.recorded(before(day, atom.within)) for atom in used if atom.within}

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

    def recorded(self, after: str = "") -> Facts:
        """What the rows in force say, or those after a day: of equal ones the most certain; 1 for what is assumed."""
        today = self.day.isoformat()
        facts: Facts = {}
        for predicate, args, fact in self.rows:
            over = fact.until is not None and fact.until.text < today[: len(fact.until.text)]
            if since_text(fact) <= today and not over and (not after or since_text(fact) > after):
                known = facts.setdefault(predicate, {})
                known[args] = max(round(fact.certainty, 9), known.get(args, 0.0))
        for predicate, args in self.assumed:
            facts.setdefault(predicate, {})[args] = 1.0
        return facts

    def extent(self, atom: Atom) -> Iterable[tuple[Args, float]]:
        """The established facts that an atom ranges over; ``within`` looks at recorded events alone."""
        facts = self.recent[atom.within] if atom.within else self.facts
        return [(args, certainty) for args, certainty in facts.get(atom.predicate, {}).items() if certainty > 0.2]

    # --- strata and certainties ---

    def outcome(self) -> Outcome:
        firings: set[Fired] = set()
        conflicts: set[tuple[str, Args]] = set()
        for predicates, recursive in strata(self.kb.rules):
            rules = [rule for rule in self.kb.rules if rule.then.predicate in predicates]
            base = {predicate: dict(self.facts.get(predicate, {})) for predicate in predicates}
            settled = False
            while not settled:
                fired = {firing for rule in rules for firing in self.fire(rule)}
                lines = self.lines(fired, base)
                certainty = max if recursive else combined
                now = {
                    name: {args: round(certainty(found), 9) + 0.0 for args, found in lines[name].items()}
                    for name in predicates
                }
                settled = not recursive or all(now[name] == self.facts.get(name, {}) for name in predicates)
                self.facts.update(now)
            if recursive:
                self.heights = self.lowest_proofs(predicates, rules, base)
                fired = {firing for rule in rules for firing in self.fire(rule)}
                self.heights = {}
            firings |= fired
            contrary = [(name, args, found) for name in lines for args, found in lines[name].items()]
            conflicts |= {(name, args) for name, args, found in contrary if {1.0, -1.0} <= set(found)}
        return Outcome({name: known for name, known in self.facts.items() if known}, firings, conflicts)

    def lines(self, fired: set[Fired], base: Facts) -> Lines:
        """The lines of evidence: a base fact, the strongest firing of a rule, every firing of a rule with ``each``."""
        each = {rule.id for rule in self.kb.rules if rule.each}
        lines = {name: {args: [certainty] for args, certainty in known.items()} for name, known in base.items()}
        strongest: dict[tuple[tuple[str, Args], str], float] = {}
        for firing in fired:
            if firing.rule in each:
                lines[firing.conclusion[0]].setdefault(firing.conclusion[1], []).append(firing.strength)
            elif abs(firing.strength) > abs(strongest.get((firing.conclusion, firing.rule), 0.0)):
                strongest[firing.conclusion, firing.rule] = firing.strength
        for ((name, args), _), strength in strongest.items():
            lines[name].setdefault(args, []).append(strength)
        return lines

    # --- firings ---

    def fire(self, rule: Rule) -> Iterator[Fired]:
        premises = [condition for condition in rule.when if isinstance(condition, Premise)]
        for matched in self.solutions(premises, {}):
            binding = self.rest(rule, matched)
            if binding is None:
                continue
            behind = [self.strongest(premise, binding) for premise in premises]
            strength = rule.certainty * min((certainty for certainty, _ in behind), default=1.0)
            head = tuple(value_of(term, binding) for term in self.terms(rule.then))
            names = tuple((premise.atom.predicate, args) for premise, (_, args) in zip(premises, behind, strict=True))
            yield Fired(rule.id, tuple(sorted(binding.items())), (rule.then.predicate, head), names, strength)

    def solutions(self, premises: Sequence[Premise], binding: Binding) -> Iterator[Binding]:
        if not premises:
            yield binding
            return
        first, *others = premises
        for args, certainty in self.extent(first.atom):
            extended = self.extend(first.atom, args, binding, first.certainty, certainty)
            if extended is not None:
                yield from self.solutions(others, extended)

    def extend(
        self, atom: Atom, args: Args, binding: Binding, at: str | None = None, certainty: float = 0.0
    ) -> Binding | None:
        """The binding under which an atom is this fact, if there is one."""
        extended = dict(binding)
        for term, value in zip(self.terms(atom), args, strict=True):
            if isinstance(term, Constant) and term.value != value:
                return None
            if isinstance(term, Variable) and extended.setdefault(term.name, value) != value:
                return None
        return None if at and extended.setdefault(at, certainty) != certainty else extended

    def strongest(self, premise: Premise, binding: Binding) -> tuple[float, Args]:
        """The strongest of the facts that satisfy a condition; of equal ones the lowest, then the first by text."""
        name = "" if premise.atom.within else premise.atom.predicate

        def order(item: tuple[float, Args]) -> tuple[int, str]:
            return self.heights.get((name, item[1]), 0), str(GroundAtom(premise.atom.predicate, item[1]))

        return min(self.options(premise, binding), key=order)

    def options(self, premise: Premise, binding: Binding) -> list[tuple[float, Args]]:
        """The strongest facts that satisfy a condition."""
        found = [
            (certainty, args)
            for args, certainty in self.extent(premise.atom)
            if self.extend(premise.atom, args, binding, premise.certainty, certainty) is not None
        ]
        return [item for item in found if item[0] == max(found)[0]]

    def lowest_proofs(self, group: set[str], rules: Sequence[Rule], base: Facts) -> dict[tuple[str, Args], int]:
        """Statement of a group → the steps inside the group of the lowest of its proofs that give its certainty."""
        proofs = [
            (firing.conclusion, [self.options(premise, dict(firing.binding)) for premise in inside], inside)
            for rule in rules
            for inside in [[item for item in rule.when if isinstance(item, Premise) and looks_into(group, item.atom)]]
            for firing in self.fire(rule)
            if round(firing.strength, 9) == self.facts[firing.conclusion[0]][firing.conclusion[1]]
        ]
        heights = {
            (name, args): 0
            for name in group
            for args, certainty in base[name].items()
            if certainty == self.facts[name][args]
        }
        heights.update({conclusion: 0 for conclusion, _, inside in proofs if not inside})
        higher = {*heights}
        while higher:
            higher = {
                conclusion
                for conclusion, options, inside in proofs
                if conclusion not in heights
                and all(
                    any((premise.atom.predicate, args) in heights for _, args in found)
                    for premise, found in zip(inside, options, strict=True)
                )
            }
            heights.update(dict.fromkeys(higher, max(heights.values(), default=0) + 1))
        return heights

    # --- conditions that are not positive ---

    def rest(self, rule: Rule, matched: Binding) -> Binding | None:
        """Check and compute, in any order in which all is bound; the binding with what was computed."""
        binding = dict(matched)
        pending = [condition for condition in rule.when if not isinstance(condition, Premise)]
        while pending:
            condition = next(item for item in pending if needs(rule, item) <= set(binding) or is_open(item, binding))
            pending.remove(condition)
            if isinstance(condition, Negation):
                if any(True for _ in self.solutions([Premise(condition.atom, "")], binding)):
                    return None
            elif isinstance(condition, Aggregation):
                value = self.aggregate(condition, needs(rule, condition), binding)
                if value is None or binding.setdefault(condition.result, value) != value:
                    return None
            elif isinstance(condition, Comparison) and not self.compare(rule, condition, binding):
                return None
        return binding

    def compare(self, rule: Rule, condition: Comparison, binding: Binding) -> bool:
        """Whether a comparison holds; an ``=`` with one unbound variable binds it."""
        name = is_open(condition, binding)
        sides = [condition.left, condition.right]
        values = [None if side == Variable(name) else compute(side, binding) for side in sides]
        if any(isinstance(side, Variable) and self.is_entity(rule, side.name) for side in sides):
            values = [value and self.names[value] for value in values]
        if name:
            value = values[0] if values[1] is None else values[1]
            return value is not None and binding.setdefault(name, value) == value
        return None not in values and bool(OPERATORS[condition.operator](*values))

    def is_entity(self, rule: Rule, name: str) -> bool:
        return any(
            term == Variable(name) and spec.type in self.kb.kinds
            for atom in [rule.then, *(atom for condition in rule.when for atom in atoms(condition))]
            for term, spec in zip(self.terms(atom), self.kb.predicate[atom.predicate].args, strict=True)
        )

    def aggregate(self, condition: Aggregation, shared: set[str], binding: Binding) -> Any:
        outer = {name: binding[name] for name in shared}
        found = {tuple(sorted(solution.items())) for solution in self.solutions(condition.premises, outer)}
        values: list[Any] = [dict(solution)[condition.over] for solution in found]
        if condition.function == "count":
            return float(len(set(values)))
        if condition.function == "sum":
            return fsum(values) + 0.0
        return (min if condition.function == "min" else max)(values) if values else None


def strata(rules: Sequence[Rule]) -> Iterator[tuple[set[str], bool]]:
    """Groups of predicates that need each other, each after those it needs, and whether it needs itself."""
    heads = {rule.then.predicate for rule in rules}
    used = [(rule.then.predicate, atom) for rule in rules for condition in rule.when for atom in atoms(condition)]
    needed = {(head, atom.predicate) for head, atom in used if not atom.within}
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


def looks_into(group: set[str], atom: Atom) -> bool:
    """Whether an atom ranges over what a group of predicates concludes; windows hold recorded events alone."""
    return atom.predicate in group and not atom.within


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
    """The day that lies so many days, months or years earlier; a day that the month lacks is its last.

    Empty where the calendar does not reach so far.
    """
    if within.unit == "day":
        return (day - timedelta(days=within.amount)).isoformat() if within.amount < day.toordinal() else ""
    year, month = day.year, day.month
    for _ in range(within.amount * (12 if within.unit == "year" else 1)):
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    if year < 1:
        return ""
    following = date(year, month, 28) + timedelta(days=4)
    last = following - timedelta(days=following.day)
    return min(last, last.replace(day=min(day.day, last.day))).isoformat()


def atoms(condition: Condition) -> list[Atom]:
    if isinstance(condition, Aggregation):
        return [premise.atom for premise in condition.premises]
    return [] if isinstance(condition, Comparison) else [condition.atom]


def mentioned(condition: Condition) -> set[str]:
    """Every variable of a condition."""
    if isinstance(condition, Comparison):
        return names_in(condition.left) | names_in(condition.right)
    names = {item.term.name for atom in atoms(condition) for item in atom.arguments if isinstance(item.term, Variable)}
    if isinstance(condition, Aggregation):
        return names | {condition.result, *(premise.certainty for premise in condition.premises if premise.certainty)}
    return names | ({condition.certainty} if isinstance(condition, Premise) and condition.certainty else set())


def needs(rule: Rule, condition: Condition) -> set[str]:
    """The variables that must be bound before; of an aggregate those that stand elsewhere in the rule as well."""
    if not isinstance(condition, Aggregation):
        return mentioned(condition)
    elsewhere = {item.term.name for item in rule.then.arguments if isinstance(item.term, Variable)}
    elsewhere |= {name for other in rule.when if other is not condition for name in mentioned(other)}
    return (mentioned(condition) - {condition.result}) & elsewhere


def is_open(condition: Condition, binding: Mapping[str, Value]) -> str:
    """The lone unbound variable that an ``=`` binds."""
    if isinstance(condition, Comparison) and condition.operator == "=":
        for side, other in ((condition.left, condition.right), (condition.right, condition.left)):
            if isinstance(side, Variable) and side.name not in binding and names_in(other) <= set(binding):
                return side.name
    return ""


def names_in(expression: Expression) -> set[str]:
    if isinstance(expression, Operation):
        return names_in(expression.left) | names_in(expression.right)
    return {expression.name} if isinstance(expression, Variable) else set()


def compute(expression: Expression, binding: Mapping[str, Value]) -> Any:
    if not isinstance(expression, Operation):
        return value_of(expression, binding)
    left, right = compute(expression.left, binding), compute(expression.right, binding)
    if left is None or right is None or (expression.operator == "/" and right == 0):
        return None
    value = OPERATORS[expression.operator](left, right) + 0.0
    return value if isfinite(value) else None


def value_of(term: Term, binding: Mapping[str, Value]) -> Value:
    assert isinstance(term, Constant | Variable)
    return term.value if isinstance(term, Constant) else binding[term.name]
