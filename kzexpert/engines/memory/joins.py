"""Which combinations of facts satisfy the conditions of which rules: joins by hash index, as facts come in.

A Rete network keeps the partial matches of every rule and, in experta's form, compares each with every fact. This one
keeps no partial matches: when a fact comes in, each rule is joined outward from it, one index lookup a condition
(TREAT: Miranker, *TREAT: A Better Match Algorithm for AI Production Systems*, AAAI 1987). It knows nothing of
experta, which `experta_engine` plugs it into. Facts are only ever added, and what an absence looks at must be complete
before the other facts of its rule are: strata see to that.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import msgspec

__all__ = ["Field", "JoinNetwork", "JoinPattern", "JoinRule", "JoinTest"]


class Field(msgspec.Struct, frozen=True):
    """One place of a pattern: a variable when it has a name, else a literal."""

    place: int
    variable: str = ""
    literal: Any = None


class JoinPattern(msgspec.Struct, frozen=True):
    """What a condition asks of a fact; `kind` is the type of the fact."""

    kind: type
    fields: tuple[Field, ...]

    @property
    def variables(self) -> set[str]:
        return {field.variable for field in self.fields if field.variable}


class JoinTest(msgspec.Struct, frozen=True):
    """A condition on bound variables, whose values the function takes in that order."""

    variables: tuple[str, ...]
    function: Callable[..., bool]


class JoinRule(msgspec.Struct, frozen=True):
    """The conditions of a rule; `name` is for whoever counts candidates."""

    name: str
    patterns: tuple[JoinPattern, ...]
    absences: tuple[JoinPattern, ...]
    tests: tuple[JoinTest, ...]

    @property
    def variables(self) -> tuple[str, ...]:
        """What the patterns bind, in order of first appearance."""
        names = (field.variable for pattern in self.patterns for field in pattern.fields if field.variable)
        return tuple(dict.fromkeys(names))


Registers = list[Any]
Step = Callable[[Registers], None]
#: rule index, values of the rule's variables
Found = Callable[[int, tuple[Any, ...]], None]


class JoinNetwork:
    """The working memory with its indexes, and the joins of all rules.

    Args:
        found: called for every combination that satisfies a rule, once, with the values of its variables.
        candidates: called with the name of the rule and the number of facts that a lookup gave.
    """

    def __init__(self, rules: Sequence[JoinRule], found: Found, candidates: Callable[[str, int], None]) -> None:
        self._rules = tuple(rules)
        self._found = found
        self._candidates = candidates
        self._memory: dict[type, list[Any]] = {}
        self._indexes: dict[type, dict[tuple[int, ...], dict[Any, list[Any]]]] = {}
        self._seeds: dict[type, list[tuple[int, int]]] = {}
        self._joins: dict[tuple[int, int], Callable[[Any], None]] = {}
        self._awaited: list[set[type]] = []
        for number, rule in enumerate(self._rules):
            for position, pattern in enumerate(rule.patterns):
                self._seeds.setdefault(pattern.kind, []).append((number, position))
        self.clear()

    def clear(self) -> None:
        """Forget all facts."""
        self._memory.clear()
        self._indexes.clear()
        self._joins.clear()
        self._awaited = [{pattern.kind for pattern in rule.patterns} for rule in self._rules]

    def add(self, fact: Any) -> None:
        """Take in a fact and report every combination that it completes.

        A rule with a pattern of whose kind there is no fact yet is passed over, and its joins are not even compiled.
        """
        kind = type(fact)
        if kind not in self._memory:
            self._memory[kind] = []
            for awaited in self._awaited:
                awaited.discard(kind)
        self._memory[kind].append(fact)
        for places, index in self._indexes.get(kind, {}).items():
            index.setdefault(_key_of(fact.row, places), []).append(fact)
        for seed in self._seeds.get(kind, ()):
            if self._awaited[seed[0]]:
                continue
            join = self._joins.get(seed)
            if join is None:
                join = self._joins[seed] = self._compile(*seed)
            join(fact)

    def _index(self, kind: type, places: tuple[int, ...]) -> dict[Any, list[Any]]:
        indexes = self._indexes.setdefault(kind, {})
        index = indexes.get(places)
        if index is None:
            index = indexes[places] = {}
            for fact in self._memory.get(kind, ()):
                index.setdefault(_key_of(fact.row, places), []).append(fact)
        return index

    def _compile(self, number: int, seed: int) -> Callable[[Any], None]:
        """The join of a rule outward from a fact at one of its patterns, as a chain of closures over registers.

        Registers hold the facts by position, then the variables, then the literals, so that a lookup key is one pick.
        """
        rule = self._rules[number]
        slots = {name: len(rule.patterns) + index for index, name in enumerate(rule.variables)}
        registers: Registers = [None] * (len(rule.patterns) + len(slots))
        plan = self._plan(rule, seed)
        step = self._emit(number, tuple(slots.values()))
        for kind, item, bound in reversed(plan):
            if kind == "pattern":
                step = self._lookup(rule, item, seed, bound, slots, registers, step)
            elif kind == "absence":
                step = self._absence(item, slots, registers, step)
            else:
                step = _filter(item, slots, step)
        enter = _matcher(rule.patterns[seed], set(), slots, registers)

        def join(fact: Any) -> None:
            registers[seed] = fact
            if enter(registers, fact.row):
                step(registers)

        return join

    def _plan(self, rule: JoinRule, seed: int) -> list[tuple[str, Any, set[str]]]:
        """The order of the join: the pattern with the most known places next, a small relation before a large one.

        Absences and tests come as soon as their variables are bound.
        """
        bound = set(rule.patterns[seed].variables)
        open_patterns = [position for position in range(len(rule.patterns)) if position != seed]
        checks: list[tuple[str, Any, set[str]]] = [("absence", item, item.variables) for item in rule.absences]
        checks += [("test", item, set(item.variables)) for item in rule.tests]
        plan: list[tuple[str, Any, set[str]]] = []

        def rank(position: int) -> tuple[bool, int, int, int]:
            pattern = rule.patterns[position]
            known = sum(not field.variable or field.variable in bound for field in pattern.fields)
            return (known < len(pattern.fields), -known, len(self._memory.get(pattern.kind, ())), position)

        while True:
            ready = [check for check in checks if check[2] <= bound and (check[0] == "test" or plan)]
            checks = [check for check in checks if check not in ready]
            plan += ready
            if not open_patterns:
                return plan + checks
            position = min(open_patterns, key=rank)
            open_patterns.remove(position)
            plan.append(("pattern", position, set(bound)))
            bound |= rule.patterns[position].variables

    def _lookup(
        self,
        rule: JoinRule,
        position: int,
        seed: int,
        bound: set[str],
        slots: dict[str, int],
        registers: Registers,
        after: Step,
    ) -> Step:
        """Go through the facts that match a pattern, given what is bound.

        A fact that fits two patterns of a rule must not be reported from both: before its own place the seed is left
        out, behind it it may stand again.
        """
        pattern = rule.patterns[position]
        places, key = _key(pattern, bound, slots, registers)
        index = self._index(pattern.kind, places)
        enter = _matcher(pattern, bound, slots, registers)
        skip_seed = position < seed and pattern.kind is rule.patterns[seed].kind
        candidates, name = self._candidates, rule.name

        def lookup(registers: Registers) -> None:
            facts = index.get(key(registers))
            if facts is None:
                return
            candidates(name, len(facts))
            own = registers[seed] if skip_seed else None
            for fact in facts:
                if fact is not own and enter(registers, fact.row):
                    registers[position] = fact
                    after(registers)

        return lookup

    def _absence(self, pattern: JoinPattern, slots: dict[str, int], registers: Registers, after: Step) -> Step:
        places, key = _key(pattern, pattern.variables, slots, registers)
        index = self._index(pattern.kind, places)

        def absent(registers: Registers) -> None:
            if key(registers) not in index:
                after(registers)

        return absent

    def _emit(self, number: int, slots: tuple[int, ...]) -> Step:
        found = self._found
        if len(slots) > 1:
            pick = itemgetter(*slots)
            return lambda registers: found(number, pick(registers))
        return lambda registers: found(number, tuple([registers[slot] for slot in slots]))


def _key_of(row: tuple[Any, ...], places: tuple[int, ...]) -> Any:
    """The key of a row in an index: the bare value for one place, else a tuple."""
    return row[places[0]] if len(places) == 1 else tuple([row[place] for place in places])


def _key(
    pattern: JoinPattern, bound: set[str], slots: dict[str, int], registers: Registers
) -> tuple[tuple[int, ...], Callable[[Registers], Any]]:
    """The places that are known, and how to read their values; literals get registers of their own."""
    known = [field for field in pattern.fields if not field.variable or field.variable in bound]
    picks = []
    for field in known:
        if field.variable:
            picks.append(slots[field.variable])
        else:
            registers.append(field.literal)
            picks.append(len(registers) - 1)
    places = tuple(field.place for field in known)
    return places, itemgetter(*picks) if picks else lambda _: ()


def _matcher(
    pattern: JoinPattern, bound: set[str], slots: dict[str, int], registers: Registers
) -> Callable[[Registers, tuple[Any, ...]], bool]:
    """Binds the open variables of a pattern to a row, and says whether the row fits what an index does not tell.

    For the seed (nothing bound, no index) that is its literals; for all patterns, a variable that stands in it twice.
    """
    literals = [(field.place, field.literal) for field in pattern.fields if not field.variable and not bound]
    binds: dict[str, int] = {}
    twice = []
    for field in pattern.fields:
        if field.variable and field.variable not in bound:
            if field.variable in binds:
                twice.append((binds[field.variable], field.place))
            else:
                binds[field.variable] = field.place
    moves = [(slots[name], place) for name, place in binds.items()]
    if not literals and not twice and len(moves) == 1:
        ((slot, only),) = moves

        def bind_one(registers: Registers, row: tuple[Any, ...]) -> bool:
            registers[slot] = row[only]
            return True

        return bind_one

    def enter(registers: Registers, row: tuple[Any, ...]) -> bool:
        for place, literal in literals:
            if row[place] != literal:
                return False
        for first, second in twice:
            if row[first] != row[second]:
                return False
        for slot, place in moves:
            registers[slot] = row[place]
        return True

    return enter


def _filter(test: JoinTest, slots: dict[str, int], after: Step) -> Step:
    function = test.function
    reads = [slots[name] for name in test.variables]
    if len(reads) == 2:
        first, second = reads

        def passes_two(registers: Registers) -> None:
            if function(registers[first], registers[second]):
                after(registers)

        return passes_two

    def passes(registers: Registers) -> None:
        if function(*[registers[slot] for slot in reads]):
            after(registers)

    return passes
