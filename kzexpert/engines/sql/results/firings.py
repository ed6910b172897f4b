"""The firings behind a conclusion, found when they are asked for: rule bodies with the head bound to the conclusion."""

from collections import Counter
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView
from typing import Any

import msgspec
from sqlglot import exp

from kzexpert.engines.sql.plan.conjunction import Given, key_column
from kzexpert.engines.sql.plan.extents import Kind, argument
from kzexpert.engines.sql.plan.rules import Planner, premise, variable
from kzexpert.engines.sql.plan.slots import TAG, Slots
from kzexpert.engines.sql.plan.words import called, column, named, select, subquery, together
from kzexpert.engines.sql.results.stored import Certainties
from kzexpert.engines.sql.store.base import Store
from kzexpert.engines.sql.store.codec import Args, Codec, Stored
from kzexpert.evidence import Heights
from kzexpert.model import (
    Firing,
    GroundAtom,
    Pattern,
    Program,
    ProgramRule,
    Value,
    Variable,
)

__all__ = ["Firings"]


#: After so many queries for conclusions of one predicate, and twice as many, and so on, all its firings are fetched at
#: once, unless they are more than `_WORTH` times as many: as long as such a query takes.
_MANY, _WORTH = 8, 500


class _Head(msgspec.Struct, frozen=True):
    """A rule with the conclusions that are wanted of it.

    Attributes:
        names, kinds: the variables of its head, and how they are stored.
        rows: their values, one row for each conclusion.
    """

    rule: ProgramRule
    names: tuple[str, ...]
    kinds: tuple[Kind, ...]
    rows: list[list[Stored]]

    @classmethod
    def of(cls, rule: ProgramRule, codec: Codec, atoms: Iterable[GroundAtom]) -> "_Head":
        """Those among some conclusions of its predicate that it can have."""
        places = {term.name: place for place, term in enumerate(rule.head.terms) if isinstance(term, Variable)}
        bound = [rule.head.binding(atom.args) for atom in atoms]
        keys = [codec.key([each[name] for name in places], places.values()) for each in bound if each is not None]
        kinds = tuple(codec.kinds[place] for place in places.values())
        return cls(rule, tuple(places), kinds, [key for key in keys if key is not None])

    def given(self, table: exp.Table, shape: int, slots: Slots) -> Given:
        """The rows as they lie in a table of several shapes."""
        keys = [called(column(argument(slot), "h"), key_column(at)) for at, slot in enumerate(slots.places[shape])]
        where = [column(TAG, "h").eq(shape)]
        query = select(keys or [column(TAG, "h")], named(table, "h"), where=where)
        return Given(query, self.names, dict(zip(self.names, self.kinds, strict=True)), dated=False)


class Firings(Mapping[GroundAtom, tuple[Firing, ...]]):
    """Conclusion → its firings."""

    def __init__(self, database: Store, planner: Planner, program: Program, certainties: Certainties) -> None:
        self._database = database
        self._planner = planner
        self._program = program
        self._certainties = certainties
        self._facts = certainties.established
        self._rules: dict[str, list[ProgramRule]] = {}
        for rule in program.rules.values():
            if all(planner.extents[pattern.relation].rows != 0 for pattern in rule.matches):  # or it never fires
                self._rules.setdefault(rule.head.predicate, []).append(rule)
        self._found: dict[GroundAtom, tuple[Firing, ...]] = {}
        self.heights = Heights(program, certainties, self._of_conclusion, self._facts, self.prefetch)
        self._whole: set[str] = set()
        self._asked: Counter[str] = Counter()

    def __getitem__(self, atom: GroundAtom) -> tuple[Firing, ...]:
        found = self._of_conclusion(atom)
        if not found:
            raise KeyError(atom)
        return tuple(map(self.heights.chosen, found))

    def _of_conclusion(self, atom: GroundAtom) -> tuple[Firing, ...]:
        """The firings of a conclusion, before the lowest of equally certain premises are chosen."""
        self.prefetch([atom])
        return self._found.get(atom, ())

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

    def items(self) -> ItemsView[GroundAtom, tuple[Firing, ...]]:
        """All firings by conclusion, which fetches all of them."""
        self._gather(self._rules)
        return super().items()

    def values(self) -> ValuesView[tuple[Firing, ...]]:
        """All firings, which fetches all of them."""
        self._gather(self._rules)
        return super().values()

    # --- many at once ------------------------------------------------------------------------------------------------

    def prefetch(self, atoms: Iterable[GroundAtom]) -> None:
        """Find the firings for some conclusions, in one query."""
        found: dict[GroundAtom, list[Firing]] = {}
        heads: list[_Head] = []
        for predicate, own in self._open(atoms).items():
            found.update((atom, []) for atom in own)
            codec = self._certainties.relations[predicate].codec
            heads += [head for rule in self._rules[predicate] if (head := _Head.of(rule, codec, own)).rows]
        if heads:
            slots = Slots([head.kinds for head in heads])
            rows = (slots.row(shape, row) for shape, head in enumerate(heads) for row in head.rows)
            table = self._database.load(slots.columns, rows)
            given = [head.given(table, shape, slots) for shape, head in enumerate(heads)]
            for firing in self._fired([head.rule for head in heads], given) or ():
                found[firing.conclusion].append(firing)
            self._database.drop(table)
        self._found.update((atom, tuple(firings)) for atom, firings in found.items())

    def _open(self, atoms: Iterable[GroundAtom]) -> dict[str, list[GroundAtom]]:
        """Predicate → those of some conclusions whose firings are not known yet."""
        found: dict[str, list[GroundAtom]] = {}
        for atom in dict.fromkeys(atoms):
            if atom not in self._found and atom.predicate in self._rules:
                found.setdefault(atom.predicate, []).append(atom)
        for predicate in [name for name in found if name not in self._whole]:
            self._asked[predicate] += 1
            asked = self._asked[predicate]
            if asked >= _MANY and asked & (asked - 1) == 0:
                self._gather([predicate], asked * _WORTH)
        return {predicate: own for predicate, own in found.items() if predicate not in self._whole}

    def _gather(self, predicates: Iterable[str], most: int | None = None) -> None:
        """Fetch all firings of some predicates, unless there are more than so many."""
        new = [predicate for predicate in predicates if predicate in self._rules and predicate not in self._whole]
        rules = [rule for predicate in new for rule in self._rules[predicate]]
        fired = self._fired(rules, [None] * len(rules), most)
        if fired is None:
            return
        gathered: dict[GroundAtom, list[Firing]] = {}
        for firing in fired:
            gathered.setdefault(firing.conclusion, []).append(firing)
        self._found.update((atom, tuple(firings)) for atom, firings in gathered.items())
        self._whole.update(new)

    def _fired(
        self, rules: Sequence[ProgramRule], given: Sequence[Given | None], most: int | None = None
    ) -> Iterator[Firing] | None:
        """The firings of some rules, in one query.

        Args:
            given: for each rule the values of head variables that are wanted; None for all.
            most: None is given back where there are more than so many.
        """
        if not rules:
            return iter(())
        bodies = [
            self._planner.body(rule, premises=True, given=wanted) for rule, wanted in zip(rules, given, strict=True)
        ]
        certainties: list[list[Kind]] = [["number"] * len(rule.matches) for rule in rules]
        slots = Slots([(*body.kinds, *own) for body, own in zip(bodies, certainties, strict=True)])
        parts = []
        for shape, (rule, body) in enumerate(zip(rules, bodies, strict=True)):
            names = [variable(place) for place in range(len(rule.variables))]
            names += [premise(place) for place in range(len(rule.matches))]
            values = [column(name, "b") for name in names]
            shown = slots.shown(shape, values, self._database.dialect.types)
            parts.append(select(shown, subquery(body.query, "b")))
        query = together(parts)
        rows = self._database.rows(query if most is None else query.limit(most + 1))
        if most is not None and len(rows) > most:
            return None
        codecs = [Codec(self._planner.texts, body.kinds, len(body.kinds)) for body in bodies]
        read = map(slots.read, rows)
        return (self._firing(rules[shape], codecs[shape].decode(values), values) for shape, values in read)

    def _firing(self, rule: ProgramRule, binding: Args, row: Sequence[Any]) -> Firing:
        certainties = row[len(binding) :]
        values = dict(zip(rule.variables, binding, strict=True))
        facts = []
        for pattern, certainty in zip(rule.matches, certainties, strict=True):
            args = self._premise(pattern, values, certainty)
            self._certainties.relations[pattern.relation].note(args, certainty)
            facts.append(GroundAtom(pattern.predicate, args[: pattern.arity]))
        conclusion = GroundAtom(rule.head.predicate, rule.head.row(values) or ())
        weakest = min(certainties, default=1.0)
        return Firing(rule, binding, conclusion, tuple(facts), rule.rule.certainty * weakest)

    def _premise(self, pattern: Pattern, values: Mapping[str, Value], certainty: float) -> Args:
        """The arguments, and dates, of the fact behind a condition.

        Where ``_`` lets several satisfy it, that is the strongest, of equal ones the first.
        """
        args = pattern.row(values)
        if args is not None:
            return args
        known = self._facts.relations
        candidates = [row for row in self._facts.rows(pattern, values) if known[pattern.relation][row] == certainty]
        return min(candidates, key=lambda row: str(GroundAtom(pattern.predicate, row)))
