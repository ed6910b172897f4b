"""What one judgement would be with facts left out or assumed and rules of other weights: inferred anew, at once.

Only what bears on the judgement is inferred, so it takes milliseconds where the whole base takes a second.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from kzexpert.analysis.causes import Divergence
from kzexpert.analysis.scenario import Revision, Scenario, as_atom
from kzexpert.certainty import evidence_word
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.language import GrammarError
from kzexpert.model import GroundAtom, KnowledgeBase, Pattern
from kzexpert.program.resolve import resolve_atom
from kzexpert.proof.changes import LineShift
from kzexpert.questions.statements import read_statement
from kzexpert.workbench.ledger import Ledger

__all__ = ["Trial", "tried"]

#: What issues call the place of what a reviewer writes.
_PLACE = "what if"


class Trial(msgspec.Struct, frozen=True):
    """A judgement before and after some changes.

    Attributes:
        word_before, word: for the evidence.
        lines: the lines of evidence that changed.
        others: how many more conclusions below it change.
        idle: what was assumed and does not bear on it.
    """

    before: float
    after: float
    word_before: str
    word: str
    lines: tuple[LineShift, ...]
    others: int
    idle: tuple[str, ...]


def tried(
    ledger: Ledger, of: str, without: Sequence[str], assume: Sequence[str], weights: Mapping[str, float]
) -> Trial:
    """What becomes of a judgement.

    Args:
        without: facts that are left out, as a proof writes them.
        assume: facts that are added, as atoms or in sentences.
        weights: rule → its certainty; at 0 it is left out.

    Raises:
        UsageError: the judgement, one of the facts or one of the rules is none.
        BudgetError: the rules conclude too much.
    """
    kb, engine, atom = ledger.base.kb, ledger.base.engine(), ledger.atom(of)
    scenario, before = ledger.alone(of)
    given = [as_atom(_fact(kb, text)) for text in assume]
    if given:  # which may be joined with facts that find no others today
        whole = Scenario.of(ledger.inference.program)
        pattern = Pattern.of(atom.predicate, atom.args)
        scenario = replace(whole, assume=(*whole.assume, *given)).about(pattern, settled=True)
    # A proof writes the window behind a fact that it was looked for in.
    gone = frozenset(_fact(kb, text[: text.rfind(")") + 1]) for text in without)
    for change in (Revision(without=gone), *_moved(kb, weights)):
        scenario = scenario.changed(change)
    after = engine.infer(scenario.program())
    idle = tuple(str(item) for item in given if item not in scenario.assume)
    difference = Divergence(before, after)
    changed_too = difference.changed(kb.predicate)
    lines = difference.shift(atom, ()).lines if atom in changed_too else ()
    one, other = (side.certainty(atom) or 0.0 for side in (before, after))
    others = sum(item != atom and (item in before.firings or item in after.firings) for item in changed_too)
    return Trial(one, other, evidence_word(one), evidence_word(other), lines, others, idle)


def _moved(kb: KnowledgeBase, weights: Mapping[str, float]) -> Iterator[Revision]:
    """The changes of rules whose weight is another one."""
    known = {rule.id: rule.certainty for rule in kb.rules}
    for name, certainty in sorted(weights.items()):
        if name not in known or not -1.0 <= certainty <= 1.0:
            raise UsageError(Issue("KZ301", f"there is no rule {name} that could weigh {certainty}", Location(_PLACE)))
        if certainty != known[name]:
            yield Revision(rule=name, certainty=certainty or None)


def _fact(kb: KnowledgeBase, text: str) -> GroundAtom:
    """A fact that is added or left out, as an atom or in a sentence."""
    given = " ".join(text.split())
    try:
        pattern, issues = resolve_atom(kb, read_statement(kb, given, Location(_PLACE, 1, 1)))
    except (GrammarError, UsageError) as error:
        raise UsageError(*error.issues, texts={_PLACE: given}) from None
    if pattern is None or pattern.ground is None:
        hint = "give every argument a value"
        issues = issues or [Issue("KZ305", f"{given} leaves an argument open", Location(_PLACE, 1, 1), hint)]
        raise UsageError(*issues, texts={_PLACE: given})
    return pattern.ground
