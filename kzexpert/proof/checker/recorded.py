"""The facts on disk that are in force on the day of a trace: the checker's own reading of dates and assumptions.

It looks at facts files only; what rules conclude is derived elsewhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from kzexpert.errors import Location
from kzexpert.model import (
    BaseFact,
    Fact,
    GroundAtom,
    KnowledgeBase,
    Pattern,
    Relation,
    RelationKey,
    Value,
    Within,
)
from kzexpert.program.resolve import resolve_fact
from kzexpert.proof.checker.expressions import shifted

__all__ = ["Args", "RecordedFacts", "opening"]

Args = tuple[Value, ...]


class RecordedFacts:
    """What is recorded, added and left out, cut to a day; worked out when it is asked for.

    Args:
        assumed: facts to add, each certain; an assumed event happens on the day.
        withdrawn: whatever matches one of these is left out.

    Attributes:
        day: the as-of date.
        unread: predicates that were asked for and have rows in tables → where the table is declared. The checker reads
            facts files only.
    """

    def __init__(
        self, kb: KnowledgeBase, day: date, assumed: Sequence[GroundAtom], withdrawn: Sequence[Pattern]
    ) -> None:
        self._kb = kb
        self.day = day
        self._assumed = assumed
        self._withdrawn = withdrawn
        self._facts: dict[str, list[Fact]] = {}
        for fact in kb.facts:
            self._facts.setdefault(fact.predicate, []).append(fact)
        self._tables = {table.predicate: table.location for table in kb.tables}
        self.unread: dict[str, Location] = {}
        self._rows: dict[str, dict[GroundAtom, list[Fact]]] = {}
        self._known: dict[RelationKey, dict[Args, BaseFact]] = {}

    def rows(self, predicate: str) -> Mapping[GroundAtom, Sequence[Fact]]:
        """Every statement of a predicate on disk with its rows, in force or not."""
        if predicate in self._tables:
            self.unread[predicate] = self._tables[predicate]
        if predicate not in self._rows:
            found = self._rows[predicate] = {}
            for fact in self._facts.get(predicate, ()):
                atom, _ = resolve_fact(self._kb, fact, hints=False)
                if atom is not None:
                    found.setdefault(atom, []).append(fact)
        return self._rows[predicate]

    def in_force(self, relation: RelationKey) -> Mapping[Args, BaseFact]:
        """The facts of a predicate that hold on the day; of a relation the rows that it shows, by arguments and dates.

        So many as are in its window, or as tell a date.
        """
        if relation not in self._known:
            view = Relation(relation) if isinstance(relation, str) else relation
            found = self._known[relation] = {}
            for atom, facts in self.rows(view.predicate).items():
                current = tuple(fact for fact in facts if self._holds(fact, view.within))
                if current and not any(pattern.matches(atom.args) for pattern in self._left_out(view.predicate)):
                    for dates, some in _dated(current, view.dates):
                        certainty = max(map(self._weight, some))
                        found[*atom.args, *dates] = BaseFact(atom, certainty, some)
            if {*view.dates} <= {"on"}:  # what is assumed happens on the day, and holds nobody knows how long
                dates = tuple(self.day for _ in view.dates)
                for atom in self._assumed:
                    if atom.predicate == view.predicate:
                        before = found.get((*atom.args, *dates))
                        rows = before.rows if before else ()
                        found[*atom.args, *dates] = BaseFact(atom, 1.0, rows, assumed=True)
        return self._known[relation]

    def _weight(self, fact: Fact) -> float:
        """The certainty of a row times the factor of its source's grade."""
        factor = self._kb.factors.get(fact.source.source, 1.0) if fact.source else 1.0
        return round(fact.certainty * factor, 9)

    def _left_out(self, predicate: str) -> list[Pattern]:
        return [pattern for pattern in self._withdrawn if pattern.predicate == predicate]

    def _holds(self, fact: Fact, within: Within | None) -> bool:
        if fact.since is not None and fact.since.first > self.day:
            return False
        if fact.until is not None and fact.until.last < self.day:
            return False
        if fact.on is None:
            return within is None
        start = opening(self.day, within) if within else None
        return fact.on.first <= self.day and (start is None or fact.on.first > start)

    def absence_of(self, relation: RelationKey, atom: GroundAtom) -> str:
        """Why a fact is not in force, or tells no such date, in a few words."""
        facts = self.rows(atom.predicate).get(atom)
        if not facts:
            return "no facts file states it"
        if any(pattern.matches(atom.args) for pattern in self._left_out(atom.predicate)):
            return "it was left out"
        where = ", ".join(str(fact.location) for fact in facts)
        if isinstance(relation, Relation) and relation.dates:
            return f"it is recorded at {where}, but not with such dates on {self.day.isoformat()}"
        window = f" {relation.within}" if isinstance(relation, Relation) else ""
        return f"it is recorded at {where}, but not in force{window} on {self.day.isoformat()}"


def _dated(rows: tuple[Fact, ...], words: Sequence[str]) -> Iterator[tuple[tuple[date, ...], tuple[Fact, ...]]]:
    """The rows of a fact by the dates that they tell: the first since, the last until, each day of an event.

    A bound that one of them leaves open is none.
    """
    if "on" in words:
        days = sorted({row.on.first for row in rows if row.on is not None})
        for day in days:
            yield (day,), tuple(row for row in rows if row.on is not None and row.on.first == day)
        return
    starts = [row.since.first for row in rows if row.since is not None]
    ends = [row.until.last for row in rows if row.until is not None]
    told = {"since": starts, "until": ends}
    if all(len(told[word]) == len(rows) for word in words):
        yield tuple(min(starts) if word == "since" else max(ends) for word in words), rows


def opening(day: date, within: Within) -> date | None:
    """The day after which an event counts; None when the window reaches past the calendar.

    So many months back is the same day of that month, or its last day when it is shorter.
    """
    if within.unit == "day":
        return day - timedelta(days=within.amount) if within.amount < day.toordinal() else None
    return shifted(day, -within.amount * (12 if within.unit == "year" else 1))
