"""The smallest sets of facts to assume or to withdraw that make something hold, each of them tried out.

`remedies` says what might help. Here every set is tried out, many at once (see `worlds`), and none is proposed that a
smaller one makes superfluous.
"""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from kzexpert.analysis.partials import Allowance, Known
from kzexpert.analysis.remedies import MOST_CHANGES, Change, Remedy, RemedySearch
from kzexpert.analysis.scenario import Progress, Revision, Scenario, silent
from kzexpert.analysis.worlds import outcomes, with_facts
from kzexpert.certainty import established, evidence_word
from kzexpert.engines.base import Engine
from kzexpert.model import GroundAtom, Inference, Pattern
from kzexpert.questions.sentences import says

__all__ = ["Proposal", "Proposals", "propose"]

#: How many different candidates are gathered, how many sets are tried, and how many of those that do not help are
#: added to.
_MOST_CANDIDATES, _MOST_TRIALS, _MOST_CONTINUED = 400, 80, 8
#: With more facts than these fewer sets are tried, but never less than so many.
_FACTS, _FEWEST_TRIALS = 2_000, 10
#: So many sets are tried out together.
_AT_ONCE = 48


class Proposal(msgspec.Struct, frozen=True):
    """Changes that make a statement hold.

    Attributes:
        assume, without: atoms, as ``--assume`` and ``--without`` take them.
        says: the assumptions in words.
        conclusion: what holds then, of several the most certain.
    """

    assume: tuple[str, ...]
    without: tuple[str, ...]
    says: tuple[str, ...]
    conclusion: str
    certainty: float
    evidence: str


class Proposals(msgspec.Struct, frozen=True):
    """What was found.

    Attributes:
        tried: how many sets of changes were tried out.
        cut_short: whether the search used up its allowance. Even where it did not, there may be other ways: see
            `remedies` for its bounds.
    """

    found: tuple[Proposal, ...]
    tried: int
    cut_short: bool


def propose(
    known: Known,
    pattern: Pattern,
    engine: Engine,
    limit: int | None,
    allowance: Allowance,
    progress: Progress = silent,
) -> Proposals:
    """The smallest sets of changes that make an instance of a pattern hold; what asks for fewer guesses comes first.

    Args:
        engine: runs programs, where sets cannot be tried together, and to go on from those that do not help.
        limit: at most so many proposals; None for all that the search finds.
        allowance: how many steps the search for candidates may take.
    """
    trials = _Trials(known.inference, pattern, engine, progress)
    found = trials.holding(_candidates(known, pattern, allowance), limit)
    if not found:
        found = trials.holding(trials.continued(allowance), limit)
    return Proposals(
        tuple(trials.proposal(changes) for changes in found),
        len(trials.tried),
        allowance.exhausted or trials.exhausted,
    )


def _candidates(
    known: Known, pattern: Pattern, allowance: Allowance, start: frozenset[Change] = frozenset()
) -> list[Remedy]:
    """What might help, each set of changes once, the likeliest first; on top of the changes that were made already."""
    found: dict[frozenset[Change], Remedy] = {}
    for remedy in RemedySearch(known, allowance).remedies(pattern):
        changes = remedy.changes | start
        atoms = {atom for _, atom in changes}
        if len(atoms) < len(changes) or len(changes) > MOST_CHANGES:
            continue
        candidate = replace(remedy, changes=changes, shape=remedy.shape | frozenset(_texts(start)))
        held = found.get(changes)
        if held is None or _order(candidate) < _order(held):
            found[changes] = candidate
        if len(found) >= _MOST_CANDIDATES:
            allowance.exhausted = True
            break
    return sorted(found.values(), key=_order)


class _Trials:
    """Runs sets of changes, each at most once."""

    def __init__(self, inference: Inference, pattern: Pattern, engine: Engine, progress: Progress) -> None:
        self.pattern = pattern
        self.kb = inference.program.kb
        self.start = Scenario.of(inference.program).about(pattern)
        facts = max(_FACTS, len(self.start.kb.facts))
        self.most = max(_FEWEST_TRIALS, _MOST_TRIALS * _FACTS // facts)
        self.engine = engine
        self.progress = progress
        #: changes → the certainty of the most certain instance of the pattern then, and that instance
        self.outcomes: dict[frozenset[Change], tuple[float, GroundAtom | None]] = {}
        #: changes that were asked about, in that order
        self.tried: dict[frozenset[Change], None] = {}
        self.exhausted = False
        self.program = with_facts(self.start, engine)

    def holding(self, ordered: Iterable[Remedy], limit: int | None) -> list[frozenset[Change]]:
        """The first sets, with nothing superfluous in them, that make the pattern hold; one for each shape."""
        found: list[frozenset[Change]] = []
        shapes: set[frozenset[str]] = set()
        pending = list(ordered)
        for place, remedy in enumerate(pending):
            if len(found) == limit:
                break
            if len(self.tried) >= self.most:
                self.exhausted = True
                break
            if remedy.shape in shapes or any(smaller <= remedy.changes for smaller in found):
                continue
            left = [remedy.changes for remedy in pending[place:] if remedy.shape not in shapes]
            self._try([wanted for changes in left for wanted in (changes, *_fewer(changes))])
            if not self._holds(remedy.changes):
                continue
            shapes.add(remedy.shape)
            least = self._least(remedy.changes)
            if least not in found:
                found = [*(other for other in found if not least <= other), least]
        return sorted(found, key=len)

    def continued(self, allowance: Allowance) -> list[Remedy]:
        """What might help after changes that did not: those go first that came nearest."""
        failed = [changes for changes in self.tried if not established(self.outcomes[changes][0])]
        nearest = sorted(failed, key=lambda changes: -self.outcomes[changes][0])[:_MOST_CONTINUED]
        after = [(changes, self.engine.infer(self.start.changed(_revision(changes)).program())) for changes in nearest]
        found = [
            remedy
            for changes, inference in after
            for remedy in _candidates(Known(inference), self.pattern, allowance, changes)
        ]
        return sorted(found, key=_order)

    def proposal(self, changes: frozenset[Change]) -> Proposal:
        certainty, conclusion = self.outcomes[changes]
        assumed = sorted((atom for what, atom in changes if what == "assume"), key=str)
        return Proposal(
            assume=tuple(map(str, assumed)),
            without=tuple(sorted(str(atom) for what, atom in changes if what == "without")),
            says=tuple(says(self.kb, atom) for atom in assumed),
            conclusion=str(conclusion),
            certainty=certainty,
            evidence=evidence_word(certainty),
        )

    def _least(self, changes: frozenset[Change]) -> frozenset[Change]:
        """A set that holds, without the changes that are superfluous in it."""
        fewer = _fewer(changes)
        self._try(fewer)
        return next((self._least(smaller) for smaller in fewer if self._holds(smaller)), changes)

    def _holds(self, changes: frozenset[Change]) -> bool:
        self._try([changes])
        self.tried[changes] = None
        return established(self.outcomes[changes][0])

    def _try(self, sets: Sequence[frozenset[Change]]) -> None:
        """Try out the first of some sets, unless that is done, and others with it where that costs little more."""
        if not sets or sets[0] in self.outcomes:
            return
        self.progress(f"trying {', '.join(_texts(sets[0]))}", len(self.tried), self.most)
        new = [changes for changes in dict.fromkeys(sets) if changes not in self.outcomes]
        new = new[: _AT_ONCE if self.program else 1]
        known = outcomes(self.start, self.program, [_revision(changes) for changes in new], self.pattern, self.engine)
        for changes, found in zip(new, known, strict=True):
            ranked = [(certainty, atom) for atom, certainty in found.items()]
            self.outcomes[changes] = min(ranked, key=lambda item: (-item[0], str(item[1])), default=(0.0, None))


def _fewer(changes: frozenset[Change]) -> list[frozenset[Change]]:
    """The sets without one of several changes."""
    return [changes - {change} for change in sorted(changes, key=str)] if len(changes) > 1 else []


def _revision(changes: frozenset[Change]) -> Revision:
    return Revision(
        assume=frozenset(atom for what, atom in changes if what == "assume"),
        without=frozenset(atom for what, atom in changes if what == "without"),
    )


def _order(remedy: Remedy) -> tuple[int, int, int, float, int, list[str]]:
    """Few changes first, then few guesses, then few withdrawals, then strong rules, then what lies near."""
    withdrawn = sum(what == "without" for what, _ in remedy.changes)
    texts = _texts(remedy.changes)
    return len(remedy.changes), remedy.guesses, withdrawn, -remedy.strength, remedy.levels, texts


def _texts(changes: Iterable[Change]) -> list[str]:
    return sorted(f"{what} {atom}" for what, atom in changes)
