"""Two inferences compared: which lines of evidence of a statement changed, and which statements made them change.

It explains differences and decides nothing: which of them matter to a user is for `what_if` and `timeline`.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import date
from functools import cached_property
from typing import Any, Literal, TypeAlias

from kzexpert.analysis.scenario import MOST_ROWS, records
from kzexpert.certainty import established, evidence_word
from kzexpert.errors import Location
from kzexpert.evidence import Line, lines
from kzexpert.model import (
    BaseFact,
    Body,
    Fact,
    Firing,
    GroundAtom,
    Inference,
    KnowledgeBase,
    Pattern,
    Program,
    ProgramCondition,
    RelationKey,
    Rule,
    Value,
)
from kzexpert.model.established import Binding
from kzexpert.model.evaluation import Completion, solutions
from kzexpert.program.resolve import resolve_atom
from kzexpert.program.snapshot import base_fact, in_force
from kzexpert.program.snapshot import on_record as rows_seen
from kzexpert.proof.changes import OPPOSITE, Cause, LineShift, Record, RuleTurn, Shift, Turn, folded, moves, turn_of
from kzexpert.proof.citation import places_of
from kzexpert.questions.sentences import because, dates, says

__all__ = ["Divergence", "Place", "Respect", "rule_fields", "rule_texts"]

#: How a place in a file is shown.
Place: TypeAlias = Callable[[Location], str]
#: In which respects two inferences can differ.
Respect: TypeAlias = Literal["facts", "rules", "date"]
Args: TypeAlias = tuple[Value, ...]
#: A relation and a row of it: a statement, an event within a window, or a fact with dates on record.
_Place: TypeAlias = tuple[RelationKey, Args]
#: Stands for the as-of date, which is no fact.
_DATE: _Place = ("as_of()", ())
#: The relation that stands for rules, each a row with its id.
_RULE = "rule()"
_EACH = " each"
_RULE_TURNS: dict[str, Turn] = {"new": "new rule", "gone": "rule gone", "changed": "rule changed"}


class Divergence:
    """What differs between two inferences.

    Args:
        place: how a place in a file is shown; without it relative to the base.
    """

    def __init__(self, before: Inference, after: Inference, place: Place | None = None) -> None:
        self.before = before
        self.after = after
        self.sides = (before, after)
        self.place = place or places_of(after.program.kb)
        self.rules = rule_texts(before.program), rule_texts(after.program)
        self._below: dict[_Place, set[_Place]] = {}
        self._told: dict[_Place, Cause] = {}
        self._recorded: dict[tuple[bool, str], dict[GroundAtom, list[Fact]]] = {}

    def lines(self, atom: GroundAtom) -> tuple[LineShift, ...]:
        """The lines of evidence of a statement that changed; the largest change comes first."""
        pairs = self._pairs(atom)
        found = [self._change(atom, *pair) for pair in pairs if _strength(pair[0]) != _strength(pair[1])]
        return tuple(sorted(found, key=lambda item: (-abs((item.after or 0.0) - (item.before or 0.0)), item.because)))

    def shift(self, atom: GroundAtom, by: tuple[Respect, ...] = ()) -> Shift:
        """What became of a statement."""
        before, after = self.before.certainty(atom), self.after.certainty(atom)
        return Shift(
            str(atom),
            self._says(atom),
            turn_of(before, after),
            before,
            after,
            evidence_word(before or 0.0),
            evidence_word(after or 0.0),
            established(after or 0.0),
            by,
            self.lines(atom),
        )

    def _says(self, atom: GroundAtom) -> str:
        """The sentence for a statement, by the later of the bases that have its predicate with as many arguments."""
        for side in (self.after, self.before):
            if _knows(side, atom.predicate, len(atom.args)):
                return says(side.program.kb, atom)
        return str(atom)

    def changed(self, predicates: Iterable[str]) -> list[GroundAtom]:
        """The facts and conclusions of some predicates with another certainty; their firings are read in one go."""
        found = [GroundAtom(name, args) for name in predicates for args in self.arguments(name)]
        for side in self.sides:
            side.facts.prefetch([atom for atom in found if _knows(side, atom.predicate, len(atom.args))])
        return found

    def roots(self, atom: GroundAtom) -> tuple[Cause, ...]:
        """The recorded and assumed facts, and the rules, whose change made a statement change, sorted by text."""
        found: dict[_Place, None] = {}
        seen: set[_Place] = {(atom.predicate, atom.args)}
        pending: list[_Place] = list(seen)
        while pending:
            place = pending.pop()
            if place == _DATE or place[0] == _RULE or self._base_differs(place):
                found[place] = None
            if place not in self._below:
                self._below[place] = {cause for sides in self._rivals(place) for cause in self._causes(*sides)}
            new = self._below[place] - seen
            seen |= new
            pending.extend(new)
        return tuple(sorted((self._base_cause(place) for place in found), key=_by_text))

    def facts(self) -> tuple[Cause, ...]:
        """The recorded and assumed facts that differ, sorted by text; one that rules look at in a window or with its
        dates only if it does not differ as a fact."""
        places: dict[_Place, None] = {}
        for relation in {**self.before.program.base, **self.after.program.base}:
            if any(relation in side.program.stratum_of for side in self.sides):
                known = [side.program.base.get(relation, {}) for side in self.sides]
                rows: Iterable[Args] = {**known[0], **known[1]}
            else:
                rows = self.arguments(relation)
            places.update(dict.fromkeys((relation, args) for args in rows if self._base_differs((relation, args))))
        own = {_statement(place) for place in places if isinstance(place[0], str)}
        found = [place for place in places if isinstance(place[0], str) or _statement(place) not in own]
        return tuple(sorted(map(self._base_cause, found), key=_by_text))

    def arguments(self, relation: RelationKey) -> list[Args]:
        """The arguments of the facts and conclusions of a relation with another certainty; they are read in one go."""
        old, new = (dict(side.certainties.get(relation, {}).items()) for side in self.sides)
        return [args for args in {**old, **new} if old.get(args) != new.get(args)]

    def rule_turn(self, rule_id: str) -> Literal["", "new", "gone", "changed"]:
        """What happened to a rule."""
        before, after = (rules.get(rule_id) for rules in self.rules)
        if before is None or after is None:
            return "gone" if before else "new"
        return "changed" if before != after else ""

    @cached_property
    def rule_turns(self) -> dict[str, RuleTurn]:
        """The rules that differ, by id, in its order."""
        bases = [side.program.kb for side in self.sides]
        sides = [{variant.id: variant.rule for variant in side.program.rules.values()} for side in self.sides]
        titles = {name: rule.title for side in sides for name, rule in side.items()}
        turns = {name: self.rule_turn(name) for name in sorted(titles)}
        stated = [
            {name: rule_fields(kb, rule) for name, rule in side.items()} for kb, side in zip(bases, sides, strict=True)
        ]
        return {
            name: RuleTurn(
                name, titles[name], turn, moves(*(side[name] for side in stated)) if turn == "changed" else ()
            )
            for name, turn in turns.items()
            if turn
        }

    # --- lines --------------------------------------------------------------------------------------------------------

    def _pairs(self, atom: GroundAtom) -> list[tuple[Line | None, Line | None]]:
        """The lines that count of a statement, before and after, those of one rule side by side."""
        sides = [{_key(line): line for line in _lines(side, atom) if line.counts} for side in self.sides]
        return [(sides[0].get(key), sides[1].get(key)) for key in dict.fromkeys((*sides[0], *sides[1]))]

    def _rivals(self, place: _Place) -> Iterator[tuple[Sequence[Line], Sequence[Line]]]:
        """Lines before and after of which one counts: those of one rule; in a recursive component all."""
        if not isinstance(place[0], str) or place[0] in (_DATE[0], _RULE):
            return
        atom = _statement(place)
        stratum = self.after.program.stratum_of.get(atom.predicate)
        if stratum and stratum.recursive:
            yield _lines(self.before, atom), _lines(self.after, atom)
        else:
            for before, after in self._pairs(atom):
                yield [before] if before else [], [after] if after else []

    def _change(self, atom: GroundAtom, before: Line | None, after: Line | None) -> LineShift:
        line = after or before
        firing = line.firing if line else None
        if firing is None:
            sentence = self._says(atom)
            cause = self._base_cause((atom.predicate, atom.args))
            return LineShift("", sentence, "", _strength(before), _strength(after), (cause,))
        turn = self.rule_turn(firing.rule.id)
        causes = self._causes([before] if before else [], [after] if after else [])
        found = sorted([self._cause(place) for place in causes if place[0] != _RULE], key=_by_text)
        told = tuple(folded(dict.fromkeys(found)))
        return LineShift(
            firing.rule.id, because(self.after.program.kb, firing), turn, _strength(before), _strength(after), told
        )

    def _causes(self, before: Sequence[Line], after: Sequence[Line]) -> set[_Place]:
        """The statements by which what counts of some lines changed.

        Of rival firings one stands in where another fails. So all are looked at that are stronger than what counts on
        the weaker side, and that are not the same on both.
        """
        sides = [{(firing.rule.key, firing.binding): firing for firing in _firings(lines)} for lines in (before, after)]
        strengths = [{key: round(firing.strength, 9) for key, firing in side.items()} for side in sides]
        most = [max(known.values(), key=abs, default=0.0) for known in strengths]
        least = min(abs(most[0]), abs(most[1]))
        found: set[_Place] = set()
        for key in {**sides[0], **sides[1]} if most[0] != most[1] else ():
            old, new = (known.get(key, 0.0) for known in strengths)
            if old != new and max(abs(old), abs(new)) > least:
                firing = sides[1].get(key) or sides[0][key]
                found.update(self._looked_at(firing, matches_only=key in sides[0] and key in sides[1]))
                if self._rule_matters(firing):
                    found.add((_RULE, (firing.rule.id,)))
        return found

    def _rule_matters(self, firing: Firing) -> bool:
        """Whether the rule of a firing changed so that it can tell: ``each`` does only where it has several firings."""
        name = firing.rule.id
        if not self.rule_turn(name):
            return False
        before, after = (rules.get(name, "").removesuffix(_EACH) for rules in self.rules)
        firings = (
            [one for one in _firings(_lines(side, firing.conclusion)) if one.rule.id == name] for side in self.sides
        )
        return before != after or any(len(found) > 1 for found in firings)

    def _looked_at(self, firing: Firing, matches_only: bool) -> Iterator[_Place]:
        """The statements that a firing looks at and that differ so that it can matter to it."""
        for condition in firing.rule.conditions:
            if condition.match is not None:
                yield from self._stronger_than_both(self._rows(condition.match.instance(firing.values)))
            elif not matches_only:
                yield from self._turned(condition.instance(firing.values))

    def _turned(self, condition: ProgramCondition) -> Iterator[_Place]:
        """The statements that made a condition, with its values put in, come out otherwise."""
        if condition.body is not None:
            body = condition.body.named()
            sides = [self._solutions(side, body) for side in self.sides]
            for key in sides[0].keys() ^ sides[1].keys():
                binding = {**sides[0], **sides[1]}[key]
                for item in body.conditions:
                    yield from self._turned(item.instance(binding))
            return
        if "as_of()" in str(condition):
            came_to = [
                _knows_all(side, condition) and Completion([condition], side.facts.established, side.program.as_of)({})
                for side in self.sides
            ]
            if came_to[0] != came_to[1]:
                yield _DATE
        for pattern in condition.patterns:
            differs = self._certainty_differs if pattern.certainty else self._established_differs
            yield from filter(differs, self._rows(pattern))

    def _solutions(self, side: Inference, body: Body) -> dict[Args, Binding]:
        """The bindings of a body's variables under which it holds."""
        found = solutions(body, side.facts.established, {}, side.program.as_of) if _knows_all(side, body) else ()
        return {tuple(binding[name] for name in sorted(binding)): binding for binding in found}

    def _rows(self, pattern: Pattern) -> list[_Place]:
        """What is established on either side that matches a pattern."""
        known = [side for side in self.sides if _knows(side, pattern.predicate, pattern.arity)]
        sides = (side.facts.established.rows(pattern, {}) for side in known)
        return [(pattern.relation, args) for args in dict.fromkeys(args for side in sides for args in side)]

    def _stronger_than_both(self, places: Sequence[_Place]) -> Iterator[_Place]:
        """Of statements that satisfy one condition, of which the strongest counts: those that made it another one."""
        known = {place: tuple(certainty or 0.0 for certainty in self._certainties(place)) for place in places}
        least = min(max((certainties[side] for certainties in known.values()), default=0.0) for side in (0, 1))
        for place, (before, after) in known.items():
            if before != after and max(before, after) > least:
                yield place

    # --- statements ---------------------------------------------------------------------------------------------------

    def _certainties(self, place: _Place) -> tuple[float | None, float | None]:
        relation, args = place
        known = [inference.certainties.get(relation, {}).get(args) for inference in self.sides]
        for number, side in enumerate(self.sides):
            if not isinstance(relation, str) and relation not in side.program.base:
                fact = _unseen(side.program, relation, args)
                known[number] = fact.certainty if fact else None
        return known[0], known[1]

    def _certainty_differs(self, place: _Place) -> bool:
        before, after = self._certainties(place)
        return before != after

    def _established_differs(self, place: _Place) -> bool:
        before, after = self._certainties(place)
        return established(before or 0.0) != established(after or 0.0)

    def _base(self, place: _Place) -> tuple[BaseFact | None, BaseFact | None]:
        relation, args = place
        before, after = (
            known[relation].get(args) if relation in known else _unseen(side.program, relation, args)
            for side in self.sides
            for known in [side.program.base]
        )
        return before, after

    def _base_differs(self, place: _Place) -> bool:
        before, after = self._base(place)
        return (before.certainty if before else None) != (after.certainty if after else None)

    def _cause(self, place: _Place) -> Cause:
        if place == _DATE or (
            self._base_differs(place) and not any(_statement(place) in side.firings for side in self.sides)
        ):
            return self._base_cause(place)
        before, after = self._certainties(place)
        held, holds = established(before or 0.0), established(after or 0.0)
        turn: Turn = "stronger" if (after or 0.0) > (before or 0.0) else "weaker"
        if held != holds:
            turn = "gained" if holds else "lost"
        return Cause(*self._named(place), turn, before, after)

    def _base_cause(self, place: _Place) -> Cause:
        if place not in self._told:
            self._told[place] = self._new_cause(place)
        return self._told[place]

    def _new_cause(self, place: _Place) -> Cause:
        if place[0] == _RULE:
            turn_of_rule = self.rule_turns[str(place[1][0])]
            return Cause(turn_of_rule.rule, turn_of_rule.title, _RULE_TURNS[turn_of_rule.turn], None, None)
        if place == _DATE:
            day = self.after.program.as_of.isoformat()
            return Cause(f"as_of() = {day}", f"the as-of date is {day}", "another date", None, None)
        before, after = self._base(place)
        if before and after:
            turn: Turn = "stronger" if after.certainty > before.certainty else "weaker"
        elif after:
            turn = self._absence(after, self.before)
        else:
            assert before is not None
            turn = OPPOSITE[self._absence(before, self.after)]
            if turn == "went out of force" and self._lapsed(before):
                turn = "lapsed"
        rows = [row for fact in (before, after) if fact for row in fact.rows]
        return Cause(
            *self._named(place),
            turn,
            before.certainty if before else None,
            after.certainty if after else None,
            tuple(dict.fromkeys(Record(dates(row), self.place(row.location)) for row in rows)),
        )

    def _named(self, place: _Place) -> tuple[str, str]:
        """The statement as an atom and in words, each with the window and the dates that a rule looks at."""
        atom, shown = _statement(place), str(Pattern.of(*place))
        tail = shown.removeprefix(str(atom)).strip()
        return shown, self._says(atom) + (f", {tail}" if tail else "")

    def _stating(self, side: Inference, atom: GroundAtom) -> list[Fact]:
        """The rows that state something, whatever the day; the facts of a predicate are looked through once."""
        known = side is self.after, atom.predicate
        if known not in self._recorded:
            found = self._recorded[known] = {}
            for stated, row in records(side.program.kb, atom):
                found.setdefault(stated, []).append(row)
        pattern = Pattern.of(atom.predicate, atom.args)
        return [*self._recorded[known].get(atom, ()), *(row for _, row in side.facts.rows(pattern, MOST_ROWS))]

    def _absence(self, fact: BaseFact, other: Inference) -> Turn:
        """Why a fact of one side, the later one, is not among those of the other."""
        if fact.assumed:
            return "assumed"
        rows = self._stating(other, fact.atom) if _knows(other, fact.atom.predicate, len(fact.atom.args)) else []
        if not rows:
            return "recorded"
        withdrawn = other.program.withdrawn and any(in_force(row, other.program.as_of) for row in rows)
        return "no longer withdrawn" if withdrawn else "came into force"

    def _lapsed(self, fact: BaseFact) -> bool:
        """Whether a fact of the earlier side has no end on record: an event that left its window, or a row of a table
        that has no later one of its kind."""
        day = self.after.program.as_of
        if day <= self.before.program.as_of:
            return False
        ends = [row.until.last for row in fact.rows if row.until and row.until.last < day]
        if not ends:
            return True
        silent = _last_day(self.after, fact.atom.predicate)
        return all(row.location.row for row in fact.rows) and silent is not None and max(ends) >= silent


def _last_day(side: Inference, predicate: str) -> date | None:
    """The last day of which anything of a predicate is on record; None where a row is open or tells no date."""
    rows = [fact for fact in side.program.kb.facts if fact.predicate == predicate]
    ends = [row.until.last if row.until else row.on.last if row.on else date.max for row in rows]
    if any(table.predicate == predicate for table in side.program.kb.tables):
        ends.append(side.facts.last_day(predicate) or date.max)
    last = max(ends, default=date.max)
    return None if last == date.max else last


def _knows(side: Inference, predicate: str, arity: int) -> bool:
    """Whether a side has a predicate with so many arguments."""
    found = side.program.kb.predicate.get(predicate)
    return found is not None and len(found.args) == arity


def _knows_all(side: Inference, condition: ProgramCondition | Body) -> bool:
    """Whether a side has all predicates that a condition looks at."""
    return all(_knows(side, pattern.predicate, pattern.arity) for pattern in condition.patterns)


def _lines(side: Inference, atom: GroundAtom) -> Sequence[Line]:
    """The lines of evidence for a statement, none where a side cannot state it."""
    return lines(side, atom) if _knows(side, atom.predicate, len(atom.args)) else ()


def _unseen(program: Program, relation: RelationKey, args: Args) -> BaseFact | None:
    """What a window, or a fact with its dates, would be where no rule looks at such: that tells no difference."""
    if isinstance(relation, str):
        return None
    atom = _statement((relation, args))
    fact = program.base.get(relation.predicate, {}).get(atom.args)
    if fact is None or fact.assumed:
        return fact
    dates = tuple(value for value in args[len(atom.args) :] if isinstance(value, date))
    rows = rows_seen(fact.rows, relation, program.as_of).get(dates)
    return base_fact(atom, rows) if rows else None


def rule_texts(program: Program) -> dict[str, str]:
    """Rule by id → what it says, without the place where it stands and the words that explain it."""
    heads: dict[str, dict[str, None]] = {}
    for variant in program.rules.values():
        heads.setdefault(variant.id, {})[str(variant.head)] = None
    rules = {variant.id: variant.rule for variant in program.rules.values()}
    return {
        name: f"{'; '.join(condition.text for condition in rule.when)} -> {'; '.join(heads[name])} @ {rule.certainty}"
        f"{_EACH if rule.each else ''}"
        for name, rule in rules.items()
    }


def rule_fields(kb: KnowledgeBase, rule: Rule) -> dict[str, Any]:
    """What a rule says, field by field; where it stands is none of it."""
    return {
        "when": tuple(condition.text for condition in rule.when),
        "then": tuple(str(resolve_atom(kb, head)[0]) for head in rule.then),
        "certainty": rule.certainty,
        "each": rule.each,
        "title": rule.title,
        "because": rule.because,
        "family": rule.family,
        "source": rule.source or "",
    }


def _statement(place: _Place) -> GroundAtom:
    """What a row of a relation states, without its dates."""
    relation, args = place
    if isinstance(relation, str):
        return GroundAtom(relation, args)
    return GroundAtom(relation.predicate, args[: len(args) - len(relation.dates)])


def _key(line: Line) -> Hashable:
    return "" if line.firing is None else line.firing.line


def _firings(lines: Iterable[Line]) -> Iterator[Firing]:
    for line in lines:
        if line.firing:
            yield line.firing
            yield from line.others


def _strength(line: Line | None) -> float | None:
    return None if line is None else round(line.strength, 9)


def _by_text(cause: Cause) -> str:
    return cause.statement
