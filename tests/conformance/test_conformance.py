"""Every case of the suite on every engine: what it wants, and all else that follows, firing by firing.

A file dropped into ``tests/cases`` beside this one is a test.
"""

from pathlib import Path

import pytest
from available import EVERY_ENGINE, ready
from reference import Outcome, evaluate, outcome_of

from kzexpert.analysis.cases import repeated_case_ids, run_case
from kzexpert.engines import engine
from kzexpert.language import load_knowledge_base, parse_atom
from kzexpert.language.cases_file import load_cases
from kzexpert.model import NOWHERE, Case, Inference, Program

HERE = Path(__file__).parent
KB = load_knowledge_base([HERE])
CASES = load_cases([HERE / "tests" / "cases"], KB)


@pytest.mark.parametrize("name", EVERY_ENGINE)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, name: str) -> None:
    ready(name)
    told: list[tuple[Program, Outcome]] = []

    def infer(program: Program) -> Inference:
        inference = engine(name).infer(program)
        told.append((inference.program, outcome_of(inference)))  # now, since a case lets go of its database
        return inference

    result = run_case(KB, case, infer)
    assert result.passed, "\n".join([case.note, *result.lines])
    for program, outcome in told:
        changes = [[parse_atom(text, NOWHERE) for text in texts] for texts in (program.assumed, program.withdrawn)]
        assert outcome == evaluate(program.kb, program.as_of, *changes)


def test_no_case_id_stands_twice() -> None:
    assert repeated_case_ids(CASES) == []
    assert len(CASES) > 130
