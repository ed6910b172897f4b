"""What comes out of an engine: certainties and firings, wherever they lie."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from kzexpert.model.columns import Form, Layout, Row, Selection
from kzexpert.model.established import EstablishedFacts
from kzexpert.model.knowledge import Fact
from kzexpert.model.pattern import Pattern
from kzexpert.model.program import BaseFact, Program, ProgramRule
from kzexpert.model.terms import GroundAtom, RelationKey, Value, format_value

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Facts", "Firing", "Inference", "Line"]


class Firing(msgspec.Struct, frozen=True, gc=False):
    """One rule with one binding of all its variables whose conditions hold.

    Attributes:
        binding: values in the order of ``rule.variables``.
        premises: the fact behind each positive condition, in the order of the author; where several facts satisfy
            one, the most certain, of equally certain ones the lowest, and then the first by text.
        strength: rule certainty × the lowest certainty of the premises.
    """

    rule: ProgramRule
    binding: tuple[Value, ...]
    conclusion: GroundAtom
    premises: tuple[GroundAtom, ...]
    strength: float

    @property
    def values(self) -> dict[str, Value]:
        """Variable name → value."""
        return dict(zip(self.rule.variables, self.binding, strict=True))

    @property
    def binding_text(self) -> tuple[str, ...]:
        """The binding as text, by which ties are broken."""
        return tuple(map(format_value, self.binding))

    @property
    def line(self) -> Hashable:
        """What firings for one conclusion have in common that are one line of evidence.

        That is the rule, or its family, for or against; with ``each: true`` the rule and the values of the variables
        that stand outside of alternatives.
        """
        rule = self.rule
        if rule.rule.each:
            return (rule.id, *[self.binding[place] for place in rule.instance_places])
        return rule.rule.line


class Line(msgspec.Struct, frozen=True):
    """One line of evidence for or against a conclusion.

    Attributes:
        strength: −1..1.
        firing: the firing that counts, or None for a base fact.
        base: the base fact, or None for a firing.
        others: further firings of the same line, which do not add up; the strongest first.
        counts: false where a better proof in a recursive component stands instead.
    """

    strength: float
    firing: Firing | None = None
    base: BaseFact | None = None
    others: tuple[Firing, ...] = ()
    counts: bool = True

    @property
    def family(self) -> tuple[str, ...]:
        """The rules of the others, by id, without that of the firing that counts."""
        own = {self.firing.rule.id} if self.firing else set()
        return tuple(sorted({firing.rule.id for firing in self.others} - own))


class Facts(Protocol):
    """The facts and the firings of one inference. Whether they lie in memory or in a database, nobody needs to ask."""

    @property
    def certainties(self) -> Mapping[RelationKey, Mapping[tuple[Value, ...], float]]:
        """Relation → arguments → certainty, for base facts and conclusions, established or not."""
        ...

    @property
    def firings(self) -> Mapping[GroundAtom, tuple[Firing, ...]]:
        """Conclusion → its firings, in no particular order."""
        ...

    @property
    def established(self) -> EstablishedFacts:
        """The established facts, for looking up what conditions match."""
        ...

    def height(self, atom: GroundAtom) -> int:
        """How many steps of its recursive component the lowest best proof of a fact has; see `kzexpert.evidence`."""
        ...

    def matching(self, pattern: Pattern) -> Iterator[GroundAtom]:
        """The facts and conclusions that match a pattern, in no particular order."""
        ...

    def rows(self, pattern: Pattern, most: int) -> Iterator[tuple[GroundAtom, Fact]]:
        """The rows of tables outside of the knowledge base that match a pattern, whatever the day.

        Args:
            most: of each table no more than so many.
        """
        ...

    def first_day(self, predicate: str) -> date | None:
        """The first day that a row of such tables names: of those that were read, and of a predicate's own."""
        ...

    def last_day(self, predicate: str) -> date | None:
        """The last day on which a row of such tables of a predicate holds or happens; None where one is open."""
        ...

    def prefetch(self, atoms: Sequence[GroundAtom]) -> None:
        """Find at once what will be asked of these: certainties, firings and base facts."""
        ...

    def firing_count(self) -> int | None:
        """How many firings there are; None where it takes finding all of them."""
        ...

    def close(self) -> None:
        """Give back what lies outside of Python's memory, for all inferences of the run; nothing can be asked then."""
        ...

    def conclusions(self, inferences: Sequence["Inference"], selection: Selection, layout: Layout) -> Iterator[Row]:
        """The facts that a selection keeps, by day, predicate and arguments, never all of them in memory.

        Args:
            inferences: as for `export`.
        """
        ...

    def export(
        self,
        inferences: Sequence["Inference"],
        selection: Selection,
        layout: Layout,
        form: Form,
        path: "Path | str",
        listen: Callable[[Any], None],
    ) -> Mapping[str, int] | None:
        """Let the database that holds conclusions write them to a file, or to a folder of files.

        Args:
            inferences: of one run, the one with these facts among them, in the order of their as-of dates.
            layout: `folders` says whether to a folder.
            path: an address, as a text, only of a folder.
            listen: hears how far it is.

        Returns:
            The number of rows by predicate; None where no database can, so that they are to be written row by row.

        Raises:
            OSError: it cannot be written.
            KnowledgeBaseError: the database ran out of memory or disk (KZ404).
        """
        ...


class Inference(msgspec.Struct, frozen=True):
    """All that follows from a program.

    Attributes:
        engine: the name of the engine that made it.
        conflicts: conclusions with evidence of +1 and of −1.
    """

    program: Program
    engine: str
    facts: Facts
    conflicts: frozenset[GroundAtom] = frozenset()

    @property
    def certainties(self) -> Mapping[RelationKey, Mapping[tuple[Value, ...], float]]:
        """See `Facts.certainties`."""
        return self.facts.certainties

    @property
    def firings(self) -> Mapping[GroundAtom, tuple[Firing, ...]]:
        """See `Facts.firings`."""
        return self.facts.firings

    def certainty(self, atom: GroundAtom) -> float | None:
        """The certainty of a fact or conclusion, None when nothing is known of it."""
        return self.facts.certainties.get(atom.predicate, {}).get(atom.args)

    def __repr__(self) -> str:
        return f"<inference as of {self.program.as_of.isoformat()} by {self.engine}>"
