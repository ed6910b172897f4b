"""A verdict is stale exactly when the judgement that was signed is another: tried on generated bases and changes.

What the judgement is, an oracle reads off the full inference, without traces and without their diff.
``KZEXPERT_CHANGES=1000 pytest tests/review/test_review_generated.py`` tries as many.
"""

import os
from collections import Counter
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from polities import change, polity, write

from kzexpert.certainty import evidence_word
from kzexpert.checks import check
from kzexpert.engines import Budget, engine
from kzexpert.errors import KnowledgeBaseError
from kzexpert.language import load_knowledge_base
from kzexpert.model import GroundAtom, Inference, KnowledgeBase
from kzexpert.program.likelihood import fitting_calibrations, rules_digest
from kzexpert.program.order import planned
from kzexpert.program.snapshot import snapshot
from kzexpert.proof.lineage import exported, lineage, prove
from kzexpert.questions.question import read_question
from kzexpert.render.review_text import reasons
from kzexpert.review.document import Review
from kzexpert.review.folder import add_review, read_reviews
from kzexpert.review.state import review_states

CHANGES = int(os.environ.get("KZEXPERT_CHANGES", "40"))
ENGINE = engine("experta", Budget())


def loaded(folder: Path) -> KnowledgeBase | None:
    """The base of a folder; None where it has errors."""
    try:
        kb = planned(load_knowledge_base([folder]))
    except KnowledgeBaseError:
        return None
    return None if any(issue.severity == "error" for issue in check(kb)) else kb


def stated(inference: Inference, atom: GroundAtom) -> object:
    """The oracle: evidence, likelihood and premises of a statement, as the full inference has them.

    The confidence follows from the premises, their sources, and the lines that count.
    """
    certainty = inference.certainty(atom)
    if certainty is None:
        return None
    kb, below = inference.program.kb, lineage(inference, [atom])
    lines = {
        (str(known), item.certainty): frozenset(
            (line.firing.rule.id, *sorted(map(str, line.firing.values.items())), round(line.strength, 9))
            if line.firing
            else line.strength
            for line in item.lines
            if line.counts
        )
        for known, item in below.judgements.items()
    }
    rules = {firing.rule.id: firing.rule.rule for firing in below.firings}
    rows = {
        (str(known), round(fact.certainty, 9)): frozenset(
            (row.certainty, str(row.since), str(row.until), str(row.on), str(row.source), row.note) for row in fact.rows
        )
        for known, fact in below.records.items()
    }
    cited = {rule.source.source for rule in rules.values() if rule.source}
    cited |= {row.source.source for fact in below.records.values() for row in fact.rows if row.source}
    measured = fitting_calibrations(kb)[0].get(atom.predicate)
    curve = measured.curve("") if measured else None
    return (
        certainty,
        evidence_word(certainty),
        round(100 * curve.at(certainty), 1) if curve else None,
        frozenset(lines.items()),
        frozenset(rows.items()),
        frozenset(map(_said, rules.values())),
        frozenset((name, kb.source[name].described) for name in cited),
    )


def _said(rule: Any) -> object:
    when = frozenset(condition.text for condition in rule.when)
    return rule.id, rule.title, rule.family, when, rule.certainty, rule.because, rule.source.source


def tried(seed: int, folder: Path, seen: Counter[str]) -> None:
    """Sign every conclusion of a base, change the base, and compare what is stale with what is another."""
    random = Random(seed)
    base = polity(random)
    write({**base, "curve": None}, folder, random)
    kb = loaded(folder)
    assert kb is not None
    base["digest"] = rules_digest(kb, "aligned")
    write(base, folder, random)
    kb = loaded(folder)
    assert kb is not None
    before = ENGINE.infer(snapshot(kb))
    given = random.random() < 0.3
    for pattern in ("aligned(?s, ?p)", "tied(?s, ?p)"):
        trace = exported(prove(before, read_question(kb, pattern)), kb)
        for answer in trace.answers:
            review = Review(
                conclusion=answer,
                question=pattern,
                as_of=trace.as_of,
                given=given,
                seal=str(trace.seal),
                verdict="accepted",
                reviewer=f"Reviewer of {answer}",
                made="2026-11-28",
            )
            add_review(str(folder / "reviews"), review, trace)
    signed = {str(atom): stated(before, atom) for atom in before.firings if atom.predicate in ("aligned", "tied")}
    changed, what = change(base, random)
    write(changed, folder, random)
    kb = loaded(folder)
    if kb is None:
        seen["refused"] += 1
        return
    after = ENGINE.infer(snapshot(kb, before.program.as_of if given else None))
    for state in review_states(read_reviews(str(folder / "reviews")), kb, ENGINE, date(2026, 11, 29)):
        atom = next(atom for atom in before.firings if str(atom) == state.review.conclusion)
        expected = signed[str(atom)] != stated(after, atom)
        assert state.stale == expected, (seed, what, state.review.conclusion, reasons(state))
        told = [reason for reason in reasons(state) if not reason.startswith("it was given as of")]
        assert bool(told) == expected, (seed, what)
        seen[f"{what}: {state.state}"] += 1


@pytest.mark.parametrize("part", range(4))
def test_a_verdict_is_stale_exactly_when_the_judgement_is_another(part: int, tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    for seed in range(part, CHANGES, 4):
        tried(seed, tmp_path / str(seed), seen)
    print(sorted(seen.items()))
    assert seen["refused"] < CHANGES / 4 / 3
    assert {word.partition(": ")[2] for word in seen} >= {"holds", "stale"}
