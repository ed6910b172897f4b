"""Check: what is stated names a source that exists. A fact or a rule without a source is a warning, no error."""

from kzexpert.errors import Issue, Location
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import Citation, KnowledgeBase, Source

__all__ = ["repeated_sources", "sources_of_facts", "sources_of_rules"]

_HINT = "write 'source: ID', and where in it with 'at:'"


def repeated_sources(kb: KnowledgeBase) -> list[Issue]:
    """Source ids that stand for two publications (KZ119)."""
    issues: list[Issue] = []
    first: dict[str, Source] = {}
    for source in sorted(kb.sources, key=lambda item: kb.written(item.location)):
        known = first.setdefault(source.id, source)
        if known.described != source.described:
            related = ((known.location, "declared here before"),)
            message = f"source {source.id} is declared twice, and differently"
            hint = "give one of the two another id"
            issues.append(Issue("KZ119", message, source.location, hint, related=related))
    return issues


def sources_of_facts(kb: KnowledgeBase) -> list[Issue]:
    """Unknown sources, at each place (KZ120), and facts without one, once for each file (KZ121)."""
    issues: list[Issue] = []
    hints: dict[str, str] = {}
    without: dict[str, list[Location]] = {}
    for table in kb.tables:
        if table.source is not None and table.source.source not in kb.source:
            issues.append(_unknown(kb, table.source, table.location, hints))
        elif table.source is None and not table.says("source"):
            issues.append(Issue("KZ121", "a table without a source", table.location, _HINT, "warning"))
    for fact in kb.facts:
        if fact.source is None:
            without.setdefault(fact.location.file, []).append(fact.location)
        elif fact.source.source not in kb.source:
            issues.append(_unknown(kb, fact.source, fact.location, hints))
    for places in without.values():
        first = min(places)
        message = "a fact without a source"
        if len(places) > 1:
            message = f"{len(places)} facts without a source in this file; this is the first"
        issues.append(Issue("KZ121", message, first, f"{_HINT}; beside 'facts:' for all of a file", "warning"))
    return issues


def sources_of_rules(kb: KnowledgeBase) -> list[Issue]:
    """Unknown sources (KZ120), and rules without one (KZ215)."""
    issues: list[Issue] = []
    hints: dict[str, str] = {}
    for rule in kb.rules:
        if rule.source is None:
            issues.append(Issue("KZ215", f"rule {rule.id} has no source", rule.location, _HINT, "warning"))
        elif rule.source.source not in kb.source:
            issues.append(_unknown(kb, rule.source, rule.location, hints))
    return issues


def _unknown(kb: KnowledgeBase, citation: Citation, place: Location, hints: dict[str, str]) -> Issue:
    name = citation.source
    if name not in hints:  # a default source stands for all rows of a file
        hints[name] = did_you_mean(name, kb.source) or "declare it under 'sources:'"
    return Issue(
        "KZ120", f"there is no source {name}", citation.location if citation.location.file else place, hints[name]
    )
