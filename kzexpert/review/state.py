"""Reviews and the base as it is now → which of them still hold, and what became of those that do not.

Every judgement is asked again: one for which the base said the day, on that which it says now. All that are of one day
and of the same assumptions are asked at once.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from kzexpert.analysis.scenario import Scenario, on_record, withdraws
from kzexpert.certainty import established
from kzexpert.engines.base import Engine
from kzexpert.errors import UsageError
from kzexpert.language.grammar import GrammarError, parse_atom
from kzexpert.model import NOWHERE, GroundAtom, Inference, KnowledgeBase, Pattern
from kzexpert.program.likelihood import with_siblings
from kzexpert.program.relevance import opened
from kzexpert.program.resolve import resolve_atom
from kzexpert.program.snapshot import default_as_of
from kzexpert.proof.changes import Cause, Move, RuleTurn
from kzexpert.proof.diff import TraceDiff, trace_diff
from kzexpert.proof.document import AbsencePremise, BlockPremise, Trace, TracedPremise, atom_of
from kzexpert.proof.index import Index
from kzexpert.review.document import Remark, Review
from kzexpert.review.folder import Reviews
from kzexpert.review.judgement import Gist, changed, concluded, gist, judgement, reworded, said_otherwise, touched

__all__ = ["ReviewState", "StateWord", "ground", "review_states"]

#: What has become of a review: a sign-off holds, has expired or is stale; a challenge is open, or what it is about is
#: no longer part of the judgement; who accepts a part, and so withdraws a challenge, has settled it.
StateWord: TypeAlias = Literal["holds", "stale", "expired", "open", "moot", "settled", "note"]

#: So many statements of one predicate are asked for at once as all of it.
_MANY = 12


class ReviewState(msgspec.Struct, frozen=True, kw_only=True):
    """What has become of one review.

    Attributes:
        before, now: the judgement as it lay before the reviewer, and as it is; `now` is None where it cannot be asked.
        gist, gist_now: what is said of it there; None where nothing is known of it.
        as_of_reason: where the day comes from on which it was asked again; empty where it was chosen.
        diff: what is another below it.
        said: what is said otherwise of it, and by statement the sentences that are others.
        appeared: statements that were not established when the reviewer looked, whose absence a rule rested on.
        refused: why it cannot be asked again; empty where it can.
        open: the challenges in it that still touch the judgement.
        elsewhere: the base that it was signed of, where that is another one.
    """

    review: Review
    state: StateWord
    before: Trace
    gist: Gist | None
    now: Trace | None = None
    gist_now: Gist | None = None
    as_of_reason: str = ""
    diff: TraceDiff | None = None
    said: tuple[Move, ...] = ()
    appeared: tuple[str, ...] = ()
    refused: str = ""
    open: tuple[Remark, ...] = ()
    elsewhere: str = ""

    @property
    def stale(self) -> bool:
        """Whether it is a verdict that no longer holds as it was given."""
        return self.state in ("stale", "expired")

    @property
    def changed(self) -> bool:
        """Whether the judgement is another than the one that lay before the reviewer."""
        return bool(self.refused) or (self.diff is not None and changed(self.diff, self.said))


def review_states(reviews: Reviews, kb: KnowledgeBase, engine: Engine, today: date) -> tuple[ReviewState, ...]:
    """What has become of the reviews that are in force, in their order.

    Args:
        kb: as the engine takes it.

    Raises:
        BudgetError: the rules conclude too much.
    """
    in_force = reviews.in_force
    worlds = {review.world: [other for other in in_force if other.world == review.world] for review in in_force}
    again = {world: _World(kb, engine, *world, [item.conclusion for item in asked]) for world, asked in worlds.items()}
    indices = {seal: Index(trace) for seal, trace in reviews.traces.items()}
    return tuple(
        _dated(again[review.world].state(review, judgement(indices[review.seal], review.conclusion)), today)
        for review in in_force
    )


def _dated(state: ReviewState, today: date) -> ReviewState:
    """With what its kind and its end make of it."""
    review = state.review
    if review.kind == "note":
        return replace(state, state="note")
    if review.kind == "challenge":
        return replace(state, state="open" if state.open else "moot" if review.contests else "settled")
    return replace(state, state="stale" if state.changed else "expired" if review.expired(today) else "holds")


class _World:
    """The judgements on one day, with the same assumptions, as a base has them now."""

    def __init__(
        self,
        kb: KnowledgeBase,
        engine: Engine,
        day: date | None,
        assumed: Sequence[str],
        withdrawn: Sequence[str],
        conclusions: Iterable[str],
    ) -> None:
        self.kb = kb
        self.day, self.reason = (day, "") if day else default_as_of(kb)
        self.refused = ""
        self.inference: Inference | None = None
        self.index: Index | None = None
        self.atoms = {text: ground(kb, text) for text in conclusions}
        known = [atom for atom in self.atoms.values() if atom]
        assume, without = ([parse_atom(text, NOWHERE) for text in texts] for texts in (assumed, withdrawn))
        kept = tuple(atom for atom in without if withdraws(kb, atom))
        goals = tuple(_goals(kb, known))
        try:
            program = Scenario(kb, self.day, tuple(assume), kept, goals).program()
        except UsageError as error:
            self.refused = error.issues[0].message
            return
        if known:
            self.inference = engine.infer(program)
            self.index = Index(concluded(self.inference, known))

    def state(self, review: Review, before: Trace) -> ReviewState:
        """What has become of a review of this world."""
        own = [layer.name for layer in self.kb.layers if layer.name and not layer.used]
        bases = [base.name for base in before.bases or () if not base.used]
        said = gist(before)
        state = ReviewState(review=review, state="note", before=before, gist=said, as_of_reason=self.reason)
        if bases and own and not {*bases} & {*own}:
            state = replace(state, elsewhere=bases[-1])
        if self.refused:
            return replace(state, refused=self.refused)
        atom = self.atoms[review.conclusion]
        if atom is None or self.index is None or self.inference is None:
            return replace(state, refused=f"the base does not know what {review.conclusion} says")
        now = judgement(self.index, str(atom))
        diff, told = trace_diff(before, now), gist(now)
        parts = touched(now)
        return replace(
            state,
            now=now,
            diff=replace(
                diff,
                facts=tuple(_told(cause, self.inference) for cause in diff.facts),
                rules=tuple(_gone(turn, self.kb) for turn in diff.rules),
            ),
            gist_now=told,
            said=(*said_otherwise(said, told), *reworded(before, now)),
            appeared=tuple(_appeared(before, now, self.inference)),
            open=tuple(
                remark
                for remark in review.remarks
                if remark.verdict != "accepted" and remark.name in parts[remark.kind]
            ),
        )


def _goals(kb: KnowledgeBase, atoms: Sequence[GroundAtom]) -> Iterator[Pattern]:
    """What matters for some statements: of many of one predicate all of it, which is found sooner."""
    by: dict[str, list[Pattern]] = {}
    for atom in dict.fromkeys(atoms):
        by.setdefault(atom.predicate, []).append(Pattern.of(atom.predicate, atom.args))
    for patterns in by.values():
        yield from (
            (with_siblings(kb, pattern) for pattern in patterns) if len(patterns) < _MANY else [opened(patterns[0])]
        )


def ground(kb: KnowledgeBase, text: str) -> GroundAtom | None:
    """A statement with its names as the base has them; None where it knows none such."""
    pattern, _ = resolve_atom(kb, parse_atom(text, NOWHERE))
    return None if pattern is None else pattern.ground


def _told(cause: Cause, inference: Inference) -> Cause:
    """A fact that went, with what the base says of it: traces do not tell whether it is still on record."""
    atom = ground(inference.program.kb, atom_of(cause.statement)) if cause.turn == "no longer used" else None
    if atom is None or inference.certainty(atom) is not None:
        return cause
    known = next(iter(on_record(inference, Pattern.of(atom.predicate, atom.args))), None)
    return replace(cause, turn="went out of force" if known else "not recorded")


def _gone(turn: RuleTurn, kb: KnowledgeBase) -> RuleTurn:
    """A rule that fires no longer, with whether it is there."""
    there = turn.turn != "fires no longer" or any(rule.id == turn.rule for rule in kb.rules)
    return turn if there else replace(turn, turn="gone")


def _appeared(before: Trace, now: Trace, inference: Inference) -> Iterable[str]:
    """What is established now, and was not when firings that are gone rested on its absence."""
    kept = {(item.rule, *sorted(item.binding.items())) for item in now.firings}
    absent = {
        text
        for item in before.firings
        if (item.rule, *sorted(item.binding.items())) not in kept
        for premise in item.satisfied
        for text in _absent(premise)
    }
    for text in sorted(absent):
        try:
            pattern, _ = resolve_atom(inference.program.kb, parse_atom(text, NOWHERE))
        except GrammarError:  # a comparison
            continue
        if pattern is not None and isinstance(pattern.relation, str):
            found = (
                atom for atom in inference.facts.matching(pattern) if established(inference.certainty(atom) or 0.0)
            )
            yield from sorted(map(str, found))


def _absent(premise: TracedPremise) -> tuple[str, ...]:
    """What a negation or an exception of one condition looked for; of several none is known to be new."""
    if isinstance(premise, AbsencePremise):
        return (premise.absent,)
    return premise.absent if isinstance(premise, BlockPremise) and len(premise.absent) == 1 else ()
