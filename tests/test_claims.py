"""docs/claims.md is true: each claim of the article has its facts, rules and cases, and nothing shipped is left out."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from kzexpert.analysis.cases import run_case
from kzexpert.engines import engine
from kzexpert.language import load_knowledge_base, parse_atom
from kzexpert.language.cases_file import load_cases
from kzexpert.model import NOWHERE, Case, Constant, GroundAtom, Inference, KnowledgeBase, Rule
from kzexpert.program.resolve import resolve_atom, resolve_fact
from kzexpert.program.snapshot import snapshot

CHECKOUT = Path(__file__).parents[1]
TABLE = CHECKOUT / "docs" / "claims.md"
SEED = CHECKOUT.parent / "shared" / "seed" / "claims.md"

#: Paragraph → the kinds of its claims a, b, c ...: F recorded, R a rule, C a conclusion, O an outlook.
KINDS = {
    1: "FFFFFC",
    2: "FFFFFFFFC",
    3: "FRFFRC",
    4: "FFFFFFRC",
    5: "FRC",
    6: "FFRCC",
    7: "FROROFRCRCC",
    8: "FFFFRC",
    9: "RORORO",
}
CLAIMS = {
    f"{paragraph}{chr(97 + place)}": kind for paragraph, kinds in KINDS.items() for place, kind in enumerate(kinds)
}


class Row(NamedTuple):
    """A row of the table of claims."""

    claim: str
    kind: str
    facts: tuple[str, ...]
    rules: tuple[str, ...]
    cases: tuple[str, ...]


def _cells(line: str) -> list[tuple[str, ...]]:
    cells = (cell.strip() for cell in line.strip().strip("|").split("|"))
    return [tuple(item.strip() for item in cell.split(";") if item.strip()) for cell in cells]


def _tables() -> list[list[str]]:
    """The lines of each table of the page, without its head."""
    found: list[list[str]] = []
    inside = False
    for line in TABLE.read_text(encoding="utf-8").split("\n"):
        if not line.startswith("|"):
            inside = False
        elif not inside:
            inside = True
            found.append([])
        elif not line.startswith("|---"):
            found[-1].append(line)
    return found


ROWS = [Row(claim[0], kind[0], facts, rules, cases) for claim, kind, facts, rules, cases in map(_cells, _tables()[0])]
DERIVED = [row for row in ROWS if row.kind in "CO"]


@pytest.fixture(scope="module")
def kb() -> KnowledgeBase:
    return load_knowledge_base([CHECKOUT])


@pytest.fixture(scope="module")
def cases(kb: KnowledgeBase) -> dict[str, Case]:
    return {case.id: case for case in load_cases([CHECKOUT / "tests" / "cases"], kb)}


@pytest.fixture(scope="module")
def recorded(kb: KnowledgeBase) -> set[str]:
    return {str(resolve_fact(kb, fact)[0]) for fact in kb.facts}


@pytest.fixture(scope="module")
def usual(kb: KnowledgeBase) -> Inference:
    return engine().infer(snapshot(kb))


def _without(kb: KnowledgeBase, case: Case) -> Inference:
    as_of = case.as_of.last if case.as_of else None
    return engine().infer(snapshot(kb, as_of, without=[parse_atom(text, NOWHERE) for text in case.without]))


def _wanted(kb: KnowledgeBase, case: Case) -> list[GroundAtom]:
    found = []
    for expected in case.want or ():
        pattern = resolve_atom(kb, parse_atom(expected.conclusion, NOWHERE))[0]
        assert pattern is not None
        found.append(GroundAtom(pattern.predicate, tuple(t.value for t in pattern.terms if isinstance(t, Constant))))
    return found


def test_every_claim_has_one_row_with_its_kind() -> None:
    assert [(row.claim, row.kind) for row in ROWS] == list(CLAIMS.items())


@pytest.mark.skipif(not SEED.exists(), reason="the list of claims lies beside the checkout, and here it does not")
def test_the_claims_are_those_of_the_seed() -> None:
    listed = re.findall(r"^\| (\d[a-z]) \| ([FRCO]) \|", SEED.read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == list(CLAIMS.items())


def test_every_fact_of_the_table_is_recorded_and_every_recorded_fact_is_in_a_table(recorded: set[str]) -> None:
    named = {fact for row in ROWS for fact in row.facts}
    beyond = {fact for line in _tables()[1] for fact in _cells(line)[0]}
    assert sorted(named - recorded) == []
    assert sorted(beyond - recorded) == []
    assert sorted(recorded - named - beyond) == []


def test_every_rule_of_the_table_exists_and_every_rule_is_in_a_table(kb: KnowledgeBase) -> None:
    shipped = {rule.id for rule in kb.rules}
    named = {rule for row in ROWS for rule in row.rules}
    beyond = {rule for line in _tables()[2] for rule in _cells(line)[0]}
    assert sorted((named | beyond) - shipped) == []
    assert sorted(shipped - named - beyond) == []


def test_every_case_of_the_table_exists(cases: dict[str, Case]) -> None:
    assert sorted({case for row in ROWS for case in row.cases} - set(cases)) == []


def test_recorded_claims_name_facts_and_reasoning_names_rules() -> None:
    assert [row.claim for row in ROWS if row.kind == "F" and not row.facts] == []
    assert [row.claim for row in ROWS if row.kind != "F" and not row.rules] == []


@pytest.mark.parametrize("row", DERIVED, ids=lambda row: row.claim)
def test_a_conclusion_is_derived_and_goes_or_weakens_with_what_it_rests_on(
    row: Row, kb: KnowledgeBase, cases: dict[str, Case], usual: Inference
) -> None:
    chosen = [cases[name] for name in row.cases]
    deriving = [case for case in chosen if case.want and not (case.without or case.assume or case.as_of)]
    withdrawing = [case for case in chosen if case.without]
    assert deriving, "no case derives it"
    assert withdrawing, "no case withdraws what it rests on"
    conclusions = {atom for case in deriving for atom in _wanted(kb, case)}
    assert [str(atom) for atom in conclusions if atom in usual.program.base.get(atom.predicate, {})] == []
    fired = {firing.rule.id for atom in conclusions for firing in usual.firings.get(atom, ())}
    assert fired & set(row.rules), "none of its rules fires for it"
    for case in withdrawing:
        left = _without(kb, case)
        weaker = [atom for atom in conclusions if (left.certainty(atom) or 0.0) < (usual.certainty(atom) or 0.0)]
        assert weaker, f"{case.id} weakens nothing"


def test_no_conclusion_is_also_recorded(kb: KnowledgeBase) -> None:
    concluded = kb.concluded
    assert [str(fact.location) for fact in kb.facts if fact.predicate in concluded] == []


def test_every_case_passes_and_every_rule_fires_in_one(kb: KnowledgeBase, cases: dict[str, Case]) -> None:
    infer = engine().infer
    results = [run_case(kb, case, infer) for case in cases.values()]
    assert [(result.case.id, result.lines) for result in results if not result.passed] == []
    assert {rule.id for rule in kb.rules} == {name for result in results for name in result.fired}


def test_no_rule_names_a_country_or_an_organisation(kb: KnowledgeBase) -> None:
    named = {name for name, entity in kb.entity.items() if entity.kind in ("state", "organisation", "region", "route")}
    country = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(named)))})\b")
    texts = {rule.id: [rule.title, rule.because, *(c.text for c in rule.when), *_constants(rule)] for rule in kb.rules}
    assert [(rule, text) for rule, found in texts.items() for text in found if country.search(text)] == []


def _constants(rule: Rule) -> list[str]:
    return [str(argument.term) for atom in rule.then for argument in atom.arguments]
