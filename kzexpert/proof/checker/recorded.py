"""The facts on disk that are in force on the day of a trace: the checker's own reading of dates and assumptions.

It looks at facts files only; what rules conclude is derived elsewhere.
"""

from collections.abc import Mapping, Sequence
from datetime import MAXYEAR, date, timedelta

from kzexpert.errors import Location
from kzexpert.model import BaseFact, Fact, GroundAtom, KnowledgeBase, Pattern, Value, Within
from kzexpert.program.resolve import resolve_fact

__all__ = ["Args", "RecordedFacts", "opening"]

Args = tuple[Value, ...]


class RecordedFacts:
    """What is recorded, added and left out, cut to a day; worked out when it is asked for.

    Args:
        assumed: facts to add, each certain; an assumed event happens on the day.
        withdrawn: whatever matches one of these is left out.

    Attributes:
        unread: predicates that were asked for and have rows in tables → where the table is declared. The checker reads
            facts files only.
    """

    def __init__(
        self, kb: KnowledgeBase, day: date, assumed: Sequence[GroundAtom], withdrawn: Sequence[Pattern]
    ) -> None:
        self._kb = kb
        self._day = day
        self._assumed = assumed
        self._withdrawn = withdrawn
        self._facts: dict[str, list[Fact]] = {}
        for fact in kb.facts:
            self._facts.setdefault(fact.predicate, []).append(fact)
        self._tables = {table.predicate: table.location for table in kb.tables}
        self.unread: dict[str, Location] = {}
        self._rows: dict[str, dict[GroundAtom, list[Fact]]] = {}
        self._known: dict[tuple[str, Within | None], dict[Args, BaseFact]] = {}

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

    def in_force(self, predicate: str, within: Within | None = None) -> Mapping[Args, BaseFact]:
        """The facts of a predicate that hold on the day, or the events of a window that ends on it."""
        if (predicate, within) not in self._known:
            found = self._known[predicate, within] = {}
            for atom, facts in self.rows(predicate).items():
                current = tuple(fact for fact in facts if self._holds(fact, within))
                if current and not any(pattern.matches(atom.args) for pattern in self._left_out(predicate)):
                    certainty = round(max(fact.certainty for fact in current), 9)
                    found[atom.args] = BaseFact(atom, certainty, current)
            for atom in self._assumed:
                if atom.predicate == predicate:
                    before = found.get(atom.args)
                    found[atom.args] = BaseFact(atom, 1.0, before.rows if before else (), assumed=True)
        return self._known[predicate, within]

    def _left_out(self, predicate: str) -> list[Pattern]:
        return [pattern for pattern in self._withdrawn if pattern.predicate == predicate]

    def _holds(self, fact: Fact, within: Within | None) -> bool:
        if fact.since is not None and fact.since.first > self._day:
            return False
        if fact.until is not None and fact.until.last < self._day:
            return False
        if fact.on is None:
            return within is None
        start = opening(self._day, within) if within else None
        return fact.on.first <= self._day and (start is None or fact.on.first > start)

    def absence_of(self, predicate: str, args: Args, within: Within | None) -> str:
        """Why a fact is not in force, in a few words."""
        atom = GroundAtom(predicate, args)
        facts = self.rows(predicate).get(atom)
        if not facts:
            return "no facts file states it"
        if any(pattern.matches(args) for pattern in self._left_out(predicate)):
            return "it was left out"
        where = ", ".join(str(fact.location) for fact in facts)
        window = f" {within}" if within else ""
        return f"it is recorded at {where}, but not in force{window} on {self._day.isoformat()}"


def opening(day: date, within: Within) -> date | None:
    """The day after which an event counts; None when the window reaches past the calendar.

    So many months back is the same day of that month, or its last day when it is shorter.
    """
    if within.unit == "day":
        return day - timedelta(days=within.amount) if within.amount < day.toordinal() else None
    years, months = (within.amount, 0) if within.unit == "year" else divmod(within.amount, 12)
    year, month = day.year - years, day.month - months
    if month < 1:
        year, month = year - 1, month + 12
    if not 1 <= year <= MAXYEAR:
        return None
    for number in (day.day, 30, 29):
        try:
            return date(year, month, number)
        except ValueError:  # a shorter month
            continue
    return date(year, month, 28)
