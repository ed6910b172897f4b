"""What changes between two inferences: conclusions gained, lost, stronger and weaker, each with the lines that changed.

Where the two differ in more than one respect, further inferences with one respect changed at a time tell whether facts,
rules or the date made a conclusion change. It proposes no change of its own.
"""

from collections.abc import Iterable

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kzexpert.analysis.causes import Divergence, Place, Respect, rule_texts
from kzexpert.analysis.scenario import Infer, Scenario
from kzexpert.checks import check
from kzexpert.language.draft import layered
from kzexpert.model import GroundAtom, Inference, KnowledgeBase, Program
from kzexpert.proof.changes import Cause, Changes, Consequence, Side, by_cause, by_effect, folded
from kzexpert.questions.question import Question
from kzexpert.questions.sentences import dates

__all__ = ["WhatIf", "side_of", "what_if"]


class WhatIf(Changes, frozen=True, kw_only=True, tag_field="schema", tag="kzexpert.what-if/1"):
    """What changes.

    Attributes:
        question, pattern: what `changes` is limited to; empty when it is not.
        facts: recorded and assumed facts that one side has and the other does not, or has otherwise; only those behind
            the changes that a question asks about, if there are such.
        changes: by turn, then the largest first.
        consequences: every one of them once, by cause; the largest effect first.
        others: how many more conclusions change, which the question does not ask about.
        read_as: how a question that led here was read, in words; not set where none did.
        command: the command line that it led to; set with `read_as`.
    """

    question: str
    pattern: str
    engine: str
    consequences: tuple[Consequence, ...]
    others: int
    read_as: str | UnsetType = UNSET
    command: str | UnsetType = UNSET


def what_if(
    before: Inference, after: Inference, infer: Infer, question: Question | None = None, place: Place = str
) -> WhatIf:
    """Compare two inferences.

    Args:
        infer: runs the engine, where several respects must be told apart.
        question: only changes of what matches it are told; without it, all changes of conclusions are.
        place: how a place in a file is shown.
    """
    difference = Divergence(before, after, place)
    # Windows of events are no statements.
    predicates = {**before.program.kb.predicate, **after.program.kb.predicate}
    changed = difference.changed(predicates)
    concluded = {atom for atom in changed if atom in before.firings or atom in after.firings}
    pattern = None if question is None else question.pattern
    asked = concluded
    if pattern is not None:
        asked = {atom for atom in changed if atom.predicate == pattern.predicate and pattern.matches(atom.args)}
    respects = _Respects(before, after, infer)
    shifts = by_effect(difference.shift(atom, respects.of(atom)) for atom in asked)
    causes = {str(atom): tuple(folded(difference.roots(atom))) for atom in asked}
    return WhatIf(
        question=question.text if question else "",
        pattern=str(question.pattern) if question else "",
        engine=before.engine,
        before=side_of(before),
        after=side_of(after),
        facts=_facts(difference, asked if question else set()),
        rules=tuple(difference.rule_turns.values()),
        changes=shifts,
        consequences=by_cause(shifts, causes),
        others=len(concluded - asked),
    )


def _facts(difference: Divergence, asked: Iterable[GroundAtom]) -> tuple[Cause, ...]:
    """The facts behind what is asked about; all that differ where that is nothing."""
    roots = {cause.statement: cause for atom in asked for cause in difference.roots(atom)}
    found = [roots[text] for text in sorted(roots) if text not in difference.rule_turns]
    return tuple(folded(found or difference.facts()))


def side_of(inference: Inference) -> Side:
    """A side of a comparison: the date and the assumptions of an inference."""
    program = inference.program
    return Side(program.as_of, program.assumed, program.withdrawn)


# --- facts, rules or date -------------------------------------------------------------------------------------------


class _Respects:
    """In which respects two inferences differ, and which of them made a statement change.

    A respect counts if changing it alone changes the statement, or if changing all but it would leave the statement
    otherwise than it is.
    """

    def __init__(self, before: Inference, after: Inference, infer: Infer) -> None:
        self.before, self.after = before, after
        self.differing = _differing(before.program, after.program)
        self.alone: dict[Respect, Inference] = {}
        self.but: dict[Respect, Inference] = {}
        if len(self.differing) < 2:
            return
        runs: dict[frozenset[Respect], Inference] = {}
        for respect in self.differing:
            others = frozenset(self.differing) - {respect}
            for chosen, kept in ((frozenset([respect]), self.alone), (others, self.but)):
                if chosen not in runs:
                    mixed = _mixed(Scenario.of(before.program), Scenario.of(after.program), chosen)
                    if mixed is None:  # these facts cannot be stated without those rules
                        self.alone, self.but = {}, {}
                        return
                    runs[chosen] = infer(mixed.program())
                kept[respect] = runs[chosen]

    def of(self, atom: GroundAtom) -> tuple[Respect, ...]:
        """What made a statement change; all respects where they cannot be told apart."""
        before, after = self.before.certainty(atom), self.after.certainty(atom)
        found = tuple(
            respect
            for respect in self.alone
            if self.alone[respect].certainty(atom) != before or self.but[respect].certainty(atom) != after
        )
        return found or self.differing


def _differing(before: Program, after: Program) -> tuple[Respect, ...]:
    found: list[Respect] = []
    if (before.assumed, before.withdrawn, _stated(before.kb)) != (after.assumed, after.withdrawn, _stated(after.kb)):
        found.append("facts")
    if rule_texts(before) != rule_texts(after):
        found.append("rules")
    if before.as_of != after.as_of:
        found.append("date")
    return tuple(found)


def _mixed(before: Scenario, after: Scenario, chosen: frozenset[Respect]) -> Scenario | None:
    """The first scenario with the facts, the rules or the date of the second; None where that makes no sense."""
    facts, rules, day = (after if respect in chosen else before for respect in ("facts", "rules", "date"))
    if facts.kb is rules.kb:
        kb = facts.kb
    else:
        kb = replace(layered(before.kb, after.kb), facts=facts.kb.facts, rules=rules.kb.rules)
        if any(issue.severity == "error" for issue in check(kb)):
            return None
    return Scenario(kb, day.as_of, facts.assume, facts.without)


def _stated(kb: KnowledgeBase) -> list[str]:
    """What the rows say, without their places and sources."""
    return sorted(
        f"{fact.predicate} {sorted(fact.arguments.items())} {dates(fact)} {fact.certainty}" for fact in kb.facts
    )
