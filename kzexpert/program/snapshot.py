"""A checked knowledge base and an as-of date → a `Program`: which facts are in force, and the rules in strata.

What dates mean is said here; a database chooses rows of tables by the same rules. It expects a knowledge base without
errors (`kzexpert.checks`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from kzexpert.errors import Issue, KnowledgeBaseError, UsageError
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import (
    Atom,
    BaseFact,
    Fact,
    GroundAtom,
    KnowledgeBase,
    Pattern,
    Program,
    ProgramRule,
    Relation,
    RelationKey,
    Rule,
    Stratum,
    Table,
    Value,
    Within,
    shifted_months,
)
from kzexpert.program.order import PlannedBase, planned
from kzexpert.program.relevance import Relevance, relevance
from kzexpert.program.resolve import resolve_atom
from kzexpert.program.strata import ordered

__all__ = [
    "base_fact",
    "base_of",
    "default_as_of",
    "in_force",
    "looked_at",
    "on_record",
    "recent",
    "relations_of",
    "snapshot",
    "window_start",
]


def default_as_of(kb: KnowledgeBase) -> tuple[date, str]:
    """The as-of date where none is given, and where it comes from in words.

    It is the one that a manifest names; else the newest date among the sources that facts or rules cite; else today.
    What a used base says does not count, and neither do sources that only rows of tables name.
    """
    own = [layer for layer in kb.layers if not layer.used]
    for layer in reversed(own):
        if layer.as_of is not None:
            return layer.as_of.last, ""
    cited: set[str] = set()
    stated: Iterable[Fact | Table | Rule] = (*kb.facts, *kb.tables, *kb.rules)
    for item in stated:
        if item.source is not None and item.location.file not in kb.used_files and not item.location.row:
            cited.add(item.source.source)
    dated = ((kb.source[name].date, name) for name in sorted(cited) if name in kb.source)
    newest = max(((day.last, name) for day, name in dated if day), key=lambda found: found[0], default=None)
    if newest is None:
        return date.today(), "today, since no dated source is cited"
    return newest[0], f"the date of source {newest[1]}"


def snapshot(
    kb: KnowledgeBase,
    as_of: date | None = None,
    assume: Sequence[Atom] = (),
    without: Sequence[Atom] = (),
    goals: Sequence[Pattern] = (),
) -> Program:
    """Cut a knowledge base to a date, and change what is assumed.

    Args:
        as_of: the day; by default `default_as_of`.
        assume: ground atoms to add, each with certainty 1; an assumed event happens on the as-of date.
        without: atoms whose facts to withdraw; variables and ``_`` match anything.
        goals: rules and facts that cannot bear on an instance of one of them are left out. Without goals none is.

    Raises:
        UsageError: an assumption or a withdrawal that means nothing here; all of them at once.
        KnowledgeBaseError: a rule that cannot be planned, had the checks been left out.
    """
    day, reason = (as_of, "") if as_of else default_as_of(kb)
    issues: list[Issue] = []
    assumed = [atom for atom in (_assumption(kb, item, issues) for item in assume) if atom]
    base = planned(kb)
    rows = base.stated
    withdrawn = [pattern for pattern in (_withdrawal(kb, item, rows, issues) for item in without) if pattern]
    if issues:
        raise UsageError(*issues, texts=kb.texts)
    for pattern in withdrawn:
        rows = {atom: facts for atom, facts in rows.items() if not _states(pattern, atom)}
    told = [str(atom) for atom in assumed]
    matters = relevance(base, *goals) if goals else None
    if matters is not None:
        rows = {atom: facts for atom, facts in rows.items() if matters.admits(atom)}
        assumed = [atom for atom in assumed if matters.admits(atom)]
    return Program(
        kb=base,
        as_of=day,
        strata=_strata(_planned_rules(base, matters)),
        base=base_of(rows, assumed, day, relations_of(kb)),
        assumed=tuple(sorted({*told})),
        withdrawn=tuple(sorted(map(str, withdrawn))),
        shapes=None if matters is None else matters.shapes,
        as_of_reason=reason,
    )


def _assumption(kb: KnowledgeBase, item: Atom, issues: list[Issue]) -> GroundAtom | None:
    pattern = _resolved(kb, item, issues)
    if pattern is None:
        return None
    if pattern.ground is None:
        hint = "give every argument a value"
        issues.append(Issue("KZ305", f"{pattern} leaves an argument open: it cannot be assumed", item.location, hint))
    return pattern.ground


def _withdrawal(kb: KnowledgeBase, item: Atom, rows: Iterable[GroundAtom], issues: list[Issue]) -> Pattern | None:
    pattern = _resolved(kb, item, issues)
    if pattern is None or any(table.predicate == pattern.predicate for table in kb.tables):
        return pattern  # nobody has looked at rows of tables yet
    if not any(_states(pattern, atom) for atom in rows):
        hint = did_you_mean(str(pattern), [str(atom) for atom in rows])
        issues.append(Issue("KZ304", f"no fact matches {pattern}, so nothing is withdrawn", item.location, hint))
    return pattern


def _states(pattern: Pattern, atom: GroundAtom) -> bool:
    return pattern.predicate == atom.predicate and pattern.matches(atom.args)


def _resolved(kb: KnowledgeBase, item: Atom, issues: list[Issue]) -> Pattern | None:
    pattern, found = resolve_atom(kb, item)
    issues.extend(found)
    return pattern


def relations_of(kb: KnowledgeBase) -> tuple[Relation, ...]:
    """The windows and dates that rules look at, each once."""
    found = {
        Relation(atom.predicate, atom.within, tuple(word for word, _ in atom.dates)): None
        for rule in kb.rules
        for condition in rule.when
        for atom, _ in condition.atoms
        if atom.within or atom.dates
    }
    return tuple(found)


def in_force(fact: Fact, day: date) -> bool:
    """Whether a row holds on a day: since ≤ day ≤ until, and on ≤ day; a missing bound is open."""
    return (
        (fact.since is None or fact.since.first <= day)
        and (fact.until is None or day <= fact.until.last)
        and (fact.on is None or fact.on.first <= day)
    )


def recent(facts: Iterable[Fact], day: date, within: Within) -> tuple[Fact, ...]:
    """The rows whose event lies within a window that ends on a day."""
    start = window_start(day, within)
    return tuple(
        fact for fact in facts if fact.on and fact.on.first <= day and (start is None or fact.on.first > start)
    )


def window_start(day: date, within: Within) -> date | None:
    """The day before the window opens: an event counts when it lies after it. None when that lies before year 1.

    A day that the target month lacks becomes the last one of that month.
    """
    if within.unit == "day":
        return day - timedelta(days=within.amount) if within.amount < day.toordinal() else None
    return shifted_months(day, -float(within.amount * (12 if within.unit == "year" else 1)))


def base_of(
    rows: Mapping[GroundAtom, Sequence[Fact]],
    assumed: Iterable[GroundAtom],
    day: date,
    relations: Sequence[Relation],
) -> dict[RelationKey, dict[tuple[Value, ...], BaseFact]]:
    """Relation → arguments → fact in force; rows of one fact do not add up, the most certain counts.

    Args:
        rows: all that are recorded, by what they state.
        assumed: what is taken as given.
        relations: windows and dates that rules look at.
    """
    base: dict[RelationKey, dict[tuple[Value, ...], BaseFact]] = {relation: {} for relation in relations}
    seen: dict[str, list[Relation]] = {}
    for relation in relations:
        seen.setdefault(relation.predicate, []).append(relation)
    for atom, facts in rows.items():
        current = [fact for fact in facts if in_force(fact, day)]
        if current:
            base.setdefault(atom.predicate, {})[atom.args] = base_fact(atom, current)
        for relation in seen.get(atom.predicate, ()):
            for dates, found in on_record(current, relation, day).items():
                base[relation][*atom.args, *dates] = base_fact(atom, found)
    for atom in assumed:
        _assume(base, atom.predicate, atom, ())
        for relation in seen.get(atom.predicate, ()):
            if {*relation.dates} <= {"on"}:  # nobody says since when, or until when, what is assumed holds
                _assume(base, relation, atom, tuple(day for _ in relation.dates))
    return base


def _assume(
    base: dict[RelationKey, dict[tuple[Value, ...], BaseFact]],
    relation: RelationKey,
    atom: GroundAtom,
    dates: tuple[date, ...],
) -> None:
    known = base.setdefault(relation, {}).get((*atom.args, *dates))
    base[relation][*atom.args, *dates] = BaseFact(atom, 1.0, known.rows if known else (), assumed=True)


def on_record(rows: Sequence[Fact], relation: Relation, day: date) -> dict[tuple[date, ...], tuple[Fact, ...]]:
    """The rows of one fact in force that a relation shows, by the dates that it has.

    ``since`` is the earliest first day, ``until`` the latest last day; a row whose bound is open leaves the fact
    without one. Every day of an event has its rows.
    """
    found = tuple(rows) if relation.within is None else recent(rows, day, relation.within)
    if not found:
        return {}
    if not relation.dates:
        return {(): found}
    if relation.dates == ("on",):
        days: dict[tuple[date, ...], tuple[Fact, ...]] = {}
        for row in found:
            if row.on is not None:
                days[row.on.first,] = (*days.get((row.on.first,), ()), row)
        return days
    dates: list[date] = []
    for word in relation.dates:
        if word == "since":
            known = [row.since.first for row in found if row.since]
        else:
            known = [row.until.last for row in found if row.until]
        if len(known) < len(found):
            return {}
        dates.append(min(known) if word == "since" else max(known))
    return {tuple(dates): found}


def looked_at(program: Program, relation: Relation) -> dict[tuple[Value, ...], float]:
    """The certainties of the facts that a relation shows, as rules would look at it that are not in the program."""
    found: dict[tuple[Value, ...], float] = {}
    for args, fact in program.base.get(relation.predicate, {}).items():
        for dates, rows in on_record(fact.rows, relation, program.as_of).items():
            found[*args, *dates] = base_fact(fact.atom, rows).certainty
        if fact.assumed and {*relation.dates} <= {"on"}:
            found[*args, *(program.as_of for _ in relation.dates)] = 1.0
    return found


def base_fact(atom: GroundAtom, facts: Sequence[Fact]) -> BaseFact:
    """A fact in force with the rows that state it, of which the most certain counts."""

    def strongest_first(fact: Fact) -> tuple[float, str, str, str, str, str]:
        texts = (fact.source, fact.since, fact.until, fact.on)
        return (-fact.weight, *(str(text or "") for text in texts), fact.note)  # type: ignore[return-value]

    ordered = sorted(facts, key=strongest_first) if len(facts) > 1 else facts
    return BaseFact(atom, ordered[0].weight, tuple(ordered))


def _planned_rules(kb: PlannedBase, matters: Relevance | None) -> list[ProgramRule]:
    found: list[ProgramRule] = []
    for plan in kb.plans:
        if plan.issues:
            raise KnowledgeBaseError(*plan.issues, texts=kb.texts)
        found.extend(rule for rule in plan.variants if matters is None or rule.key in matters.rules)
    return sorted(found, key=lambda rule: (rule.id, rule.variant))


def _strata(rules: Sequence[ProgramRule]) -> tuple[Stratum, ...]:
    return tuple(
        Stratum(component, tuple(rule for rule in rules if rule.head.predicate in component), recursive)
        for component, recursive in ordered([rule.rule for rule in rules]).items()
    )
