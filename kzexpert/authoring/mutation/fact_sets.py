"""A rule → small sets of facts around what it asks for: all of it, numbers at their bounds, one thing less or more.

Names are invented, conclusions of other rules are simply recorded. What a rule and its mutant make of a set is for
`suggestions` to find out; nothing here knows of mutants, and a set need not set the rule off.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import combinations, islice, product
from typing import Any

import msgspec
from msgspec.structs import replace

from kzexpert.authoring.mutation.mutants import beside, shorter_window
from kzexpert.model import (
    Body,
    Constant,
    Fact,
    KnowledgeBase,
    PartialDate,
    Pattern,
    ProgramCondition,
    ProgramRule,
    Relation,
    Value,
    Variable,
    format_number,
    format_value,
    shifted_months,
)
from kzexpert.model.established import Binding
from kzexpert.program.resolve import Types
from kzexpert.program.snapshot import window_start

__all__ = ["AS_OF", "FactSet", "around", "instances", "stated"]

#: The day of all cases that are made, and how long before it events happen.
AS_OF, _BEFORE = date(2020, 6, 30), timedelta(days=60)
#: So many choices of numbers are tried, and so many facts are counted at most.
_MOST_CHOICES, _MOST_COUNTED = 600, 7
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class FactSet(msgspec.Struct, frozen=True):
    """Some facts, and what they are in words, after "all that the rule asks for": `` but power(State B)``.

    Attributes:
        slug: the same, short, as part of an id.
        conclusion: what the rule would conclude of all that it asks for, as if that were on record.
        binding: what the variables of the rule are in all that it asks for.
    """

    facts: tuple[Fact, ...]
    words: str
    slug: str
    conclusion: Fact
    binding: Mapping[str, Value]

    def but(self, facts: Iterable[Fact], words: str, slug: str) -> "FactSet":
        """Other facts instead."""
        return FactSet(_distinct(facts), words, slug, self.conclusion, self.binding)

    @property
    def supported(self) -> "FactSet":
        """With the conclusion on record, so that evidence against it shows, and evidence beside other evidence."""
        words = f"{self.words}; {stated(self.conclusion)} is on record"
        return self.but((*self.facts, self.conclusion), words, f"{self.slug}-recorded")


def stated(fact: Fact) -> str:
    """A fact as an atom."""
    return f"{fact.predicate}({', '.join(map(format_value, fact.arguments.values()))})"


class _FactWriter:
    """Facts for the conditions of one rule, with new names for whatever has no value.

    Args:
        numbers: variable → its value.
    """

    def __init__(self, kb: KnowledgeBase, types: Mapping[str, str], numbers: Mapping[str, float] = {}) -> None:
        self._kb, self._types = kb, types
        self._used: dict[str, int] = {}
        self.binding: Binding = dict(numbers)
        self.made: list[Fact] = []

    def facts(self, patterns: Iterable[Pattern], binding: Binding | None = None) -> list[Fact]:
        """A fact for each pattern; its variables take what the binding has, and keep what they get."""
        known = self.binding if binding is None else binding
        return [self._fact(pattern, known) for pattern in patterns]

    def _fact(self, pattern: Pattern, binding: Binding) -> Fact:
        predicate = self._kb.predicate[pattern.predicate]
        arguments: dict[str, Value] = {}
        for spec, term in zip(predicate.args, pattern.terms, strict=False):
            if isinstance(term, Constant):
                arguments[spec.name] = term.value
            elif isinstance(term, Variable):
                if term.name not in binding:
                    binding[term.name] = self._new(spec.type)
                arguments[spec.name] = binding[term.name]
            else:
                arguments[spec.name] = self._new(spec.type)
        dates = (
            dict(zip(pattern.relation.dates, pattern.terms[len(predicate.args) :], strict=True))
            if isinstance(pattern.relation, Relation)
            else {}
        )
        days = {word: _day(self._dated(binding, term)) for word, term in dates.items()}
        if predicate.holds == "event":
            days.setdefault("on", _day(self._day()))
        certainty = binding.get(pattern.certainty or "", 1.0)
        return Fact(predicate.name, arguments, certainty=certainty if isinstance(certainty, float) else 1.0, **days)  # type: ignore[arg-type]

    def _dated(self, binding: Binding, term: Any) -> date:
        if not isinstance(term, Variable):
            return self._day()
        day = binding[term.name] if term.name in binding else binding.setdefault(term.name, self._day())
        assert isinstance(day, date)
        return day

    def _day(self) -> date:
        number = self._used["date"] = self._used.get("date", -1) + 1
        return AS_OF - _BEFORE - timedelta(days=number)

    def _new(self, kind: str) -> Value:
        """A value that no other fact has; of numbers all are one, since another would make another fact."""
        number = self._used[kind] = self._used.get(kind, -1) + 1
        if kind == "number":
            return 1.0
        if kind == "date":
            return self._day()
        letter = _LETTERS[number % 26] + (str(number // 26) if number >= 26 else "")
        return f"{'Name' if kind == 'text' else kind.capitalize()} {letter}"


def _day(day: date) -> PartialDate:
    return PartialDate(day.isoformat(), day, day)


# --- all that a rule asks for ----------------------------------------------------------------------------------------


def instances(kb: KnowledgeBase, rule: ProgramRule) -> Iterator[FactSet]:
    """Facts for all that must hold, with numbers at and beside those that the rule names."""
    types = Types(kb, rule.rule).of
    near = _near(rule)
    certainties = {pattern.certainty for pattern in rule.matches if pattern.certainty}
    names = [*dict.fromkeys(name for name in rule.matched if types.get(name) == "number" or name in certainties)]
    choices: list[list[Any]] = [_certainties(near) if name in certainties else near for name in names]
    aggregates = [item for item in rule.conditions if item.function and item.body is not None]
    for item in aggregates:
        folded = _folded(item, near, types)
        choices.append([*product(_counts(near) if folded == [None] else (0, 1), folded)])
    for chosen in islice(product(*choices), _MOST_CHOICES):
        writer = _FactWriter(kb, types, dict(zip(names, chosen, strict=False)))
        own = writer.facts(rule.matches)
        required = writer.facts(_required(rule))
        told = [f"{name} {format_number(value)}" for name, value in zip(names, chosen, strict=False)]
        counted: list[Fact] = []
        for item, (count, value) in zip(aggregates, chosen[len(names) :], strict=True):
            for _ in range(count):
                counted += _counted(writer, item, value, types)
            of = f" of {format_number(value)}" if value is not None else ""
            told.append(f"{count} more to {item.function}{of}")
        open_ = {
            stated(fact)
            for pattern, fact in zip(rule.matches, own, strict=True)
            if pattern.open and any(_answers(pattern, writer.binding, other) for other in counted)
        }
        facts = _distinct([*(fact for fact in own if stated(fact) not in open_), *required, *counted])
        (conclusion,) = writer.facts([rule.head])
        words = f", with {', '.join(told)}" if told else ""
        yield FactSet(facts, words, "-".join(told) or "all", replace(conclusion, certainty=0.8), writer.binding)


def _required(rule: ProgramRule) -> list[Pattern]:
    """What must hold since the rule denies that it does not."""
    bodies = [condition.denied for condition in rule.conditions if condition.denied]
    inner = [body.conditions[0].denied for body in bodies if len(body.conditions) == 1]
    return [pattern for body in inner if body for pattern in body.matches]


def _answers(pattern: Pattern, binding: Binding, fact: Fact) -> bool:
    """Whether a fact satisfies a condition that leaves something open."""
    plain = pattern.undated.instance(binding)
    return plain.predicate == fact.predicate and plain.matches(tuple(fact.arguments.values()))


def _near(rule: ProgramRule) -> list[float]:
    """The numbers in a rule, and those beside them."""
    found: dict[float, None] = {}
    items = [
        item for condition in rule.conditions for item in (condition, *(condition.body.flat if condition.body else ()))
    ]
    for number in (number for item in items for part in item.expressions for number in _numbers(part)):
        found.update(dict.fromkeys((number, *beside(number), number / 2, number * 2)))
    return [*dict.fromkeys([*(it for it in found if it >= 0), 1.0])]


def _numbers(part: Any) -> Iterator[float]:
    if isinstance(part, Constant):
        if isinstance(part.value, float):
            yield part.value
    elif isinstance(part, msgspec.Struct):
        for name in part.__struct_fields__:
            held = getattr(part, name)
            for item in held if isinstance(held, tuple) else (held,):
                yield from _numbers(item)


def _certainties(near: Sequence[float]) -> list[float]:
    return [*dict.fromkeys([1.0, *(it for it in near if 0.2 < it <= 1.0)])]


def _counts(near: Sequence[float]) -> list[int]:
    return sorted({0, 1, 2, *(int(it) for it in near if it.is_integer() and it <= _MOST_COUNTED)})


def _folded(item: ProgramCondition, near: Sequence[float], types: Mapping[str, str]) -> Sequence[float | None]:
    """What each of the facts that are folded may contribute; None where it is no number."""
    over = item.expressions[0]
    return near if any(types.get(name) == "number" for name in over.variables) else [None]


def _counted(writer: _FactWriter, item: ProgramCondition, value: float | None, types: Mapping[str, str]) -> list[Fact]:
    """One more combination of facts for an aggregate, or for what must not hold."""
    assert item.body is not None
    binding = {name: known for name, known in writer.binding.items() if name in item.needs}
    if value is not None:
        binding |= {name: value for name in item.expressions[0].variables if types.get(name) == "number"}
    return writer.facts(item.body.matches, binding)


def _distinct(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    return tuple({(stated(fact), fact.on, fact.certainty): fact for fact in facts}.values())


# --- one thing missing, one more -------------------------------------------------------------------------------------


def around(kb: KnowledgeBase, rule: ProgramRule, whole: FactSet) -> Iterator[FactSet]:
    """Sets that differ from one in one thing that a rule may mind.

    Args:
        whole: from `instances`, of the same rule.
    """
    facts = whole.facts
    for index, fact in enumerate(facts):
        yield whole.but((*facts[:index], *facts[index + 1 :]), f" but {stated(fact)}", f"without-{fact.predicate}")
    for more in (whole, *_denied(kb, rule, whole)):
        if more is not whole:
            yield more
        yield from _dated(rule, more)
        yield from _lasting(rule, more)
        yield from _other_values(kb, rule, more)
    yield from _merged(kb, whole)


def _denied(kb: KnowledgeBase, rule: ProgramRule, whole: FactSet) -> Iterator[FactSet]:
    """With facts for what must not hold, for a part of it, and for a part of what is counted."""
    for condition in rule.conditions:
        body = condition.denied or condition.body
        if body is None:
            continue
        writer = _FactWriter(kb, Types(kb, rule.rule).of)
        writer.facts(rule.matches)
        writer.binding.update(whole.binding)
        for part in _bodies(writer, body, condition):
            slug = "-".join(dict.fromkeys(fact.predicate for fact in part))
            yield whole.but((*whole.facts, *part), f", and {' and '.join(map(stated, part))}", f"despite-{slug}")


def _bodies(writer: _FactWriter, body: Body, condition: ProgramCondition) -> list[list[Fact]]:
    """Facts for the conditions inside of another: for all of them, for all but one, and against what they deny."""
    binding = _shared(writer, condition)
    whole = writer.facts(body.matches, binding)
    inner = [writer.facts(item.denied.matches, dict(binding)) for item in body.conditions if item.denied]
    found = [whole, *([*whole, *facts] for facts in inner)]
    found += [[*whole[:index], *whole[index + 1 :]] for index in range(len(whole)) if len(whole) > 1]
    if condition.function and len(whole) > 1:
        found += [
            [fact for _ in range(3) for fact in writer.facts(_without(body.matches, index), _shared(writer, condition))]
            for index in range(len(whole))
        ]
    return [facts for facts in found if facts]


def _without(patterns: Sequence[Pattern], index: int) -> Sequence[Pattern]:
    return [*patterns[:index], *patterns[index + 1 :]]


def _shared(writer: _FactWriter, condition: ProgramCondition) -> Binding:
    return {name: value for name, value in writer.binding.items() if name in condition.needs}


def _dated(rule: ProgramRule, whole: FactSet) -> Iterator[FactSet]:
    """With events at the two ends of the windows of the rule, one of them or all, and some that are less certain."""
    patterns = [it for item in rule.conditions for it in (*item.patterns, *(item.body.patterns if item.body else ()))]
    windows = {(it.predicate, it.relation.within) for it in patterns if isinstance(it.relation, Relation)}
    for predicate, within in sorted((name, it) for name, it in windows if it):
        old = [fact for fact in whole.facts if fact.predicate == predicate and fact.on]
        for window in (within, *shorter_window(within)):
            day = window_start(AS_OF, window)
            if day is None:
                continue
            for chosen in [*([fact] for fact in old), *([old] if len(old) > 1 else [])]:
                moved = (replace(fact, on=_day(day)) if fact in chosen else fact for fact in whole.facts)
                what = f"all of {predicate} is" if len(chosen) > 1 else f"{stated(chosen[0])} is"
                yield whole.but(moved, f"{whole.words}, but {what} of {day}", f"{whole.slug}-{predicate}-{day}")
            if old:
                yield whole.but(
                    (*(replace(it, certainty=0.5) if it in old else it for it in whole.facts), _past(old[0], day)),
                    f"{whole.words}, but {predicate} is uncertain, and certain on {day}",
                    f"{predicate}-uncertain",
                )


def _lasting(rule: ProgramRule, whole: FactSet) -> Iterator[FactSet]:
    """With intervals that began as many years ago as the rule names numbers."""
    for fact in whole.facts if any("as_of()" in str(item) for item in rule.conditions) else ():
        for number in _near(rule) if fact.since else ():
            since = shifted_months(AS_OF, -12.0 * round(number))
            if fact.since and since:
                facts = (replace(it, since=_day(since)) if it is fact else it for it in whole.facts)
                yield whole.but(facts, f"{whole.words}, but {stated(fact)} since {since}", f"since-{since}")


def _past(fact: Fact, day: date) -> Fact:
    """Another event, which differs in its text if it has one."""
    texts = {key: "Name Z" for key, value in fact.arguments.items() if str(value).startswith("Name ")}
    return replace(fact, on=_day(day), arguments={**fact.arguments, **texts})


def _other_values(kb: KnowledgeBase, rule: ProgramRule, whole: FactSet) -> Iterator[FactSet]:
    """With another value where the rule names one."""
    named = {
        (pattern.predicate, place, term.value)
        for pattern in rule.patterns
        for place, term in enumerate(pattern.arguments)
        if isinstance(term, Constant)
    }
    for index, fact in enumerate(whole.facts):
        for place, spec in enumerate(kb.predicate[fact.predicate].args):
            value = fact.arguments[spec.name]
            if isinstance(value, str) and (fact.predicate, place, value) in named:
                other = replace(fact, arguments={**fact.arguments, spec.name: f"Other {spec.type}"})
                changed = (*whole.facts[:index], other, *whole.facts[index + 1 :])
                yield whole.but(
                    changed, f"{whole.words}, but {stated(other)} instead of {stated(fact)}", f"other-{spec.name}"
                )


def _merged(kb: KnowledgeBase, whole: FactSet) -> Iterator[FactSet]:
    """With two names of one kind that stand for one thing."""
    kinds: dict[str, dict[str, None]] = {}
    for fact in whole.facts:
        for spec in kb.predicate[fact.predicate].args:
            if spec.type not in ("text", "number", "date"):
                kinds.setdefault(spec.type, {})[str(fact.arguments[spec.name])] = None

    def merged(fact: Fact, one: str, two: str) -> Fact:
        return replace(fact, arguments={key: one if it == two else it for key, it in fact.arguments.items()})

    for kind, names in kinds.items():
        for one, two in combinations(names, 2):
            facts = (merged(fact, one, two) for fact in whole.facts)
            found = whole.but(facts, f", but {two} is {one}", f"one-{kind}")
            yield replace(found, conclusion=merged(whole.conclusion, one, two))
