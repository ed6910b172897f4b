"""A change to a knowledge base, and what follows from it then: the one place where analyses run an engine again.

Every change goes through `snapshot`, so that what it means is said once. It keeps no results and compares none.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from kzexpert.language.grammar import parse_atom
from kzexpert.model import (
    NOWHERE,
    Argument,
    Atom,
    Constant,
    Fact,
    GroundAtom,
    Inference,
    KnowledgeBase,
    Pattern,
    Program,
    Rule,
)
from kzexpert.program.likelihood import with_siblings
from kzexpert.program.relevance import joined, relevance, sliced
from kzexpert.program.resolve import resolve_atom, resolve_fact
from kzexpert.program.snapshot import snapshot

__all__ = [
    "MOST_ROWS",
    "Infer",
    "Progress",
    "Revision",
    "Scenario",
    "as_atom",
    "on_record",
    "records",
    "silent",
    "withdraws",
]

#: Runs an engine.
Infer: TypeAlias = Callable[[Program], Inference]

#: What is being done, how much of it is done, and how much there is to do.
Progress: TypeAlias = Callable[[str, int, int], None]


#: Of a table so many rows are looked at.
MOST_ROWS = 50


def silent(_what: str, _done: int, _total: int) -> None:
    """The progress of those who do not watch."""


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """A change to a scenario.

    Attributes:
        assume: statements taken as given.
        without: facts that are withdrawn, be they recorded or assumed.
        source: the source whose rows and rules are left out; empty where none is.
        rule: id of the rule that is changed; empty where none is.
        certainty: of the rule then; None where it is left out.
    """

    assume: frozenset[GroundAtom] = frozenset()
    without: frozenset[GroundAtom] = frozenset()
    source: str = ""
    rule: str = ""
    certainty: float | None = None

    def __str__(self) -> str:
        texts = [f"assume {atom}" for atom in self.assume] + [f"without {atom}" for atom in self.without]
        named = [f"without {name}" for name in (self.source, "" if self.certainty else self.rule) if name]
        moved = [f"{self.rule} at {self.certainty:.2f}"] if self.rule and self.certainty else []
        return ", ".join([*sorted(texts), *named, *moved])

    def leaves_out(self, rule: Rule) -> bool:
        """Whether it leaves out a rule: that rule itself, or what cites its source."""
        if rule.id == self.rule:
            return self.certainty is None
        return bool(self.source) and rule.source is not None and rule.source.source == self.source


class Scenario(msgspec.Struct, frozen=True):
    """What an engine is to start from: a knowledge base, a day, and what is assumed and withdrawn.

    Each method returns a scenario with one more change and leaves this one as it is.

    Attributes:
        goals: what matters; without any, everything does.
    """

    kb: KnowledgeBase
    as_of: date
    assume: tuple[Atom, ...] = ()
    without: tuple[Atom, ...] = ()
    goals: tuple[Pattern, ...] = ()

    @classmethod
    def of(cls, program: Program) -> "Scenario":
        """The scenario that a program was made from."""
        assume, without = (
            tuple(parse_atom(text, NOWHERE) for text in texts) for texts in (program.assumed, program.withdrawn)
        )
        return cls(program.kb, program.as_of, assume, without)

    @property
    def withdrawn(self) -> tuple[GroundAtom, ...]:
        """The statements that are withdrawn; patterns of several are left out."""
        found = (_ground(self.kb, atom) for atom in self.without)
        return tuple(atom for atom in found if atom is not None)

    def program(self) -> Program:
        """The snapshot of this scenario.

        Raises:
            UsageError: an assumption or a withdrawal that means nothing in this knowledge base.
        """
        return snapshot(self.kb, self.as_of, self.assume, self.without, self.goals)

    def about(self, goal: Pattern, *, settled: bool = False) -> "Scenario":
        """Only the rules and facts that instances of a pattern can depend on: what follows for these is the same.

        Args:
            settled: nothing more is going to be assumed, so that facts go too which find no others to be joined with.
        """
        goal = with_siblings(self.kb, goal)
        found = relevance(self.kb, goal)
        kb = sliced(self.kb, found)
        assumed = [(atom, _ground(kb, atom)) for atom in self.assume]
        if settled and not kb.tables:
            kb = joined(kb, goal, [ground for _, ground in assumed if ground is not None])
        return Scenario(
            kb,
            self.as_of,
            tuple(atom for atom, ground in assumed if ground is not None and found.admits(ground)),
            tuple(atom for atom in self.without if withdraws(kb, atom)),
            (goal,),
        )

    def at(self, day: date) -> "Scenario":
        """As of another day."""
        return replace(self, as_of=day)

    def changed(self, change: Revision) -> "Scenario":
        """With a change made."""
        gone, source = change.without, change.source
        facts = tuple(fact for fact in self.kb.facts if fact.source is None or fact.source.source != source)
        rules = tuple(
            replace(rule, certainty=change.certainty) if rule.id == change.rule and change.certainty else rule
            for rule in self.kb.rules
            if not change.leaves_out(rule)
        )
        tables = self.kb.tables
        if source:
            tables = tuple(replace(table, without=(*table.without, source)) for table in tables)
        kb = replace(self.kb, facts=facts, rules=rules, tables=tables)
        assume = tuple(atom for atom in self.assume if _ground(self.kb, atom) not in gone)
        # A withdrawal of facts that went with the source would be refused, as a slip of the user's.
        without = (*self.without, *map(as_atom, sorted(gone, key=str)))
        return Scenario(
            kb,
            self.as_of,
            (*assume, *map(as_atom, sorted(change.assume, key=str))),
            tuple(atom for atom in without if withdraws(kb, atom)),
            self.goals,
        )


def as_atom(atom: GroundAtom) -> Atom:
    """The statement as a user would write it."""
    return Atom(atom.predicate, tuple(Argument(Constant(value)) for value in atom.args))


def records(kb: KnowledgeBase, atom: GroundAtom | Atom) -> Iterable[tuple[GroundAtom, Fact]]:
    """The rows of the predicate of an atom, each with what it states."""
    for fact in kb.facts:
        if fact.predicate == atom.predicate:
            stated, _ = resolve_fact(kb, fact, hints=False)
            if stated is not None:
                yield stated, fact


def on_record(inference: Inference, pattern: Pattern) -> Iterator[tuple[GroundAtom, Fact]]:
    """The rows that match a pattern, whatever the day: of facts files all, of tables that an engine reads a few."""
    rows = records(inference.program.kb, GroundAtom(pattern.predicate, ()))
    plain = pattern.undated
    yield from ((atom, row) for atom, row in rows if plain.matches(atom.args))
    yield from inference.facts.rows(plain, MOST_ROWS)


def _ground(kb: KnowledgeBase, atom: Atom) -> GroundAtom | None:
    pattern, _ = resolve_atom(kb, atom)
    return None if pattern is None else pattern.ground


def withdraws(kb: KnowledgeBase, atom: Atom) -> bool:
    """Whether a withdrawal has something to withdraw, as far as is known before tables are read."""
    pattern, _ = resolve_atom(kb, atom)
    if pattern is None:
        return False
    in_tables = any(table.predicate == pattern.predicate for table in kb.tables)
    return in_tables or any(pattern.matches(stated.args) for stated, _ in records(kb, atom))
