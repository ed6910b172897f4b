"""The checker verifies what is true, finds what is not, and shares no code with what it checks."""

import ast
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import msgspec
import pytest
from examples import examples, many
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace
from programs import FEATURES, VOCABULARY, knowledge_bases, program_of
from traces import Problems, Read, Traced
from worlds import EVERYTHING, random_world

import kzexpert
from kzexpert.engines import ENGINES, engine
from kzexpert.errors import Issue, KnowledgeBaseError, KzexpertError
from kzexpert.model import KnowledgeBase, Rule
from kzexpert.program.snapshot import snapshot
from kzexpert.proof.carried_base import verify_alone
from kzexpert.proof.checker import Checker
from kzexpert.proof.document import Trace, sealed
from kzexpert.proof.lineage import exported, prove
from kzexpert.questions.question import read_question
from kzexpert.render.json import json_text

_QUESTIONS = ("aligned(?x, ?y)", "tied(?x, ?y)", "free(?x)", "close(?x)", "exercise(?x, ?y) within 1 year")


# --- what is true ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine_name", ["experta", "experta-stock"])
def test_every_shipped_conclusion_verifies(shipped: KnowledgeBase, engine_name: str) -> None:
    inference = engine(engine_name).infer(snapshot(shipped))
    checker = Checker(shipped, ENGINES)
    assert len(inference.firings) > 40
    for atom in inference.firings:
        found = checker.verify("t", json_text(sealed(prove(inference, read_question(shipped, str(atom))))))
        assert (found.issues, found.verified) == ((), True)
        assert found.conclusions > 0


@pytest.mark.parametrize("year", [1993, 2001, 2009, 2012])
def test_other_days_verify(shipped: KnowledgeBase, traced: Traced, problems: Problems, year: int) -> None:
    for question in ("alignment(?state, ?power, ?sphere)", "hedges(?state, _, _, _)", "expected(?a, ?b, ?c, ?d)"):
        assert problems(shipped, traced(shipped, question, date(year, 12, 31))) == []


@pytest.mark.parametrize("question", [*_QUESTIONS, "exercise(?x, ?y) within 20 months", "member(RUR, ?bloc)"])
def test_every_feature_verifies(everything: KnowledgeBase, traced: Traced, problems: Problems, question: str) -> None:
    for as_of in (date(2011, 4, 7), date(2010, 9, 1), date(2012, 7, 1), date(1, 1, 1), date(9999, 12, 31)):
        assert problems(everything, traced(everything, question, as_of)) == []


def test_assumptions_verify(everything: KnowledgeBase, traced: Traced, problems: Problems) -> None:
    assume = ["exercise(Ruritania, Graustark)", "member(Syldavia, Pact)", "weight(RUR, 3)"]
    for question in _QUESTIONS:
        trace = traced(everything, question, assume=assume, without=["member(Ruritania, _)", "borders(?x, Syldavia)"])
        assert problems(everything, trace) == []


@pytest.mark.parametrize("seed", range(many(15)))
def test_random_worlds_verify(read: Read, traced: Traced, problems: Problems, seed: int) -> None:
    kb = read(random_world(seed))
    for as_of in (date(2011, 4, 7), date(2010, 12, 31)):
        for question in _QUESTIONS:
            assert problems(kb, traced(kb, question, as_of)) == []


@examples(15)
@given(knowledge_bases())
def test_programs_at_random_verify(kb: KnowledgeBase) -> None:
    _verify_everything(kb, alone=True)


@pytest.mark.parametrize("feature", sorted(FEATURES))
@examples(8)
@given(st.data())
def test_programs_with_the_newer_language_verify(feature: str, data: st.DataObject) -> None:
    _verify_everything(data.draw(knowledge_bases(frozenset([feature]))))


@pytest.mark.parametrize("feature", sorted(FEATURES - {"monotone"}))
@examples(3)
@given(st.data())
def test_programs_with_the_newer_language_verify_without_their_base(feature: str, data: st.DataObject) -> None:
    _verify_everything(_as_files_have_it(data.draw(knowledge_bases(frozenset([feature])))), alone=True)


@examples(20)
@given(knowledge_bases(FEATURES))
def test_programs_with_all_of_the_language_verify(kb: KnowledgeBase) -> None:
    _verify_everything(kb)


@examples(6)
@given(knowledge_bases(FEATURES))
def test_programs_with_all_of_the_language_verify_from_a_database(kb: KnowledgeBase) -> None:
    pytest.importorskip("duckdb")
    _verify_everything(kb, "duckdb")


def _as_files_have_it(kb: KnowledgeBase) -> KnowledgeBase:
    """The rules with their exceptions behind all other conditions."""

    def last(rule: Rule) -> Rule:
        return replace(rule, when=tuple(sorted(rule.when, key=lambda item: "unless" in item.written)))

    return replace(kb, rules=tuple(map(last, kb.rules)))


def _verify_everything(kb: KnowledgeBase, engine_name: str = "experta", *, alone: bool = False) -> None:
    """Every statement of every predicate has a trace that verifies, or the engine refuses the rules.

    Args:
        alone: and that verifies without its base.
    """
    checker = Checker(kb, ENGINES)
    try:
        inference = engine(engine_name).infer(program_of(kb))
    except KnowledgeBaseError as error:
        assert [issue.code for issue in error.issues] == ["KZ406"]
        return
    for name, (kinds, holds) in VOCABULARY.items():
        atom = f"{name}({', '.join(f'?v{number}' for number in range(len(kinds)))})"
        for question in (atom, f"{atom} within 7 months") if holds == "event" else (atom,):
            text = json_text(exported(prove(inference, read_question(kb, question)), kb))
            assert checker.verify("t", text).issues == ()
            if alone:
                assert verify_alone("t", text, ENGINES).issues == ()


# --- what has changed on disk ------------------------------------------------------------------------------------

_CHANGES = {
    "another certainty of a rule": (
        "certainty: 0.6\n    because",
        "certainty: 0.7\n    because",
        ["KZ503 $.rules[0].digest", "KZ506 $.rules[0].certainty is 0.6, and 0.7 follows"],
    ),
    "another title": (
        "title: Membership of a bloc that",
        "title: A bloc that",
        ["KZ503 $.rules[0]", "KZ508 $.rules[0].title"],
    ),
    "another sentence": ("which {power} leads", "led by {power}", ["KZ503 $.rules[0]", "KZ508 $.firings[0].because"]),
    "a rule gone": (
        "  - id: exercises\n",
        "  - id: exercises-renamed\n",
        ['KZ505 $.rules[1].id is "exercises", and "exercises-renamed" follows', "KZ505 $.firings[1].rule"],
    ),
    "a condition more": (
        "      - leads(?power, ?bloc)\n      - ?state != ?power",
        "      - leads(?power, ?bloc)\n      - not weight(?power, 90)\n      - ?state != ?power",
        [
            "KZ505 $.firings[0] the firing of bloc-led",
            "weight(Borduria, 90) holds, and the rule requires that nothing of the kind does",
        ],
    ),
    "a fact gone": (
        "    - {state: Ruritania, partner: Borduria, on: 2010-09}\n",
        "",
        [
            "exercise(Ruritania, Borduria) within 1 year: it is recorded at",
            "but not in force within 1 year on 2011-04-07",
        ],
    ),
    "a fact out of force": (
        "leads:\n    - {state: Borduria, bloc: Pact}",
        "leads:\n    - {state: Borduria, bloc: Pact, until: 2010}",
        [
            "KZ504 $.facts[3] leads(Borduria, Pact): it is recorded at",
            "not in force on 2011-04-07",
            "KZ505 $.firings[0]",
        ],
    ),
    "a fact less certain": (
        "partner: Borduria, worth: 30}",
        "partner: Borduria, worth: 30, certainty: 0.9}",
        ["KZ503 $.facts"],
    ),
    "another count": (
        "  trade:\n",
        "    - {state: Ruritania, partner: Graustark, on: 2010-01}\n  trade:\n",
        ["this does not follow: the count is 3", "KZ507 $.facts lacks exercise(Ruritania, Graustark) within 2 years"],
    ),
    "another sum": (
        "partner: Syldavia, worth: 12.5",
        "partner: Syldavia, worth: 13",
        ["this does not follow: the sum is 103"],
    ),
    "a rule more": (
        "rules:\n",
        'rules:\n  - id: whim\n    when: ["weight(Borduria, ?n)"]\n    then: aligned(Ruritania, Borduria)\n',
        ["KZ507 $.rules lacks whim", "KZ507 $.facts lacks weight(Borduria, 90)"],
    ),
    "another source": ("publisher: Zenda Press", "publisher: Strelsau Press", ["KZ508 $.sources[0].publisher"]),
    "another alias": ("Syldavia: {kind: state}", "Syldavia: {kind: state, aliases: [Klow]}", []),
    "another sentence for a predicate": ('"{state} leads {bloc}"', '"{bloc} is led by {state}"', ["KZ508 $.facts"]),
}


@pytest.mark.parametrize("name", _CHANGES)
def test_a_change_on_disk_is_told(
    everything: KnowledgeBase, traced: Traced, read: Read, problems: Problems, name: str
) -> None:
    before, after, wanted = _CHANGES[name]
    assert before in EVERYTHING
    trace = traced(everything, "aligned(Ruritania, Borduria)")
    found = problems(read(EVERYTHING.replace(before, after, 1)), trace)
    for text in wanted:
        assert any(text in problem for problem in found), found
    assert bool(wanted) == any(not problem.startswith("KZ510") for problem in found)


def test_a_stronger_fact_behind_an_underscore_is_told(
    everything: KnowledgeBase, traced: Traced, read: Read, problems: Problems
) -> None:
    trace = traced(everything, "close(Syldavia)")
    stronger = EVERYTHING.replace(
        "{state: Syldavia, other: Graustark, certainty: 0.4}", "{state: Syldavia, other: Borduria, certainty: 0.7}"
    )
    found = problems(read(stronger), trace)
    assert any('.fact is "tied(Syldavia, Graustark)", and "tied(Syldavia, Borduria)" follows' in item for item in found)


def test_what_was_absent_and_is_there_is_told(
    everything: KnowledgeBase, traced: Traced, read: Read, problems: Problems
) -> None:
    trace = traced(everything, "free(?state)")
    assert trace.answers == ("free(Graustark)",)
    aligned = EVERYTHING.replace("  weight:\n", "    - {state: Graustark, power: Ruritania}\n  weight:\n")
    found = problems(read(aligned), trace)
    assert any(
        "aligned(Graustark, Ruritania) holds, and the rule requires that nothing of the kind does" in item
        for item in found
    )


def test_files_that_moved_are_a_warning(everything: KnowledgeBase, traced: Traced, read: Read) -> None:
    moved = read(EVERYTHING.replace("facts:\n", "# One line more.\nfacts:\n"))
    found = Checker(moved, ENGINES).verify("t", json_text(traced(everything, "aligned(?x, ?y)")))
    assert [(issue.code, issue.severity) for issue in found.issues] == [("KZ510", "warning")]
    assert found.verified
    assert "more places" in found.issues[0].message


def test_facts_in_tables_are_not_taken_for_missing(
    everything: KnowledgeBase, traced: Traced, read: Read, problems: Problems
) -> None:
    table = "tables:\n  - {file: members.parquet, predicate: member, columns: {state: a, bloc: b}, source: atlas}\n"
    kb = read(EVERYTHING.replace("facts:\n", f"{table}facts:\n"))
    (problem,) = problems(kb, traced(everything, "aligned(?x, ?y)"))
    assert problem.startswith("KZ504 $.facts may rest on member, which has rows in the table at ")
    assert all(item.startswith("KZ510") for item in problems(kb, traced(everything, "tied(?x, ?y)")))


# --- what a forger would do --------------------------------------------------------------------------------------


_RUMOUR = """\
predicates:
  hears: {args: [who: text, of: text]}
  believes: {args: [who: text, what: text]}
facts:
  hears: [{who: ann, of: zebra}, {who: bob, of: yak}]
  believes:
    - {who: cid, what: axolotl}
rules:
  - {id: hearsay, when: ["hears(?x, ?y)"], then: "believes(?x, ?y)"}
  - {id: spread, when: ["believes(?x, _)", "hears(?x, _)"], then: "believes(?x, axolotl)"}
"""


@pytest.mark.parametrize("engine_name", ["experta", "duckdb"])
def test_of_equally_certain_premises_the_lowest_is_told(
    read: Read, traced: Traced, problems: Problems, engine_name: str
) -> None:
    if engine_name == "duckdb":
        pytest.importorskip("duckdb")
        pytest.importorskip("sqlglot")
    kb = read(_RUMOUR)
    trace = traced(kb, "believes(ann, axolotl)", engine_name=engine_name)
    assert {item.fact for item in trace.facts} == {"hears(ann, zebra)"}
    assert problems(kb, trace) == []


def test_a_proof_without_a_seal_is_no_trace(everything: KnowledgeBase, traced: Traced, problems: Problems) -> None:
    proof = replace(traced(everything, "aligned(Ruritania, Borduria)"), seal=UNSET)
    (problem,) = problems(everything, proof)
    assert problem.startswith("KZ509 $.seal is missing")


def test_no_proof_may_rest_on_what_it_proves(read: Read, traced: Traced, problems: Problems) -> None:
    kb = read(_RUMOUR)
    text = json_text(traced(kb, "believes(ann, axolotl)"))
    circular = text.replace('"fact": "believes(ann, zebra)"', '"fact": "believes(ann, axolotl)"')
    found = problems(kb, sealed(msgspec.json.decode(circular, type=Trace)))
    wanted = 'premises[0].fact is "believes(ann, axolotl)", and "believes(ann, zebra)" follows'
    assert any(wanted in problem for problem in found)


def test_evidence_against_cannot_be_left_out_however_neatly(
    everything: KnowledgeBase, traced: Traced, problems: Problems
) -> None:
    trace = traced(everything, "aligned(Syldavia, Borduria)")
    (conclusion,) = trace.conclusions
    assert conclusion.opposing == -0.3
    empty = replace(trace, answers=(), conclusions=(), firings=(), facts=(), rules=(), sources=())
    found = problems(everything, sealed(empty))
    assert 'KZ507 $.answers lacks "aligned(Syldavia, Borduria)"' in found
    whole = traced(everything, "aligned(Ruritania, Graustark)")
    kept = [firing for firing in whole.firings if firing.strength > 0]
    (old,) = whole.conclusions
    ids = {firing.id: f"f{number}" for number, firing in enumerate(kept, 1)}
    lines = tuple(replace(line, evidence=ids[line.evidence]) for line in old.lines if line.evidence in ids)
    neat = replace(
        whole,
        conclusions=(replace(old, certainty=old.supporting, opposing=0.0, lines=lines),),
        firings=tuple(replace(firing, id=ids[firing.id]) for firing in kept),
        rules=tuple(rule for rule in whole.rules if rule.certainty > 0),
        facts=tuple(fact for fact in whole.facts if fact.fact in _used(kept)),
    )
    found = problems(everything, sealed(neat))
    assert any("KZ507 $.firings lacks the firing of rival-bloc" in item for item in found)
    assert any("KZ506 $.conclusions[0].opposing" in item for item in found)


def _used(firings) -> set[str]:  # type: ignore[no-untyped-def]
    text = json_text(firings)
    return {fact for fact in json.loads(json.dumps(_strings(json.loads(text)))) if "(" in fact}


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _strings(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _strings(inner)]
    return [value] if isinstance(value, str) else []


_FORGED = [
    ("as_of", "2010-01-01", "KZ504", "within 1 year on 2010-01-01"),
    ("as_of", "1993-12-31", "KZ504", "$.facts[4].rows[0] the row of atlas with the certainty 1.0 does not belong here"),
    ("question", "aligned(Ruritania, Syldavia)", "KZ508", "$.pattern is"),
    ("question", "who is a friend of Ruritania?", "KZ508", "$.question cannot be read"),
    ("pattern", "aligned(Ruritania, _)", "KZ508", "$.pattern is"),
    ("engine", "prolog", "KZ508", "which is not an engine"),
    ("engine", "expert", "KZ508", "did you mean experta"),
    ("assumed", ["weight(Ruritania, 1)", "leads(Nowhere, Pact)"], "KZ505", "unknown state Nowhere"),
    ("assumed", ["leads(?x, Pact)"], "KZ505", "leaves an argument open"),
    ("assumed", ["leads(RUR, Pact)"], "KZ505", "leads(Ruritania, Pact) is how a trace writes it"),
    ("assumed", ["leads("], "KZ505", "$.assumed[0] cannot be read"),
    ("withdrawn", ["leads(Ruritania, Pact)"], "KZ504", "no facts file states it"),
    ("withdrawn", ["member(Borduria, Pact)"], "", ""),
    ("withdrawn", ["member(Ruritania, Pact)"], "KZ504", "it was left out"),
]


@pytest.mark.parametrize(("field", "value", "code", "words"), _FORGED)
def test_the_head_of_a_trace_is_checked(
    everything: KnowledgeBase, traced: Traced, problems: Problems, field: str, value: object, code: str, words: str
) -> None:
    document = json.loads(json_text(traced(everything, "aligned(Ruritania, Borduria)")))
    forged = sealed(msgspec.convert({**document, field: value}, Trace))
    found = problems(everything, forged)
    assert any(item.startswith(code) and words in item for item in found) if code else found == []


def test_an_issue_points_at_the_line(everything: KnowledgeBase, traced: Traced) -> None:
    text = json_text(traced(everything, "aligned(Ruritania, Borduria)"))
    lines = text.splitlines()
    number = next(index for index, line in enumerate(lines) if '"strength": 0.6' in line)
    column = lines[number].index("0.6")
    lines[number] = lines[number].replace("0.6", "0.65")
    found = Checker(everything, ENGINES).verify("a.json", "\n".join(lines)).issues
    assert [(str(issue.location), issue.code) for issue in found] == [
        ("a.json:3:11", "KZ509"),
        (f"a.json:{number + 1}:{column + 1}", "KZ506"),
    ]


def test_layout_of_the_json_does_not_matter(everything: KnowledgeBase, traced: Traced) -> None:
    document = json.loads(json_text(traced(everything, "aligned(?x, ?y)")))
    turned = dict(reversed(document.items()))
    for text in (json.dumps(turned), json.dumps(document, indent=7, ensure_ascii=True)):
        assert Checker(everything, ENGINES).verify("t", text).issues == ()


def test_a_rule_set_without_end_is_stopped(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    from kzexpert.proof.checker import derivation

    kb = read(EVERYTHING)
    inference = engine().infer(snapshot(kb, date(2011, 4, 7)))
    trace = json_text(sealed(prove(inference, read_question(kb, "weight(?x, ?n)"))))
    endless = '  - id: more\n    when: ["weight(?x, ?n)", "?m = ?n + 1"]\n    then: weight(?x, ?m)\n'
    changed = read(EVERYTHING.replace("rules:\n", f"rules:\n{endless}"))
    monkeypatch.setattr(derivation, "_MOST_FIRINGS", 500)
    with pytest.raises(KzexpertError, match="KZ401 rule more used up"):
        Checker(changed, ENGINES).verify("t", trace)


# --- independence ------------------------------------------------------------------------------------------------

_CHECKER = Path(kzexpert.__file__).parent / "proof" / "checker"
#: What the checker may use of the program: values, files and names, the reading of questions, sentences, the document.
_SHARED = {
    "errors",
    "language",
    "model",
    "program.resolve",
    "program.values",
    "proof.build",
    "proof.checker",
    "proof.citation",
    "proof.document",
    "proof.enclosure",
    "proof.excerpt",
    "questions.question",
    "questions.sentences",
}


def test_the_checker_imports_no_engine_and_no_arithmetic_of_theirs() -> None:
    for path in _CHECKER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert not name.startswith("kzexpert") or _is_shared(name), f"{path.name} imports {name}"
                assert name not in ("kzexpert.model.evaluation", "kzexpert.model.functions", "kzexpert.evidence")


def _is_shared(name: str) -> bool:
    return any(f"{name}.".startswith(f"kzexpert.{shared}.") for shared in _SHARED)


def test_importing_the_checker_loads_nothing_that_it_checks() -> None:
    program = (
        "import sys, kzexpert.proof.checker; print(*(name for name in sys.modules if name.startswith('kzexpert.')))"
    )
    environment = {**os.environ, "PYTHONPATH": str(_CHECKER.parents[2])}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    folders = {"kzexpert.program", "kzexpert.proof", "kzexpert.questions", "kzexpert.questions.templates"}
    assert not [name for name in done.stdout.split() if not _is_shared(name) and name not in folders]


def test_the_codes_of_the_checker_are_declared() -> None:
    from kzexpert.errors import CODES

    assert {code for code in CODES if code.startswith("KZ5")} == {f"KZ5{number:02}" for number in range(1, 16)}
    assert Issue("KZ501", "").code in CODES
