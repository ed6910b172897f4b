"""The firings behind a conclusion, found when they are asked for: rule bodies with the head bound to the conclusion."""

from collections.abc import Iterator, Mapping

import msgspec
from sqlglot import exp

from kzexpert.engines.evaluation import EstablishedFacts
from kzexpert.engines.sql.codec import Args, Codec
from kzexpert.engines.sql.database import Database
from kzexpert.engines.sql.extents import Kind, column, equal, select, subquery
from kzexpert.engines.sql.plan import Planner, premise, variable
from kzexpert.engines.sql.stored import Certainties
from kzexpert.model import (
    Aggregate,
    Anonymous,
    Assignment,
    Constant,
    Expression,
    Firing,
    GroundAtom,
    Operation,
    Pattern,
    Program,
    ProgramRule,
    Value,
    Variable,
)

__all__ = ["Firings"]


class _Backwards(msgspec.Struct, frozen=True):
    """A rule prepared for being evaluated with its head bound.

    Attributes:
        text: the query; one parameter for each variable of the head.
        head: those variables.
        binding: how to read the values of a binding.
    """

    text: str
    head: tuple[str, ...]
    binding: Codec


class Firings(Mapping[GroundAtom, tuple[Firing, ...]]):
    """Conclusion → its firings."""

    def __init__(self, database: Database, planner: Planner, program: Program, certainties: Certainties) -> None:
        self._database = database
        self._planner = planner
        self._program = program
        self._certainties = certainties
        self._facts: EstablishedFacts = certainties.established()
        self._backwards: dict[str, _Backwards] = {}
        self._rules: dict[str, list[ProgramRule]] = {}
        for rule in program.rules.values():
            self._rules.setdefault(rule.head.predicate, []).append(rule)
        self._found: dict[GroundAtom, tuple[Firing, ...]] = {}

    def __getitem__(self, atom: GroundAtom) -> tuple[Firing, ...]:
        found = self._found.get(atom)
        if found is None:
            found = tuple(firing for rule in self._rules.get(atom.predicate, ()) for firing in self._of(rule, atom))
            self._found[atom] = found
        if not found:
            raise KeyError(atom)
        return found

    def __iter__(self) -> Iterator[GroundAtom]:
        for predicate in self._rules:
            recorded = self._program.base.get(predicate, {})
            for args in self._certainties[predicate]:
                atom = GroundAtom(predicate, args)
                if args not in recorded or atom in self:
                    yield atom

    def __len__(self) -> int:
        count = 0
        for predicate in self._rules:
            recorded = self._program.base.get(predicate, {})
            alone = sum(GroundAtom(predicate, args) not in self for args in recorded)
            count += len(self._certainties[predicate]) - alone
        return count

    def __contains__(self, atom: object) -> bool:
        if not isinstance(atom, GroundAtom) or atom.predicate not in self._rules:
            return False
        if atom.args not in self._program.base.get(atom.predicate, {}):
            return atom.args in self._certainties[atom.predicate]
        return super().__contains__(atom)

    # --- backwards ---------------------------------------------------------------------------------------------------

    def _of(self, rule: ProgramRule, atom: GroundAtom) -> Iterator[Firing]:
        """The firings of one rule for a conclusion."""
        bound: dict[str, Value] = {}
        for term, value in zip(rule.head.terms, atom.args, strict=True):
            known = term.value if isinstance(term, Constant) else value
            if isinstance(term, Variable):
                known = bound.setdefault(term.name, value)
            if known != value:
                return
        prepared = self._prepared(rule)
        places = [rule.variables.index(name) for name in prepared.head]
        parameters = prepared.binding.key([bound[name] for name in prepared.head], places)
        if parameters is None:
            return
        premises = len(rule.matches)
        for row in self._database.rows(prepared.text, parameters):
            certainties = row[len(row) - premises :]
            binding = prepared.binding.decode(row)
            facts = tuple(
                self._premise(rule, binding, pattern, certainty)
                for pattern, certainty in zip(rule.matches, certainties, strict=True)
            )
            yield Firing(rule, binding, atom, facts, rule.rule.certainty * min(1.0, *certainties, 1.0))

    def _prepared(self, rule: ProgramRule) -> _Backwards:
        found = self._backwards.get(rule.id)
        if found is None:
            head = tuple(dict.fromkeys(rule.head.variables))
            shown = [column(variable(place), "b") for place in range(max(len(rule.variables), 1))]
            shown += [column(premise(place), "b") for place in range(len(rule.matches))]
            where = [equal(column(variable(rule.variables.index(name)), "b"), exp.Placeholder()) for name in head]
            body = self._planner.body(rule, premises=True)
            text = self._database.dialect.text(select(shown, subquery(body.query, "b"), where=where))
            kinds = _variable_kinds(rule, self._certainties)
            found = self._backwards[rule.id] = _Backwards(
                text, head, Codec(self._planner.texts, kinds, len(rule.variables))
            )
        return found

    def _premise(self, rule: ProgramRule, binding: Args, pattern: Pattern, certainty: float) -> GroundAtom:
        """The fact behind a condition; where ``_`` lets several satisfy it, the strongest, of equal ones the first."""
        values = dict(zip(rule.variables, binding, strict=True))
        args = tuple(
            values[term.name] if isinstance(term, Variable) else term.value
            for term in pattern.terms
            if not isinstance(term, Anonymous)
        )
        if len(args) == len(pattern.terms):
            return GroundAtom(pattern.predicate, args)
        known = self._facts.relations
        candidates = [
            GroundAtom(pattern.predicate, args)
            for args in self._facts.rows(pattern, values)
            if known[pattern.relation][args] == certainty
        ]
        return min(candidates, key=str)


def _variable_kinds(rule: ProgramRule, certainties: Certainties) -> list[Kind]:
    """How the values of a rule's variables are stored."""
    kinds: dict[str, Kind] = {}
    for pattern in rule.matches:
        _note_kinds(pattern, certainties, kinds)
    for index in rule.order:
        condition = rule.conditions[index]
        if isinstance(condition, Assignment):
            kinds[condition.variable] = _kind(condition.expression, kinds)
        elif isinstance(condition, Aggregate):
            inner: dict[str, Kind] = {}
            for pattern in condition.patterns:
                _note_kinds(pattern, certainties, inner)
            folded = inner[condition.over] if condition.function in ("min", "max") else "number"
            kinds.setdefault(condition.variable, folded)
    return [kinds[name] for name in rule.variables]


def _note_kinds(pattern: Pattern, certainties: Certainties, kinds: dict[str, Kind]) -> None:
    for term, kind in zip(pattern.terms, certainties.relations[pattern.relation].codec.kinds, strict=False):
        if isinstance(term, Variable):
            kinds[term.name] = kind
    if pattern.certainty:
        kinds[pattern.certainty] = "number"


def _kind(expression: Expression, kinds: Mapping[str, Kind]) -> Kind:
    if isinstance(expression, Operation):
        return "number"
    if isinstance(expression, Variable):
        return kinds[expression.name]
    return (
        "text" if isinstance(expression.value, str) else "date" if not isinstance(expression.value, float) else "number"
    )
