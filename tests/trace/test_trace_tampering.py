"""Every single-field change of a trace is noticed, whether the forger knows of the seal or not.

By default some hundreds of changes are tried, with ``KZEXPERT_EXHAUSTIVE=1`` nine thousand. A change of a trace that is
sealed anew may only pass where the changed trace is true: what the program itself writes for that question and day.
"""

import json
import os
from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import Any

import msgspec
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from programs import FEATURES, VOCABULARY, knowledge_bases, program_of
from tampering import tamperings
from traces import Traced

from kzexpert.engines import ENGINES, engine
from kzexpert.errors import KnowledgeBaseError
from kzexpert.model import KnowledgeBase
from kzexpert.proof.checker import Checker
from kzexpert.proof.document import Trace, sealed
from kzexpert.proof.lineage import prove
from kzexpert.questions.question import read_question
from kzexpert.render.json import json_text

#: The fields of a trace that say where a rule or a row stood; moved files make no trace wrong.
_PLACE = "KZ510"
_EXHAUSTIVE = os.environ.get("KZEXPERT_EXHAUSTIVE") == "1"
_QUESTIONS = {
    "shipped": ("alignment(?state, ?power, energy)", "strained(?state, ?power, ?sphere)", "vehicle(?org, ?power)"),
    "everything": (
        "aligned(Ruritania, Borduria)",
        "aligned(Syldavia, ?power)",
        "tied(Ruritania, Graustark)",
        "close(?state)",
        "free(?state)",
        "exercise(?state, ?partner) within 20 months",
    ),
}
_CASES = [(name, question) for name, questions in _QUESTIONS.items() for question in questions]


@pytest.fixture(params=_CASES, ids=lambda case: case[1])
def case(request: pytest.FixtureRequest) -> tuple[KnowledgeBase, str]:
    name, question = request.param
    kb: KnowledgeBase = request.getfixturevalue(name)
    return kb, question


def sample(document: dict[str, Any], most: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """About so many changes, spread evenly."""
    every = list(tamperings(document))
    return islice(every, 0, None, max(1, len(every) // most))


def test_a_changed_trace_does_not_verify(case: tuple[KnowledgeBase, str], traced: Traced) -> None:
    kb, question = case
    document = json.loads(json_text(traced(kb, question)))
    checker = Checker(kb, ENGINES)
    assert checker.verify("t", json.dumps(document)).issues == ()
    passed = [words for words, changed in sample(document, 40) if checker.verify("t", json.dumps(changed)).verified]
    assert passed == []


def test_a_changed_trace_with_a_new_seal_does_not_verify_unless_it_is_true(
    case: tuple[KnowledgeBase, str], traced: Traced
) -> None:
    kb, question = case
    document = json.loads(json_text(traced(kb, question)))
    checker = Checker(kb, ENGINES)
    passed = []
    for words, changed in sample(document, 1200 if _EXHAUSTIVE else 60):
        try:
            forged = sealed(msgspec.convert(changed, Trace))
        except msgspec.ValidationError:
            continue  # no seal makes this a trace
        found = checker.verify("t", json_text(forged)).issues
        if {issue.code for issue in found} == {_PLACE}:
            assert ".place: " in words or words.startswith("$.bases[")
        elif not found and forged != _true_trace(kb, forged, traced):
            passed.append(words)
    assert passed == []


@examples(6)
@given(knowledge_bases(FEATURES), st.randoms(use_true_random=False))
def test_no_change_of_a_generated_proof_verifies(kb: KnowledgeBase, random: Random) -> None:
    try:
        inference = engine().infer(program_of(kb))
    except KnowledgeBaseError:
        return
    checker = Checker(kb, ENGINES)
    predicates = sorted({atom.predicate for atom in inference.firings})
    for name in random.sample(predicates, min(2, len(predicates))):
        question = f"{name}({', '.join(f'?v{number}' for number in range(len(VOCABULARY[name][0])))})"
        document = json.loads(json_text(sealed(prove(inference, read_question(kb, question)))))
        parts = ("$.conclusions", "$.firings", "$.facts", "$.rules")
        every = [item for item in tamperings(document) if item[0].startswith(parts) and ".place: " not in item[0]]
        for words, changed in random.sample(every, min(12, len(every))):
            try:
                forged = sealed(msgspec.convert(changed, Trace))
            except msgspec.ValidationError:
                continue  # no seal makes this a trace
            assert not checker.verify("t", json_text(forged)).verified, words


def _true_trace(kb: KnowledgeBase, forged: Trace, traced: Traced) -> Trace:
    """What the program writes for the question, the day, the assumptions and the engine of a trace."""
    assumptions = forged.as_of, forged.assumed, forged.withdrawn, forged.engine
    return traced(kb, forged.question, *assumptions)


def test_tampering_reaches_every_field(everything: KnowledgeBase, traced: Traced) -> None:
    document = json.loads(json_text(traced(everything, "aligned(?state, ?power)")))
    touched = {words.partition(":")[0].rpartition(".")[2].partition("[")[0] for words, _ in tamperings(document)}
    assert touched >= set(_fields(document))
    assert len(list(tamperings(document))) > 3000


def _fields(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _fields(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _fields(inner)
