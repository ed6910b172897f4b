"""The firings behind a conclusion, found when they are asked for: rule bodies with the head bound to the conclusion."""

from collections import Counter
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView

import msgspec
from sqlglot import exp

from kzexpert.engines.sql.plan.extents import argument
from kzexpert.engines.sql.plan.rules import Planner, premise, variable
from kzexpert.engines.sql.plan.words import both, column, named, select, subquery
from kzexpert.engines.sql.results.stored import Certainties
from kzexpert.engines.sql.store.base import Row, Store
from kzexpert.engines.sql.store.codec import Args, Codec
from kzexpert.evidence import Heights
from kzexpert.model import (
    Firing,
    GroundAtom,
    Pattern,
    Program,
    ProgramRule,
    Value,
)

__all__ = ["Firings"]


#: After so many conclusions of one predicate, and twice as many, and so on, all its firings are fetched at once, unless
#: they are more than `_WORTH` times as many: as long as it takes to find those of one conclusion by a query.
_MANY, _WORTH = 8, 500
#: From so many conclusions on, it pays to ask for them together.
_FEW = 4


class _Backwards(msgspec.Struct, frozen=True):
    """A rule prepared for finding its firings.

    Attributes:
        query: a row for each firing: its binding, then the certainties of its premises.
        text: the same with one parameter for each variable of the head.
        head: those variables.
        binding: how to read the values of a binding.
    """

    query: exp.Select
    text: str
    head: tuple[str, ...]
    binding: Codec


class Firings(Mapping[GroundAtom, tuple[Firing, ...]]):
    """Conclusion → its firings."""

    def __init__(self, database: Store, planner: Planner, program: Program, certainties: Certainties) -> None:
        self._database = database
        self._planner = planner
        self._program = program
        self._certainties = certainties
        self._facts = certainties.established
        self._backwards: dict[str, _Backwards] = {}
        self._rules: dict[str, list[ProgramRule]] = {}
        for rule in program.rules.values():
            self._rules.setdefault(rule.head.predicate, []).append(rule)
        self._found: dict[GroundAtom, tuple[Firing, ...]] = {}
        self.heights = Heights(program, certainties, self._of_conclusion, self._facts)
        self._whole: set[str] = set()
        self._asked: Counter[str] = Counter()

    def __getitem__(self, atom: GroundAtom) -> tuple[Firing, ...]:
        found = self._of_conclusion(atom)
        if not found:
            raise KeyError(atom)
        return tuple(map(self.heights.chosen, found))

    def _of_conclusion(self, atom: GroundAtom) -> tuple[Firing, ...]:
        """The firings of a conclusion, before the lowest of equally certain premises are chosen."""
        predicate = atom.predicate
        if atom not in self._found and predicate not in self._whole:
            self._asked[predicate] += 1
            asked = self._asked[predicate]
            if asked >= _MANY and asked & (asked - 1) == 0:
                self._gather(predicate, asked * _WORTH)
        if atom not in self._found and predicate not in self._whole:
            rules = self._rules.get(predicate, ())
            self._found[atom] = tuple(firing for rule in rules for firing in self._of(rule, atom))
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
        self._gather_all()
        return super().items()

    def values(self) -> ValuesView[tuple[Firing, ...]]:
        """All firings, which fetches all of them."""
        self._gather_all()
        return super().values()

    # --- many conclusions at once ------------------------------------------------------------------------------------

    def prefetch(self, wanted: Mapping[str, Sequence[Args]]) -> None:
        """Find the firings for some conclusions of each predicate."""
        for predicate, rules in self._rules.items():
            open_ = [args for args in wanted.get(predicate, ()) if GroundAtom(predicate, args) not in self._found]
            if len(open_) < _FEW or predicate in self._whole:
                continue
            codec = self._certainties.relations[predicate].codec
            names = [argument(place) for place in range(len(codec.kinds))]
            heads = self._database.load(dict(zip(names, codec.kinds, strict=True)), map(codec.row, open_))
            gathered: dict[GroundAtom, list[Firing]] = {GroundAtom(predicate, args): [] for args in open_}
            for rule in rules:
                agree = [
                    value.eq(column(name, "h"))
                    for value, name in zip(self._planner.head_values(rule), names, strict=True)
                ]
                query = self._prepared(rule).query.copy()
                query.append("joins", exp.Join(this=named(heads, "h"), on=both(agree)))
                for firing in self._fired(rule, self._database.rows(query)):
                    gathered[firing.conclusion].append(firing)
            self._database.drop(heads)
            self._found.update((atom, tuple(firings)) for atom, firings in gathered.items())

    def _fired(self, rule: ProgramRule, rows: Iterable[Row]) -> Iterator[Firing]:
        """The rows of a rule's query as firings."""
        for row in rows:
            binding = self._prepared(rule).binding.decode(row)
            args = rule.head.row(dict(zip(rule.variables, binding, strict=True))) or ()
            yield self._firing(rule, binding, GroundAtom(rule.head.predicate, args), row)

    # --- all of a predicate ------------------------------------------------------------------------------------------

    def _gather_all(self) -> None:
        for predicate in self._rules:
            self._gather(predicate)

    def _gather(self, predicate: str, most: int | None = None) -> None:
        """Fetch all firings of a predicate, unless there are more than so many."""
        if predicate in self._whole:
            return
        gathered: dict[GroundAtom, list[Firing]] = {}
        left = most
        for rule in self._rules[predicate]:
            query = self._prepared(rule).query
            rows = self._database.rows(query if left is None else query.limit(left + 1))
            if left is not None:
                left -= len(rows)
                if left < 0:
                    return
            for firing in self._fired(rule, rows):
                gathered.setdefault(firing.conclusion, []).append(firing)
        self._found.update((atom, tuple(firings)) for atom, firings in gathered.items())
        self._whole.add(predicate)

    # --- backwards ---------------------------------------------------------------------------------------------------

    def _of(self, rule: ProgramRule, atom: GroundAtom) -> Iterator[Firing]:
        """The firings of one rule for a conclusion."""
        bound = rule.head.binding(atom.args)
        if bound is None:
            return
        prepared = self._prepared(rule)
        places = [rule.variables.index(name) for name in prepared.head]
        parameters = prepared.binding.key([bound[name] for name in prepared.head], places)
        if parameters is not None:
            for row in self._database.rows(prepared.text, parameters):
                yield self._firing(rule, prepared.binding.decode(row), atom, row)

    def _firing(self, rule: ProgramRule, binding: Args, conclusion: GroundAtom, row: Row) -> Firing:
        certainties = row[len(row) - len(rule.matches) :]
        values = dict(zip(rule.variables, binding, strict=True))
        facts = []
        for pattern, certainty in zip(rule.matches, certainties, strict=True):
            args = self._premise(pattern, values, certainty)
            self._certainties.relations[pattern.relation].note(args, certainty)
            facts.append(GroundAtom(pattern.predicate, args[: pattern.arity]))
        weakest = min(certainties, default=1.0)
        return Firing(rule, binding, conclusion, tuple(facts), rule.rule.certainty * weakest)

    def _prepared(self, rule: ProgramRule) -> _Backwards:
        found = self._backwards.get(rule.key)
        if found is None:
            head = tuple(dict.fromkeys(rule.head.variables))
            shown = [column(variable(place), "b") for place in range(max(len(rule.variables), 1))]
            shown += [column(premise(place), "b") for place in range(len(rule.matches))]
            body = self._planner.body(rule, premises=True)
            query = select(shown, subquery(body.query, "b"))
            bound = query
            if head:
                agree = (column(variable(rule.variables.index(name)), "b").eq(exp.Placeholder()) for name in head)
                bound = query.where(both(agree))
            codec = Codec(self._planner.texts, body.kinds, len(rule.variables))
            text = self._database.dialect.text(bound)
            found = self._backwards[rule.key] = _Backwards(query, text, head, codec)
        return found

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
