"""Which changes of rules the cases notice, as JSON: ``kzexpert.mutation/1``; and as findings for machines."""

import msgspec

from kzexpert.authoring.mutation.mutants import Change
from kzexpert.authoring.mutation.suggestions import SuggestedCase
from kzexpert.authoring.mutation.survey import MutantResult, Survey
from kzexpert.errors import Issue
from kzexpert.model import KnowledgeBase
from kzexpert.render.mutation_text import told
from kzexpert.render.reports import Report

__all__ = ["MutationDocument", "mutation_document", "mutation_report"]


class MutantRecord(msgspec.Struct, frozen=True):
    """A rule with one change.

    Attributes:
        words: what is changed.
        status: ``noticed`` where a case fails; ``equivalent`` where it was shown that no facts tell the two apart.
        noticed_by: a case that fails.
        why: it is equivalent.
        passes: the cases that reach the rule, all of which pass.
        suggested: id of a case that would fail.
    """

    rule: str
    change: Change
    words: str
    place: str
    status: str
    noticed_by: str
    why: str
    passes: tuple[str, ...]
    suggested: str


class SuggestionRecord(msgspec.Struct, frozen=True):
    """A case that passes, and fails with mutants that no other case notices; `yaml` is an item of a list of cases."""

    id: str
    notices: tuple[str, ...]
    yaml: str


class MutationDocument(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.mutation/1"):
    """Which changes of rules the cases notice.

    Attributes:
        percent: of the mutants that are not known to be equivalent, how many are noticed.
        refused: changes that make no rule, which are not counted.
        rules: those that were changed.
        suggested: cases that would notice more; empty unless they were asked for.
    """

    percent: float
    noticed: int
    survived: int
    equivalent: int
    refused: int
    rules: tuple[str, ...]
    mutants: tuple[MutantRecord, ...]
    suggested: tuple[SuggestionRecord, ...] = ()


def mutation_document(found: Survey, suggested: tuple[SuggestedCase, ...] = ()) -> MutationDocument:
    """A survey as a document."""
    cases = {id(mutant): case.id for case in suggested for mutant in case.notices}
    noticed, survived, equivalent = (len(found.of(status)) for status in ("noticed", "survived", "equivalent"))
    return MutationDocument(
        round(found.percent, 2),
        noticed,
        survived,
        equivalent,
        found.refused,
        found.rules,
        tuple(_record(item, cases.get(id(item.mutant), "")) for item in found.results),
        tuple(SuggestionRecord(case.id, tuple(map(str, case.notices)), case.yaml) for case in suggested),
    )


def _record(item: MutantResult, suggested: str) -> MutantRecord:
    mutant = item.mutant
    what = (mutant.rule.id, mutant.change, mutant.words, str(mutant.place))
    return MutantRecord(*what, item.status, item.by, item.why, item.passes, suggested)


def mutation_report(kb: KnowledgeBase, found: Survey) -> Report:
    """What no case notices, as warnings at the lines of the rules."""
    hint = "kzexpert test --mutate --suggest prints a case that would"
    issues = [Issue("KZ130", told(item), item.mutant.place, hint, "warning") for item in found.of("survived")]
    return Report("test", tuple(issues), kb.texts)
