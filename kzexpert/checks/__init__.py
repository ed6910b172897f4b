"""The passes over a loaded knowledge base: each says what is wrong with one side of it, and none stops the others.

They read the knowledge base as written, before any snapshot, so they know nothing of as-of dates or conclusions.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from kzexpert.checks.contradictions import contradictions
from kzexpert.checks.events import undated_events
from kzexpert.checks.facts import concluded_records, fact_dates, fact_values
from kzexpert.checks.growth import endless_rules
from kzexpert.checks.intentions import idle_intentions, unintended
from kzexpert.checks.layers import idle_replacements, undeclared_names
from kzexpert.checks.repetitions import repeated_conditions
from kzexpert.checks.rules import repeated_rule_ids, rule_plans
from kzexpert.checks.sources import repeated_sources, sources_of_facts, sources_of_rules
from kzexpert.checks.strata import cycles
from kzexpert.checks.synonyms import synonyms
from kzexpert.checks.tables import declared_tables, idle_registers
from kzexpert.checks.templates import templates
from kzexpert.checks.usage import rules_that_never_fire, unused_predicates
from kzexpert.checks.variables import lone_variables
from kzexpert.checks.vocabulary import kinds, names, predicates
from kzexpert.errors import Issue, KnowledgeBaseError
from kzexpert.model import NOWHERE, Case, KnowledgeBase
from kzexpert.program.order import PlannedBase, planned

if TYPE_CHECKING:
    from kzexpert.language.loader import Loaded

__all__ = ["PASSES", "Pass", "by_place", "check", "inspected", "refuse_errors", "with_cases"]

Pass = Callable[[KnowledgeBase], list[Issue]]

#: Every pass; their order does not matter, since the issues are sorted by place.
PASSES: tuple[Pass, ...] = (
    kinds,
    predicates,
    names,
    synonyms,
    templates,
    repeated_rule_ids,
    idle_replacements,
    undeclared_names,
    rule_plans,
    cycles,
    endless_rules,
    repeated_conditions,
    contradictions,
    lone_variables,
    undated_events,
    rules_that_never_fire,
    unused_predicates,
    repeated_sources,
    sources_of_facts,
    sources_of_rules,
    fact_values,
    fact_dates,
    declared_tables,
    idle_registers,
    concluded_records,
)


def check(kb: KnowledgeBase) -> list[Issue]:
    """Run all passes. Of a used base only errors are told: its warnings are for those who keep it.

    Args:
        kb: as loaded; its names may be wrong.

    Returns:
        Errors and warnings together, each once, by file, line, column and code; the order of files, rules and facts
        in `kb` changes nothing. A comparison of values that cannot be compared is no contradiction besides, and what is
        `intended` is no warning.
    """
    kb = planned(kb)
    found = unintended(kb, {issue for one in PASSES for issue in one(kb)})
    wrong = {issue.location for issue in found if issue.code == "KZ205"}
    return _told(kb, (item for item in found if item.code != "KZ212" or item.location not in wrong))


def with_cases(kb: KnowledgeBase, issues: Iterable[Issue], cases: Sequence[Case]) -> list[Issue]:
    """What an author hears: what the passes found, rules looked at side by side, and what cases change.

    Args:
        issues: what `check` returned.
        cases: a predicate that only cases use is used, and a rule that only their facts set off can fire.
    """
    from kzexpert.checks.thorough import thorough_issues

    kb = planned(kb)
    left = set(issues)
    for one in (rules_that_never_fire, unused_predicates):
        left -= set(kb.attributed(one(kb)))
        left |= set(kb.attributed(unintended(kb, one(kb, cases))))
    found = thorough_issues(kb, cases)
    left.update(kb.attributed([*unintended(kb, found), *idle_intentions(kb, found, bool(cases))]))
    return _told(kb, left)


def _told(kb: KnowledgeBase, issues: Iterable[Issue]) -> list[Issue]:
    return sorted(kb.attributed(issue for issue in issues if not _is_foreign(kb, issue)), key=by_place)


def inspected(loaded: "Loaded") -> tuple[PlannedBase, list[Issue]]:
    """What could be read, planned, and all that is wrong with it; not what only follows from what could not be read."""
    kb = planned(loaded.kb)
    issues = check(kb)
    if loaded.issues:
        from kzexpert.checks.consequences import without_consequences

        issues = sorted([*loaded.issues, *without_consequences(issues, loaded)], key=by_place)
    return kb, issues


def _is_foreign(kb: KnowledgeBase, issue: Issue) -> bool:
    """Whether it is a warning about a base that is there only since another one uses it."""
    return issue.severity == "warning" and issue.location is not None and issue.location.file in kb.used_files


def refuse_errors(kb: KnowledgeBase, issues: Iterable[Issue]) -> None:
    """Go on only where the issues of a knowledge base are but warnings.

    Raises:
        KnowledgeBaseError: some are errors; all of those.
    """
    errors = [issue for issue in issues if issue.severity == "error"]
    if errors:
        raise KnowledgeBaseError(*errors, texts=kb.texts)


def by_place(issue: Issue) -> tuple[str, str, int, int, int, str, str]:
    """The key to sort issues by; those about the whole knowledge base come first, and
    those about used bases last."""
    place = issue.location or NOWHERE
    return issue.base, place.file, place.line, place.column, place.row, issue.code, issue.message
