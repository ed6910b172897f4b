"""What is certain in each of many worlds, and what is established in any of them.

It starts from the facts of a program and the changes that make the worlds, and takes in what is concluded; it concludes
nothing by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from kzexpert.analysis.scenario import Revision
from kzexpert.analysis.spreads import Spread, Worlds, move, stronger
from kzexpert.certainty import established
from kzexpert.model import BaseFact, Fact, GroundAtom, Program, Relation, RelationKey, Value
from kzexpert.model.established import EstablishedFacts
from kzexpert.program.snapshot import base_fact, on_record

__all__ = ["ALL", "Facts", "Possibilities"]

Args: TypeAlias = tuple[Value, ...]
#: All places of a relation.
ALL = (-1,)
#: Facts of a relation: those that have these values at these places, which may be `ALL`.
Facts: TypeAlias = tuple[RelationKey, tuple[int, ...], Args]


class Possibilities:
    """What is known so far: the spread of each statement, and what is established in any world, for looking it up."""

    def __init__(self, program: Program, changes: Sequence[Revision]) -> None:
        self.program = program
        self.everywhere: Worlds = (1 << len(changes)) - 1
        self.possible = EstablishedFacts()
        self.spreads: dict[RelationKey, dict[Args, Spread]] = {
            relation: {args: {fact.certainty: self.everywhere} for args, fact in base.items()}
            for relation, base in program.base.items()
        }
        self.strengths: dict[str, Spread] = {
            name: {rule.rule.certainty: self.everywhere} for name, rule in program.rules.items()
        }
        cited = _cited(program) if any(change.source for change in changes) else {}
        for number, change in enumerate(changes):
            self._differ(change, 1 << number, cited.get(change.source, ()))
        for relation in self.spreads:
            if relation not in program.stratum_of:
                self.establish_all(relation)

    def _differ(self, change: Revision, bit: Worlds, cited: Iterable[GroundAtom]) -> None:
        for atom in cited:
            rows = self.program.base[atom.predicate][atom.args].rows
            self._record(atom, [row for row in rows if row.source is None or row.source.source != change.source], bit)
        for atom in change.without:
            for relation, facts in self._relations(atom):
                for args in _stated(atom, relation, facts):
                    move(self.spreads[relation][args], bit, None)
        day = self.program.as_of
        for atom in change.assume:
            self._put(atom.predicate, atom.args, bit, 1.0)
            for relation, _ in self._relations(atom):
                if isinstance(relation, Relation) and {*relation.dates} <= {"on"}:
                    self._put(relation, (*atom.args, *(day for _ in relation.dates)), bit, 1.0)
        for name, rule in self.program.rules.items():
            if change.leaves_out(rule.rule):
                move(self.strengths[name], bit, None)
            elif rule.id == change.rule and change.certainty is not None:
                move(self.strengths[name], bit, change.certainty)

    def _record(self, atom: GroundAtom, rows: Sequence[Fact], bit: Worlds) -> None:
        """Let only some of its rows state a fact, which may then have other dates."""
        for relation, facts in self._relations(atom):
            whole = relation if isinstance(relation, Relation) else Relation(relation)
            shown = on_record(rows, whole, self.program.as_of)
            known = {args: facts[args] for args in _stated(atom, relation, facts)}
            left = {(*atom.args, *dates): base_fact(atom, found).certainty for dates, found in shown.items()}
            for args in {**known, **left}:
                if args not in known or not known[args].assumed:
                    self._put(relation, args, bit, left.get(args))

    def _relations(self, atom: GroundAtom) -> list[tuple[RelationKey, Mapping[Args, BaseFact]]]:
        """The relations that know of the facts of a predicate."""
        return [
            (relation, facts)
            for relation, facts in self.program.base.items()
            if atom.predicate == (relation.predicate if isinstance(relation, Relation) else relation)
        ]

    def _put(self, relation: RelationKey, args: Args, bit: Worlds, certainty: float | None) -> None:
        move(self.spreads.setdefault(relation, {}).setdefault(args, {}), bit, certainty)

    def establish(self, relation: RelationKey, args: Args, spread: Spread) -> bool:
        """Note where a statement is established; whether it is so for the first time."""
        first = args not in self.possible.relations.get(relation, {})
        if first and any(map(established, spread)):
            self.possible.add(relation, args, max(spread))
            return True
        return False

    def establish_all(self, relation: RelationKey) -> None:
        """Note where each statement of a relation is established."""
        for args, spread in self.spreads.get(relation, {}).items():
            self.establish(relation, args, spread)

    def strongest(self, facts: Facts) -> Spread:
        """The highest certainty among some facts, in each world."""
        relation, places, key = facts
        known = self.spreads.get(relation, {})
        if places == ALL:
            return known[key] if key in self.possible.relations.get(relation, ()) else {}
        found: Spread = {}
        for args in self.possible.lookup(relation, places, key):
            found = stronger(found, known[args]) if found else known[args]
        return found


def _stated(atom: GroundAtom, relation: RelationKey, facts: Mapping[Args, BaseFact]) -> list[Args]:
    """Under what a statement stands in a relation: of several days, under each."""
    if isinstance(relation, str):
        return [atom.args] if atom.args in facts else []
    return [args for args in facts if args[: len(atom.args)] == atom.args]


def _cited(program: Program) -> dict[str, list[GroundAtom]]:
    """Source → the facts with a row that cites it."""
    found: dict[str, list[GroundAtom]] = {}
    for relation, facts in program.base.items():
        for fact in facts.values() if isinstance(relation, str) else ():
            for name in {row.source.source for row in fact.rows if row.source}:
                found.setdefault(name, []).append(fact.atom)
    return found
