"""What changes between two inferences: conclusions gained, lost, stronger and weaker, each with the lines that changed.

Where the two differ in more than one respect, further inferences with one respect changed at a time tell whether facts,
rules or the date made a conclusion change. It proposes no change of its own.
"""

from collections.abc import Iterable
from datetime import date
from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from kzexpert.analysis.causes import Cause, Divergence, LineShift, rule_texts
from kzexpert.analysis.scenario import Infer, Scenario
from kzexpert.certainty import established, likelihood
from kzexpert.checks import check
from kzexpert.language.draft import layered
from kzexpert.model import GroundAtom, Inference, KnowledgeBase, Program
from kzexpert.questions.question import Question
from kzexpert.questions.sentences import dates, says

__all__ = ["RuleTurn", "Shift", "Side", "WhatIf", "what_if"]

#: In which respects two inferences can differ.
Respect: TypeAlias = Literal["facts", "rules", "date"]
_TURNS = ("gained", "lost", "stronger", "weaker")


class Side(msgspec.Struct, frozen=True):
    """One of the two sides of a comparison."""

    as_of: date
    assumed: tuple[str, ...]
    withdrawn: tuple[str, ...]


class RuleTurn(msgspec.Struct, frozen=True):
    """A rule that only one side has, or that the sides state differently."""

    rule: str
    title: str
    turn: Literal["new", "gone", "changed"]


class Shift(msgspec.Struct, frozen=True):
    """A statement that changed.

    Attributes:
        turn: ``gained`` and ``lost`` are for what begins or ceases to be established.
        before, after: its certainty; None where nothing is known of it.
        by: what made it change.
        lines: its lines of evidence that changed.
    """

    conclusion: str
    says: str
    turn: Literal["gained", "lost", "stronger", "weaker"]
    before: float | None
    after: float | None
    likelihood_before: str
    likelihood_after: str
    established: bool
    by: tuple[Respect, ...]
    lines: tuple[LineShift, ...]


class WhatIf(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.what-if/1"):
    """What changes.

    Attributes:
        question, pattern: what `changes` is limited to; empty when it is not.
        facts: recorded and assumed facts that one side has and the other does not, or has with another certainty;
            only those behind the changes that a question asks about, if there are such.
        changes: by turn, then the largest first.
        others: how many more conclusions change, which the question does not ask about.
    """

    question: str
    pattern: str
    engine: str
    before: Side
    after: Side
    facts: tuple[Cause, ...]
    rules: tuple[RuleTurn, ...]
    changes: tuple[Shift, ...]
    others: int


def what_if(before: Inference, after: Inference, infer: Infer, question: Question | None = None) -> WhatIf:
    """Compare two inferences.

    Args:
        infer: runs the engine, where several respects must be told apart.
        question: only changes of what matches it are told; without it, all changes of conclusions are.
    """
    difference = Divergence(before, after)
    # Windows of events are no statements.
    predicates = {**before.program.kb.predicate, **after.program.kb.predicate}
    changed = [GroundAtom(name, args) for name in predicates for args in difference.arguments(name)]
    for side in (before, after):
        side.facts.prefetch(changed)
    concluded = {atom for atom in changed if atom in before.firings or atom in after.firings}
    pattern = None if question is None else question.pattern
    asked = concluded
    if pattern is not None:
        asked = {atom for atom in changed if atom.predicate == pattern.predicate and pattern.matches(atom.args)}
    respects = _Respects(before, after, infer)
    shifts = [_shift(difference, atom, respects) for atom in asked]
    shifts.sort(
        key=lambda item: (_TURNS.index(item.turn), -abs((item.after or 0) - (item.before or 0)), item.conclusion)
    )
    return WhatIf(
        question=question.text if question else "",
        pattern=str(question.pattern) if question else "",
        engine=before.engine,
        before=_side(before),
        after=_side(after),
        facts=_facts(difference, asked if question else set()),
        rules=_rule_changes(difference),
        changes=tuple(shifts),
        others=len(concluded - asked),
    )


def _facts(difference: Divergence, asked: Iterable[GroundAtom]) -> tuple[Cause, ...]:
    """The facts behind what is asked about; all that differ where that is nothing."""
    found = {cause.statement: cause for atom in asked for cause in difference.roots(atom)}
    return tuple(found[text] for text in sorted(found)) or difference.facts()


def _shift(difference: Divergence, atom: GroundAtom, respects: "_Respects") -> Shift:
    before, after = difference.before.certainty(atom), difference.after.certainty(atom)
    held, holds = established(before or 0.0), established(after or 0.0)
    turn: Literal["gained", "lost", "stronger", "weaker"] = "stronger" if (after or 0.0) > (before or 0.0) else "weaker"
    if held != holds:
        turn = "gained" if holds else "lost"
    return Shift(
        str(atom),
        says(difference.after.program.kb, atom),
        turn,
        before,
        after,
        likelihood(before or 0.0),
        likelihood(after or 0.0),
        holds,
        respects.of(atom),
        difference.lines(atom),
    )


def _side(inference: Inference) -> Side:
    program = inference.program
    return Side(program.as_of, program.assumed, program.withdrawn)


def _rule_changes(difference: Divergence) -> tuple[RuleTurn, ...]:
    titles = {rule.id: rule.rule.title for side in difference.sides for rule in side.program.rules.values()}
    turns = {name: difference.rule_turn(name) for name in sorted(titles)}
    return tuple(RuleTurn(name, titles[name], turn) for name, turn in turns.items() if turn)


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
