"""What tests of reviews share: a small base in a folder of its own, a trace of it, and a review of that."""

import shutil
from pathlib import Path

import pytest

from kzexpert.engines import Budget, engine
from kzexpert.language import load_knowledge_base
from kzexpert.program.order import planned
from kzexpert.program.snapshot import snapshot
from kzexpert.proof.document import Trace
from kzexpert.proof.lineage import exported, prove
from kzexpert.questions.question import read_question
from kzexpert.review.document import Remark, Review

RURITANIA = "alignment(Ruritania, Borduria, security)"


@pytest.fixture
def base(tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The base of the invented states, which is the current folder."""
    folder = shutil.copytree(checkout / "tests" / "kb_small", tmp_path / "base")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def trace(base: Path) -> Trace:
    """Who is aligned with whom."""
    kb = planned(load_knowledge_base([base]))
    inference = engine("experta", Budget()).infer(snapshot(kb))
    return exported(prove(inference, read_question(kb, "alignment(?state, ?power, security)")), kb)


@pytest.fixture
def review(trace: Trace) -> Review:
    """Accepted, with one premise challenged."""
    return Review(
        conclusion=RURITANIA,
        question=trace.question,
        as_of=trace.as_of,
        given=False,
        seal=str(trace.seal),
        verdict="accepted",
        remarks=(Remark("premise", "leads(Borduria, Pact)", "rejected", "it says so itself: nobody else does"),),
        reviewer="A. Smith",
        made="2026-11-28T20:15:00Z",
        expires="2027-11",
        note="Seen with the desk.\nTo be discussed.",
    )
