"""Check: every recorded fact fits its predicate: arguments, names, types, dates. Whether it is true is not asked."""

from collections.abc import Iterator

from kzexpert.errors import Issue
from kzexpert.model import Fact, KnowledgeBase, Predicate
from kzexpert.program.resolve import resolve_fact

__all__ = ["concluded_records", "fact_dates", "fact_values"]

#: Looking for the nearest name is slow; a table whose every row is wrong has one cause, and needs no thousand hints.
_MOST_HINTS = 100
#: Among so many names it takes a tenth of a second, and there are fewer hints.
_MANY_NAMES, _FEW_HINTS = 10_000, 20


def fact_values(kb: KnowledgeBase) -> list[Issue]:
    """Predicates, arguments, names and types of the recorded facts (KZ202 to KZ205)."""
    wrong = [fact for fact in kb.facts if resolve_fact(kb, fact, hints=False)[0] is None]
    wrong.sort(key=lambda fact: fact.location)
    most = _MOST_HINTS if len(kb.entity) < _MANY_NAMES else _FEW_HINTS
    return [issue for index, fact in enumerate(wrong) for issue in resolve_fact(kb, fact, hints=index < most)[1]]


def fact_dates(kb: KnowledgeBase) -> list[Issue]:
    """Dates that do not fit what `holds` declares (KZ117)."""
    issues: list[Issue] = []
    for fact in kb.facts:
        predicate = kb.predicate.get(fact.predicate)
        if predicate:
            issues.extend(_misfits(predicate, fact))
    return issues


def _misfits(predicate: Predicate, fact: Fact) -> Iterator[Issue]:
    name = predicate.name
    unfit: tuple[str, ...]
    if predicate.holds == "event":
        if fact.on is None:
            message = f"{name} is an event, and this fact does not say when it happened"
            yield Issue("KZ117", message, fact.location, "write 'on:' with a day, a month or a year")
        unfit, hint = ("since", "until"), f"write 'on:', or declare {name} with 'holds: interval'"
    elif predicate.holds == "interval":
        unfit, hint = ("on",), f"write 'since:' and 'until:', or declare {name} with 'holds: event'"
    else:
        if fact.since is fact.until is fact.on is None:
            return
        unfit = ("since", "until", "on")
        hint = f"declare {name} with 'holds: interval' (since, until) or 'holds: event' (on)"
    for key in unfit:
        if getattr(fact, key) is not None:
            kind = f"an {predicate.holds}" if predicate.holds else "declared without 'holds'"
            message = f"{name} is {kind}, so '{key}' does not apply"
            yield Issue("KZ117", message, fact.marks.get(key, fact.location), hint)


def concluded_records(kb: KnowledgeBase) -> list[Issue]:
    """Rules that conclude a predicate whose facts bear dates (KZ117): their conclusions would bear none."""
    issues: list[Issue] = []
    for rule, head in ((item, head) for item in kb.rules for head in item.then):
        predicate = kb.predicate.get(head.predicate)
        if predicate and predicate.holds:
            message = f"rule {rule.id} concludes {predicate.name}, which is declared with 'holds: {predicate.holds}'"
            hint = "derived predicates omit 'holds': conclude a predicate of its own, or take 'holds' away"
            issues.append(Issue("KZ117", message, head.location, hint, "warning"))
    return issues
