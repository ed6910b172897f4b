"""Declarations of outcomes → what turned out: each row with its arguments, its day, and whether it is right."""

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec
from msgspec.structs import replace

from kzexpert.checks import refuse_errors
from kzexpert.checks.sources import sources_of_facts
from kzexpert.checks.tables import declared_tables
from kzexpert.engines.registry import with_rows
from kzexpert.engines.settings import Settings
from kzexpert.errors import Issue, KnowledgeBaseError, Location, counted
from kzexpert.language.nearest import did_you_mean
from kzexpert.language.outcomes_file import OutcomesFiles
from kzexpert.model import ArgumentSpec, Fact, KnowledgeBase, Predicate, Value, format_value, shown
from kzexpert.model.outcomes import DAY, Outcomes
from kzexpert.program.resolve import resolve_fact

__all__ = ["Outcome", "Yard", "yards"]

#: Rows of outcomes that are told apart in errors; the rest is counted.
_MOST_TOLD = 20


class Outcome(msgspec.Struct, frozen=True):
    """What turned out in one case.

    Attributes:
        args: in the order of `Yard.names`.
        day: None where the outcomes bear no days.
        score: the number it was judged by; 0 or 1 where that is all there is.
    """

    args: tuple[Value, ...]
    day: date | None
    score: float
    right: bool
    location: Location


class Yard(msgspec.Struct, frozen=True):
    """All outcomes of one table, by which one predicate is judged.

    Attributes:
        names: the arguments that have a column, in the order of the predicate.
        places: their places among its arguments.
        rival: the argument whose values are compared; empty where none is.
        words: when a case is right.
        scored: whether scores are more than 0 and 1.
        alone: how many rows were left out, since there was nothing to compare them with.
        digest: of all outcomes.
    """

    predicate: str
    names: tuple[str, ...]
    places: tuple[int, ...]
    rival: str
    words: str
    scored: bool
    source: str
    outcomes: tuple[Outcome, ...]
    alone: int
    digest: str

    def within(self, years: range | None) -> "Yard":
        """With the outcomes of some years, and those that bear no day.

        Raises:
            KnowledgeBaseError: there are none (KZ702).
        """
        if years is None:
            return self
        chosen = tuple(item for item in self.outcomes if item.day is None or item.day.year in years)
        if not chosen:
            message = f"there are no outcomes of {self.predicate} from {years[0]} to {years[-1]}"
            days = [item.day for item in self.outcomes if item.day]
            hint = f"they run from {min(days).year} to {max(days).year}"
            raise KnowledgeBaseError(Issue("KZ702", message, hint=hint))
        return replace(self, outcomes=chosen, digest=_digest(self.predicate, self.words, chosen))

    def value(self, outcome: Outcome, name: str) -> str:
        """The value of an argument as text."""
        return shown(outcome.args[self.names.index(name)])


def yards(kb: KnowledgeBase, read: OutcomesFiles, settings: Settings | None = None) -> tuple[Yard, ...]:
    """Read all outcomes.

    Raises:
        KnowledgeBaseError: a declaration does not fit its predicate (KZ202, KZ203, KZ701), a table cannot be read
            (KZ124, KZ125), rows repeat or contradict each other (KZ703); all that is wrong with the declarations, or
            else with the rows.
        UsageError: what reads tables is not installed (KZ403).
    """
    texts = {**kb.texts, **{file.name: file.text for file in read.files}}
    issues = [issue for item in read.outcomes for issue in _misfits(kb, item)]
    bases = [] if issues else [_base(kb, read, item) for item in read.outcomes]
    for base in bases:
        issues += [issue for one in (declared_tables, sources_of_facts) for issue in one(base)]
    refuse_errors(replace(kb, texts=texts), issues)
    found: list[Yard] = []
    wrong: list[Issue] = []
    for base, item in zip(bases, read.outcomes, strict=True):
        try:
            found.append(_yard(base, kb.predicate[item.predicate], item, with_rows(base, settings).facts))
        except KnowledgeBaseError as error:
            wrong.extend(error.issues)
    if wrong:
        raise KnowledgeBaseError(*wrong, texts=texts)
    return tuple(found)


# --- declarations -----------------------------------------------------------------------------------------------------


def _misfits(kb: KnowledgeBase, item: Outcomes) -> Iterable[Issue]:
    """What is wrong with the predicate and the arguments that are named."""
    table = item.table
    place = table.marks.get("predicate", table.location)
    predicate = kb.predicate.get(table.predicate)
    if predicate is None:
        yield Issue(
            "KZ202", f"there is no predicate {table.predicate}", place, did_you_mean(table.predicate, kb.predicate)
        )
        return
    if table.predicate not in kb.concluded:
        message = f"no rule concludes {table.predicate}, so there is nothing to judge"
        yield Issue(
            "KZ701", message, place, did_you_mean(table.predicate, kb.concluded) or "outcomes judge conclusions"
        )
    names = [spec.name for spec in predicate.args]
    known = [*names, DAY, item.measure]
    for key in (*table.columns, *table.numbered):
        if key not in (*names, "on", item.measure):
            hint = did_you_mean(key, known) or f"the columns are {', '.join(known)}"
            where = table.marks.get(f"columns.{key}", table.location)
            yield Issue("KZ203", f"{predicate.name} has no argument {key}", where, hint)
    if not any(name in table.columns for name in names):
        message = f"no column for an argument of {predicate.name}"
        yield Issue("KZ701", message, table.marks.get("columns", table.location), f"name a column for {names[0]}")


def _base(kb: KnowledgeBase, read: OutcomesFiles, item: Outcomes) -> KnowledgeBase:
    """A knowledge base in which the rows of a table are events of the predicate, with the score as an argument."""
    own = kb.predicate[item.predicate]
    args = tuple(spec for spec in own.args if spec.name in item.table.columns)
    shape = Predicate(
        item.predicate,
        (*args, ArgumentSpec(item.measure, "number")),
        holds="event" if item.dated else None,
        location=own.location,
    )
    return KnowledgeBase(
        kinds=kb.kinds,
        predicates=(shape,),
        entities=kb.entities,
        sources=(*kb.sources, *read.sources),
        tables=(item.table,),
        texts={**kb.texts, **{file.name: file.text for file in read.files}},
    )


# --- rows -------------------------------------------------------------------------------------------------------------


def _yard(base: KnowledgeBase, predicate: Predicate, item: Outcomes, facts: Sequence[Fact]) -> Yard:
    """The rows of a table, judged.

    Raises:
        KnowledgeBaseError: there are none (KZ702), or they are not such as can be judged by (KZ703).
    """
    names = tuple(spec.name for spec in base.predicate[item.predicate].args[:-1])
    rows = []
    for fact in facts:
        atom, _ = resolve_fact(base, fact, hints=False)
        if atom is not None and isinstance(score := atom.args[-1], float | int):
            rows.append((atom.args[:-1], fact.on.last if fact.on else None, float(score), fact.location))
    rows.sort(key=lambda row: (row[1] or date.min, *map(format_value, row[0]), row[2]))
    issues = [*_unfit(item, rows)]
    if issues:
        rest = len(issues) - _MOST_TOLD
        if rest > 0:
            message = f"{counted(rest, 'more row')} of {item.table.file} {'is' if rest == 1 else 'are'} wrong"
            issues[_MOST_TOLD:] = [Issue("KZ703", message, item.table.location)]
        raise KnowledgeBaseError(*issues)
    rival = _rival(predicate, names) if item.yardstick == "highest" else predicate.compares
    rival = rival if rival in names else ""
    outcomes = _judged(item, names, rival, rows)
    if not outcomes:
        message = "there are no outcomes" if not rows else f"there are no two values of {rival} to compare"
        raise KnowledgeBaseError(Issue("KZ702", message, item.table.location, f"look at {item.table.file}"))
    order = {spec.name: place for place, spec in enumerate(predicate.args)}
    cited = item.table.source
    return Yard(
        predicate.name,
        names,
        tuple(order[name] for name in names),
        rival,
        _words(item, rival),
        item.yardstick != "given",
        "" if cited is None else cited.source,
        tuple(outcomes),
        len(rows) - len(outcomes),
        _digest(predicate.name, _words(item, rival), outcomes),
    )


_Row = tuple[tuple[Value, ...], date | None, float, Location]


def _unfit(item: Outcomes, rows: Sequence[_Row]) -> Iterable[Issue]:
    """Outcomes beside 0 and 1, and cases that have two outcomes."""
    known: dict[tuple[object, ...], Location] = {}
    for args, day, score, place in rows:
        if item.yardstick == "given" and score not in (0.0, 1.0):
            yield Issue(
                "KZ703", f"the outcome {format_value(score)} is neither 0 nor 1", place, "score: takes any number"
            )
        first = known.setdefault((args, day), place)
        if first is not place:
            what = ", ".join(map(format_value, args)) + (f" as of {day.isoformat()}" if day else "")
            hint = "a case has one outcome: is a column of an argument left out?"
            yield Issue("KZ703", f"{what} has two outcomes", place, hint, related=((first, "here is the other"),))


def _rival(predicate: Predicate, names: Sequence[str]) -> str:
    """The argument whose values are compared: what `compares` names, else the last one that has a column."""
    return predicate.compares if predicate.compares in names else names[-1]


def _judged(item: Outcomes, names: Sequence[str], rival: str, rows: Sequence[_Row]) -> list[Outcome]:
    if item.yardstick != "highest":
        return [
            Outcome(args, day, score, score > (item.bound if item.yardstick == "above" else 0.5), place)
            for args, day, score, place in rows
        ]
    place_of = names.index(rival)
    rivals: dict[tuple[object, ...], list[float]] = {}
    for args, day, score, _ in rows:
        rivals.setdefault((args[:place_of], args[place_of + 1 :], day), []).append(score)
    found = []
    for args, day, score, place in rows:
        scores = rivals[args[:place_of], args[place_of + 1 :], day]
        if len(scores) > 1:
            found.append(Outcome(args, day, score, score == max(scores), place))
    return found


def _words(item: Outcomes, rival: str) -> str:
    if item.yardstick == "highest":
        return f"the score is the highest among the values of {rival}"
    return f"the score is above {item.bound:g}" if item.yardstick == "above" else "the outcome is 1"


def _digest(predicate: str, words: str, outcomes: Sequence[Outcome]) -> str:
    from hashlib import sha256

    rows = [[*map(format_value, one.args), str(one.day or ""), repr(one.score), one.right] for one in outcomes]
    return sha256(msgspec.json.encode([predicate, words, rows])).hexdigest()
